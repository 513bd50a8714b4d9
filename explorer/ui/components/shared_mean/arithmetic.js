// The formula of one cell, and how its numbers are written.

const MINUS = "\u2212";
const AFTER = 3; // standard deviations at the end of the colours after normalisation, before gamma

/** The result of a cell, as `explorer.learning.scale.normalisation.normalise` has it. */
function normaliseCell({ mean, variance, gamma, beta, eps, byVariance }, map, channel, x) {
  const inner = variance[map] + eps;
  return ((x - mean[map]) / (byVariance ? inner : Math.sqrt(inner))) * gamma[channel] + beta[channel];
}

/** All results of a batch. */
function normaliseAll(rule, values) {
  const [, channels, height, width] = rule.shape;
  const area = height * width;
  return values.map((x, place) => {
    const map = Math.floor(place / area);
    return normaliseCell(rule, map, map % channels, x);
  });
}

function findMost(values) {
  return values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}

/** The largest of every filter, over all pictures. */
function findMostOfFilters(values, [pictures, channels, height, width]) {
  const area = height * width;
  const most = new Array(channels).fill(0);
  for (let map = 0; map < pictures * channels; map += 1) {
    most[map % channels] = Math.max(most[map % channels], findMost(values.subarray(map * area, (map + 1) * area)));
  }
  return most;
}

function writeNumber(value) {
  const size = Math.abs(value);
  const text = size !== 0 && (size < 1e-6 || size >= 1e6) ? value.toExponential(2) : String(Number(value.toPrecision(4)));
  return text.replaceAll("-", MINUS).replace("e+", "e");
}

const writeFactor = (value) => (value < 0 ? `(${writeNumber(value)})` : writeNumber(value));

/** The formula with its numbers. */
function writeWorked(rule, map, channel, x) {
  const { mean, variance, gamma, beta, eps, byVariance } = rule;
  const inner = `${writeNumber(variance[map])} + ${writeNumber(eps)}`;
  const divisor = byVariance ? `(${inner})` : `√(${inner})`;
  const result = writeNumber(normaliseCell(rule, map, channel, x));
  return `(${writeNumber(x)} ${MINUS} ${writeFactor(mean[map])}) ÷ ${divisor} × ${writeFactor(gamma[channel])} + ${writeFactor(beta[channel])} = ${result}`;
}
