// A map with what lights up on it.

const LARGEST_MAP_CELL = 60;
const WORTH = 0.86; // of the room: the least that whole screen pixels may leave
const MARGIN = 7; // of the lit canvas round the map, so that outlines at its edge are whole
const SMALLEST_FRAME = 14; // of the outline round a window or cell, so that it is found on a large map

/** A map on the page: its pixels on one canvas, what lights up on another. */
class MapView {
  constructor(figure) {
    this.figure = figure;
    this.base = figure.querySelector(".base");
    this.over = figure.querySelector(".over");
    this.what = figure.querySelector(".what");
    this.low = figure.querySelector(".low");
    this.high = figure.querySelector(".high");
    this.bar = figure.querySelector(".scale i");
  }

  fit([height, width], room, tallest) {
    let times = Math.min((room - MARGIN) / width, tallest / height, LARGEST_MAP_CELL);
    const screen = globalThis.devicePixelRatio || 1;
    const whole = Math.floor(times * screen) / screen; // whole screen pixels: equal cells look equal
    if (whole > WORTH * times) times = whole;
    this.times = times;
    this.size = [height, width];
    this.base.style.width = `${width * times}px`;
    this.base.style.height = `${height * times}px`;
    this.context = sizeCanvas(this.over, width * times + 2 * MARGIN, height * times + 2 * MARGIN);
    this.context.translate(MARGIN, MARGIN);
  }

  /** The cell under the pointer; the margin counts to the cells beside it. */
  cellAt({ offsetX, offsetY }) {
    const [height, width] = this.size;
    const row = clamp(Math.floor((offsetY - MARGIN) / this.times), 0, height - 1);
    return [row, clamp(Math.floor((offsetX - MARGIN) / this.times), 0, width - 1)];
  }

  show(picture, range) {
    this.base.width = picture.width;
    this.base.height = picture.height;
    const context = this.base.getContext("2d");
    if (picture instanceof ImageData) context.putImageData(picture, 0, 0);
    else context.drawImage(picture, 0, 0);
    this.base.classList.toggle("smooth", this.times < 1);
    this.figure.querySelector(".scale").classList.toggle("none", !range);
    if (!range) return;
    put(this.low, writeThree(range.low));
    put(this.high, writeThree(range.high));
    this.bar.style.background = toGradient(range.signed);
  }

  clear() {
    const [height, width] = this.size.map((size) => size * this.times + 2 * MARGIN);
    this.context.clearRect(-MARGIN, -MARGIN, width, height);
  }

  /** A frame round cells y0..y1, x0..x1, and a wider one where that is too small to be found. */
  outline(y0, y1, x0, x1, colour, look, locate = true) {
    const { times, context } = this;
    const [x, y, width, height] = [x0 * times, y0 * times, (x1 - x0 + 1) * times, (y1 - y0 + 1) * times];
    const lack = Math.max(0, SMALLEST_FRAME - Math.max(width, height)) / 2;
    const margin = locate && lack > 0 ? lack : 0;
    frame(context, x - margin, y - margin, width + 2 * margin, height + 2 * margin, colour, look.background);
  }

  /** Dims the map but for the cells in these runs of rows and columns, each where it really is. */
  light(rows, columns, look) {
    const { context, times, size } = this;
    this.clear();
    context.globalAlpha = 0.35;
    context.fillStyle = look.background;
    context.fillRect(0, 0, size[1] * times, size[0] * times);
    context.globalAlpha = 1;
    if (!rows.length || !columns.length) return;
    for (const [y0, y1] of rows) {
      for (const [x0, x1] of columns) {
        context.clearRect(x0 * times, y0 * times, (x1 - x0 + 1) * times, (y1 - y0 + 1) * times);
      }
    }
    const [y0, y1, x0, x1] = [rows[0][0], rows.at(-1)[1], columns[0][0], columns.at(-1)[1]];
    if (Math.max(y1 - y0 + 1, x1 - x0 + 1) * times < SMALLEST_FRAME) this.outline(y0, y1, x0, x1, look.primary, look);
    else for (const [top, bottom] of rows) {
      for (const [left, right] of columns) this.outline(top, bottom, left, right, look.primary, look, false);
    }
  }

  /** A dot on one cell. */
  mark(row, column, look) {
    const { context, times } = this;
    context.beginPath();
    context.arc((column + 0.5) * times, (row + 0.5) * times, clamp(times / 4, 2, 6), 0, 2 * Math.PI);
    context.fillStyle = look.primary;
    context.fill();
    context.lineWidth = 1.5;
    context.strokeStyle = look.background;
    context.stroke();
  }
}
