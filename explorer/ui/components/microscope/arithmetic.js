// One output cell worked out in doubles from the same numbers the framework had. Draws nothing.

const PAD = -1; // a padded zero that takes part
const NONE = -2; // nothing is read
const MOST_OPENED = 8; // channels whose patch, kernel and products are shown

/** The error function by its all-positive series: nothing cancels, so it is good to the last digits of a double. */
function erf(x) {
  const a = Math.abs(x);
  if (a > 6) return Math.sign(x);
  let term = a;
  let sum = a;
  for (let n = 1; term > sum * 1e-17; n += 1) {
    term *= (2 * a * a) / (2 * n + 1);
    sum += term;
  }
  return Math.sign(x) * (2 / Math.sqrt(Math.PI)) * Math.exp(-a * a) * sum;
}

const sigmoid = (x) => 1 / (1 + Math.exp(-x));
const STEPS = {
  affine: (x, { scale, shift }) => x * scale + shift,
  relu: (x) => (x < 0 ? 0 : x),
  relu6: (x) => clamp(x, 0, 6),
  leaky_relu: (x, { slope }) => (x < 0 ? slope * x : x),
  gelu: (x) => 0.5 * x * (1 + erf(x / Math.SQRT2)),
  sigmoid,
  tanh: Math.tanh,
  silu: (x) => x * sigmoid(x),
  hardswish: (x) => (x * clamp(x + 3, 0, 6)) / 6,
};

/** The input cells behind each tap of an output cell: an index into one channel, PAD or NONE, in raster order. */
function readPlaces(channelView, row, column, places) {
  const [height, width] = channelView.window;
  const across = channelView.inputSize[1];
  for (let i = 0, k = 0; i < height; i += 1) {
    const y = channelView.rows[row * height + i];
    for (let j = 0; j < width; j += 1, k += 1) {
      const x = channelView.columns[column * width + j];
      places[k] = y === NONE || x === NONE ? NONE : y === PAD || x === PAD ? PAD : y * across + x;
    }
  }
}

/** Whether the numbers behind a cell are here, or only where they lie. */
function isKnown({ input, patch, patchCell }, row, column) {
  return Boolean(input) || Boolean(patch && patchCell && patchCell[0] === row && patchCell[1] === column);
}

/** Room for explanations of one channelView, used again for every cell so that a frame leaves no garbage. */
function makeExplanation(channelView) {
  const windowSize = channelView.window[0] * channelView.window[1];
  return {
    row: 0,
    column: 0,
    known: false,
    places: new Int32Array(windowSize),
    taking: 0, // indices that take part
    contributions: new Float64Array(channelView.channels),
    ranked: Array.from({ length: channelView.channels }, (_, channel) => channel), // greatest contribution first
    opened: [], // channels of the greatest magnitude
    openedSum: 0,
    otherSum: 0,
    total: 0, // over all channels
    best: -1, // the tap that max pooling took
    sum: 0, // the operation's value, bias included
    after: new Float64Array(channelView.steps.length),
    value: 0, // after all steps
    bound: 0, // sum of the terms' magnitudes, carried through the steps: what rounding errors scale with
  };
}

/** What one tap of one channel reads. */
function readTap(channelView, found, channel, k) {
  const place = found.places[k];
  if (place === NONE) return NaN;
  if (place === PAD) return 0;
  if (channelView.input) return channelView.input[channel * channelView.inputSize[0] * channelView.inputSize[1] + place];
  return channelView.patch[channel * found.places.length + k];
}

/** Works out a cell into `found`. */
function explain(channelView, row, column, found) {
  found.row = row;
  found.column = column;
  readPlaces(channelView, row, column, found.places);
  found.taking = 0;
  for (const place of found.places) if (place !== NONE) found.taking += 1;
  found.best = -1;
  found.known = isKnown(channelView, row, column);
  if (!found.known) return;
  if (channelView.operation === "convolution") addProducts(channelView, found);
  else pool(channelView, found);
  found.value = found.sum;
  channelView.steps.forEach((step, index) => {
    found.value = STEPS[step.kind](found.value, step);
    found.after[index] = found.value;
    if (step.kind === "affine") found.bound = found.bound * Math.abs(step.scale) + Math.abs(step.shift);
  });
}

function addProducts(channelView, found) {
  const { kernel, input, channels, bias } = channelView;
  const { places, contributions, ranked } = found;
  const windowSize = places.length;
  const area = channelView.inputSize[0] * channelView.inputSize[1];
  let total = 0;
  let bound = 0;
  for (let channel = 0; channel < channels; channel += 1) {
    let sum = 0;
    for (let k = 0; k < windowSize; k += 1) {
      const place = places[k];
      if (place < 0) continue;
      const read = input ? input[channel * area + place] : channelView.patch[channel * windowSize + k];
      const product = read * kernel[channel * windowSize + k];
      sum += product;
      bound += Math.abs(product);
    }
    contributions[channel] = sum;
    total += sum;
  }
  found.total = total;
  found.sum = total + (bias ?? 0);
  found.bound = bound + Math.abs(bias ?? 0);
  ranked.sort((a, b) => contributions[b] - contributions[a] || a - b);
  openGreatest(found);
}

/** The greatest magnitudes stand at the two ends of the ranking. */
function openGreatest(found) {
  const { ranked, contributions, opened } = found;
  opened.length = 0;
  let front = 0;
  let rear = ranked.length - 1;
  while (opened.length < MOST_OPENED && front <= rear) {
    const first = Math.abs(contributions[ranked[front]]);
    const last = Math.abs(contributions[ranked[rear]]);
    opened.push(last > first ? ranked[rear--] : ranked[front++]);
  }
  found.openedSum = 0;
  found.otherSum = 0;
  for (const channel of opened) found.openedSum += contributions[channel];
  for (let place = front; place <= rear; place += 1) found.otherSum += contributions[ranked[place]];
}

function pool(channelView, found) {
  const { operation } = channelView;
  let sum = 0;
  let magnitudes = 0;
  let best = -1;
  let most = -Infinity;
  for (let k = 0; k < found.places.length; k += 1) {
    if (found.places[k] === NONE) continue;
    const read = readTap(channelView, found, 0, k);
    sum += operation === "l2" ? read * read : read;
    magnitudes += Math.abs(read);
    // The first of equals, as the framework does; a NaN wins over everything.
    if (best < 0 || read > most || (Number.isNaN(read) && !Number.isNaN(most))) {
      best = k;
      most = read;
    }
  }
  if (operation === "max") found.best = best;
  found.total = sum;
  const divisor = channelView.divisor ?? found.taking;
  if (operation === "max") found.sum = most;
  else if (operation === "average") found.sum = sum / divisor;
  else found.sum = Math.sqrt(sum);
  found.bound = operation === "average" ? magnitudes / Math.abs(divisor) : Math.abs(found.sum);
  found.contributions[0] = found.sum;
  found.opened[0] = 0;
}
