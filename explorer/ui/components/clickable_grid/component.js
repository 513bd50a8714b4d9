// One canvas with the grid, one SVG over it for the outlines and hatching, one line of text under it.

const MOST_TIMES = 3; // how far a small grid is magnified
const SVG = "http://www.w3.org/2000/svg";

export default (given) => keepDrawn(given, ".frame", Grid, "cell");

class Grid {
  constructor(frame) {
    this.frame = frame;
    for (const name of ["grid", "option", "line", "hovered", "marked", "edges"]) this[name] = frame.querySelector(`.${name}`);
    this.canvas = frame.querySelector("canvas");
    this.svg = frame.querySelector("svg");
    this.outlines = frame.querySelectorAll("rect.selected");
    this.cursor = null; // the cell under the pointer or the keyboard
    this.bitmap = null; // the grid as sent
    this.layout = null; // {columns, width, height} as shown, in pixels of the grid
    this.observer = new ResizeObserver(() => this.fit());
    this.observer.observe(frame);
    this.listen();
  }

  update(data) {
    const moved = !this.data || this.data.count !== data.count || this.data.picture !== data.picture;
    this.data = data;
    this.grid.setAttribute("aria-label", data.alt);
    this.canvas.setAttribute("aria-label", data.alt);
    if (moved) {
      this.cursor = null;
      this.selected = null;
      this.layout = null;
      this.receive(data.picture);
    }
    this.selected = data.selected;
    this.fit();
    this.outline();
    this.leave();
  }

  async receive(picture) {
    const bitmap = await whenPicture(picture);
    if (this.data.picture !== picture) return; // another grid was asked for meanwhile
    this.bitmap = bitmap;
    this.draw();
    this.grid.dataset.drawn = picture;
  }

  /** Copies every cell from its place on the grid as sent to its place as shown. */
  draw() {
    const { columns, cellWidth, cellHeight, gap, count } = this.data;
    this.canvas.width = this.layout.width;
    this.canvas.height = this.layout.height;
    const context = this.canvas.getContext("2d");
    for (let cell = 0; cell < count; cell += 1) {
      const from = [(cell % columns) * (cellWidth + gap), Math.floor(cell / columns) * (cellHeight + gap)];
      context.drawImage(this.bitmap, ...from, cellWidth, cellHeight, ...this.corner(cell), cellWidth, cellHeight);
    }
  }

  /** As wide as the frame allows; enlarged only by whole screen pixels, so that equal values stay equally large. */
  fit() {
    if (!this.data) return;
    const { width, height, columns, cellWidth, cellHeight, gap, count, smallest } = this.data;
    const room = this.frame.clientWidth;
    let layout = { columns, width, height };
    let times = Math.min(MOST_TIMES, room / width);
    if (times < 1 && Math.max(cellWidth, cellHeight) * times < smallest) {
      const fitting = Math.max(1, Math.floor((room + gap) / (cellWidth + gap)));
      const rows = Math.ceil(count / fitting);
      layout = { columns: fitting, width: fitting * (cellWidth + gap) - gap, height: rows * (cellHeight + gap) - gap };
      times = Math.min(1, room / layout.width);
    }
    const screen = globalThis.devicePixelRatio || 1;
    if (times > 1) times = Math.max(1, Math.floor(times * screen) / screen);
    this.grid.style.width = `${layout.width * times}px`;
    this.grid.style.height = `${layout.height * times}px`;
    this.canvas.classList.toggle("magnified", times >= 1);
    if (this.layout?.columns === layout.columns && this.layout.width === layout.width) return;
    this.layout = layout;
    this.svg.setAttribute("viewBox", `0 0 ${layout.width} ${layout.height}`);
    this.svg.setAttribute("preserveAspectRatio", "none");
    if (this.bitmap) this.draw();
    this.outline();
  }

  /** The upper left corner of a cell as shown. */
  corner(cell) {
    const { cellWidth, cellHeight, gap } = this.data;
    const { columns } = this.layout;
    return [(cell % columns) * (cellWidth + gap), Math.floor(cell / columns) * (cellHeight + gap)];
  }

  place(rect, cell, margin = 0) {
    const [x, y] = this.corner(cell);
    rect.setAttribute("x", x - margin);
    rect.setAttribute("y", y - margin);
    rect.setAttribute("width", this.data.cellWidth + 2 * margin);
    rect.setAttribute("height", this.data.cellHeight + 2 * margin);
  }

  /** An edge around every cell: maps about zero are as white as the gaps, and as the page. */
  edge() {
    const { cellWidth, cellHeight, count } = this.data;
    const corners = Array.from({ length: count }, (_, cell) => this.corner(cell));
    this.edges.setAttribute("d", corners.map(([x, y]) => `M${x} ${y}h${cellWidth}v${cellHeight}h${-cellWidth}z`).join(""));
  }

  outline() {
    this.edge();
    this.hatch();
    this.mark(this.selected);
    this.point(this.cursor);
  }

  hatch() {
    const { cellWidth, cellHeight, marked } = this.data;
    const step = Math.max(4, Math.max(cellWidth, cellHeight) / 4);
    const pattern = this.svg.querySelector("pattern");
    pattern.setAttribute("width", step);
    [...pattern.children].forEach((stripe, index) => {
      stripe.setAttribute("x", (index * step) / 6);
      stripe.setAttribute("width", step / 6);
    });
    this.marked.replaceChildren(
      ...marked.map((cell) => {
        const rect = document.createElementNS(SVG, "rect");
        this.place(rect, cell);
        return rect;
      }),
    );
  }

  mark(cell) {
    this.selected = cell;
    for (const outline of this.outlines) {
      outline.classList.toggle("shown", cell !== null);
      if (cell !== null) this.place(outline, cell, this.data.gap);
    }
    this.say();
  }

  /** Puts the pointer's outline on a cell, or takes it away. */
  point(cell) {
    this.cursor = cell;
    this.hovered.classList.toggle("shown", cell !== null);
    if (cell !== null) this.place(this.hovered, cell, this.data.gap / 2);
    this.say();
  }

  say() {
    const { labels, count, noun } = this.data;
    const cell = this.cursor ?? this.selected;
    const hint = count ? `Point at a ${noun} to read it, click to open it.` : "There is nothing to show.";
    const text = cell === null ? hint : labels[cell];
    if (this.line.textContent !== text) this.line.textContent = text;
    this.line.classList.toggle("hint", cell === null);
    this.grid.toggleAttribute("aria-activedescendant", cell !== null);
    if (cell === null) return;
    this.option.id = `cell-${cell}`; // a new id makes a screen reader speak
    this.option.setAttribute("aria-label", labels[cell]);
    this.option.setAttribute("aria-selected", String(cell === this.selected));
    this.option.setAttribute("aria-posinset", cell + 1);
    this.option.setAttribute("aria-setsize", count);
    this.grid.setAttribute("aria-activedescendant", this.option.id);
  }

  /** The cell at a point of the screen, null after the last one. A gap counts to the cell before it: no dead spots. */
  cellAt({ clientX, clientY }) {
    const { cellWidth, cellHeight, gap, count } = this.data;
    const { columns, width, height } = this.layout;
    const area = this.grid.getBoundingClientRect();
    const column = Math.floor((((clientX - area.left) / area.width) * width) / (cellWidth + gap));
    const row = Math.floor((((clientY - area.top) / area.height) * height) / (cellHeight + gap));
    if (column < 0 || column >= columns || row < 0) return null;
    const cell = row * columns + column;
    return cell < count ? cell : null;
  }

  choose(cell) {
    this.mark(cell); // at once; the server follows
    this.send(cell);
    this.leaving = this.data.opens; // until the server has answered: what it fills may move the page
  }

  /** Goes to what a click has filled, once it is there. */
  leave() {
    const goal = this.leaving && document.querySelector(`.st-key-${CSS.escape(this.leaving)}`);
    if (!goal?.childElementCount) return;
    this.leaving = null;
    const { top } = goal.getBoundingClientRect();
    if (top >= 60 && top < innerHeight / 2) return; // in sight
    goal.style.scrollMarginTop = innerWidth < 900 ? "68px" : "8px"; // a narrow page scrolls under its header
    goal.scrollIntoView({ behavior: "smooth", block: "start" });
  }

  listen() {
    this.grid.addEventListener("pointermove", (event) => this.point(this.cellAt(event)));
    this.grid.addEventListener("pointerleave", () => this.point(null));
    this.grid.addEventListener("click", (event) => {
      const cell = this.cellAt(event);
      if (cell !== null) this.choose(cell);
    });
    this.grid.addEventListener("focus", () => {
      if (this.cursor === null && this.data.count && this.grid.matches(":focus-visible")) this.point(this.selected ?? 0);
    });
    this.grid.addEventListener("blur", () => this.point(null));
    this.grid.addEventListener("keydown", (event) => this.steer(event));
  }

  steer(event) {
    const { count } = this.data;
    const { columns } = this.layout;
    if (!count) return;
    const from = this.cursor ?? this.selected ?? 0;
    const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns, Home: -from, End: count - 1 - from };
    if (event.key in steps) {
      const to = from + steps[event.key];
      if (to >= 0 && to < count) this.point(to);
    } else if (event.key === "Enter" || event.key === " ") {
      this.choose(from);
    } else {
      return;
    }
    event.preventDefault();
  }
}
