// The game of a generator and a discriminator in doubles, as in `explorer.generators.plane.game`. Draws nothing.
//
// Layers are in shared/dense.js, optimisers in shared/optimisers.js, losses' sigmoid in shared/losses.js.

const PACE = 0x6d2b79f5; // of mulberry32
const MOST_VALUES = 1200; // pairs of round and value that are kept for the curve

/** The numbers of `draw_uniforms`, from one of them on. */
const chanceFrom = (seed, first) => mulberry32((seed + Math.imul(PACE, first)) >>> 0);

/** log D of a logit; log(1 - D) is that of its negative. */
const logSigmoid = (logit) => Math.min(logit, 0) - Math.log1p(Math.exp(-Math.abs(logit)));

/** Draws the next code into a generator's inputs. */
function drawCode(chance, { size, normal }, code) {
  if (normal) {
    const length = Math.sqrt(-2 * Math.log(1 - chance())); // Box and Muller 1958
    const angle = 2 * Math.PI * chance();
    code[0] = length * Math.cos(angle);
    code[1] = length * Math.sin(angle); // beyond the end of a code of one, where it is forgotten
  } else {
    for (let index = 0; index < size; index += 1) code[index] = 2 * chance() - 1;
  }
}

/** One network that learns: what its optimiser keeps stands beside its numbers. */
class Player {
  constructor(sizes, settings) {
    this.net = new Dense(sizes, "tanh");
    this.walker = new Walker(settings, this.net.count);
    this.net.numbers = this.walker.place;
    this.kept = new Float64Array(this.net.count);
  }

  /** Takes numbers and what the optimiser keeps, after so many steps. */
  take(numbers, memory, steps) {
    this.walker.begin(...numbers);
    for (const [name, values] of Object.entries(memory)) this.walker[FIELDS[name]].set(values);
    this.walker.count = steps;
  }

  step() {
    this.walker.gradient.set(this.net.gradient);
    this.walker.advance();
  }
}

/** Both players on the real points, as far as they have come. */
class Game {
  /** @param data points as x, y, x, y, ..., and the recipe as the server tells it */
  constructor(data) {
    this.data = data;
    this.points = Float64Array.from(data.points);
    [this.judge, this.maker] = data.sizes.map((sizes, player) => new Player(sizes, data.rules[player]));
    this.scratch = new Float64Array(this.judge.net.count);
    this.code = new Float64Array(2);
    this.place = new Float64Array(2); // of the last fake
    this.slope = new Float64Array(2); // of the logit at the place that `pull` was asked about
    this.fixed = this.drawFixed();
    this.rounds = -1; // before a state was taken
  }

  /** The codes by which the generator is measured, one after the other. */
  drawFixed() {
    const { codes, seed, measured, fakes } = this.data;
    const chance = chanceFrom(seed + measured, 0);
    const drawn = new Float64Array(fakes * codes.size);
    for (let fake = 0; fake < fakes; fake += 1) {
      drawCode(chance, codes, this.code);
      for (let index = 0; index < codes.size; index += 1) drawn[fake * codes.size + index] = this.code[index];
    }
    return drawn;
  }

  /**
   * Takes the server's state.
   *
   * @returns how far the numbers had gone from it by rounding, where they stood at the same round; else null
   */
  take({ rounds, numbers, memories, values }) {
    const isSame = this.rounds === rounds;
    let drift = isSame ? 0 : null;
    const players = [this.judge, this.maker];
    players.forEach((player, index) => {
      if (isSame) numbers[index].forEach((each, place) => (drift = Math.max(drift, Math.abs(each - player.net.numbers[place]))));
      player.take(numbers[index], memories[index], rounds * this.data.turns[index]);
    });
    if (!isSame) {
      this.values = values;
      this.ended = false;
    }
    this.rounds = rounds;
    return drift;
  }

  get isOver() {
    return this.ended || this.rounds >= this.data.most;
  }

  /** The place of a code, in `place`. */
  make(first, second) {
    this.place.set(this.maker.net.forward(first, second));
  }

  /** The logit at a place; the slope of it stands in `slope` afterwards. */
  pull(x, y) {
    const { net } = this.judge;
    const logit = net.forward(x, y)[0];
    net.upstream[net.depth - 1][0] = 1;
    net.backward(this.scratch, 0);
    this.slope.set(net.byInputs);
    return logit;
  }

  /** The derivative of a fake's own loss by its logit. */
  factor(logit, loss = this.data.loss) {
    return loss === "minimax" ? -sigmoid(logit) : sigmoid(logit) - 1;
  }

  /** One round; false where a number would not be finite, and nothing changes. */
  round() {
    if (this.isOver) return false;
    const { codes, seed, batch, turns } = this.data;
    const each = batch * (codes.normal ? 2 : codes.size);
    const drawn = turns[0] * (batch + each) + turns[1] * each;
    const chance = chanceFrom(seed, this.rounds * drawn);
    this.keep();
    let value = 0;
    for (let turn = 0; turn < turns[0]; turn += 1) value = this.judgeBatch(chance);
    for (let turn = 0; turn < turns[1]; turn += 1) this.teachBatch(chance);
    if (!Number.isFinite(value) || ![this.judge, this.maker].every(({ net }) => net.numbers.every(Number.isFinite))) {
      this.ended = true;
      this.restore();
      return false;
    }
    this.rounds += 1;
    this.values.push([this.rounds, value]);
    if (this.values.length > MOST_VALUES) {
      this.values = this.values.filter((_, index) => index % 2 === 0 || index === this.values.length - 1);
    }
    return true;
  }

  keep() {
    for (const player of [this.judge, this.maker]) player.kept.set(player.net.numbers);
  }

  restore() {
    for (const player of [this.judge, this.maker]) player.net.numbers.set(player.kept);
  }

  /** A step of the discriminator; gives the game's value before it. */
  judgeBatch(chance) {
    const { points, code } = this;
    const { batch, codes } = this.data;
    const { net } = this.judge;
    const above = net.upstream[net.depth - 1];
    net.gradient.fill(0);
    let value = 0;
    for (let index = 0; index < batch; index += 1) {
      const real = Math.floor((chance() * points.length) / 2);
      const logit = net.forward(points[2 * real], points[2 * real + 1])[0];
      value += logSigmoid(logit);
      above[0] = sigmoid(logit) - 1;
      net.backward(net.gradient, 1 / batch);
    }
    for (let index = 0; index < batch; index += 1) {
      drawCode(chance, codes, code);
      this.make(code[0], code[1]);
      const logit = net.forward(this.place[0], this.place[1])[0];
      value += logSigmoid(-logit);
      above[0] = sigmoid(logit);
      net.backward(net.gradient, 1 / batch);
    }
    this.judge.step();
    return value / batch;
  }

  /** A step of the generator, whose gradient comes through the discriminator. */
  teachBatch(chance) {
    const { code, slope } = this;
    const { batch, codes } = this.data;
    const { net } = this.maker;
    const above = net.upstream[net.depth - 1];
    net.gradient.fill(0);
    for (let index = 0; index < batch; index += 1) {
      drawCode(chance, codes, code);
      this.make(code[0], code[1]);
      const factor = this.factor(this.pull(this.place[0], this.place[1]));
      above[0] = factor * slope[0];
      above[1] = factor * slope[1];
      net.backward(net.gradient, 1 / batch);
    }
    this.maker.step();
  }

  /** The places of the fixed codes, x, y, x, y, ... */
  makeFakes() {
    const { size } = this.data.codes;
    const fakes = new Float64Array((2 * this.fixed.length) / size);
    for (let fake = 0; 2 * fake < fakes.length; fake += 1) {
      this.make(this.fixed[fake * size], this.fixed[fake * size + 1]);
      fakes.set(this.place, 2 * fake);
    }
    return fakes;
  }
}
