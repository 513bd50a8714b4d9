// What drawings on a canvas share.

const toRgb = (hex) => [1, 3, 5].map((start) => parseInt(hex.slice(start, start + 2), 16));

/** A canvas of a size in CSS pixels, sharp on every screen; gives its context. */
function sizeCanvas(canvas, width, height) {
  const scale = window.devicePixelRatio || 1;
  const [across, down] = [width, height].map((side) => Math.max(1, Math.round(side * scale)));
  if (canvas.width !== across || canvas.height !== down) {
    canvas.width = across;
    canvas.height = down;
  }
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const context = canvas.getContext("2d");
  context.setTransform(scale, 0, 0, scale, 0, 0);
  return context;
}

/** Words, around a point as `align` says; `halo` is the colour of the ground behind them. */
function write(context, text, x, y, colour, size, align, halo) {
  context.font = `${size}px ${context.canvas.dataset.font}`;
  context.textAlign = align;
  context.textBaseline = "middle";
  if (halo) {
    const width = context.measureText(text).width;
    const left = align === "right" ? x - width : align === "center" ? x - width / 2 : x;
    const alpha = context.globalAlpha;
    context.globalAlpha = 0.85;
    context.fillStyle = halo;
    context.fillRect(left - 2, y - size * 0.62, width + 4, size * 1.24);
    context.globalAlpha = alpha;
  }
  context.fillStyle = colour;
  context.fillText(text, x, y);
}
