// Softmax and losses of one example in doubles, as in `explorer.neurons.losses`. Draws nothing.

function sigmoid(z) {
  const small = Math.exp(-Math.abs(z));
  return (z >= 0 ? 1 : small) / (1 + small);
}

function findLargest(logits) {
  let largest = -Infinity;
  for (const z of logits) if (z > largest || Number.isNaN(z)) largest = z;
  return largest;
}

/** Writes the softmax of `logits` into `shares`, and gives the log of the sum of the powers of z minus the largest. */
function softmax(logits, shares) {
  const largest = findLargest(logits);
  let sum = 0;
  for (let k = 0; k < logits.length; k += 1) sum += shares[k] = Math.exp(logits[k] - largest);
  for (let k = 0; k < logits.length; k += 1) shares[k] /= sum;
  return Math.log(sum);
}

/** By the logits, of what is by the probabilities: times the softmax's Jacobian, diag(p) - p p^T. */
function throughSoftmax(shares, upstream) {
  let mean = 0;
  for (let k = 0; k < shares.length; k += 1) mean += shares[k] * upstream[k];
  for (let k = 0; k < shares.length; k += 1) upstream[k] = shares[k] * (upstream[k] - mean);
}

// Each gives the loss of one example and writes its gradient by the logits; `shares` is room for the softmax.
const LOSSES = {
  cross_entropy(logits, truth, shares, upstream) {
    const logSum = softmax(logits, shares);
    for (let k = 0; k < logits.length; k += 1) upstream[k] = shares[k] - (k === truth ? 1 : 0);
    return logSum - (logits[truth] - findLargest(logits)); // in this order nothing cancels
  },
  binary_cross_entropy(logits, truth, shares, upstream) {
    let sum = 0;
    softmax(logits, shares);
    for (let k = 0; k < logits.length; k += 1) {
      const z = logits[k];
      const y = k === truth ? 1 : 0;
      sum += Math.max(z, 0) - z * y + Math.log1p(Math.exp(-Math.abs(z)));
      upstream[k] = (sigmoid(z) - y) / logits.length;
    }
    return sum / logits.length;
  },
  squared_error(logits, truth, shares, upstream) {
    let sum = 0;
    softmax(logits, shares);
    for (let k = 0; k < logits.length; k += 1) {
      const off = shares[k] - (k === truth ? 1 : 0);
      sum += off * off;
      upstream[k] = (2 * off) / logits.length;
    }
    throughSoftmax(shares, upstream);
    return sum / logits.length;
  },
  probability(logits, truth, shares, upstream) {
    softmax(logits, shares);
    const value = -shares[truth];
    for (let k = 0; k < logits.length; k += 1) upstream[k] = k === truth ? -1 : 0;
    throughSoftmax(shares, upstream);
    return value;
  },
};
