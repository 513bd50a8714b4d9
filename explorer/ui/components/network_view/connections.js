// Lines over the strip: branches that pass columns by, above the columns, and what a map reads, from thumbnail to
// thumbnail, with the kernel of each.

const LANE = 9; // CSS pixels between two branches
const APART = 9; // how far beside a column's middle a branch leaves it, or arrives
const LARGEST_KERNEL = 20;
const SVG = "http://www.w3.org/2000/svg";

function shape(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

/** Gives every column that others than the next one read a lane of its own above the columns, if need be. */
function planBranches(columns) {
  const places = new Map(columns.map((column, place) => [column.key, place]));
  const branches = columns.map((column, from) => ({ from, to: [] }));
  columns.forEach((column, to) => {
    for (const key of column.sources) {
      const from = places.get(key);
      if (from !== undefined && from < to - 1) branches[from].to.push(to);
    }
  });
  const ends = []; // of each lane, the column where it is free again
  const found = branches.filter((branch) => branch.to.length);
  for (const branch of found) {
    let lane = ends.findIndex((end) => end <= branch.from);
    if (lane < 0) lane = ends.length;
    ends[lane] = branch.to.at(-1);
    branch.lane = lane;
  }
  return { branches: found, lanes: ends.length };
}

class Connections {
  constructor(strip) {
    this.strip = strip;
    this.svg = shape("svg", { class: "connections", "aria-hidden": "true" });
    this.branches = shape("g", { class: "branches" });
    this.links = shape("g", { class: "links" });
    this.svg.append(this.branches, this.links);
    this.plan = { branches: [], lanes: 0 };
    this.numbers = null; // logits, then kernels
    this.classes = 0;
    this.shown = undefined; // the thumbnail whose lines are drawn
    new ResizeObserver(() => this.lay()).observe(strip);
  }

  build(columns) {
    this.plan = planBranches(columns);
    this.boxes = [...this.strip.querySelectorAll(".column")];
    this.strip.style.paddingTop = `${this.plan.lanes ? this.plan.lanes * LANE + 8 : 2}px`;
    this.strip.append(this.svg);
    this.shown = undefined;
    this.links.replaceChildren();
    this.lay();
  }

  /** Draws the branches where the columns are now. */
  lay() {
    const width = Math.max(...(this.boxes ?? []).map((box) => box.offsetLeft + box.offsetWidth), 0);
    this.svg.style.width = `${width}px`;
    this.svg.style.height = `${this.strip.clientHeight}px`;
    const paths = this.plan.branches.flatMap(({ from, to, lane }) => {
      const foot = this.boxes[from].offsetTop;
      const y = 5 + (this.plan.lanes - 1 - lane) * LANE;
      const start = middle(this.boxes[from]) + APART;
      return to.map((place) => {
        const end = middle(this.boxes[place]) - APART;
        const path = shape("path", {
          d: `M${start} ${foot}V${y + 4}Q${start} ${y} ${start + 4} ${y}H${end - 4}Q${end} ${y} ${end} ${y + 4}V${foot}m-3 -5l3 5l3 -5`,
        });
        path.dataset.from = this.boxes[from].dataset.key;
        path.dataset.to = this.boxes[place].dataset.key;
        return path;
      });
    });
    this.branches.replaceChildren(...paths);
  }

  /** Shows what a thumbnail reads; null takes the lines away. */
  show(thumb) {
    if (thumb === this.shown) return;
    this.shown = thumb;
    this.links.replaceChildren();
    for (const lit of this.strip.querySelectorAll(".read")) lit.classList.remove("read");
    const place = thumb ? [...thumb.parentNode.children].indexOf(thumb) : -1;
    const drawn = (thumb?.column.reads ?? []).flatMap((reading) => this.link(thumb, reading, place));
    this.strip.classList.toggle("linked", drawn.length > 0);
    thumb?.classList.toggle("read", drawn.length > 0);
    this.links.append(...drawn.map(({ curve }) => curve), ...drawn.map(({ kernel }) => kernel).filter(Boolean));
  }

  link(thumb, reading, place) {
    const from = this.boxes.find((box) => box.dataset.key === reading.column)?.querySelectorAll(".thumb");
    if (!from) return [];
    const [height, width] = reading.window ?? [0, 0];
    const before = reading.places.slice(0, place).reduce((sum, each) => sum + each.length, 0);
    const start = this.classes + reading.start + before * height * width;
    const size = reading.places[place].length * height * width;
    const weights = this.numbers && size ? this.numbers.subarray(start, start + size) : null;
    const most = weights ? weights.reduce((peak, value) => Math.max(peak, Math.abs(value)), 0) : 0;
    const end = this.edge(thumb, 0);
    return reading.places[place].map((other, index) => {
      const source = from[other];
      source.classList.add("read");
      const begin = this.edge(source, 1);
      const bend = Math.max(12, (end.x - begin.x) / 2);
      const d = `M${begin.x} ${begin.y}C${begin.x + bend} ${begin.y} ${end.x - bend} ${end.y} ${end.x} ${end.y}`;
      const curve = shape("path", { d });
      if (!weights) return { curve, kernel: null };
      const kernel = weights.subarray(index * height * width, (index + 1) * height * width);
      return { curve, kernel: drawKernel(kernel, height, width, most, begin, source.offsetHeight) };
    });
  }

  /** A point at the middle of a thumbnail's left (0) or right (1) side, as the lines count. */
  edge(thumb, side) {
    const area = this.strip.getBoundingClientRect();
    const box = thumb.getBoundingClientRect();
    const x = box.left + side * box.width - area.left + this.strip.scrollLeft - this.strip.clientLeft;
    return { x, y: box.top + box.height / 2 - area.top };
  }
}

const middle = (box) => box.offsetLeft + box.offsetWidth / 2;

/** A kernel's slice in blue, white and red beside the map it reads; `most` is what full red or blue stands for. */
function drawKernel(weights, height, width, most, { x, y }, room) {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  const image = new ImageData(width, height);
  const middle = (DIVERGING.length - 1) / 2;
  weights.forEach((value, place) => {
    const level = most > 0 ? Math.round(middle + (value / most) * middle) : middle;
    image.data.set([...(Number.isFinite(value) ? DIVERGING[Math.floor(level)] : UNDEFINED), 255], 4 * place);
  });
  canvas.getContext("2d").putImageData(image, 0, 0);
  const least = Math.max(height, width) === 1 ? 10 : Math.min(LARGEST_KERNEL, Math.max(14, room));
  const cell = Math.max(1, Math.floor(least / Math.max(height, width)));
  const box = { x: x + 3, y: y - (cell * height) / 2, width: cell * width, height: cell * height };
  const kernel = shape("g", { class: "kernel" });
  kernel.append(shape("image", { ...box, href: canvas.toDataURL() }), shape("rect", box));
  kernel.dataset.weights = [...weights].join(" ");
  return kernel;
}

/** What a map reads, in words. */
function writeReads({ name, counts, places, window }, place) {
  const count = counts[place];
  if (!count) return null;
  const shown = places[place].length;
  const seen = shown === count ? "" : shown ? ` (${shown} in view)` : " (not in view)";
  const kernel = window ? `, each by a kernel of ${window.join(" × ")}` : "";
  return `Reads ${count === 1 ? "one map" : `${count} maps`} of ${name}${seen}${kernel}`;
}
