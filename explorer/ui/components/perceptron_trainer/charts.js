// The points on what the network says of every place; the loss over the steps; what a step promises and brings.

const GRID = 48; // cells of the map on each side
const POINTS_MARGIN = 0.12; // of the points' range, around them
const RATES = Array.from({ length: 49 }, (_, index) => 10 ** (index / 8 - 3)); // 0.001 to 1,000
const CLASS_RGB = SERIES.map(toRgb);

/** From the plane to a square and back. */
class Plane {
  constructor(points, side) {
    this.side = side;
    this.axes = [0, 1].map((axis) => {
      const values = points.filter((_, index) => index % 2 === axis);
      const [low, high] = [Math.min(...values), Math.max(...values)];
      const margin = (high - low) * POINTS_MARGIN;
      return [low - margin, high + margin];
    });
  }

  toPixels(x1, x2) {
    const [[left, right], [low, high]] = this.axes;
    return [((x1 - left) / (right - left)) * this.side, ((high - x2) / (high - low)) * this.side];
  }

  ofCell(row, column) {
    const [[left, right], [low, high]] = this.axes;
    return [left + ((column + 0.5) / GRID) * (right - left), high - ((row + 0.5) / GRID) * (high - low)];
  }
}

/** Paints what the network says of every place, or what one of its units does, and the points on it. */
function drawMap(canvas, plane, { net, points, classes, shownUnit, chosenPoint, look, room }) {
  const { side } = plane;
  const context = sizeCanvas(canvas, side, side);
  const pixels = room.image.data;
  const ground = look.rgb;
  let largest = 1e-300;
  if (shownUnit) {
    for (let cell = 0; cell < GRID * GRID; cell += 1) {
      net.forward(...plane.ofCell(Math.floor(cell / GRID), cell % GRID));
      const column = shownUnit.layer + 1;
      const value = column === net.depth ? net.sums[net.depth - 1][shownUnit.unit] : net.values[column][shownUnit.unit];
      room.values[cell] = value;
      largest = Math.max(largest, Math.abs(value));
    }
  }
  for (let cell = 0, at = 0; cell < GRID * GRID; cell += 1, at += 4) {
    if (shownUnit) {
      const colour = DIVERGING[Math.round(128 + (127 * room.values[cell]) / largest)] ?? UNDEFINED;
      for (let part = 0; part < 3; part += 1) pixels[at + part] = colour[part];
    } else {
      softmax(net.forward(...plane.ofCell(Math.floor(cell / GRID), cell % GRID)), net.shares);
      for (let part = 0; part < 3; part += 1) {
        let sum = 0;
        for (let k = 0; k < net.shares.length; k += 1) sum += net.shares[k] * CLASS_RGB[k][part];
        pixels[at + part] = 0.45 * ground[part] + 0.55 * sum;
      }
    }
    pixels[at + 3] = 255;
  }
  room.context.putImageData(room.image, 0, 0);
  context.imageSmoothingEnabled = true;
  context.drawImage(room.canvas, 0, 0, side, side);
  const radius = classes.length > 60 ? 3 : 5;
  for (let point = 0; point < classes.length; point += 1) drawPoint(context, plane, points, classes, point, radius);
  if (chosenPoint !== null) {
    context.lineWidth = 2.5;
    context.strokeStyle = look.text;
    context.beginPath();
    context.arc(...plane.toPixels(points[2 * chosenPoint], points[2 * chosenPoint + 1]), radius + 6, 0, 2 * Math.PI);
    context.stroke();
  }
}

function drawPoint(context, plane, points, classes, point, radius) {
  const [x, y] = plane.toPixels(points[2 * point], points[2 * point + 1]);
  context.save();
  context.translate(x, y);
  context.beginPath();
  SHAPES[classes[point]](context, radius);
  context.fillStyle = SERIES[classes[point]];
  context.strokeStyle = "#ffffff";
  context.lineWidth = 1;
  context.fill();
  context.stroke();
  context.restore();
}

/** The point nearest to a place of the map. */
function pointAt(plane, points, x, y) {
  let best = 0;
  let nearest = Infinity;
  for (let point = 0; 2 * point < points.length; point += 1) {
    const [px, py] = plane.toPixels(points[2 * point], points[2 * point + 1]);
    const distance = (px - x) ** 2 + (py - y) ** 2;
    if (distance < nearest) [best, nearest] = [point, distance];
  }
  return best;
}

function axes(context, width, height, look, low, high, left, right) {
  context.clearRect(0, 0, width, height);
  context.strokeStyle = look.muted;
  context.setLineDash([]);
  context.lineWidth = 1;
  context.beginPath();
  context.moveTo(48.5, 6);
  context.lineTo(48.5, height - 17.5);
  context.lineTo(width - 6, height - 17.5);
  context.stroke();
  const brief = (value) => (value !== 0 && Math.abs(value) < 0.001 ? value.toExponential(0).replaceAll("-", "−") : significant(value));
  write(context, brief(high), 44, 11, look.muted, 10.5, "right");
  write(context, brief(low), 44, height - 22, look.muted, 10.5, "right");
  write(context, left, 49, height - 8, look.muted, 10.5, "left");
  write(context, right, width - 6, height - 8, look.muted, 10.5, "right");
}

const inFrame = (width, height) => (x, y) => [49 + x * (width - 58), height - 19 - y * (height - 27)];

/** The loss by step, from pairs of both. */
function drawCurve(canvas, history, width, height, look) {
  const context = sizeCanvas(canvas, width, height);
  const losses = history.map(([, loss]) => loss);
  const last = Math.max(1, history.at(-1)[0]);
  const [high, least] = [Math.max(...losses), Math.min(...losses)];
  const low = Math.min(0, least);
  axes(context, width, height, look, low, high, "0", `step ${last.toLocaleString("en")}`);
  const frame = inFrame(width, height);
  context.strokeStyle = look.primary;
  context.lineWidth = 2;
  context.beginPath();
  history.forEach(([step, loss], index) => {
    const at = frame(step / last, (loss - low) / (high - low || 1));
    if (index) context.lineTo(...at);
    else context.moveTo(...at);
  });
  context.stroke();
  if (history.length === 1) {
    context.fillStyle = look.primary;
    context.fillRect(...frame(0, 1).map((value) => value - 2), 4, 4);
  }
}

/** Change of the loss by one step, over the rates; the line of the promise is dashed. */
function drawPromise(canvas, { changes, slope, rate }, width, height, look) {
  const context = sizeCanvas(canvas, width, height);
  const finite = changes.filter(Number.isFinite);
  const best = -Math.min(-1e-12, ...finite);
  const [low, high] = [-1.5 * best, 1.1 * best];
  axes(context, width, height, look, low, high, "rate 0.001", "1,000");
  const frame = inFrame(width, height);
  const clip = (value) => Math.max(0, Math.min(1, (value - low) / (high - low)));
  const across = (value) => (Math.log10(value) + 3) / 6;
  line(context, ...[0, 1].map((x) => at2(frame(x, clip(0)))), look.faint, 1, []);
  if (rate >= RATES[0] && rate <= RATES.at(-1)) {
    line(context, ...[0, 1].map((y) => at2(frame(across(rate), y))), look.primary, 1.5, [2, 3]);
  }
  const draw = (values, dash, colour) => {
    context.strokeStyle = colour;
    context.lineWidth = 2;
    context.setLineDash(dash);
    context.beginPath();
    values.forEach((value, index) => {
      const at = frame(across(RATES[index]), Number.isFinite(value) ? clip(value) : 1);
      if (index) context.lineTo(...at);
      else context.moveTo(...at);
    });
    context.stroke();
  };
  draw(RATES.map((each) => each * slope), [5, 4], look.muted);
  draw(changes, [], look.text);
}

const at2 = ([x, y]) => ({ x, y });
