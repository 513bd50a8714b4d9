// The network on a canvas: where its units, weights and biases lie, which of them is under a pointer, and their look.

const TALLEST_NETWORK = 440; // CSS pixels
const MOST_LABELLED = 24; // weights whose numbers stand beside them
const LEAST_GAP = 64; // between units, in CSS pixels, for a name above each and its upstream gradient below
const DIMMED = 0.4; // what is not on the way from the chosen one to the loss

/** Where everything lies, for a width; `items` are what can be pointed at, layer by layer. */
function layOut(sizes, width) {
  const columns = sizes.length;
  const most = Math.max(...sizes);
  const narrow = width < 520;
  const height = Math.min(TALLEST_NETWORK, Math.max(narrow ? 230 : 290, most * (narrow ? 46 : 58)));
  const [left, right] = [narrow ? 26 : 44, narrow ? 84 : 118];
  const across = (width - left - right) / (columns - 1);
  const down = (height - 34) / most;
  const radius = Math.max(7, Math.min(20, down * 0.34, across * 0.2));
  const place = (column, unit) => ({
    x: left + column * across,
    y: 10 + (height - 34) / 2 + (unit - (sizes[column] - 1) / 2) * Math.min(down * (most / sizes[column]) * 0.92, 118),
  });
  const layers = [];
  for (let layer = 0; layer + 1 < columns; layer += 1) {
    const items = [];
    for (let unit = 0; unit < sizes[layer + 1]; unit += 1) {
      const at = place(layer + 1, unit);
      items.push({ kind: "unit", layer, unit, ...at });
      const from = { x: at.x - radius * 0.9 - 7, y: at.y + radius * 0.9 + 5 };
      items.push({ kind: "number", layer, unit, source: null, from, to: at });
      for (let source = 0; source < sizes[layer]; source += 1) {
        items.push({ kind: "number", layer, unit, source, from: place(layer, source), to: at });
      }
    }
    layers.push(items);
  }
  const inputs = Array.from({ length: sizes[0] }, (_, unit) => ({ kind: "unit", layer: -1, unit, ...place(0, unit) }));
  const end = { x: width - (narrow ? 20 : 30), y: 10 + (height - 34) / 2 };
  const weights = layers.flat().filter(({ kind, source }) => kind === "number" && source !== null).length;
  const roomy = down >= LEAST_GAP;
  return { roomy, sizes, width, height, radius, narrow, across, layers, inputs, end, labelled: !narrow && weights <= MOST_LABELLED };
}

function distanceTo({ from, to }, x, y) {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const along = Math.max(0, Math.min(1, ((x - from.x) * dx + (y - from.y) * dy) / (dx * dx + dy * dy)));
  return Math.hypot(x - from.x - along * dx, y - from.y - along * dy);
}

/** The unit, bias or weight at a place of the canvas, null where there is none within reach. */
function itemAt(layout, x, y, reach) {
  const all = layout.layers.flat();
  const unit = [...layout.inputs, ...all].find((item) => item.kind === "unit" && Math.hypot(item.x - x, item.y - y) <= layout.radius);
  if (unit) return unit;
  const bias = all.find((item) => item.source === null && Math.hypot(item.from.x - x, item.from.y - y) <= reach + 2);
  if (bias) return bias;
  let best = null;
  let nearest = reach;
  for (const item of all) {
    if (item.kind !== "number") continue;
    const distance = distanceTo(item, x, y);
    if (distance < nearest) [best, nearest] = [item, distance];
  }
  return best;
}

const isSameItem = (one, other) =>
  one === other ||
  Boolean(one && other && ["kind", "layer", "unit", "source"].every((part) => (one[part] ?? null) === (other[part] ?? null)));

/** Whether an item lies on a way from the chosen one to the loss, or feeds it. */
function isOnWay(item, chosen) {
  if (!chosen || isSameItem(item, chosen)) return true;
  const ahead = item.layer - chosen.layer;
  if (item.kind === "unit") {
    return ahead > 0 || (ahead === 0 && item.unit === chosen.unit) || (ahead === -1 && (chosen.kind === "unit" || item.unit === chosen.source));
  }
  if (ahead === 0) return chosen.kind === "unit" && item.unit === chosen.unit;
  return item.source !== null && (ahead > 1 || (ahead === 1 && item.source === chosen.unit));
}

/**
 * Draws the network.
 *
 * @param gradient what stands beside the weights, of one point or of the mean of all
 * @param point whether values and upstream gradients of one point stand ready in `net`
 * @param truth the class of that point
 */
function drawNetwork(context, layout, { net, gradient, point, truth, loss, chosen, look }) {
  const { layers, inputs, radius } = layout;
  context.clearRect(0, 0, layout.width, layout.height);
  context.lineCap = "butt";
  const largest = (numbers) => numbers.reduce((most, each) => Math.max(most, Math.abs(each)), 1e-300);
  const [widest, steepest] = [largest(net.numbers), largest(gradient)];
  const outputs = layers.at(-1).filter(({ kind }) => kind === "unit");
  for (const unit of outputs) line(context, unit, layout.end, look.muted, 1, []);
  for (const items of layers) {
    for (const item of items) {
      if (item.kind !== "number") continue;
      const place = net.placeOf(item);
      context.globalAlpha = isOnWay(item, chosen) ? 1 : DIMMED;
      drawNumber(context, item, net.numbers[place] / widest, gradient[place] / steepest, isSameItem(item, chosen), look);
    }
  }
  context.globalAlpha = 1;
  for (const unit of [...inputs, ...layers.flat()]) if (unit.kind === "unit") drawUnit(context, unit, layout, { net, point, chosen, look });
  drawEnd(context, layout, outputs, { net, point, truth, loss, look });
  for (const items of layers) {
    for (const item of items) {
      if (item.kind !== "number") continue;
      const place = net.placeOf(item);
      const isChosen = isSameItem(item, chosen);
      context.globalAlpha = isOnWay(item, chosen) ? 1 : 0.7;
      if (layout.labelled || isChosen) label(context, item, net.numbers[place], gradient[place], layout, isChosen, look);
    }
  }
  context.globalAlpha = 1;
}

function line(context, from, to, colour, width, dash) {
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.setLineDash(dash);
  context.beginPath();
  context.moveTo(from.x, from.y);
  context.lineTo(to.x, to.y);
  context.stroke();
}

/** A weight and, dashed beside it, its gradient; a bias has a square at its end. */
function drawNumber(context, { from, to, source }, weight, slope, isChosen, look) {
  const length = Math.hypot(to.x - from.x, to.y - from.y);
  const aside = (by) => {
    const [dx, dy] = [(-(to.y - from.y) / length) * by, ((to.x - from.x) / length) * by];
    return [
      { x: from.x + dx, y: from.y + dy },
      { x: to.x + dx, y: to.y + dy },
    ];
  };
  const [thick, thin] = [0.7 + 4 * Math.abs(weight), slope === 0 ? 0 : 0.7 + 4 * Math.abs(slope)];
  if (isChosen) line(context, from, to, look.halo, thick + thin + 8, []);
  line(context, ...aside(-thick / 2 - 0.6), look.sign(weight), thick, []);
  if (thin) line(context, ...aside(thin / 2 + 0.6), look.sign(slope), thin, source === null ? [3, 2] : [6, 4]);
  if (source !== null) return;
  context.setLineDash([]);
  context.fillStyle = look.background;
  context.strokeStyle = look.sign(weight);
  context.lineWidth = 2;
  context.fillRect(from.x - 4, from.y - 4, 8, 8);
  context.strokeRect(from.x - 4, from.y - 4, 8, 8);
}

function drawUnit(context, unit, { sizes, radius, roomy }, { net, point, chosen, look }) {
  const column = unit.layer + 1;
  const isLogit = column === sizes.length - 1;
  const values = isLogit ? net.sums[unit.layer] : net.values[column];
  const isDimmed = !isOnWay(unit, chosen);
  context.setLineDash([]);
  context.fillStyle = isDimmed ? look.background : look.secondary; // no line shines through
  context.strokeStyle = isDimmed ? look.faint : isSameItem(unit, chosen) ? look.primary : look.muted;
  context.lineWidth = isSameItem(unit, chosen) ? 3 : 1.2;
  context.beginPath();
  context.arc(unit.x, unit.y, radius, 0, 2 * Math.PI);
  context.fill();
  context.stroke();
  context.globalAlpha = isDimmed ? 0.7 : 1;
  const isNamed = roomy || isSameItem(unit, chosen);
  const name = nameUnit(sizes, column, unit.unit);
  if (point && radius >= 13) {
    write(context, short(values[unit.unit]), unit.x, unit.y, look.text, 11, "center");
    if (isNamed) write(context, name, unit.x, unit.y - radius - 8, look.text, 11, "center", look.background);
    if (isNamed && column > 0) write(context, `δ ${short(net.upstream[unit.layer][unit.unit])}`, unit.x + 4, unit.y + radius + 9, look.muted, 10.5, "left", look.background);
  } else if (radius >= 9) {
    write(context, name, unit.x, unit.y, look.text, radius >= 13 ? 11 : 9, "center");
  }
  context.globalAlpha = 1;
}

/** The loss, and what every class gets beside what it should. */
function drawEnd(context, layout, outputs, { net, point, truth, loss, look }) {
  const { end, narrow, radius } = layout;
  context.setLineDash([]);
  context.fillStyle = look.secondary;
  context.strokeStyle = look.muted;
  context.lineWidth = 1.2;
  const half = narrow ? 19 : 27;
  context.beginPath();
  context.roundRect(end.x - half, end.y - 19, 2 * half, 38, 6);
  context.fill();
  context.stroke();
  write(context, "L", end.x, end.y - 8, look.text, 11, "center");
  write(context, short(loss), end.x, end.y + 7, look.text, 11, "center");
  if (!point) return;
  for (const { unit, x, y } of outputs) {
    const text = narrow ? `p ${net.shares[unit].toFixed(2)}` : `p ${net.shares[unit].toFixed(2)} · y ${unit === truth ? 1 : 0}`;
    write(context, text, x + radius + 3, y - radius + 1, look.text, 10.5, "left", look.background);
  }
}

/** The numbers of a weight or bias: itself and its gradient. */
function label(context, { from, to, source }, weight, slope, { width, narrow }, isChosen, look) {
  const size = isChosen ? 12 : 10.5;
  const colour = isChosen ? look.text : look.muted;
  if (source === null) {
    write(context, short(weight), from.x - 8, from.y - 4, look.text, size, "right", look.background);
    write(context, `∂ ${short(slope)}`, from.x - 8, from.y + 8, colour, size, "right", look.background);
    return;
  }
  const along = narrow ? 0.5 : source % 2 ? 0.56 : 0.25; // lines of neighbours cross, and their numbers do not
  const [x, y] = [from.x + (to.x - from.x) * along, from.y + (to.y - from.y) * along];
  const inside = Math.max(56, Math.min(width - 56, x));
  write(context, `${short(weight)}  ∂ ${short(slope)}`, inside, y, colour, size, "center", look.background);
}

const short = (value) => {
  const size = Math.abs(value);
  const text = size === 0 ? "0" : size >= 1e4 || size < 0.001 ? value.toExponential(0) : size >= 100 ? value.toFixed(0) : value.toFixed(size < 0.01 ? 3 : 2);
  return text.replaceAll("-", "−");
};
