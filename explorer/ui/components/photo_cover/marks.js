// Boxes and strokes in thousandths of the photo's side: as text, as SVG, moved and resized.
//
// A box is {kind: "b", left, top, right, bottom}, a stroke {kind: "s", radius, points: [[x, y], ...]}.

const SIDE = 1000;
const SMALLEST_BOX = 10; // what a hand that only meant to click may drag
const SVG = "http://www.w3.org/2000/svg";

const clamp = (value, low = 0, high = SIDE) => Math.min(high, Math.max(low, value));

function writeMark(mark) {
  if (mark.kind === "b") return ["b", mark.left, mark.top, mark.right, mark.bottom].join(".");
  return ["s", mark.radius, ...mark.points.flat()].join(".");
}

const writeMarks = (marks) => marks.map(writeMark).join("_");

/** The server has checked the text already. */
function readMarks(text) {
  return text.split("_").filter(Boolean).map((mark) => {
    const [kind, ...numbers] = mark.split(".");
    if (kind === "b") {
      const [left, top, right, bottom] = numbers.map(Number);
      return { kind, left, top, right, bottom };
    }
    const [radius, ...places] = numbers.map(Number);
    const points = [];
    for (let i = 0; i < places.length; i += 2) points.push([places[i], places[i + 1]]);
    return { kind, radius, points };
  });
}

/** The box between two corners, in any order. */
function boxBetween([x0, y0], [x1, y1]) {
  return { kind: "b", left: Math.min(x0, x1), top: Math.min(y0, y1), right: Math.max(x0, x1), bottom: Math.max(y0, y1) };
}

const isTooSmall = (mark) =>
  mark.kind === "b" && (mark.right - mark.left < SMALLEST_BOX || mark.bottom - mark.top < SMALLEST_BOX);

function moveMark(mark, dx, dy) {
  if (mark.kind === "s") {
    return { ...mark, points: mark.points.map(([x, y]) => [clamp(x + dx), clamp(y + dy)]) };
  }
  const left = clamp(mark.left + dx, 0, SIDE - (mark.right - mark.left));
  const top = clamp(mark.top + dy, 0, SIDE - (mark.bottom - mark.top));
  return { kind: "b", left, top, right: left + mark.right - mark.left, bottom: top + mark.bottom - mark.top };
}

/** A box keeps its upper left corner, a brush its middle. */
function resizeMark(mark, dx, dy) {
  if (mark.kind === "s") return { ...mark, radius: clamp(mark.radius + (dx - dy) / 4, 10, 150) };
  const right = clamp(mark.right + dx, mark.left + SMALLEST_BOX);
  return { ...mark, right, bottom: clamp(mark.bottom + dy, mark.top + SMALLEST_BOX) };
}

const percent = (steps) => `${Math.round(steps / 10)} %`;

function describeMark(mark) {
  if (mark.kind === "b") {
    const { left, top, right, bottom } = mark;
    return `Box ${percent(right - left)} wide and ${percent(bottom - top)} high, ${percent(left)} from the left and ${percent(top)} from the top.`;
  }
  const [x, y] = mark.points.at(-1);
  return `Brush ${percent(2 * mark.radius)} wide, ${percent(x)} from the left and ${percent(y)} from the top.`;
}

function element(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

function boxShape({ left, top, right, bottom }, more = {}) {
  return element("rect", { x: left, y: top, width: right - left, height: bottom - top, ...more });
}

function strokeShape({ radius, points }) {
  // A line of one point is drawn by its round ends, but only where it has two.
  const drawn = points.length === 1 ? [points[0], points[0]] : points;
  return element("polyline", { points: drawn.map((point) => point.join(",")).join(" "), "stroke-width": 2 * radius });
}

const markShape = (mark) => (mark.kind === "b" ? boxShape(mark) : strokeShape(mark));

/** The outline of what is about to be covered, and of the brush. */
function draftShapes(mark) {
  if (mark.kind === "b") return [boxShape(mark, { class: "under" }), boxShape(mark, { class: "over" })];
  const [cx, cy] = mark.points.at(-1);
  const brush = { cx, cy, r: mark.radius };
  return [
    ...(mark.points.length > 1 ? [strokeShape(mark)] : []),
    element("circle", { ...brush, class: "under" }),
    element("circle", { ...brush, class: "over" }),
  ];
}
