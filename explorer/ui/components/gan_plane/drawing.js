// Three maps of the plane and the curve of the game's value, on canvases.

const GRID_LINES = 11; // of codes, each way
const GRID_POINTS = 41; // of each line
const ARROWS = 120; // fakes that show where they are drawn to
const LONGEST = 34; // CSS pixels of an arrow
const NEAR = 22; // CSS pixels from which a fake is pointed at

/** From the square that is looked at to a canvas, and back. */
class Plane {
  constructor(side, reach) {
    Object.assign(this, { side, reach, scale: side / (2 * reach) });
  }

  toPixels(x, y) {
    return [(x + this.reach) * this.scale, (this.reach - y) * this.scale];
  }

  toPlace(px, py) {
    return [px / this.scale - this.reach, this.reach - py / this.scale];
  }
}

/** Probabilities in the cells of the square: red above 1/2, blue below, the page's ground where it is 1/2; `fade` by cell. */
function drawShares(context, shares, fade, cells, side, look, room) {
  const image = room.getContext("2d").createImageData(cells, cells);
  shares.forEach((share, cell) => {
    const [row, column] = [cells - 1 - Math.floor(cell / cells), cell % cells]; // canvases count from the top
    const [end, part] = [share > 0.5 ? look.plus : look.minus, Math.abs(2 * share - 1) * 0.75 * fade(cell)];
    for (let channel = 0; channel < 3; channel += 1) {
      image.data[4 * (row * cells + column) + channel] = look.ground[channel] + part * (end[channel] - look.ground[channel]);
    }
    image.data[4 * (row * cells + column) + 3] = 255;
  });
  room.width = room.height = cells;
  room.getContext("2d").putImageData(image, 0, 0);
  context.imageSmoothingEnabled = true;
  context.drawImage(room, 0, 0, side, side);
}

/** Marks of one kind: discs for real points, triangles for fakes. */
function drawMarks(context, plane, places, kind, look) {
  context.fillStyle = kind === "real" ? look.text : look.fake;
  context.strokeStyle = look.background;
  context.lineWidth = 1.6;
  context.beginPath(); // one path for all: a call for each mark is most of a drawing's time
  for (let at = 0; at < places.length; at += 2) {
    const [x, y] = plane.toPixels(places[at], places[at + 1]);
    if (kind === "real") {
      context.moveTo(x + 2, y);
      context.arc(x, y, 2, 0, 2 * Math.PI);
    } else {
      polygon(context, [[x, y - 3.6], [x + 3.1, y + 2.4], [x - 3.1, y + 2.4]]);
    }
  }
  context.stroke();
  context.fill();
}

/** Where the fakes are drawn to: against the derivative of each one's loss by its place. */
function drawPulls(context, plane, fakes, pulls, look) {
  const lengths = [];
  for (let at = 0; at < 2 * ARROWS; at += 2) lengths.push(Math.hypot(pulls[at], pulls[at + 1]));
  const usual = [...lengths].sort((a, b) => a - b)[Math.floor(0.9 * ARROWS)];
  context.strokeStyle = look.fakeLine;
  context.lineWidth = 1.2;
  context.beginPath();
  for (let at = 0; at < 2 * ARROWS; at += 2) {
    if (!(lengths[at / 2] > 0)) continue;
    const length = Math.min(LONGEST, (0.7 * LONGEST * lengths[at / 2]) / usual);
    const [x, y] = plane.toPixels(fakes[at], fakes[at + 1]);
    const [dx, dy] = [-pulls[at] / lengths[at / 2], pulls[at + 1] / lengths[at / 2]];
    context.moveTo(x, y);
    context.lineTo(x + length * dx, y + length * dy);
  }
  context.stroke();
}

/** A ring about the fake that is worked out. */
function drawChosen(context, plane, x, y, look) {
  const [px, py] = plane.toPixels(x, y);
  for (const [colour, width] of [[look.background, 5], [look.text, 2.2]]) {
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.beginPath();
    context.arc(px, py, 8, 0, 2 * Math.PI);
    context.stroke();
  }
}

/** Lines of equal numbers among the codes, and what the generator makes of them. */
function drawGrid(context, plane, game, look) {
  const { size, normal } = game.data.codes;
  const most = normal ? 2 : 1;
  const along = (index, count) => most * ((2 * index) / (count - 1) - 1);
  const line = (make, points) => {
    context.beginPath();
    for (let point = 0; point < points; point += 1) {
      game.make(...make(along(point, points)));
      const at = plane.toPixels(game.place[0], game.place[1]);
      if (point) context.lineTo(...at);
      else context.moveTo(...at);
    }
    context.stroke();
  };
  context.lineWidth = 1.2;
  context.strokeStyle = SERIES[0];
  if (size === 1) {
    context.lineWidth = 2.2;
    line((z) => [z], 5 * GRID_POINTS);
    return;
  }
  for (let index = 0; index < GRID_LINES; index += 1) line((z) => [along(index, GRID_LINES), z], GRID_POINTS);
  context.strokeStyle = SERIES[1];
  context.setLineDash([4, 3]);
  for (let index = 0; index < GRID_LINES; index += 1) line((z) => [z, along(index, GRID_LINES)], GRID_POINTS);
  context.setLineDash([]);
}

/** The value of every round, and the line of log 4 at which nothing can be told apart. */
function drawValues(canvas, values, width, height, look) {
  const context = sizeCanvas(canvas, width, height);
  context.clearRect(0, 0, width, height);
  const even = -Math.log(4);
  const shown = values.map(([, value]) => value);
  const [low, high] = [Math.min(even, ...shown) - 0.1, Math.max(even, ...shown, even + 0.4) + 0.1];
  const [left, bottom] = [38, height - 18];
  const last = Math.max(1, values.at(-1)?.[0] ?? 1);
  const at = (round, value) => [left + (round / last) * (width - left - 6), 6 + ((high - value) / (high - low)) * (bottom - 6)];
  for (const value of [even, (even + high) / 2, high - 0.1]) {
    write(context, significant(Number(value.toFixed(2))), left - 5, at(0, value)[1], look.muted, 11, "right");
  }
  write(context, "round 0", left, height - 7, look.muted, 11, "left");
  write(context, last.toLocaleString("en"), width - 6, height - 7, look.muted, 11, "right");
  context.strokeStyle = look.text;
  context.lineWidth = 1;
  context.setLineDash([2, 3]);
  context.beginPath();
  context.moveTo(...at(0, even));
  context.lineTo(...at(last, even));
  context.stroke();
  context.setLineDash([]);
  context.strokeStyle = SERIES[0];
  context.lineWidth = 1.3;
  context.beginPath();
  values.forEach(([round, value], index) => (index ? context.lineTo(...at(round, value)) : context.moveTo(...at(round, value))));
  context.stroke();
}

/** The fake that lies nearest to a place of the canvas; null where none is near. */
function fakeAt(plane, fakes, px, py) {
  let [nearest, least] = [null, NEAR];
  for (let at = 0; at < fakes.length; at += 2) {
    const [x, y] = plane.toPixels(fakes[at], fakes[at + 1]);
    const away = Math.hypot(x - px, y - py);
    if (away < least) [nearest, least] = [at / 2, away];
  }
  return nearest;
}
