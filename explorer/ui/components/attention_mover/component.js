// A canvas with the photo and an SVG over it, one unit a cell of the grid. Only a drop goes to the server.

const STOPS = 12; // of the glow's gradient
const REACH = 3; // standard deviations to which the glow is drawn
const SVG = "http://www.w3.org/2000/svg";
const clamp = (value, high) => Math.min(high, Math.max(0, value));

export default (given) => keepDrawn(given, ".frame", AttentionMover, "spot");

class AttentionMover {
  constructor(frame) {
    this.frame = frame;
    for (const name of ["photo", "dim", "lines", "glow", "line"]) this[name] = frame.querySelector(`.${name}`);
    this.canvas = frame.querySelector("canvas");
    this.svg = frame.querySelector("svg");
    this.cells = frame.querySelectorAll(".cell");
    this.kept = null; // [row, column] that the server knows
    this.led = null; // where the pointer or the keyboard has it now
    this.pointer = null; // the id of the one that is down
    this.asked = null; // what was sent and has not come back, as text
    this.fill();
    this.listen();
  }

  /** The glow's falling off, as the weights of the attention do: a Gaussian. */
  fill() {
    const gradient = this.svg.querySelector("#glow");
    for (let number = 0; number <= STOPS; number += 1) {
      const stop = document.createElementNS(SVG, "stop");
      const sigmas = (REACH * number) / STOPS;
      stop.setAttribute("offset", number / STOPS);
      stop.setAttribute("stop-color", number < 3 ? "#ffc060" : "#ffa51f");
      stop.setAttribute("stop-opacity", number === STOPS ? 0 : Math.exp((-sigmas * sigmas) / 2));
      gradient.append(stop);
    }
  }

  update(data) {
    const other = this.data?.picture !== data.picture;
    this.data = data;
    showPhoto(this, other);
    const { rows, columns } = data;
    this.svg.setAttribute("viewBox", `0 0 ${columns} ${rows}`);
    this.dim.setAttribute("width", columns);
    this.dim.setAttribute("height", rows);
    const across = Array.from({ length: rows - 1 }, (_, row) => `M0 ${row + 1}H${columns}`);
    const down = Array.from({ length: columns - 1 }, (_, column) => `M${column + 1} 0V${rows}`);
    this.lines.setAttribute("d", [...across, ...down].join(""));
    // The answer to an earlier drop must not take away a later one.
    const pending = this.asked !== null && String(data.spot) !== this.asked && !other;
    if (!pending) {
      this.asked = null;
      this.kept = data.spot;
      if (this.pointer === null) this.led = null;
    }
    this.draw();
  }

  draw() {
    const spot = this.led ?? this.kept;
    this.dim.classList.toggle("off", spot === null);
    this.glow.classList.toggle("off", spot === null);
    for (const cell of this.cells) cell.classList.toggle("off", spot === null);
    this.say(spot);
    if (spot === null) return;
    const [row, column] = spot;
    this.glow.setAttribute("cx", column + 0.5);
    this.glow.setAttribute("cy", row + 0.5);
    this.glow.setAttribute("rx", REACH * this.data.radius);
    this.glow.setAttribute("ry", REACH * this.data.radius);
    for (const cell of this.cells) {
      cell.setAttribute("x", column);
      cell.setAttribute("y", row);
      cell.setAttribute("width", 1);
      cell.setAttribute("height", 1);
    }
  }

  say(spot) {
    const { rows, columns } = this.data;
    const hint = "Click where it shall look, or drag the spot there.";
    const place = spot && `Row ${spot[0] + 1} of ${rows}, column ${spot[1] + 1} of ${columns}.`;
    const text = spot === null ? hint : this.led && this.pointer === null ? `${place} Enter drops it here.` : place;
    if (this.line.textContent !== text) this.line.textContent = text;
  }

  lead(spot) {
    this.led = spot;
    this.draw();
  }

  drop() {
    const spot = this.led;
    this.pointer = null;
    this.led = null;
    if (spot !== null && String(spot) !== String(this.kept)) {
      this.kept = spot; // at once; the server follows
      this.asked = String(spot);
      this.send(spot);
    }
    this.draw();
  }

  giveUp() {
    this.pointer = null;
    this.lead(null);
  }

  at({ clientX, clientY }) {
    const { rows, columns } = this.data;
    const area = this.photo.getBoundingClientRect();
    return [
      clamp(Math.floor(((clientY - area.top) / area.height) * rows), rows - 1),
      clamp(Math.floor(((clientX - area.left) / area.width) * columns), columns - 1),
    ];
  }

  listen() {
    this.photo.addEventListener("pointerdown", (event) => {
      if (this.pointer !== null || event.button !== 0) return;
      this.pointer = event.pointerId;
      this.photo.setPointerCapture(event.pointerId);
      this.lead(this.at(event));
    });
    this.photo.addEventListener("pointermove", (event) => {
      if (this.pointer === event.pointerId) this.lead(this.at(event));
    });
    this.photo.addEventListener("pointerup", (event) => {
      if (this.pointer === event.pointerId) this.drop();
    });
    this.photo.addEventListener("pointercancel", (event) => {
      if (this.pointer === event.pointerId) this.giveUp();
    });
    this.photo.addEventListener("blur", () => {
      if (this.pointer === null) this.lead(null);
    });
    this.photo.addEventListener("keydown", (event) => this.steer(event));
  }

  steer(event) {
    const steps = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { rows, columns } = this.data;
    if (event.key in steps) {
      const from = this.led ?? this.kept;
      const [down, right] = from === null ? [0, 0] : steps[event.key]; // the first key puts it in the middle
      const [row, column] = from ?? [Math.floor(rows / 2), Math.floor(columns / 2)];
      this.lead([clamp(row + down, rows - 1), clamp(column + right, columns - 1)]);
    } else if (event.key === "Enter") {
      this.drop();
    } else if (event.key === "Escape") {
      this.giveUp();
    } else {
      return;
    }
    event.preventDefault();
  }
}
