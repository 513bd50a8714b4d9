// A canvas with the photo, an SVG over it with what is covered, and the tools. Only a finished mark goes to the server.

const STEP = 20; // thousandths that an arrow key moves
const NEAR = 5; // thousandths between points of a stroke, at least

export default (given) => keepDrawn(given, ".frame", PhotoCover, "cover");

class PhotoCover {
  constructor(frame) {
    this.frame = frame;
    for (const name of ["photo", "marks", "draft", "line", "undo", "clear", "size"]) {
      this[name] = frame.querySelector(`.${name}`);
    }
    this.canvas = frame.querySelector("canvas");
    this.width = frame.querySelector("input");
    this.tools = [...frame.querySelectorAll("[data-tool]")];
    this.list = []; // of what is covered
    this.begun = null; // the mark that a pointer or the keyboard is making
    this.pointer = null; // {id, from}, while one is down
    this.asked = null; // the cover that was sent and has not come back
    this.choose("box");
    this.listen();
  }

  update(data) {
    const other = this.data?.picture !== data.picture;
    this.data = data;
    showPhoto(this, other);
    // The answer to an earlier mark must not take away a later one.
    if (this.asked !== null && data.cover !== this.asked && !other) return;
    this.asked = null;
    this.list = readMarks(data.cover);
    this.draw();
  }

  draw() {
    this.marks.replaceChildren(...this.list.map(markShape));
    this.undo.disabled = this.clear.disabled = this.list.length === 0;
    this.sketch(this.begun);
  }

  /** Outlines the mark that is being made, or none. */
  sketch(mark) {
    this.begun = mark;
    this.draft.replaceChildren(...(mark ? draftShapes(mark) : []));
    this.say(mark ? describeMark(mark) : "");
  }

  say(text) {
    const hint = this.tool === "box" ? "Drag a box over the part to cover." : "Paint over the part to cover.";
    const said = text || hint;
    if (this.line.textContent !== said) this.line.textContent = said;
  }

  choose(tool) {
    this.tool = tool;
    for (const button of this.tools) button.setAttribute("aria-pressed", String(button.dataset.tool === tool));
    this.size.classList.toggle("unused", tool === "box");
    this.drop();
  }

  drop() {
    this.pointer = null;
    this.sketch(null);
  }

  /** Takes the whole list over, at once; the server follows. */
  keep(list) {
    const text = writeMarks(list);
    this.list = list;
    this.begun = null;
    this.draw();
    this.asked = text;
    this.send(text);
  }

  finish() {
    const mark = this.begun;
    this.drop();
    if (!mark || isTooSmall(mark)) return;
    if (writeMarks([...this.list, mark]).length > this.data.most) {
      this.say("There is no room for more: undo or clear something.");
      return;
    }
    this.keep([...this.list, mark]);
  }

  takeBack() {
    if (this.list.length) this.keep(this.list.slice(0, -1));
  }

  at({ clientX, clientY }) {
    const area = this.photo.getBoundingClientRect();
    return [
      clamp(Math.round(((clientX - area.left) / area.width) * SIDE)),
      clamp(Math.round(((clientY - area.top) / area.height) * SIDE)),
    ];
  }

  dot(point) {
    return { kind: "s", radius: Math.round(this.width.value / 2), points: [point] };
  }

  listen() {
    for (const button of this.tools) button.addEventListener("click", () => this.choose(button.dataset.tool));
    this.undo.addEventListener("click", () => this.takeBack());
    this.clear.addEventListener("click", () => this.list.length && this.keep([]));
    this.photo.addEventListener("pointerdown", (event) => this.press(event));
    this.photo.addEventListener("pointermove", (event) => this.lead(event));
    this.photo.addEventListener("pointerup", (event) => {
      if (this.pointer?.id === event.pointerId) this.finish();
    });
    this.photo.addEventListener("pointercancel", (event) => {
      if (this.pointer?.id === event.pointerId) this.drop();
    });
    this.photo.addEventListener("pointerleave", () => {
      if (!this.pointer && this.hovers) this.drop();
      this.hovers = false;
    });
    this.photo.addEventListener("keydown", (event) => this.steer(event));
  }

  press(event) {
    if (this.pointer || event.button !== 0) return;
    const point = this.at(event);
    this.pointer = { id: event.pointerId, from: point };
    this.photo.setPointerCapture(event.pointerId);
    this.sketch(this.tool === "box" ? null : this.dot(point));
  }

  lead(event) {
    const point = this.at(event);
    if (!this.pointer) {
      // A finger or a pen does not hover; a mouse shows how wide the brush is.
      if (this.tool !== "brush" || event.pointerType !== "mouse") return;
      this.hovers = true;
      this.sketch(this.dot(point));
      this.say("");
    } else if (this.pointer.id === event.pointerId) {
      this.sketch(this.tool === "box" ? boxBetween(this.pointer.from, point) : this.extend(this.begun, point));
    }
  }

  /** One more point of a stroke, unless it is next to the last or there is no room for it. */
  extend(stroke, point) {
    const [x, y] = stroke.points.at(-1);
    if (Math.hypot(point[0] - x, point[1] - y) < Math.max(NEAR, stroke.radius / 3)) return stroke;
    const longer = { ...stroke, points: [...stroke.points, point] };
    return writeMarks([...this.list, longer]).length > this.data.most ? stroke : longer;
  }

  steer(event) {
    const steps = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] };
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key in steps) {
      const change = event.shiftKey ? resizeMark : moveMark;
      const middle = this.tool === "box" ? boxBetween([400, 400], [600, 600]) : this.dot([500, 500]);
      this.hovers = false;
      this.sketch(this.begun ? change(this.begun, ...steps[event.key]) : middle);
    } else if (event.key === "Enter") {
      this.finish();
    } else if (event.key === "Escape") {
      this.drop();
    } else if (event.key === "Delete" || event.key === "Backspace") {
      this.takeBack();
    } else {
      return;
    }
    event.preventDefault();
  }
}
