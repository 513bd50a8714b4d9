// Dense layers forward and backward in doubles, one point after another, as in `explorer.neurons`. Draws nothing.
//
// All weights and biases stand in one array, in the order of PyTorch's parameters(): of each layer the rows of its
// weight, then its bias. Gradients stand in another of the same length. `sigmoid` is in losses.js.

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

/** A perceptron: its room is made once, so that a step leaves no garbage. */
class Dense {
  /** @param sizes one input or two, units of every hidden layer, outputs */
  constructor(sizes, activation) {
    this.sizes = sizes;
    this.activate = ACTIVATIONS[activation];
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
    this.values = sizes.slice(0, -1).map((size) => new Float64Array(size)); // what each layer reads
    this.sums = sizes.slice(1).map((size) => new Float64Array(size));
    this.upstream = sizes.slice(1).map((size) => new Float64Array(size));
    this.byInputs = new Float64Array(sizes[0]); // upstream of the inputs
  }

  /** One point, or any place of the plane, through all layers; gives the last sums. A single input has no x2. */
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

  /** From the logits to the first layer, with the derivatives by them in `upstream`: adds to `gradient`, `share` of it. */
  backward(gradient, share) {
    const { numbers } = this;
    const { slope } = this.activate;
    for (let layer = this.depth - 1; layer >= 0; layer -= 1) {
      const read = this.values[layer];
      const inputs = read.length;
      const above = this.upstream[layer];
      const below = layer ? this.upstream[layer - 1] : this.byInputs;
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
}
