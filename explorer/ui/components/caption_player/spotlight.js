// A photo on a canvas, dark except where there is attention. The formula is that of explorer.rendering.spotlight.

const SMALLEST = 480; // pixels of the longer side: a smaller photo would give cells soft edges when it is stretched

/** Each cell's share of the largest. What is no number counts as nothing. */
function levelsOf(values) {
  const clean = values.map((value) => (value > 0 && Number.isFinite(value) ? value : 0));
  const peak = clean.reduce((most, value) => Math.max(most, value), 0);
  return peak > 0 ? clean.map((value) => value / peak) : clean;
}

/** Width over height at which a photo is drawn: its own, unless that would leave a line. */
const aspectOf = (photo) => Math.min(SLIMMEST, Math.max(1 / SLIMMEST, photo.width / photo.height));

class Spotlight {
  constructor(canvas) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
    this.shade = document.createElement("canvas"); // one pixel a cell
  }

  /** Takes a photo over; the canvas gets `longest` pixels on its longer side, by default as many as the photo. */
  open(photo, rows, columns, longest = Math.max(SMALLEST, photo.width, photo.height)) {
    const aspect = aspectOf(photo);
    this.photo = photo;
    this.canvas.width = Math.round(aspect < 1 ? longest * aspect : longest);
    this.canvas.height = Math.round(aspect < 1 ? longest : longest / aspect);
    this.shade.width = columns;
    this.shade.height = rows;
  }

  /** Draws the photo under levels from 0 to 1, one for each cell. */
  draw(levels, smooth) {
    const { width, height } = this.canvas;
    const { context, shade } = this;
    context.imageSmoothingEnabled = true;
    context.imageSmoothingQuality = "high";
    context.drawImage(this.photo, 0, 0, width, height);
    if (!levels.length) return;
    const pen = shade.getContext("2d");
    const pixels = pen.createImageData(shade.width, shade.height);
    levels.forEach((level, cell) => {
      pixels.data[4 * cell + 3] = Math.round(255 * (1 - DARKEST) * (1 - level)); // so opaque a black
    });
    pen.putImageData(pixels, 0, 0);
    context.imageSmoothingEnabled = smooth;
    context.imageSmoothingQuality = "low"; // between the middles of cells in straight lines
    context.drawImage(shade, 0, 0, width, height);
  }
}
