// Typed characters across, written ones down, a cell for each weight. Pointing and keys answer here; what is chosen, or
// whose attention is led elsewhere, goes to the server.

const WIDE = 760; // from where words stand beside the table
const BESIDE = 400; // pixels for row names and words there
const NARROW = 14; // of a column, below which the words go under the table
const CROWDED = 17; // pixels of a column below which letters are small
const NAMED = 3; // typed characters of a sentence, the rest is summed
const HINT =
  "Point at a written character; a click keeps it. Drag along its row, or click a typed character, and it looks there " +
  "instead. Keys: up and down point, left and right lead, Enter keeps, Backspace lets it look by itself.";
const percent = (share) =>
  share > 0 && share < 1e-5
    ? "<0.001\u00a0%"
    : `${Number((100 * share).toPrecision(share > 0.995 && share < 1 ? 4 : 3))}\u00a0%`;
const clamp = (value, high) => Math.min(high, Math.max(0, value));
const show = (letter) => (letter === " " ? "␣" : letter);

export default (given) => keepDrawn(given, ".letters", LetterAttention, "looking");

class LetterAttention {
  constructor(root) {
    this.root = root;
    for (const name of ["table", "lines", "line", "hint"]) this[name] = root.querySelector(`.${name}`);
    this.hint.textContent = HINT;
    this.row = null; // that is pointed at, null for the chosen one
    this.goal = null; // where its attention is being led
    this.asked = null; // what was sent and has not come back, as text
    this.grip = null; // {pointer, row, column} of a pointer that is down
    this.observer = new ResizeObserver(() => this.fit());
    this.listen();
  }

  update(data) {
    this.observer.observe(this.root);
    const size = [data.typed.length, data.weights.length].join();
    this.data = data;
    // The answer to an earlier choice must not take away a later one.
    if (this.asked === null || this.asked === JSON.stringify([data.chosen, data.led]) || size !== this.size) {
      this.asked = null;
      this.led = new Map(data.led);
      this.chosen = data.chosen;
    }
    if (size !== this.size) {
      this.size = size;
      this.row = this.goal = this.grip = null;
      this.build();
    }
    this.buildLines();
    this.fit();
    this.draw();
  }

  build() {
    const { typed, weights } = this.data;
    const place = (tag, name, row, column) => {
      const made = element(tag, name);
      if (row !== null) made.dataset.row = row;
      if (column !== null) made.dataset.column = column;
      return made;
    };
    const corner = element("span", "corner");
    corner.append(element("span", "", "typed →"), element("span", "", "written ↓"));
    this.heads = typed.map((_, column) => place("span", "typed", null, column));
    this.rows = weights.map((_, row) => {
      const written = place("span", "written", row, null);
      written.append(element("span"), element("small"));
      return { written, cells: typed.map((_, column) => place("span", "cell", row, column)) };
    });
    this.table.style.setProperty("--typed", typed.length);
    this.table.replaceChildren(corner, ...this.heads, ...this.rows.flatMap(({ written, cells }) => [written, ...cells]));
  }

  fit() {
    if (!this.data || !this.root.clientWidth) return;
    const room = this.root.clientWidth;
    this.root.classList.toggle("wide", room >= WIDE && this.heads.length * NARROW + BESIDE <= room);
    this.root.classList.toggle("crowded", this.heads[0].clientWidth < CROWDED);
  }

  /** The weights of a row as they are shown: all on one place while it is led there. */
  weightsOf(row) {
    const own = this.data.weights[row];
    return row === this.shown && this.goal !== null ? own.map((_, column) => (column === this.goal ? 1 : 0)) : own;
  }

  get shown() {
    return this.row ?? this.chosen;
  }

  draw() {
    const { typed, unknown, lines } = this.data;
    const [first] = lines;
    this.heads.forEach((head, column) => {
      const weight = this.weightsOf(this.shown)[column];
      put(head, show(typed[column]));
      head.style.setProperty("--weight", weight);
      head.classList.toggle("strong", weight >= 0.5);
      head.classList.toggle("unknown", unknown.includes(column));
    });
    this.rows.forEach(({ written, cells }, row) => {
      const [letter, chance] = written.children;
      put(letter, first.text[row]);
      put(chance, percent(first.chances[row]));
      written.classList.toggle("pointed", row === this.shown);
      this.weightsOf(row).forEach((weight, column) => {
        const cell = cells[column];
        cell.style.setProperty("--weight", weight);
        cell.classList.toggle("pointed", row === this.shown);
        cell.classList.toggle("led", row === this.shown && this.goal !== null ? column === this.goal : this.led.get(row) === column);
      });
    });
    for (const tile of this.tiles) tile.classList.toggle("pointed", Number(tile.dataset.row) === this.shown);
    this.say();
    this.root.dataset.drawn = first.text;
    this.root.dataset.row = this.shown;
  }

  buildLines() {
    const { lines, own } = this.data;
    this.tiles = [];
    this.lines.replaceChildren(
      ...lines.map(({ name, text, chances }) => {
        const date = element("div", "date");
        const tiles = element("div", "tiles");
        [...text].forEach((letter, row) => {
          const tile = element("span", "tile", letter);
          tile.dataset.row = row;
          tile.style.setProperty("--chance", chances[row]);
          tile.classList.toggle("other", letter !== lines[own].text[row]);
          this.tiles.push(tile);
          tiles.append(tile);
        });
        date.append(element("span", "name", name), tiles);
        return date;
      }),
    );
  }

  say() {
    const { typed, lines } = this.data;
    const row = this.shown;
    const quote = (column) => `“${show(typed[column])}”`;
    const which = `Character ${row + 1}, “${lines[0].text[row]}”, ${percent(lines[0].chances[row])} sure`;
    let text;
    if (this.goal !== null) {
      text = `Character ${row + 1} shall look at ${quote(this.goal)}, character ${this.goal + 1} of what was typed.`;
    } else if (this.led.has(row)) {
      text = `${which}: all of its attention was led to ${quote(this.led.get(row))}.`;
    } else {
      const weights = this.weightsOf(row);
      const order = weights.map((_, column) => column).sort((one, other) => weights[other] - weights[one]);
      const named = order.slice(0, NAMED).map((column) => `${quote(column)} ${percent(weights[column])}`);
      const rest = order.slice(NAMED);
      const sum = rest.reduce((total, column) => total + weights[column], 0);
      const others = rest.length ? `, the other ${rest.length} together ${percent(sum)}` : "";
      text = `${which}. It looked at ${named.join(", ")}${others}.`;
    }
    put(this.line, text);
    this.table.setAttribute("aria-label", `Attention of ${lines[0].text} over “${typed.join("")}”. ${text}`);
  }

  point(row, goal = null) {
    if (row === this.row && goal === this.goal) return;
    this.row = row;
    this.goal = goal;
    this.draw();
  }

  keep(row) {
    this.row = this.goal = null;
    const moved = row !== this.chosen;
    this.chosen = row;
    this.draw();
    if (moved) this.tell();
  }

  lead(row, column) {
    this.led.set(row, column);
    this.chosen = row;
    this.row = this.goal = null;
    this.draw();
    this.tell();
  }

  letGo(row) {
    this.chosen = row;
    this.goal = null;
    if (this.led.delete(row)) this.tell();
    this.draw();
  }

  tell() {
    const looking = [this.chosen, [...this.led].sort(([one], [other]) => one - other)];
    this.asked = JSON.stringify(looking);
    this.send(looking);
  }

  placeOf({ target }) {
    const { row, column } = target.closest?.("[data-row], [data-column]")?.dataset ?? {};
    return [row, column].map((each) => (each === undefined ? null : Number(each)));
  }

  columnAt({ clientX }) {
    const { left, width } = this.heads[0].getBoundingClientRect();
    const pitch = this.heads.length > 1 ? this.heads[1].getBoundingClientRect().left - left : width;
    return clamp(Math.floor((clientX - left) / pitch), this.heads.length - 1);
  }

  listen() {
    this.root.addEventListener("pointermove", (event) => {
      if (!this.data) return;
      if (this.grip?.pointer === event.pointerId) {
        const column = this.columnAt(event);
        if (column !== this.grip.column || this.goal !== null) this.point(this.grip.row, column);
      } else if (!this.grip) {
        const [row] = this.placeOf(event);
        if (row !== null) this.point(row);
      }
    });
    this.root.addEventListener("pointerleave", () => this.data && !this.grip && this.point(null));
    this.root.addEventListener("pointerdown", (event) => {
      const [row, column] = this.placeOf(event);
      if (this.grip || event.button !== 0 || row === null) return;
      this.grip = { pointer: event.pointerId, row, column };
      if (column !== null) this.table.setPointerCapture(event.pointerId);
      this.point(row);
    });
    this.root.addEventListener("pointerup", (event) => {
      if (this.grip?.pointer !== event.pointerId) return;
      const { row } = this.grip;
      this.grip = null;
      if (this.goal === null) this.keep(row);
      else this.lead(row, this.goal);
    });
    this.root.addEventListener("pointercancel", () => {
      this.grip = null;
      if (this.data) this.point(null);
    });
    this.root.addEventListener("click", (event) => {
      const [row, column] = this.placeOf(event);
      if (row === null && column !== null) this.lead(this.chosen, column);
    });
    this.table.addEventListener("blur", () => this.data && !this.grip && this.point(null));
    this.table.addEventListener("keydown", (event) => this.data && this.steer(event));
  }

  steer(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { typed, weights } = this.data;
    const row = this.shown;
    const along = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const down = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (down) this.point(clamp(row + down, weights.length - 1));
    else if (along) {
      const from = this.goal ?? weights[row].indexOf(Math.max(...weights[row]));
      this.point(row, clamp(from + along, typed.length - 1));
      this.heads[this.goal].scrollIntoView({ block: "nearest", inline: "nearest" }); // a long text is wider than the table
    } else if (event.key === "Enter" || event.key === " ") {
      if (this.goal === null) this.keep(row);
      else this.lead(row, this.goal);
    } else if (event.key === "Backspace" || event.key === "Delete") this.letGo(row);
    else if (event.key === "Escape") this.point(null);
    else return;
    event.preventDefault();
  }
}
