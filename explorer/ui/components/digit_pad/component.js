// Strokes as SVG, one unit a hundredth of the side. Only a finished stroke goes to the server, with all before it.

const STEP = 5; // hundredths that an arrow key leads the pen
const SMALL_STEP = 1; // with Shift
const NEAR = 2; // hundredths between points of a stroke, at least
const LAST = 99;
const SVG = "http://www.w3.org/2000/svg";

const clamp = (value) => Math.min(LAST, Math.max(0, Math.round(value)));
const twoDigits = (value) => String(value).padStart(2, "0");
const writeStrokes = (strokes) => strokes.map((points) => points.flat().map(twoDigits).join("")).join("_");

/** The server has checked the text already. */
function readStrokes(text) {
  return text
    .split("_")
    .filter(Boolean)
    .map((part) => part.match(/\d{4}/g).map((point) => [Number(point.slice(0, 2)), Number(point.slice(2))]));
}

function strokeShape(points) {
  // A line of one point is drawn by its round ends, but only where it has two.
  const drawn = points.length === 1 ? [points[0], points[0]] : points;
  const shape = document.createElementNS(SVG, "polyline");
  shape.setAttribute("points", drawn.map((point) => point.join(",")).join(" "));
  return shape;
}

export default (given) => keepDrawn(given, ".frame", DigitPad, "drawing");

class DigitPad {
  constructor(frame) {
    for (const name of ["photo", "strokes", "line", "undo", "clear"]) this[name] = frame.querySelector(`.${name}`);
    this.marks = frame.querySelectorAll(".pen");
    this.list = []; // finished strokes, each a list of [x, y]
    this.begun = null; // the stroke that a pointer or the keyboard is making
    this.pointer = null; // the id of the one that is down
    this.pen = null; // [x, y] where the keyboard has led it
    this.asked = null; // the drawing that was sent and has not come back
    this.listen();
  }

  update(data) {
    this.data = data;
    this.photo.setAttribute("aria-label", `Draw ${data.what}`);
    // The answer to an earlier stroke must not take away a later one.
    if (this.asked !== null && data.drawing !== this.asked) return;
    this.asked = null;
    this.list = readStrokes(data.drawing);
    this.draw();
  }

  draw() {
    this.strokes.replaceChildren(...[...this.list, ...(this.begun ? [this.begun] : [])].map(strokeShape));
    this.undo.disabled = this.clear.disabled = this.list.length === 0;
    for (const mark of this.marks) {
      mark.classList.toggle("off", this.pen === null);
      mark.classList.toggle("down", this.pen !== null && this.begun !== null);
      if (this.pen === null) continue;
      mark.setAttribute("cx", this.pen[0]);
      mark.setAttribute("cy", this.pen[1]);
    }
    this.say(this.pen === null ? (this.list.length ? "" : `Draw ${this.data.what} here.`) : this.describePen());
  }

  describePen() {
    const [x, y] = this.pen;
    const does = this.begun ? "down, Space lifts it" : "up, Space puts it down";
    return `Pen ${x} % from the left, ${y} % from the top: ${does}.`;
  }

  say(text) {
    if (this.line.textContent !== text) this.line.textContent = text;
  }

  /** Takes the whole list over, at once; the server follows. */
  keep(list) {
    this.list = list;
    this.begun = null;
    this.pointer = null;
    this.draw();
    this.asked = writeStrokes(list);
    this.send(this.asked);
  }

  /** Ends the stroke where the pen is, however near to its last point. */
  finish(point) {
    const longer = [...this.begun, point];
    const same = String(this.begun.at(-1)) === String(point);
    this.keep([...this.list, same || !this.hasRoom(longer) ? this.begun : longer]);
  }

  giveUp() {
    this.begun = null;
    this.pointer = null;
    this.draw();
  }

  hasRoom(stroke) {
    return writeStrokes([...this.list, stroke]).length <= this.data.most;
  }

  begin(point) {
    if (this.hasRoom([point])) this.begun = [point];
    this.draw();
    if (!this.begun) this.say("There is no room for more: undo or clear something.");
  }

  /** One more point of the stroke, unless it is next to the last or there is no room for it. */
  extend(point) {
    const [x, y] = this.begun.at(-1);
    const longer = [...this.begun, point];
    if (Math.hypot(point[0] - x, point[1] - y) < NEAR || !this.hasRoom(longer)) return;
    this.begun = longer;
    this.draw();
  }

  at({ clientX, clientY }) {
    const area = this.photo.getBoundingClientRect();
    return [clamp(((clientX - area.left) / area.width) * 100), clamp(((clientY - area.top) / area.height) * 100)];
  }

  listen() {
    this.undo.addEventListener("click", () => this.takeBack());
    this.clear.addEventListener("click", () => this.list.length && this.keep([]));
    this.photo.addEventListener("pointerdown", (event) => {
      if (this.pointer !== null || event.button !== 0) return;
      this.pen = null;
      this.begin(this.at(event));
      if (!this.begun) return;
      this.pointer = event.pointerId;
      this.photo.setPointerCapture(event.pointerId);
    });
    this.photo.addEventListener("pointermove", (event) => {
      if (this.pointer !== event.pointerId) return;
      // A quick hand makes several steps between two frames.
      for (const each of event.getCoalescedEvents?.() ?? []) this.extend(this.at(each));
      this.extend(this.at(event));
    });
    this.photo.addEventListener("pointerup", (event) => {
      if (this.pointer === event.pointerId) this.finish(this.at(event));
    });
    this.photo.addEventListener("pointercancel", (event) => {
      if (this.pointer === event.pointerId) this.giveUp();
    });
    this.photo.addEventListener("blur", () => {
      this.pen = null;
      if (this.pointer === null) this.giveUp();
    });
    this.photo.addEventListener("keydown", (event) => this.steer(event));
  }

  takeBack() {
    if (this.list.length) this.keep(this.list.slice(0, -1));
  }

  steer(event) {
    const ways = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    if (event.ctrlKey || event.metaKey || event.altKey || this.pointer !== null) return;
    if (event.key in ways) {
      const step = event.shiftKey ? SMALL_STEP : STEP;
      const [x, y] = this.pen ?? [50, 50];
      const [right, down] = this.pen ? ways[event.key] : [0, 0]; // the first key puts it in the middle
      this.pen = [clamp(x + step * right), clamp(y + step * down)];
      if (this.begun) this.extend(this.pen);
      this.draw();
    } else if (event.key === " " || event.key === "Enter") {
      if (this.begun) this.finish(this.pen);
      else this.begin((this.pen ??= [50, 50]));
    } else if (event.key === "Escape") {
      this.giveUp();
    } else if (event.key === "Delete" || event.key === "Backspace") {
      this.takeBack();
    } else {
      return;
    }
    event.preventDefault();
  }
}
