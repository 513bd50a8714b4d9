// Both players as explorer/generators/latent/by_hand.py has them: every stamp and every window summed in doubles.

/** Takes a player's layers out of the numbers, weights and biases one layer after the other from `at` on. */
function readLayers(numbers, given, at) {
  return given.map(({ shape, ...rest }) => {
    const [outer, inner, side] = shape;
    const size = outer * inner * side * side;
    const made = rest.transposed ? inner : outer;
    const layer = { ...rest, read: rest.transposed ? outer : inner, made, side, weight: numbers.subarray(at, at + size), bias: numbers.subarray(at + size, at + size + made) };
    at += size + made;
    return layer;
  });
}

const countNumbers = (layers) => layers.reduce((sum, { weight, bias }) => sum + weight.length + bias.length, 0);

/** What layers make of maps (channels, rows, rows), flat. */
function runLayers(layers, input, rows) {
  let maps = input;
  let height = rows;
  for (const layer of layers) {
    const { side, stride, padding, made, bias } = layer;
    const larger = layer.transposed ? (height - 1) * stride + side - 2 * padding : Math.floor((height + 2 * padding - side) / stride) + 1;
    const output = new Float64Array(made * larger * larger);
    for (let m = 0; m < made; m += 1) output.fill(bias[m], m * larger * larger, (m + 1) * larger * larger);
    if (layer.transposed) stamp(layer, maps, height, output, larger);
    else convolve(layer, maps, height, output, larger);
    activate(layer, output);
    maps = output;
    height = larger;
  }
  return maps;
}

/** Every cell of the input stamps the kernel, times its value, onto the output; what falls beside it is lost. */
function stamp({ weight, read, made, side, stride, padding }, maps, rows, output, size) {
  for (let c = 0; c < read; c += 1) {
    for (let place = 0; place < rows * rows; place += 1) {
      const value = maps[c * rows * rows + place];
      if (value === 0) continue;
      const top = Math.floor(place / rows) * stride - padding;
      const left = (place % rows) * stride - padding;
      for (let m = 0; m < made; m += 1) {
        for (let y = Math.max(0, -top); y < side && top + y < size; y += 1) {
          const kernel = ((c * made + m) * side + y) * side;
          const row = (m * size + top + y) * size + left;
          for (let x = Math.max(0, -left); x < side && left + x < size; x += 1) output[row + x] += value * weight[kernel + x];
        }
      }
    }
  }
}

function convolve({ weight, read, made, side, stride, padding }, maps, rows, output, size) {
  for (let m = 0; m < made; m += 1) {
    for (let place = 0; place < size * size; place += 1) {
      const top = Math.floor(place / size) * stride - padding;
      const left = (place % size) * stride - padding;
      let sum = 0;
      for (let c = 0; c < read; c += 1) {
        for (let y = Math.max(0, -top); y < side && top + y < rows; y += 1) {
          const kernel = ((m * read + c) * side + y) * side;
          const row = (c * rows + top + y) * rows + left;
          for (let x = Math.max(0, -left); x < side && left + x < rows; x += 1) sum += maps[row + x] * weight[kernel + x];
        }
      }
      output[m * size * size + place] += sum;
    }
  }
}

function activate({ after, leak }, maps) {
  for (let place = 0; place < maps.length; place += 1) {
    const value = maps[place];
    if (after === "sigmoid") maps[place] = 1 / (1 + Math.exp(-value));
    else if (value < 0 && after !== "none") maps[place] = after === "leaky" ? leak * value : 0;
  }
}

/** The place and the distance of the nearest of many pictures of as many cells, one after the other. */
function findNearest(pictures, cells) {
  let [place, least] = [0, Infinity];
  for (let start = 0; start < pictures.length; start += cells.length) {
    let sum = 0;
    for (let cell = 0; cell < cells.length && sum < least; cell += 1) sum += (pictures[start + cell] - cells[cell]) ** 2;
    if (sum < least) [place, least] = [start / cells.length, sum];
  }
  return { place, distance: Math.sqrt(least) };
}
