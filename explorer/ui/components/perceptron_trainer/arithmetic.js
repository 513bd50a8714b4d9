// Forward, backward and gradient descent in doubles, one point after another. Draws nothing.
//
// All weights and biases stand in one array, in the order of PyTorch's parameters(): of each layer the rows of its
// weight, then its bias. Gradients stand in another of the same length. Losses are in shared/losses.js.

const LEAK = 0.01;

/** The sigmoid's slope; s (1 - s) would be 0 where s rounds to 1. */
function sigmoidSlope(z) {
  const small = Math.exp(-Math.abs(z));
  return small / ((1 + small) * (1 + small));
}

const ACTIVATIONS = {
  linear: { value: (z) => z, slope: () => 1 },
  sigmoid: { value: sigmoid, slope: sigmoidSlope },
  tanh: { value: Math.tanh, slope: (z) => 4 * sigmoidSlope(2 * z) },
  relu: { value: (z) => (z > 0 ? z : 0 * z), slope: (z) => (z > 0 ? 1 : 0) }, // a NaN stays one
  leaky_relu: { value: (z) => (z > 0 ? z : LEAK * z), slope: (z) => (z > 0 ? 1 : LEAK) },
};

/** A perceptron on points: its room is made once, so that a step leaves no garbage. */
class Perceptron {
  /**
   * @param sizes inputs, units of every hidden layer, classes
   * @param points x1, x2, x1, x2, ...
   * @param classes of each point
   */
  constructor({ sizes, activation, loss, points, classes }) {
    this.sizes = sizes;
    this.activate = ACTIVATIONS[activation];
    this.measure = LOSSES[loss];
    this.points = Float64Array.from(points);
    this.classes = Int32Array.from(classes);
    this.depth = sizes.length - 1;
    this.starts = [];
    let start = 0;
    for (let layer = 0; layer < this.depth; layer += 1) {
      this.starts.push(start);
      start += sizes[layer + 1] * (sizes[layer] + 1);
    }
    this.count = start;
    this.numbers = new Float64Array(start);
    this.gradient = new Float64Array(start);
    this.held = new Float64Array(start); // what a step goes along
    this.kept = new Float64Array(start);
    this.keptHeld = new Float64Array(start);
    this.values = sizes.slice(0, -1).map((size) => new Float64Array(size)); // what each layer reads
    this.sums = sizes.slice(1).map((size) => new Float64Array(size));
    this.upstream = sizes.slice(1).map((size) => new Float64Array(size));
    this.unused = new Float64Array(sizes[0]); // upstream of the inputs, which learn nothing
    this.shares = new Float64Array(sizes.at(-1));
  }

  /** Where the weight from `source` to `unit` of a layer stands; its bias where `source` is null. */
  placeOf({ layer, unit, source }) {
    const [inputs, outputs] = [this.sizes[layer], this.sizes[layer + 1]];
    return this.starts[layer] + (source === null ? outputs * inputs + unit : unit * inputs + source);
  }

  /** One point, or any place of the plane, through all layers; gives the logits. */
  forward(x1, x2, numbers = this.numbers) {
    this.values[0][0] = x1;
    this.values[0][1] = x2;
    for (let layer = 0; layer < this.depth; layer += 1) {
      const read = this.values[layer];
      const sums = this.sums[layer];
      const inputs = read.length;
      let place = this.starts[layer];
      let bias = place + sums.length * inputs;
      for (let unit = 0; unit < sums.length; unit += 1) {
        let sum = numbers[bias++];
        for (let source = 0; source < inputs; source += 1) sum += numbers[place++] * read[source];
        sums[unit] = sum;
      }
      if (layer + 1 < this.depth) {
        const next = this.values[layer + 1];
        const { value } = this.activate;
        for (let unit = 0; unit < sums.length; unit += 1) next[unit] = value(sums[unit]);
      }
    }
    return this.sums[this.depth - 1];
  }

  /** The loss of a point, whose numbers then stand in `values`, `sums`, `shares` and, at the logits, in `upstream`. */
  lossOf(point, numbers = this.numbers) {
    const logits = this.forward(this.points[2 * point], this.points[2 * point + 1], numbers);
    return this.measure(logits, this.classes[point], this.shares, this.upstream[this.depth - 1]);
  }

  /** From the logits to the first layer, right after `lossOf`: adds to `gradient`, `share` of it. */
  backward(gradient, share) {
    const { numbers } = this;
    const { slope } = this.activate;
    for (let layer = this.depth - 1; layer >= 0; layer -= 1) {
      const read = this.values[layer];
      const inputs = read.length;
      const above = this.upstream[layer];
      const below = layer ? this.upstream[layer - 1] : this.unused;
      below.fill(0);
      let place = this.starts[layer];
      let bias = place + above.length * inputs;
      for (let unit = 0; unit < above.length; unit += 1) {
        const upstream = above[unit];
        const blame = upstream * share;
        for (let source = 0; source < inputs; source += 1) {
          gradient[place] += blame * read[source];
          below[source] += upstream * numbers[place];
          place += 1;
        }
        gradient[bias++] += blame;
      }
      if (!layer) return;
      const sums = this.sums[layer - 1];
      for (let source = 0; source < inputs; source += 1) below[source] *= slope(sums[source]);
    }
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
