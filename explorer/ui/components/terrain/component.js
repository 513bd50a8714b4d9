// Dragging the start, and going through the steps. At most one drawing a frame: while the start is dragged all paths are
// walked anew at the rates they have; once it is let go their rates are chosen anew and the server is told, never before.

const KEY_SHARE = 0.02; // of the reach, that an arrow key moves the start
const DIGITS = 3; // of the start, behind the point
const ROUNDING = 1e-9; // a difference above it is more than roundings
const LARGEST_SIDE = 540; // CSS pixels
const BESIDE = 430; // for the legend and the ledger, where both fit beside the map

export default (given) => keepDrawn(given, ".terrain", Terrain, "state");

class Terrain extends Playing {
  constructor(root) {
    super(root, ["start", "play", "back", "scrub", "on", "speed", "line", "check"]);
    this.spoken = this.line;
    this.boxes = ["bias", "eps", "root"].map((name) => root.querySelector(`input.${name}`));
    this.canvas = root.querySelector(".ground canvas");
    this.ledger = new Ledger(root.querySelector(".ledger"));
    this.legend = new Legend(root, (index) => {
      this.chosen = index;
      if (!this.playing) this.tell();
      this.schedule();
    });
    this.listen();
  }

  stateOf(data) {
    return JSON.stringify([data.start, data.step, data.chosen, data.toggles]);
  }

  build() {
    const { data } = this;
    this.surface = new Surface(data);
    const noise = data.sigma ? drawNoise(data.seed, data.sigma, data.steps) : null;
    this.terms = { noise, goal: data.goal, rates: data.rates };
    this.room = new Path(data.steps);
  }

  /** Takes the server's state, with its rates. */
  adopt(given) {
    const { data } = this;
    Object.assign(this, { state: given, asked: null, place: data.start, step: data.step, chosen: data.optimisers.findIndex(({ title }) => title === data.chosen), toggles: [...data.toggles] });
    this.pause();
    this.refused = false;
    this.paths = data.optimisers.map(({ title, kind, settings }, index) => ({
      title,
      kind,
      given: settings,
      settings,
      path: this.paths?.[index]?.path.most === data.steps ? this.paths[index].path : new Path(data.steps),
    }));
    this.applyToggles();
    this.walk();
    this.compare();
    this.legend.build(this.paths, data);
    this.painted = null;
  }

  applyToggles() {
    const [bias, eps, root] = this.toggles;
    this.boxes.forEach((box, index) => (box.checked = this.toggles[index]));
    for (const each of this.paths) {
      each.settings = { ...each.settings, bias_correction: bias, root, eps: eps ? each.given.eps : 0 };
    }
  }

  get turnedStart() {
    return this.surface.turn(this.place);
  }

  walk() {
    for (const { path, settings } of this.paths) path.walk(this.surface, settings, this.turnedStart, this.terms);
    this.last = Math.max(1, ...this.paths.map(({ path }) => path.end));
    this.step = Math.min(this.step, this.last);
  }

  chooseRates() {
    if (!this.data.best) return;
    for (const each of this.paths) {
      each.settings = { ...each.settings, rate: chooseRate(this.surface, each.settings, this.turnedStart, this.room, this.terms) };
    }
  }

  /** The start is let go, or a part of the step left out: the rates follow, and the server is told. */
  settle() {
    this.chooseRates();
    this.walk();
    this.tell();
    this.schedule();
  }

  tell() {
    const now = { start: this.place, step: this.step, chosen: this.paths[this.chosen].title, toggles: this.toggles };
    const said = JSON.stringify(Object.values(now));
    this.asked = said === this.state ? null : said; // what it was told last gets no answer
    if (this.asked) this.send(now);
  }

  /** Once PyTorch's places are here: how far the paths are from them, as a share of the place where it is beyond 1. */
  async compare() {
    const { data, paths } = this;
    put(this.check, "");
    if (!data.pytorch) return;
    const theirs = await whenDoubles(data.pytorch);
    if (data !== this.data) return;
    const checked = paths.filter((_, index) => data.checked[index]);
    const each = theirs.length / checked.length;
    let largest = 0;
    let agrees = each / 2 - 1; // up to this step
    checked.forEach(({ path }, order) => {
      for (let at = 0; at < Math.min(each, 2 * (path.count + 1)); at += 1) {
        const number = theirs[order * each + at];
        const apart = Math.abs(path.places[at] - number) / Math.max(1, Math.abs(number));
        largest = Math.max(largest, apart);
        if (apart > ROUNDING) agrees = Math.min(agrees, Math.floor(at / 2) - 1);
      }
    });
    this.root.dataset.drift = String(largest);
    const steps = (each / 2 - 1).toLocaleString("en");
    const said = largest > 0 && largest < 0.01 ? largest.toExponential(0).replace("-", "−") : significant(largest);
    const why = largest > ROUNDING ? `; up to step ${agrees.toLocaleString("en")} it is below 1e−9, for a path that jumps multiplies every rounding` : "";
    put(this.check, `These paths, walked in the browser, and torch.optim’s over ${steps} steps: largest difference ${said}${why}.`);
  }

  fit() {
    const width = this.root.clientWidth;
    if (!width || !this.paths) return;
    this.width = width;
    const isWide = width >= 2 * BESIDE - 60;
    this.root.classList.toggle("wide", isWide);
    this.side = Math.min(LARGEST_SIDE, isWide ? width - BESIDE - 28 : width);
    this.root.style.setProperty("--side", `${this.side}px`);
    this.schedule();
  }

  advance(now) {
    this.due += (Math.min(100, now - this.lastFrame) * Number(this.speed.value)) / 1000;
    this.lastFrame = now;
    this.step = Math.min(this.last, this.step + Math.floor(this.due));
    this.due %= 1;
    if (this.step === this.last) this.pauseAndTell();
    else this.schedule();
  }

  draw() {
    if (this.moved) this.walk();
    this.moved = false;
    this.look = this.readLook();
    const { data, look, paths, side } = this;
    const frame = (this.frame = new Frame(data.reach, side));
    const context = sizeCanvas(this.canvas, side, side);
    const shown = JSON.stringify([data.program, data.angle, data.reach, side, look.text, look.background, window.devicePixelRatio]);
    if (this.painted !== shown) {
      this.painted = shown;
      this.ground = paintGround(sampleGround(this.surface, frame), Math.round(side * (window.devicePixelRatio || 1)), look);
      this.legend.drawSamples(paths, look);
    }
    drawTerrain(context, frame, { ground: this.ground, paths, step: this.step, chosen: this.chosen, made: this.explain(), look });
    const [x, y] = frame.toPixels(...this.turnedStart);
    this.start.style.translate = `${x}px ${y}px`;
    this.say();
  }

  readLook() {
    const theme = this.readTheme();
    if (!theme) return this.look;
    const context = this.canvas.getContext("2d");
    const rgb = (colour) => {
      context.fillStyle = colour;
      return toRgb(context.fillStyle); // any colour, as #rrggbb
    };
    return { ...theme, ink: rgb(theme.text), ground: rgb(theme.background), halo: `color-mix(in srgb, ${theme.background} 70%, transparent)` };
  }

  /** Everything that is said of the paths, and what tests read. */
  say() {
    const { chosen, paths, root, step } = this;
    const told = this.legend.show(paths, chosen);
    this.scrub.max = String(this.last);
    this.scrub.min = "1";
    this.scrub.value = String(step);
    this.scrub.setAttribute("aria-valuetext", `step ${step} of ${this.last}`);
    const { path, title } = paths[chosen];
    const now = Math.min(step, path.end);
    const at = [path.places[2 * now], path.places[2 * now + 1]];
    if (this.refused) put(this.line, "There the loss or its slope is not a finite number: the start stays where it last was.");
    else put(this.line, `step ${step.toLocaleString("en")} of ${this.last.toLocaleString("en")} · ${title} at x ${significant(at[0])}, y ${significant(at[1])}: loss ${significant(path.losses[now])}`);
    const place = this.turnedStart.map(significant);
    this.start.setAttribute("aria-label", `Start at x ${place[0]}, y ${place[1]}`);
    this.canvas.setAttribute("aria-label", `Paths from x ${place[0]}, y ${place[1]}; ${told}`);
    Object.assign(root.dataset, { step: String(step), chosen: title, start: this.place.join(","), paths: JSON.stringify(Object.fromEntries(paths.map((each) => [each.title, [each.settings.rate, each.path.reachedAt]]))) });
  }

  /** Works out the step that is looked at, of the optimiser that is chosen, and gives where it leads. */
  explain() {
    const { noise } = this.terms;
    const { path, settings, title } = this.paths[this.chosen];
    const walker = new Walker(settings);
    walker.begin(...this.turnedStart);
    const count = Math.max(1, Math.min(this.step, path.end));
    let before = walker.read();
    for (let step = 0; step < count; step += 1) {
      if (step === count - 1) before = walker.read();
      this.surface.measure(...walker.place);
      walker.go(this.surface.gx + (noise?.[2 * step] ?? 0), this.surface.gy + (noise?.[2 * step + 1] ?? 0));
    }
    this.ledger.show(walker, before, title, path.divergedAt === null ? null : path.divergedAt - count);
    this.root.dataset.ledger = JSON.stringify(walker.read());
    return { from: before.place, gradient: walker.gradient, to: walker.place };
  }

  goTo(step) {
    this.pause();
    this.refused = false;
    this.step = Math.max(1, Math.min(this.last, step));
    this.schedule();
  }

  /** Puts the start at a place of the plane, as near as the frame allows. */
  moveTo([x, y]) {
    const { reach } = this.data;
    const inside = [x, y].map((value) => Math.max(-reach, Math.min(reach, value)));
    const place = this.surface.turnBack(inside).map((value) => Number(value.toFixed(DIGITS)) + 0);
    this.surface.measure(...this.surface.turn(place));
    this.refused = ![this.surface.loss, this.surface.gx, this.surface.gy].every(Number.isFinite);
    if (!this.refused) this.place = place; // else the last that worked stays
    this.asked = "nothing, while it is moved";
    this.moved = true;
    this.schedule();
  }

  listen() {
    this.start.addEventListener("pointerdown", () => this.pause());
    listenToDrags(
      this,
      (x, y) => this.frame.toPlace(x, y),
      () => this.turnedStart,
      () => this.data.reach * KEY_SHARE,
    );
    this.scrub.addEventListener("input", () => this.goTo(Number(this.scrub.value)));
    this.scrub.addEventListener("change", () => this.pauseAndTell());
    for (const [button, by] of [[this.back, -1], [this.on, 1]]) {
      button.addEventListener("click", () => {
        this.goTo(this.step + by);
        this.tell();
      });
    }
    this.boxes.forEach((box, index) => {
      box.addEventListener("change", () => {
        this.toggles[index] = box.checked;
        this.applyToggles();
        this.settle();
      });
    });
  }

  begin() {
    super.begin();
    this.refused = false;
    this.due = 0;
    if (this.step === this.last) this.step = 1;
  }
}
