// Step, play and stop; pointer and keyboard on the network; a number set by hand. At most one drawing a frame.
// The server is told where training stands when it pauses, what is held, and what was set by hand; never of a hover.

const FRAME_WORK = 11; // milliseconds of a frame in which steps are made
const DRAW_PAUSE = 30; // milliseconds between two drawings while playing: most of the time is for steps
const MAP_PAUSE = 90; // between two maps
const WORDS_PAUSE = 200;
const LARGEST = 1e6; // that a number may be set to

export default (given) => keepDrawn(given, ".trainer", Trainer, "state");

class Trainer extends Playing {
  constructor(root) {
    super(root, ["step", "play", "reset", "speed", "count", "problem", "caption", "legend", "which", "before", "next", "all"]);
    this.drawPause = DRAW_PAUSE;
    for (const name of ["network", "map", "curve", "promise"]) this[`${name}Canvas`] = root.querySelector(`.${name} canvas`);
    this.explanation = new Explanation(root);
    this.spoken = this.explanation.line;
    this.hovered = null;
    this.held = null;
    this.point = null; // whose gradient is shown; null for the mean of all
    this.stale = { map: true, charts: true, words: true };
    const small = document.createElement("canvas");
    small.width = small.height = GRID;
    const context = small.getContext("2d");
    this.room = { canvas: small, context, image: context.createImageData(GRID, GRID), values: new Float64Array(GRID * GRID) };
    this.listen();
  }

  stateOf(data) {
    return JSON.stringify([data.step, data.edits, data.point]);
  }

  /** What depends on the recipe and the points. */
  build() {
    const { data } = this;
    this.training = new Training(data);
    this.net = this.training.net;
    this.net.activationTitle = data.activationTitle;
    this.ofPoint = new Float64Array(this.net.count);
    this.hovered = null;
    this.layout = null;
    this.legend.replaceChildren(
      ...data.names.map((name, kind) => {
        const made = element("span");
        const sign = element("b", "", SHAPE_SIGNS[kind]);
        sign.style.color = SERIES[kind];
        made.append(sign, ` ${name}`);
        return made;
      }),
    );
  }

  /** Takes the server's state; `data-drift` says how far the browser's own had gone from it by rounding. */
  adopt(given, isAnswer) {
    const { data } = this;
    this.root.dataset.drift = String(this.training.take(data) ?? "");
    this.state = given;
    this.pytorch = { mean: data.gradient, point: data.pointGradient };
    if (!isAnswer) this.held = data.item;
    this.point = data.point < 0 ? null : data.point;
    this.pause();
    this.refresh();
  }

  refresh() {
    this.stale.map = this.stale.charts = this.stale.words = true;
    super.refresh();
  }

  fit() {
    const width = this.root.clientWidth;
    if (!width || !this.net) return;
    this.width = width;
    this.root.classList.toggle("wide", width >= 760);
    const across = this.networkCanvas.parentElement.clientWidth;
    if (this.layout?.width !== across || this.layout.sizes !== this.net.sizes) this.layout = layOut(this.net.sizes, across);
    this.side = Math.min(290, width);
    this.plane = new Plane(this.data.points, this.side);
    this.held = this.held && this.find(this.held);
    this.refresh();
  }

  /** The item of the layout that stands for the same number or unit. */
  find(wanted) {
    return [...this.layout.inputs, ...this.layout.layers.flat()].find((item) => isSameItem(item, wanted)) ?? null;
  }

  get chosen() {
    return this.hovered ?? this.held;
  }

  advance(now) {
    this.playFor(now, FRAME_WORK, () => {
      this.training.step();
      return this.training.isOver;
    });
  }

  /** What is known of this state: the server's word holds only for the one it was asked about. */
  knowsPytorch() {
    return !this.playing && this.state === this.stateNow();
  }

  stateNow() {
    return JSON.stringify([this.training.steps, this.training.edits, this.point ?? -1]);
  }

  tell() {
    this.asked = this.stateNow();
    const { held } = this;
    this.send({
      step: this.training.steps,
      edits: this.training.edits,
      point: this.point ?? -1,
      item: held && { kind: held.kind, layer: held.layer, unit: held.unit, source: held.source ?? null },
    });
  }

  draw(now) {
    const { net, layout, training } = this;
    this.look = this.readLook();
    const context = sizeCanvas(this.networkCanvas, layout.width, layout.height);
    const wantsMap = this.stale.map && (!this.playing || now - (this.mapAt ?? 0) > MAP_PAUSE);
    if (wantsMap) {
      this.mapAt = now;
      this.stale.map = this.playing;
      drawMap(this.mapCanvas, this.plane, {
        net,
        points: this.data.points,
        classes: this.data.classes,
        shownUnit: this.chosen?.kind === "unit" ? this.chosen : null,
        chosenPoint: this.point,
        look: this.look,
        room: this.room,
      });
      drawCurve(this.curveCanvas, training.history, this.side, 110, this.look);
      this.say();
    }
    if (this.stale.charts && !this.playing) {
      this.stale.charts = false;
      this.drawPromise();
    }
    const wantsWords = this.stale.words && (!this.playing || now - (this.wordsAt ?? 0) > WORDS_PAUSE);
    // The passes above went through other points; what is drawn and written are the numbers of this one.
    const pointLoss = this.point === null ? null : net.differentiateAt(this.point, this.ofPoint);
    drawNetwork(context, layout, {
      net,
      gradient: this.point === null ? net.gradient : this.ofPoint,
      point: this.point !== null,
      truth: this.point === null ? -1 : this.data.classes[this.point],
      loss: this.point === null ? training.loss : pointLoss,
      chosen: this.chosen,
      look: this.look,
    });
    if (wantsWords) {
      this.wordsAt = now;
      this.stale.words = this.playing;
      this.explanation.show({
        training,
        chosen: this.chosen,
        point: this.point,
        ofPoint: this.ofPoint,
        pytorch: this.knowsPytorch() ? this.pytorch : null,
      });
    }
  }

  drawPromise() {
    const { rate, clears } = this.data;
    const changes = RATES.map((each) => this.net.changeAt(each, clears, this.training.loss));
    const slope = this.net.promise(clears);
    const real = this.net.changeAt(rate, clears, this.training.loss);
    drawPromise(this.promiseCanvas, { changes, slope, rate }, this.side, 120, this.look);
    const said = `At rate ${significant(rate)} the next step promises ${significant(rate * slope)} and brings ${significant(real)}.`;
    this.promiseCanvas.setAttribute("aria-label", `Change of the loss by one step, over rates from 0.001 to 1,000. ${said}`);
    this.root.dataset.promised = String(rate * slope);
    this.root.dataset.real = String(real);
  }

  /** The theme's colours as they are now, for the canvases. */
  readLook() {
    const theme = this.readTheme();
    if (!theme) return this.look;
    const rgb = this.room.context;
    const css = ([r, g, b]) => `rgb(${r} ${g} ${b})`;
    const [plus, minus] = [css(DIVERGING[212]), css(DIVERGING[44])];
    rgb.fillStyle = theme.background;
    const hex = rgb.fillStyle; // any colour, as #rrggbb
    const mix = (share) => `color-mix(in srgb, ${theme.text} ${share}%, ${theme.background})`;
    for (const canvas of this.root.querySelectorAll("canvas")) canvas.dataset.font = theme.font;
    for (const [name, colour] of [["plus", plus], ["minus", minus]]) this.root.querySelector(`.${name}`).style.color = colour;
    return {
      ...theme,
      rgb: toRgb(hex),
      muted: mix(68),
      faint: mix(25),
      halo: `color-mix(in srgb, ${theme.primary} 45%, transparent)`,
      sign: (value) => (value < 0 ? minus : plus),
    };
  }

  /** The line beside the buttons, and what tests read. */
  say() {
    const { data, net, root, training } = this;
    const right = net.accuracy();
    const parts = [`step ${training.steps.toLocaleString("en")}`, `loss ${result(training.loss)}`, `${(100 * right).toFixed(right === 1 ? 0 : 1)} % right`];
    put(this.count, parts.join(" · "));
    root.dataset.step = String(training.steps);
    root.dataset.loss = String(training.loss);
    root.dataset.accuracy = String(right);
    const shape = data.sizes.join("-");
    this.mapCanvas.setAttribute("aria-label", `${data.classes.length} points of ${data.names.length} classes on what the network says of every place; ${(100 * right).toFixed(1)} % are right`);
    this.curveCanvas.setAttribute("aria-label", `The loss from step 0 to ${training.steps}: ${significant(training.history[0][1])} to ${significant(training.loss)}`);
    this.networkCanvas.setAttribute("aria-label", `Network ${shape} with its weights and gradients`);
    const unit = this.chosen?.kind === "unit" ? this.chosen : null;
    put(this.caption, unit ? `${nameItem(data.sizes, unit)} over the plane: blue below 0, red above` : "What the network says of every place");
    put(this.which, this.point === null ? "gradients: mean" : `point ${this.point + 1} of ${data.classes.length}`);
    this.all.setAttribute("aria-pressed", String(this.point === null));
    this.problem.hidden = !training.ended;
    if (training.ended) put(this.problem, this.writeEnd());
    this.step.disabled = this.play.disabled = !this.playing && training.isOver;
  }

  writeEnd() {
    const { steps, risenSince } = this.training;
    return `The next step gives no finite number: step ${steps.toLocaleString("en")} is the last that does, and it is kept. Since about step ${risenSince.toLocaleString("en")} the loss has been above that of step 0.`;
  }

  choosePoint(point) {
    this.point = point;
    if (!this.playing) this.tell();
    this.refresh();
  }

  hold(item) {
    this.held = isSameItem(item, this.held) ? null : item;
    this.hovered = null;
    if (!this.playing) this.tell();
    this.refresh();
  }

  hover(item) {
    if (isSameItem(item, this.hovered)) return;
    const units = [item, this.hovered].some((each) => each?.kind === "unit");
    this.hovered = item;
    this.stale.words = true;
    if (units) this.stale.map = true;
    this.schedule();
  }

  /** Sets what is pointed at by hand, before the next step; what is no number changes nothing. */
  setNumber(text) {
    const { chosen, training } = this;
    const value = Number(text);
    if (chosen?.kind !== "number" || text.trim() === "" || !(Math.abs(value) <= LARGEST)) return;
    const number = this.net.placeOf(chosen);
    if (this.net.numbers[number] === value) return;
    if (training.setNumber(number, value)) {
      this.pauseAndTell();
      return;
    }
    this.problem.hidden = false;
    put(this.problem, `${this.data.mostEdits} numbers were set by hand, as many as a link holds. Start over to set others.`);
  }

  listen() {
    const canvas = this.networkCanvas;
    const itemOf = (event, reach) => {
      const box = canvas.getBoundingClientRect();
      return this.layout && itemAt(this.layout, event.clientX - box.left, event.clientY - box.top, reach);
    };
    canvas.addEventListener("pointermove", (event) => event.pointerType !== "touch" && this.hover(itemOf(event, 8)));
    canvas.addEventListener("pointerleave", () => this.hover(null));
    canvas.addEventListener("blur", () => this.hover(null));
    canvas.addEventListener("click", (event) => {
      const item = itemOf(event, event.pointerType === "touch" ? 16 : 8);
      if (item) this.hold(item);
    });
    canvas.addEventListener("keydown", (event) => this.steer(event));
    this.mapCanvas.addEventListener("click", (event) => {
      const box = this.mapCanvas.getBoundingClientRect();
      this.choosePoint(pointAt(this.plane, this.data.points, event.clientX - box.left, event.clientY - box.top));
    });
    this.step.addEventListener("click", () => {
      this.training.step();
      this.pauseAndTell();
    });
    this.reset.addEventListener("click", () => {
      this.training.startOver();
      this.pauseAndTell();
    });
    this.all.addEventListener("click", () => this.choosePoint(this.point === null ? 0 : null));
    for (const [button, by] of [[this.before, -1], [this.next, 1]]) {
      button.addEventListener("click", () => {
        const count = this.data.classes.length;
        this.choosePoint(this.point === null ? (by > 0 ? 0 : count - 1) : (this.point + by + count) % count);
      });
    }
    const { input } = this.explanation;
    input.addEventListener("change", () => this.setNumber(input.value));
    input.addEventListener("keydown", (event) => event.key === "Enter" && this.setNumber(input.value));
  }

  steer(event) {
    if (!this.layout || event.ctrlKey || event.metaKey || event.altKey) return;
    const { layers } = this.layout;
    const now = this.chosen ?? layers[0][0];
    const layer = Math.max(0, now.layer);
    const index = Math.max(0, layers[layer].findIndex((item) => isSameItem(item, now)));
    const beside = (to) => layers[to] && layers[to][Math.min(index, layers[to].length - 1)];
    const goals = {
      ArrowUp: () => layers[layer][index - 1],
      ArrowDown: () => layers[layer][index + 1],
      ArrowLeft: () => beside(layer - 1),
      ArrowRight: () => beside(layer + 1),
    };
    if (event.key in goals) {
      const goal = this.chosen ? goals[event.key]() : now;
      if (goal) this.hover(goal);
    } else if (event.key === "Enter" || event.key === " ") this.hold(now);
    else if (event.key === "Escape") {
      this.hovered = null;
      if (this.held) this.hold(this.held);
      else this.refresh();
    } else return;
    event.preventDefault();
  }
}
