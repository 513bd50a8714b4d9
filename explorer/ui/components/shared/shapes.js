// Seven shapes that are told apart without their colours, around 0, 0.

const SHAPES = [
  (path, r) => path.arc(0, 0, r, 0, 2 * Math.PI),
  (path, r) => path.rect(-r * 0.9, -r * 0.9, 1.8 * r, 1.8 * r),
  (path, r) => polygon(path, [[0, -1.25 * r], [1.15 * r, 0.85 * r], [-1.15 * r, 0.85 * r]]),
  (path, r) => polygon(path, [[0, -1.35 * r], [1.35 * r, 0], [0, 1.35 * r], [-1.35 * r, 0]]),
  (path, r) => polygon(path, [[0, 1.25 * r], [1.15 * r, -0.85 * r], [-1.15 * r, -0.85 * r]]),
  (path, r) => polygon(path, [0, 2, 4, 6, 8].map((k) => star(k, 1.3 * r))),
  (path, r) => polygon(path, Array.from({ length: 10 }, (_, k) => star(k, k % 2 ? 0.6 * r : 1.5 * r))),
];
const SHAPE_SIGNS = ["●", "■", "▲", "◆", "▼", "⬟", "★"];


const star = (k, r) => [r * Math.sin((k * Math.PI) / 5), -r * Math.cos((k * Math.PI) / 5)];

function polygon(path, corners) {
  corners.forEach(([x, y], index) => (index ? path.lineTo(x, y) : path.moveTo(x, y)));
  path.closePath();
}
