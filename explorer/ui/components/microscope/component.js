// Two maps, a pointer, a keyboard and a play button. At most one drawing a frame; only a click tells the server.

const TALLEST = 340; // CSS pixels of a map
const TALLEST_NARROW = 290; // where input and output stand above each other
const KEPT_TIMES = 300;

export default (given) => keepDrawn(given, ".microscope", Microscope, "cell");

const isSame = (one, other) => JSON.stringify(one ?? null) === JSON.stringify(other ?? null);

class Microscope {
  constructor(root) {
    this.root = root;
    root.renderTimes = []; // milliseconds of the last drawings, for those who measure
    this.drawings = 0;
    this.input = new MapView(root.querySelector(".input"));
    this.output = new MapView(root.querySelector(".output"));
    this.player = root.querySelector(".play");
    for (const name of ["line", "hint", "note", "back", "step"]) this[name] = root.querySelector(`.${name}`);
    const tip = new Tip(root);
    const choose = (channel) => this.choose(channel);
    this.cards = new Cards(root, tip, choose);
    this.bars = new Bars(root, tip, choose);
    this.ledger = new Ledger(root);
    this.channelView = null;
    this.cell = null; // [row, column] that is explained
    this.pinned = null; // the same, or null
    this.told = null; // what the server holds as pinned
    this.chosen = null; // the input channel a person wants to see
    this.playing = null; // time of the last step
    this.pictures = new Map(); // channel -> {picture, range}
    this.observer = new ResizeObserver(() => this.fit());
    this.listen();
  }

  async update(data) {
    this.observer.observe(this.root);
    this.wanted = data;
    const [input, layer, patch, backdrop] = await Promise.all([
      data.inputId && whenNumbers(data.inputId),
      whenNumbers(data.layerId),
      data.patchId && whenNumbers(data.patchId),
      data.backdropId && whenPicture(data.backdropId),
    ]);
    if (this.wanted !== data) return; // something else was asked for meanwhile
    const { pinned, ...rest } = data;
    if (!isSame(rest, this.built)) {
      this.accept(data, input, layer, patch, backdrop);
      this.built = rest;
    }
    this.follow(pinned);
    this.schedule();
  }

  /** Takes the arrays apart in the order in which they were packed. */
  accept(data, input, layer, patch, backdrop) {
    const windowSize = data.window[0] * data.window[1];
    const area = data.outputSize[0] * data.outputSize[1];
    let from = 0;
    const take = (length) => layer.subarray(from, (from += length));
    const channelView = { ...data, patch, backdrop, picture: input, input: data.sent ? input : null };
    channelView.kernel = data.hasKernel ? take(data.channels * windowSize) : null;
    channelView.output = take(area);
    channelView.final = data.hasFinal ? take(area) : null;
    channelView.rows = take(data.outputSize[0] * data.window[0]);
    channelView.columns = take(data.outputSize[1] * data.window[1]);
    const old = this.channelView;
    if (!old || !data.sent || old.inputId !== data.inputId || old.signedInput !== data.signedInput) this.pictures.clear();
    if (!old || old.channels !== data.channels || !isSame(old.names, data.names)) this.chosen = null;
    if (!old || !isSame(old.outputSize, data.outputSize)) {
      this.pause();
      this.cell = data.patchCell ?? data.outputSize.map((size) => Math.floor((size - 1) / 2));
      this.pinned = null;
    }
    this.channelView = channelView;
    this.found = makeExplanation(channelView);
    this.shown = undefined; // nothing is on the input's canvas yet
    this.kernelWords = data.operation === "convolution" ? "convolution" : `${data.operation} pooling`;
    for (const part of [this.cards, this.bars, this.ledger]) part.build(channelView, this.found);
    this.fit();
    this.describe();
  }

  describe() {
    const { output, outputSize, inputSize, channels, signedOutput, title, steps } = this.channelView;
    const range = findRange(output, 0, output.length, signedOutput);
    for (const button of [this.back, this.player, this.step]) button.disabled = output.length < 2;
    this.output.show(toPicture(output, 0, ...outputSize, range), range);
    const before = steps.length ? `, before ${steps[0].name}` : "";
    put(this.output.what, `${outputSize.join("×")}${before}`);
    this.shape = `${channels}×${inputSize.join("×")}`;
    const name = title || `this ${this.kernelWords}`;
    this.output.over.setAttribute("aria-label", `Output of ${name}, ${outputSize.join(" by ")} cells: arrows move, Enter pins`);
    this.input.base.setAttribute("aria-label", `Input of ${name}, with the cells that are read`);
  }

  /** Follows the server where it has changed its mind; a rerun for other reasons leaves the pin as it is here. */
  follow(pinned) {
    if (!isSame(pinned, this.told)) {
      this.pinned = pinned ? [...pinned] : null;
      if (pinned) {
        this.pause();
        this.cell = [...pinned];
      }
    }
    this.told = pinned ?? null;
  }

  fit() {
    if (!this.channelView) return;
    const width = this.root.clientWidth;
    if (!width) return;
    this.root.classList.toggle("wide", width >= 820);
    this.root.classList.toggle("narrow", width < 560);
    const tallest = width < 560 ? TALLEST_NARROW : TALLEST;
    this.input.fit(this.channelView.inputSize, this.input.figure.clientWidth, tallest);
    this.output.fit(this.channelView.outputSize, this.output.figure.clientWidth, tallest);
    this.cards.fit();
    this.bars.fit();
    this.schedule();
  }

  schedule() {
    this.frame ??= requestAnimationFrame((now) => {
      this.frame = null;
      this.advance(now);
      this.draw();
    });
  }

  /** Moves on by itself while playing: a map takes about half a minute, but a cell never more than a sixth of a second. */
  advance(now) {
    if (this.playing === null) return;
    const [height, width] = this.channelView.outputSize;
    const pace = clamp(30_000 / (height * width), 16, 160); // milliseconds
    const steps = Math.min(4, Math.floor((now - this.playing) / pace));
    if (steps > 0) {
      this.playing = now;
      this.slide(steps);
    }
    this.schedule();
  }

  /** On by some cells in raster order, from the last to the first again. */
  slide(by) {
    const [height, width] = this.channelView.outputSize;
    const to = (this.cell[0] * width + this.cell[1] + by + height * width) % (height * width);
    this.move(Math.floor(to / width), to % width);
  }

  move(row, column) {
    this.pinned = null;
    this.cell = [row, column];
    this.schedule();
  }

  draw() {
    if (!this.channelView || !this.cell || !this.input.context) return;
    const start = performance.now();
    const { channelView, found } = this;
    const [row, column] = this.cell;
    this.look = this.readLook();
    explain(channelView, row, column, found);
    const strongest = found.known ? found.opened[0] : 0;
    this.showInput(this.chosen ?? strongest);
    this.lightInput(row, column);
    this.lightOutput(row, column);
    this.root.classList.toggle("unknown", !found.known);
    this.cards.draw((shown) => this.rangeOf(shown), this.shown, this.look);
    this.bars.draw(this.shown, this.look);
    this.ledger.draw();
    this.say(row, column);
    this.root.renderTimes[this.drawings % KEPT_TIMES] = performance.now() - start;
    this.drawings += 1;
  }

  /** The theme's colours as they are now, for the canvases. */
  readLook() {
    const style = getComputedStyle(this.root);
    const [text, background, secondary, primary] = ["text-color", "background-color", "secondary-background-color", "primary-color"].map(
      (name) => style.getPropertyValue(`--st-${name}`).trim(),
    );
    if (this.look?.text === text && this.look.background === background) return this.look;
    const look = { text, background, secondary, primary, font: style.fontFamily };
    look.positive = TABLES[1].styles[212];
    look.negative = TABLES[1].styles[44];
    look.hatching = makeHatching(this.input.context, look);
    return look;
  }

  rangeOf(channel) {
    const { channelView } = this;
    const area = channelView.inputSize[0] * channelView.inputSize[1];
    const key = `range ${channel}`;
    if (!this.pictures.has(key)) {
      const values = channelView.input ?? channelView.patch;
      const length = channelView.input ? area : this.found.places.length;
      this.pictures.set(key, findRange(values, channel * length, (channel + 1) * length, channelView.signedInput));
    }
    return this.pictures.get(key);
  }

  /** Draws an input channel unless it is there already, or the picture that stands for all of them. */
  showInput(channel) {
    const { channelView } = this;
    const { backdrop, picture, sent, inputSize, signedInput } = channelView;
    const shown = sent && !(backdrop && this.chosen === null) ? channel : -1;
    if (shown === this.shown) return;
    this.shown = shown;
    const name = shown >= 0 && channelView.channels > 1 ? `${nameChannel(channelView, shown)} of ` : "";
    put(this.input.what, name + this.shape);
    if (shown < 0 && backdrop) {
      this.input.show(backdrop, null);
      return;
    }
    if (!picture) return;
    const place = Math.max(0, shown);
    if (!this.pictures.has(place)) {
      const area = inputSize[0] * inputSize[1];
      const range = sent ? this.rangeOf(place) : findRange(picture, 0, area, signedInput);
      this.pictures.set(place, { picture: toPicture(picture, place * area, ...inputSize, range), range });
    }
    const found = this.pictures.get(place);
    this.input.show(found.picture, found.range);
  }

  lightInput(row, column) {
    const { channelView } = this;
    const [height, width] = channelView.window;
    const rows = toRuns(channelView.rows, row * height, (row + 1) * height);
    const columns = toRuns(channelView.columns, column * width, (column + 1) * width);
    this.runs = [rows, columns];
    this.input.light(rows, columns, this.look);
    const best = findBest(channelView, this.found);
    if (best) this.input.mark(...best, this.look);
  }

  lightOutput(row, column) {
    this.output.clear();
    this.output.outline(row, row, column, column, this.pinned ? this.look.primary : this.look.text, this.look);
  }

  /** The sentence, the hint and what tests read. */
  say(row, column) {
    const { channelView, found, pinned } = this;
    put(this.line, `output cell (row ${row}, column ${column}) ${writeReading(channelView, found, this.runs)}`);
    put(this.hint, writeHint(pinned));
    this.note.hidden = channelView.sent || found.known;
    if (!this.note.hidden) put(this.note, writeAbsence(channelView, pinned));
    const theirs = (channelView.final ?? channelView.output)[row * channelView.outputSize[1] + column];
    this.tell("cell", `${row},${column}`);
    this.tell("framework", String(theirs));
    this.tell("value", found.known ? String(found.value) : "");
    this.tell("sum", found.known ? String(found.sum) : "");
    this.tell("bound", found.known ? String(found.bound) : "");
    this.tell("pinned", pinned ? pinned.join() : "");
    this.tell("best", findBest(channelView, found)?.join() ?? "");
    this.tell("channel", String(this.shown));
    this.tell("drawn", "true");
  }

  tell(name, text) {
    if (this.root.dataset[name] !== text) this.root.dataset[name] = text;
  }

  choose(channel) {
    this.chosen = this.chosen === channel ? null : channel;
    this.schedule();
  }

  pin(cell) {
    this.pause();
    this.cell = cell;
    this.pinned = cell;
    if (!isSame(cell, this.told)) this.send(cell);
    this.schedule();
  }

  /** The server learns of it as of a second click on the cell it holds. */
  unpin() {
    this.pinned = null;
    if (this.told) this.send(this.told);
    this.schedule();
  }

  toggle(cell) {
    if (isSame(cell, this.pinned)) this.unpin();
    else this.pin(cell);
  }

  play() {
    this.playing = performance.now();
    this.pinned = null;
    this.showPlaying();
    this.schedule();
  }

  pause() {
    this.playing = null;
    this.showPlaying();
  }

  showPlaying() {
    const text = this.playing === null ? "Play" : "Pause";
    put(this.player, text);
    this.player.setAttribute("aria-label", text);
    this.line.setAttribute("aria-live", this.playing === null ? "polite" : "off"); // nobody wants eight lines a second
  }

  listen() {
    const { over } = this.output;
    over.addEventListener("pointermove", (event) => {
      if (!this.channelView || this.pinned) return;
      const cell = this.output.cellAt(event);
      if (isSame(cell, this.cell)) return;
      if (this.playing !== null) this.pause();
      this.move(...cell);
    });
    over.addEventListener("click", (event) => this.channelView && this.toggle(this.output.cellAt(event)));
    over.addEventListener("keydown", (event) => this.channelView && this.steer(event));
    this.root.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && this.pinned) this.unpin();
    });
    // The theme's variables change without a word to the component, but a transition of a colour they set is heard.
    this.root.addEventListener("transitionend", (event) => event.target === this.root && this.schedule());
    this.player.addEventListener("click", () => (this.playing === null ? this.play() : this.pause()));
    for (const [button, by] of [[this.back, -1], [this.step, 1]]) {
      button.addEventListener("click", () => {
        if (!this.channelView) return;
        this.pause();
        this.slide(by);
      });
    }
  }

  steer(event) {
    const [height, width] = this.channelView.outputSize;
    const [row, column] = this.cell;
    const goals = {
      ArrowLeft: [row, column - 1],
      ArrowRight: [row, column + 1],
      ArrowUp: [row - 1, column],
      ArrowDown: [row + 1, column],
      Home: [row, 0],
      End: [row, width - 1],
    };
    const goal = goals[event.key];
    if (goal) {
      this.pause();
      if (goal[0] >= 0 && goal[0] < height && goal[1] >= 0 && goal[1] < width) this.move(...goal);
    } else if (event.key === "Enter" || event.key === " ") this.toggle(this.cell);
    else return;
    event.preventDefault();
  }
}
