// The terrain with the paths on it: bands of equal area, lines in seven colours, dashes and shapes.

const CELLS = 160; // of the terrain on each side, at which the formula is asked
const BANDS = 14;
const DASHES = [[], [9, 4], [2, 3], [10, 3, 2, 3], [5, 3], [14, 5], [2, 6]];
const STEEPEST_SHADE = 0.24; // of the text's colour, at the height of the highest band
const SLOPE_LENGTH = 60; // CSS pixels, of the arrow down the slope
const BORDER = 0.2; // around the frame, as a share of it, up to which lines are drawn

/** From the plane, -reach to reach on both axes, to a square and back. */
class Frame {
  constructor(reach, side) {
    Object.assign(this, { reach, side, scale: side / (2 * reach) });
  }

  toPixels(x, y) {
    return [(x + this.reach) * this.scale, (this.reach - y) * this.scale];
  }

  toPlace(px, py) {
    return [px / this.scale - this.reach, this.reach - py / this.scale];
  }
}

/** The losses at the corners of the cells, row by row from the top. */
function sampleGround(surface, frame) {
  const losses = new Float64Array((CELLS + 1) ** 2);
  for (let row = 0, at = 0; row <= CELLS; row += 1) {
    for (let column = 0; column <= CELLS; column += 1, at += 1) {
      surface.measure(...frame.toPlace((column / CELLS) * frame.side, (row / CELLS) * frame.side));
      losses[at] = surface.loss;
    }
  }
  return losses;
}

/** Between which losses the bands lie: each is wider than the one below, so that the lowest places have lines too. */
function findLevels(losses) {
  const ranked = losses.filter(Number.isFinite).sort();
  return Array.from({ length: BANDS - 1 }, (_, band) => ranked[Math.floor(((band + 1) / BANDS) ** 2 * ranked.length)]);
}

/** Paints the terrain once; the picture is kept until the surface, the frame or the theme changes. */
function paintGround(losses, side, look) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = side;
  const context = canvas.getContext("2d");
  const image = context.createImageData(side, side);
  const levels = findLevels(losses);
  const bands = new Int8Array(side * side); // -1 where the loss is no number
  for (let row = 0, at = 0; row < side; row += 1) {
    for (let column = 0; column < side; column += 1, at += 1) {
      const [u, v] = [((column + 0.5) / side) * CELLS, ((row + 0.5) / side) * CELLS];
      const [i, j] = [Math.floor(v), Math.floor(u)];
      const [down, across] = [v - i, u - j];
      const corner = i * (CELLS + 1) + j;
      const upper = losses[corner] + across * (losses[corner + 1] - losses[corner]);
      const lower = losses[corner + CELLS + 1] + across * (losses[corner + CELLS + 2] - losses[corner + CELLS + 1]);
      const loss = upper + down * (lower - upper);
      let band = 0;
      while (band < levels.length && loss > levels[band]) band += 1;
      bands[at] = Number.isFinite(loss) ? band : -1;
    }
  }
  const mixed = (share) => look.ground.map((part, index) => part + share * (look.ink[index] - part));
  const colours = Array.from({ length: BANDS }, (_, band) => mixed((STEEPEST_SHADE * band) / (BANDS - 1)));
  const lines = colours.map((_, band) => mixed((STEEPEST_SHADE * band) / (BANDS - 1) + 0.14));
  for (let at = 0; at < bands.length; at += 1) {
    const band = bands[at];
    const onLine = band !== (bands[at + 1] ?? band) || band !== (bands[at + side] ?? band);
    image.data.set(band < 0 ? UNDEFINED : (onLine ? lines : colours)[band], 4 * at);
    image.data[4 * at + 3] = 255;
  }
  context.putImageData(image, 0, 0);
  return canvas;
}

/** The part of a line within a rectangle around the frame, null where there is none (Liang and Barsky 1984). */
function clipLine([x0, y0], [x1, y1], low, high) {
  let [enter, leave] = [0, 1];
  for (const [from, by] of [[x0, x1 - x0], [y0, y1 - y0]]) {
    for (const [room, pace] of [[from - low, -by], [high - from, by]]) {
      if (pace === 0 && room < 0) return null;
      if (pace < 0) enter = Math.max(enter, room / pace);
      if (pace > 0) leave = Math.min(leave, room / pace);
    }
  }
  if (!(enter <= leave)) return null;
  const at = (share) => [x0 + share * (x1 - x0), y0 + share * (y1 - y0)];
  return [at(enter), at(leave), leave < 1];
}

/** Adds a path's places from one step to another to the context's line; what is closer than a pixel is left out. */
function trace(context, frame, { places }, from, to) {
  const [low, high] = [-BORDER * frame.side, (1 + BORDER) * frame.side];
  let last = frame.toPixels(places[2 * from], places[2 * from + 1]);
  let isDown = false;
  context.beginPath();
  for (let step = from + 1; step <= to; step += 1) {
    const next = frame.toPixels(places[2 * step], places[2 * step + 1]);
    if (step < to && Math.abs(next[0] - last[0]) < 0.7 && Math.abs(next[1] - last[1]) < 0.7) continue;
    if (!Number.isFinite(next[0] + next[1])) return;
    const line = clipLine(last, next, low, high);
    if (line) {
      if (!isDown) context.moveTo(...line[0]);
      context.lineTo(...line[1]);
    }
    isDown = line !== null && !line[2];
    last = next;
  }
}

function drawShape(context, [x, y], kind, radius, look) {
  context.save();
  context.translate(x, y);
  context.beginPath();
  SHAPES[kind](context, radius);
  context.setLineDash([]);
  context.fillStyle = SERIES[kind];
  context.strokeStyle = look.background;
  context.lineWidth = 1.5;
  context.stroke();
  context.fill();
  context.restore();
}

/** One path: up to the step that is looked at in full, then thinner. */
function drawPath(context, frame, path, kind, step, isChosen, look) {
  const now = Math.min(step, path.end);
  context.lineJoin = "round";
  for (const [from, to, width] of [[now, path.end, 1.6], [0, now, 3]]) {
    if (from === to) continue;
    // What never arrives may go to and fro all over the place: it stays in the background until it is walked.
    context.globalAlpha = from === now && path.reachedAt === null ? 0.45 : 1;
    trace(context, frame, path, from, to);
    if (isChosen) {
      context.setLineDash([]);
      context.strokeStyle = look.halo;
      context.lineWidth = width + 4;
      context.stroke();
    }
    context.setLineDash(DASHES[kind]);
    context.strokeStyle = SERIES[kind];
    context.lineWidth = width + (isChosen ? 0.6 : 0);
    context.stroke();
  }
  context.globalAlpha = 1;
}

/** An arrow with its name at its head, which lies within the frame. */
function drawArrow(context, from, to, name, dash, look) {
  const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
  const length = Math.hypot(dx, dy);
  if (!(length > 4)) return;
  const back = (along, aside) => [to[0] - (along * dx - aside * dy) / length, to[1] - (along * dy + aside * dx) / length];
  for (const [colour, width] of [[look.background, 4.5], [look.text, 2]]) {
    context.strokeStyle = context.fillStyle = colour;
    context.lineWidth = width;
    context.setLineDash(dash);
    context.beginPath();
    context.moveTo(...from);
    context.lineTo(...back(5, 0));
    context.stroke();
    context.setLineDash([]);
    context.beginPath();
    polygon(context, [to, back(9, 4), back(9, -4)]);
    if (colour === look.background) context.stroke();
    else context.fill();
  }
  const side = context.canvas.clientWidth;
  const [x, y] = back(-12, 0);
  write(context, name, Math.max(18, Math.min(side - 18, x)), Math.max(9, Math.min(side - 9, y)), look.text, 12, "center", look.background);
}

/** Where the gradient points downhill, of one length whatever its size, and the step that was made. */
function drawStep(context, frame, { from, gradient, to }, look) {
  const start = frame.toPixels(...from);
  const size = Math.hypot(...gradient);
  if (!start.every((value) => value >= 0 && value <= frame.side)) return;
  if (size > 0) drawArrow(context, start, [start[0] - (SLOPE_LENGTH * gradient[0]) / size, start[1] + (SLOPE_LENGTH * gradient[1]) / size], "−g", [4, 3], look);
  const line = clipLine(start, frame.toPixels(...to), 4, frame.side - 4);
  if (line) drawArrow(context, ...line.slice(0, 2), "step", [], look);
}

/** The terrain, all paths, and where each stands at a step. */
function drawTerrain(context, frame, { ground, paths, step, chosen, made, look }) {
  context.imageSmoothingEnabled = false;
  context.drawImage(ground, 0, 0, frame.side, frame.side);
  const order = paths.map((_, index) => index).sort((a, b) => (a === chosen) - (b === chosen));
  for (const index of order) drawPath(context, frame, paths[index].path, paths[index].kind, step, index === chosen, look);
  drawStep(context, frame, made, look);
  for (const index of order) {
    const { path, kind } = paths[index];
    const now = Math.min(step, path.end);
    const at = frame.toPixels(path.places[2 * now], path.places[2 * now + 1]);
    if (at.every((value) => value >= -20 && value <= frame.side + 20)) drawShape(context, at, kind, 5, look);
  }
}

/** A line of the legend: colour, dashes and shape. */
function drawSample(canvas, kind, look) {
  const context = sizeCanvas(canvas, 46, 14);
  context.clearRect(0, 0, 46, 14);
  context.setLineDash(DASHES[kind]);
  context.strokeStyle = SERIES[kind];
  context.lineWidth = 2.5;
  context.beginPath();
  context.moveTo(1, 7);
  context.lineTo(45, 7);
  context.stroke();
  drawShape(context, [23, 7], kind, 4.5, look);
}
