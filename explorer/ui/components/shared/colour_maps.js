// Maps as pixels, and frames on them. SEQUENTIAL, DIVERGING and UNDEFINED come from explorer.rendering.colours.

const TABLES = [SEQUENTIAL, DIVERGING].map((rows) => ({
  pixels: Uint32Array.from(rows, toPixel),
  styles: rows.map(toStyle),
  // Which text is legible on it, by the relative luminance of WCAG: above 0.18 black has the greater contrast.
  inks: rows.map((rgb) => (luminance(rgb) > 0.18 ? "#000" : "#fff")),
}));
const UNDEFINED_PIXEL = toPixel(UNDEFINED);
const UNDEFINED_STYLE = toStyle(UNDEFINED);

function toPixel([red, green, blue]) {
  return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0; // little-endian, as all browsers are
}

function toStyle(rgb) {
  return `rgb(${rgb.join(" ")})`;
}

function luminance(rgb) {
  const [red, green, blue] = rgb.map((part) => ((part / 255 + 0.055) / 1.055) ** 2.4);
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** The values at the two ends of the colour table, by the rules of explorer.rendering.scaling. */
function findRange(values, from, to, signed) {
  let low = Infinity;
  let high = -Infinity;
  for (let index = from; index < to; index += 1) {
    const value = values[index];
    if (!Number.isFinite(value)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (low > high) return { low: 0, high: 0, signed };
  if (signed) {
    const most = Math.max(Math.abs(low), Math.abs(high));
    return { low: -most, high: most, signed };
  }
  return { low: high > 0 ? Math.min(0, low) : low, high, signed };
}

/** A row of the colour table; -1 for what is not a number. */
function toLevel(value, { low, high, signed }) {
  if (Number.isNaN(value)) return -1;
  if (signed) return high > 0 ? 128 + Math.round(127 * clamp(value / high, -1, 1)) : 128;
  return high > low ? Math.round(255 * clamp((value - low) / (high - low), 0, 1)) : 0;
}

/** A map as one pixel a value. */
function toPicture(values, from, height, width, range) {
  const picture = new ImageData(width, height);
  const pixels = new Uint32Array(picture.data.buffer);
  const table = TABLES[Number(range.signed)].pixels;
  for (let index = 0; index < pixels.length; index += 1) {
    const level = toLevel(values[from + index], range);
    pixels[index] = level < 0 ? UNDEFINED_PIXEL : table[level];
  }
  return picture;
}

/** The colour table as a CSS background. */
function toGradient(signed) {
  const { styles } = TABLES[Number(signed)];
  const stops = [1, 32, 64, 96, 128, 160, 192, 224, 255].map((row) => styles[row]);
  return `linear-gradient(90deg, ${stops.join(", ")})`;
}

const clamp = (x, low, high) => (x < low ? low : x > high ? high : x); // a NaN stays one
const scratch = document.createElement("canvas");

/** A frame that stands out from any map: the colour between two lines of the page's ground. */
function frame(context, x, y, width, height, colour, ground, thickness = 2) {
  context.lineWidth = thickness + 2;
  context.strokeStyle = ground;
  context.strokeRect(x, y, width, height);
  context.lineWidth = thickness;
  context.strokeStyle = colour;
  context.strokeRect(x, y, width, height);
}
