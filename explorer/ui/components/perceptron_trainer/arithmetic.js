// A perceptron's losses, gradients and steps on points, in doubles. Draws nothing.
//
// Its layers are in shared/dense.js, losses in shared/losses.js.

/** A perceptron on points. */
class Perceptron extends Dense {
  /**
   * @param sizes inputs, units of every hidden layer, classes
   * @param points x1, x2, x1, x2, ...
   * @param classes of each point
   */
  constructor({ sizes, activation, loss, points, classes }) {
    super(sizes, activation);
    this.measure = LOSSES[loss];
    this.points = Float64Array.from(points);
    this.classes = Int32Array.from(classes);
    this.held = new Float64Array(this.count); // what a step goes along
    this.kept = new Float64Array(this.count);
    this.keptHeld = new Float64Array(this.count);
    this.shares = new Float64Array(sizes.at(-1));
  }

  /** Where the weight from `source` to `unit` of a layer stands; its bias where `source` is null. */
  placeOf({ layer, unit, source }) {
    const [inputs, outputs] = [this.sizes[layer], this.sizes[layer + 1]];
    return this.starts[layer] + (source === null ? outputs * inputs + unit : unit * inputs + source);
  }

  /** The loss of a point, whose numbers then stand in `values`, `sums`, `shares` and, at the logits, in `upstream`. */
  lossOf(point, numbers = this.numbers) {
    const logits = this.forward(this.points[2 * point], this.points[2 * point + 1], numbers);
    return this.measure(logits, this.classes[point], this.shares, this.upstream[this.depth - 1]);
  }

  /** The mean loss over all points. */
  meanLoss(numbers = this.numbers) {
    let sum = 0;
    for (let point = 0; point < this.classes.length; point += 1) sum += this.lossOf(point, numbers);
    return sum / this.classes.length;
  }

  /** The mean loss over all points, and its gradient in `gradient`. */
  differentiate() {
    this.gradient.fill(0);
    let sum = 0;
    const count = this.classes.length;
    for (let point = 0; point < count; point += 1) {
      sum += this.lossOf(point);
      this.backward(this.gradient, 1 / count);
    }
    return sum / count;
  }

  /** The gradient of one point's own loss, all of whose numbers stand ready afterwards; gives the loss. */
  differentiateAt(point, gradient) {
    gradient.fill(0);
    const loss = this.lossOf(point);
    this.backward(gradient, 1);
    return loss;
  }

  /**
   * One step against `gradient`, which must be that of the numbers as they are. Where gradients are not cleared, it
   * goes against all of them added up.
   *
   * @returns the loss after it, with its gradient ready; null where a number would not be finite, and nothing changes
   */
  step(rate, clears) {
    const { numbers, gradient, held, kept, keptHeld } = this;
    kept.set(numbers);
    keptHeld.set(held);
    for (let place = 0; place < numbers.length; place += 1) {
      held[place] = clears ? gradient[place] : held[place] + gradient[place];
      numbers[place] -= rate * held[place];
    }
    const loss = this.differentiate();
    if (Number.isFinite(loss) && numbers.every(Number.isFinite)) return loss;
    numbers.set(kept);
    held.set(keptHeld);
    this.differentiate();
    return null;
  }

  /** What the next step promises by the slope alone, per rate: minus gradient times direction. */
  promise(clears) {
    let sum = 0;
    for (let place = 0; place < this.count; place += 1) {
      sum -= this.gradient[place] * (this.gradient[place] + (clears ? 0 : this.held[place]));
    }
    return sum;
  }

  /** Change of the mean loss that a step at this rate would bring, from the loss as it is. */
  changeAt(rate, clears, loss) {
    for (let place = 0; place < this.count; place += 1) {
      this.kept[place] = this.numbers[place] - rate * (this.gradient[place] + (clears ? 0 : this.held[place]));
    }
    return this.meanLoss(this.kept) - loss;
  }

  /** The slope of the loss (of one point, or of the mean where `point` is null) along one number, by its difference. */
  differenceAt(place, point, width) {
    const kept = this.numbers[place];
    const at = (value) => {
      this.numbers[place] = value;
      return point === null ? this.meanLoss() : this.lossOf(point);
    };
    const difference = (at(kept + width) - at(kept - width)) / (2 * width);
    this.numbers[place] = kept;
    return difference;
  }

  /** The share of points whose largest logit is that of their class. */
  accuracy() {
    let right = 0;
    for (let point = 0; point < this.classes.length; point += 1) {
      const logits = this.forward(this.points[2 * point], this.points[2 * point + 1]);
      if (logits.indexOf(Math.max(...logits)) === this.classes[point]) right += 1;
    }
    return right / this.classes.length;
  }
}

/**
 * Every path from a weight to the loss of the point whose numbers stand ready: its units, its factors, their product.
 * The last factor is the derivative of the loss by the last unit's logit.
 */
function findPaths(net, { layer, unit, source }) {
  let paths = [{ units: [unit], factors: [source === null ? 1 : net.values[layer][source]] }];
  for (let depth = layer; depth + 1 < net.depth; depth += 1) {
    const inputs = net.sizes[depth + 1];
    paths = paths.flatMap(({ units, factors }) => {
      const here = units.at(-1);
      const slope = net.activate.slope(net.sums[depth][here]);
      return Array.from({ length: net.sizes[depth + 2] }, (_, there) => ({
        units: [...units, there],
        factors: [...factors, slope, net.numbers[net.starts[depth + 1] + there * inputs + here]],
      }));
    });
  }
  for (const path of paths) {
    path.factors.push(net.upstream[net.depth - 1][path.units.at(-1)]);
    path.product = path.factors.reduce((sum, factor) => sum * factor, 1);
  }
  return paths;
}
