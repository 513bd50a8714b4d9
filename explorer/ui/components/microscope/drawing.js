// Numbers as short texts, and cells with them.

const NARROW_DIGITS = 'Arial, "Liberation Sans", Helvetica, sans-serif'; // two thirds of the width of some system fonts
const MINUS = "−";
const SMALL_GRID = 5; // windows up to this many cells across have their numbers written into them

const withMinus = (text) => text.replaceAll("-", MINUS);

/** Three significant digits in as little room as they take: for cells, so with a hyphen for the minus. */
function writeShort(value) {
  if (value === 0) return "0";
  if (!Number.isFinite(value)) return String(value).replace("Infinity", "∞");
  const size = Math.abs(value);
  if (size < 0.00995 || size >= 9995) return value.toExponential(1).replace("e+", "e");
  return value.toPrecision(3).replace(/^(-?)0\./, "$1.").replace(/e\+?/, "e");
}

/** Seven significant digits: all that a float32 has. */
function writeLong(value) {
  if (value === 0) return "0";
  return withMinus(value.toPrecision(7));
}

const writeThree = (value) => withMinus(String(Number(value.toPrecision(3))));
const writeSigned = (value) => (value > 0 ? "+" : "") + writeThree(value);

/** Where indices lie, as runs of neighbours: [[2, 4], [9, 9]]. */
function toRuns(indices, from, to) {
  const places = new Set();
  for (let index = from; index < to; index += 1) if (indices[index] >= 0) places.add(indices[index]);
  const runs = [];
  for (const place of [...places].sort((a, b) => a - b)) {
    const last = runs.at(-1);
    if (last && last[1] === place - 1) last[1] = place;
    else runs.push([place, place]);
  }
  return runs;
}

function writeRuns(runs, noun) {
  if (!runs.length) return `no ${noun}s`;
  const one = runs.length === 1 && runs[0][0] === runs[0][1];
  const shown = runs.slice(0, 6).map(([from, to]) => (from === to ? `${from}` : `${from}–${to}`));
  const rest = runs.length > 6 ? ` … ${runs.at(-1)[1]}` : "";
  return `${noun}${one ? "" : "s"} ${shown.join(", ")}${rest}`;
}

/** A grid of numbers as coloured cells, with the numbers written in where there is room. */
function drawGrid(context, grid, values, places, range, look) {
  const { x, y, cell, rows, columns, numbers } = grid;
  const table = TABLES[Number(range.signed)];
  if (numbers) {
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.font = `${clamp(cell * 0.33, 8, 12)}px ${NARROW_DIGITS}`;
    for (let k = 0; k < values.length; k += 1) {
      const left = x + (k % columns) * cell;
      const top = y + Math.floor(k / columns) * cell;
      const nothing = places && places[k] === NONE;
      const padded = places && places[k] === PAD;
      const level = toLevel(values[k], range);
      const plain = nothing || padded;
      context.fillStyle = plain ? look.secondary : level < 0 ? UNDEFINED_STYLE : table.styles[level];
      context.fillRect(left, top, cell - 1, cell - 1);
      if (nothing) hatch(context, left, top, cell - 1, cell - 1, look);
      else {
        context.fillStyle = padded ? look.text : level < 0 ? "#000" : table.inks[level];
        context.fillText(writeShort(values[k]), left + (cell - 1) / 2, top + cell / 2, cell - 3);
      }
    }
  } else {
    const picture = toPicture(values, 0, rows, columns, range);
    if (places) {
      const pixels = new Uint32Array(picture.data.buffer);
      for (let k = 0; k < pixels.length; k += 1) if (places[k] < 0) pixels[k] = 0; // the ground shows through
      hatch(context, x, y, cell * columns, cell * rows, look);
    }
    scratch.width = columns;
    scratch.height = rows;
    scratch.getContext("2d").putImageData(picture, 0, 0);
    context.imageSmoothingEnabled = false;
    context.drawImage(scratch, x, y, cell * columns, cell * rows);
  }
}

/** Stripes where nothing is read. */
function hatch(context, x, y, width, height, look) {
  context.fillStyle = look.hatching;
  context.fillRect(x, y, width, height);
}

/** Diagonal stripes as a canvas pattern; canvases keep no CSS patterns. */
function makeHatching(context, { secondary, text }) {
  const tile = document.createElement("canvas");
  tile.width = 8;
  tile.height = 8;
  const pen = tile.getContext("2d");
  pen.fillStyle = secondary;
  pen.fillRect(0, 0, 8, 8);
  pen.strokeStyle = text;
  pen.globalAlpha = 0.35;
  pen.lineWidth = 1.5;
  for (const shift of [-8, 0, 8]) {
    pen.beginPath();
    pen.moveTo(shift, 8);
    pen.lineTo(shift + 8, 0);
    pen.stroke();
  }
  return context.createPattern(tile, "repeat");
}
