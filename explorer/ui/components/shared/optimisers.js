// Seven ways downhill, step by step as torch.optim makes them, in doubles, as in `explorer.learning`. Draws nothing.

/** A mean moved by a share of the way to what is new, in the order of `torch.lerp`. */
const forget = (mean, now, share) => (share < 0.5 ? mean + share * (now - mean) : now - (now - mean) * (1 - share));

// The field of a walker for each name; a number that a rule does not have is undefined there.
const FIELDS = {
  gradient: "gradient",
  "decayed gradient": "decayed",
  "shrunk place": "shrunk",
  buffer: "buffer",
  direction: "direction",
  "sum of squares": "sum",
  "mean of squares": "square",
  mean: "mean",
  variance: "variance",
  m: "m",
  v: "v",
  "largest v": "largest",
  "corrected m": "correctedM",
  "corrected v": "correctedV",
  divisor: "divisor",
  rate: "rate",
  step: "step",
  place: "place",
};

const decays = ({ weight_decay }) => (weight_decay ? ["decayed gradient"] : []);

// Of each class in torch.optim: the numbers of a step by name, in the order in which they are computed, and how they are.
// What a number was before the step stands in its place until it is overwritten.
const RULES = {
  SGD: {
    names: (rule) => [...decays(rule), ...(rule.momentum ? ["buffer"] : []), ...(rule.momentum && rule.nesterov ? ["direction"] : [])],
    go(walker, axis) {
      const { settings, buffer, direction, count } = walker;
      let push = walker.decay(axis);
      if (buffer) {
        // The first gradient is not dampened.
        buffer[axis] = count === 1 ? push : settings.momentum * buffer[axis] + (1 - settings.dampening) * push;
        push = direction ? (direction[axis] = push + settings.momentum * buffer[axis]) : buffer[axis];
      }
      return -settings.rate * push;
    },
  },
  Adagrad: {
    names: (rule) => [...decays(rule), "sum of squares", "divisor", ...(rule.lr_decay ? ["rate"] : [])],
    go(walker, axis) {
      const { settings, sum, rate, count } = walker;
      const push = walker.decay(axis);
      sum[axis] += push * push;
      const divisor = walker.divide(axis, sum[axis]);
      if (rate) rate[axis] = settings.rate / (1 + (count - 1) * settings.lr_decay);
      return (-(rate ? rate[axis] : settings.rate) * push) / divisor;
    },
  },
  RMSprop: {
    names: (rule) => [
      ...decays(rule),
      "mean of squares",
      ...(rule.centered ? ["mean", "variance"] : []),
      "divisor",
      ...(rule.momentum > 0 ? ["buffer"] : []),
    ],
    go(walker, axis) {
      const { settings, square, mean, variance, buffer } = walker;
      const { alpha } = settings;
      const push = walker.decay(axis);
      square[axis] = alpha * square[axis] + (1 - alpha) * (push * push);
      if (mean) {
        mean[axis] = forget(mean[axis], push, 1 - alpha);
        variance[axis] = square[axis] - mean[axis] * mean[axis];
      }
      const divisor = walker.divide(axis, (variance ?? square)[axis]);
      if (!buffer) return (-settings.rate * push) / divisor;
      buffer[axis] = settings.momentum * buffer[axis] + push / divisor;
      return -settings.rate * buffer[axis];
    },
  },
  Adam: {
    names: (rule) => [
      ...(rule.name === "Adam" ? decays(rule) : rule.weight_decay ? ["shrunk place"] : []),
      "m",
      "v",
      ...(rule.amsgrad ? ["largest v"] : []),
      ...(rule.bias_correction ? ["corrected m", "corrected v"] : []),
      "divisor",
    ],
    go(walker, axis) {
      const { settings, count, m, v, largest, correctedM, correctedV, shrunk } = walker;
      const { beta1, beta2 } = settings;
      if (shrunk) shrunk[axis] = walker.place[axis] * (1 - settings.rate * settings.weight_decay);
      const push = walker.decay(axis);
      m[axis] = forget(m[axis], push, 1 - beta1);
      v[axis] = beta2 * v[axis] + (1 - beta2) * (push * push);
      if (largest) largest[axis] = Math.max(largest[axis], v[axis]);
      let mean = m[axis];
      let square = (largest ?? v)[axis];
      if (correctedM) {
        mean = correctedM[axis] = mean / (1 - beta1 ** count);
        square = correctedV[axis] = square / (1 - beta2 ** count);
      }
      return (-settings.rate * mean) / walker.divide(axis, square);
    },
  },
};
RULES.AdamW = RULES.Adam;

/** One optimiser on its way: all numbers of its last step, for every axis. */
class Walker {
  constructor(settings, axes = 2) {
    this.settings = settings;
    this.rule = RULES[settings.name];
    this.names = ["gradient", ...this.rule.names(settings), "step", "place"];
    for (const [name, field] of Object.entries(FIELDS)) this[field] = this.names.includes(name) ? new Float64Array(axes) : undefined;
  }

  begin(...place) {
    for (const name of this.names) this[FIELDS[name]].fill(0);
    this.place.set(place);
    this.count = 0;
  }

  /** One step in the plane, against a gradient. */
  go(gx, gy) {
    this.gradient[0] = gx;
    this.gradient[1] = gy;
    this.advance();
  }

  /** One step against what stands in `gradient`. */
  advance() {
    const { step, place } = this;
    this.count += 1;
    for (let axis = 0; axis < place.length; axis += 1) {
      step[axis] = this.rule.go(this, axis);
      place[axis] = (this.shrunk ?? place)[axis] + step[axis];
    }
  }

  /** The gradient, with the pull of weight decay where that is a part of the loss. */
  decay(axis) {
    const { gradient, decayed } = this;
    if (!decayed) return gradient[axis];
    decayed[axis] = gradient[axis] + this.settings.weight_decay * this.place[axis];
    return decayed[axis];
  }

  /** The square root of a square, or the square itself, kept from zero. */
  divide(axis, square) {
    const { settings, divisor } = this;
    divisor[axis] = (settings.root ? Math.sqrt(square) : square) + settings.eps;
    return divisor[axis];
  }

  /** All numbers by name, in the order in which they are computed. */
  read() {
    return Object.fromEntries(this.names.map((name) => [name, [...this[FIELDS[name]]]]));
  }
}
