// A frame as the network sees it, the heatmap on it, and the maps of a layer. AMBER comes from explorer.rendering.

const SEEN = 320; // side of the square that is drawn, in pixels
const OPACITY = 0.65; // of the glow
const GREY = "rgb(128 128 128)"; // around a frame that is padded, as the network gets it
const MOSAIC = 416; // width of all maps together, in pixels, where cells allow it

const fromBase64 = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

/** Draws the part of a picture that the network sees, with a glow where the class is. */
function drawSeen(canvas, picture, { region, glowShape }, glow) {
  canvas.width = canvas.height = SEEN;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const { width, height } = picture;
  const [left, top, right, bottom] = region; // shares of the picture's sides
  context.fillStyle = GREY;
  context.fillRect(0, 0, SEEN, SEEN);
  const across = (right - left) * width;
  const down = (bottom - top) * height;
  context.drawImage(picture, left * width, top * height, across, down, 0, 0, SEEN, SEEN);
  const drawn = context.getImageData(0, 0, SEEN, SEEN);
  addGlow(drawn.data, glow, glowShape);
  context.putImageData(drawn, 0, 0);
}

/** (1 - OPACITY) * pixel + OPACITY * AMBER[glow], between the cells' centres bilinearly: overlay_map of the server. */
function addGlow(pixels, levels, [rows, columns]) {
  const down = placesBetween(rows);
  const across = placesBetween(columns);
  for (let y = 0, at = 0; y < SEEN; y += 1) {
    const [upper, lower, below] = down[y];
    for (let x = 0; x < SEEN; x += 1, at += 4) {
      const [left, right, beyond] = across[x];
      const above = levels[upper * columns + left] * (1 - beyond) + levels[upper * columns + right] * beyond;
      const under = levels[lower * columns + left] * (1 - beyond) + levels[lower * columns + right] * beyond;
      const colour = AMBER[Math.round(above * (1 - below) + under * below)];
      for (let part = 0; part < 3; part += 1) {
        pixels[at + part] = Math.round((1 - OPACITY) * pixels[at + part] + OPACITY * colour[part]);
      }
    }
  }
}

/** For each pixel of a side the two cells it lies between, and how far it is towards the second. */
function placesBetween(cells) {
  return Array.from({ length: SEEN }, (_, pixel) => {
    const place = clamp(((pixel + 0.5) / SEEN) * cells - 0.5, 0, cells - 1);
    const first = Math.floor(place);
    return [first, Math.min(first + 1, cells - 1), place - first];
  });
}

/** All maps of a layer in rows, one pixel between them, every cell a square of whole pixels. */
function drawMaps(canvas, { mapsShape, signed }, levels) {
  const [count, height, width] = mapsShape;
  const columns = Math.ceil(Math.sqrt((count * height) / width));
  const rows = Math.ceil(count / columns);
  const times = Math.max(1, Math.floor(MOSAIC / (columns * width)));
  const [across, down] = [width * times + 1, height * times + 1];
  canvas.width = columns * across;
  canvas.height = rows * down;
  const context = canvas.getContext("2d");
  const picture = context.createImageData(canvas.width, canvas.height);
  const pixels = new Uint32Array(picture.data.buffer);
  const table = TABLES[Number(signed)].pixels;
  for (let map = 0; map < count; map += 1) {
    const corner = Math.floor(map / columns) * down * canvas.width + (map % columns) * across;
    for (let y = 0; y < height * times; y += 1) {
      for (let x = 0; x < width * times; x += 1) {
        const level = levels[(map * height + Math.floor(y / times)) * width + Math.floor(x / times)];
        pixels[corner + y * canvas.width + x] = level === NOT_A_NUMBER ? UNDEFINED_PIXEL : table[level + Number(signed)];
      }
    }
  }
  context.putImageData(picture, 0, 0);
}
