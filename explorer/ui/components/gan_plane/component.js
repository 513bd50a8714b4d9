// One round, play and stop; which fake is worked out. At most one drawing a frame.
// The server is told where the game stands when it pauses, and which fake is looked at.

const FRAME_WORK = 11; // milliseconds of a frame in which rounds are played
const FAST_WORK = 45; // the same where it is to go as fast as it can, and few frames are drawn
const DRAW_PAUSE = 90; // milliseconds between two drawings while playing: most of the time is for rounds
const WIDE = 700; // CSS pixels from which three maps stand side by side
const LARGEST_SIDE = 380;
const CURVE = 150; // CSS pixels

export default (given) => keepDrawn(given, ".plane", GanPlane, "state");

class GanPlane extends Playing {
  constructor(root) {
    super(root, ["step", "play", "reset", "speed", "count", "problem", "before", "next", "numbers", "check"]);
    this.drawPause = DRAW_PAUSE;
    this.spoken = this.numbers;
    for (const name of ["says", "best", "made", "curve"]) this[`${name}Canvas`] = root.querySelector(`.${name} canvas`);
    this.results = root.querySelector("dl");
    this.heading = root.querySelector("h4");
    this.room = document.createElement("canvas");
    this.fake = 0;
    this.listen();
  }

  stateOf(data) {
    return JSON.stringify([data.state.rounds, data.fake]);
  }

  build() {
    this.game = new Game(this.data);
    this.yardstick = new Yardstick(this.data);
  }

  /** Takes the server's state; `data-drift` says how far the browser's own had gone from it by rounding. */
  adopt(given) {
    const { data } = this;
    this.root.dataset.drift = String(this.game.take(data.state) ?? "");
    this.state = given;
    this.fake = data.fake;
    this.pause();
    this.schedule();
  }

  fit() {
    const width = this.root.clientWidth;
    if (!width || !this.game) return;
    this.width = width;
    const columns = width >= WIDE ? 3 : 1;
    this.root.style.setProperty("--columns", String(columns));
    this.side = Math.min(LARGEST_SIDE, Math.floor((width - 12 * (columns - 1)) / columns));
    this.curveWidth = columns === 1 ? width : Math.floor((width - 24 * (columns - 1)) / columns);
    this.plane = new Plane(this.side, this.data.grid.reach);
    this.schedule();
  }

  advance(now) {
    this.playFor(now, this.speed.value === "Infinity" ? FAST_WORK : FRAME_WORK, () => {
      this.game.round();
      return this.game.isOver;
    });
  }

  stateNow() {
    return JSON.stringify([this.game.rounds, this.fake]);
  }

  tell() {
    this.asked = this.stateNow();
    this.send({ rounds: this.game.rounds, fake: this.fake });
  }

  draw() {
    this.look = this.readLook();
    const { data, game, look, plane, side, yardstick } = this;
    this.fakes = game.makeFakes();
    yardstick.measure(game, this.fakes);
    const pulls = this.pullAll();
    const contexts = ["says", "best", "made"].map((name) => sizeCanvas(this[`${name}Canvas`], side, side));
    const { cells } = data.grid;
    drawShares(contexts[0], yardstick.says.map(sigmoid), () => 1, cells, side, look, this.room);
    // Where neither real points nor fakes lie, what is best means nothing.
    const lies = (cell) => Math.min(1, (yardstick.real[cell] + yardstick.fake[cell]) / data.grid.faint);
    drawShares(contexts[1], yardstick.best, lies, cells, side, look, this.room);
    contexts[2].fillStyle = look.secondary;
    contexts[2].fillRect(0, 0, side, side);
    drawGrid(contexts[2], plane, game, look);
    drawMarks(contexts[2], plane, game.points, "real", look);
    for (const context of contexts.slice(0, 2)) {
      drawMarks(context, plane, this.fakes, "fake", look);
      if (context === contexts[0]) drawPulls(context, plane, this.fakes, pulls, look);
      drawMarks(context, plane, game.points, "real", look);
    }
    drawChosen(contexts[0], plane, this.fakes[2 * this.fake], this.fakes[2 * this.fake + 1], look);
    drawValues(this.curveCanvas, game.values, this.curveWidth, CURVE, look);
    this.say();
    this.explain(pulls);
  }

  /** The derivative of every fake's own loss by its place, x, y, x, y, ... */
  pullAll() {
    const { fakes, game } = this;
    const pulls = new Float64Array(fakes.length);
    for (let at = 0; at < fakes.length; at += 2) {
      const factor = game.factor(game.pull(fakes[at], fakes[at + 1]));
      pulls[at] = factor * game.slope[0];
      pulls[at + 1] = factor * game.slope[1];
    }
    return pulls;
  }

  /** The theme's colours as they are now, for the canvases. */
  readLook() {
    const theme = this.readTheme();
    if (!theme) return this.look;
    const context = this.room.getContext("2d");
    context.fillStyle = theme.background;
    const css = ([r, g, b]) => `rgb(${r} ${g} ${b})`;
    const [plus, minus] = [DIVERGING[212], DIVERGING[44]];
    const fake = SERIES[5];
    for (const canvas of this.root.querySelectorAll("canvas")) canvas.dataset.font = theme.font;
    for (const [name, colour] of [["plus", css(plus)], ["minus", css(minus)], ["fake", fake]]) {
      this.root.querySelector(`.legend .${name}`).style.color = colour;
    }
    return {
      ...theme,
      plus,
      minus,
      fake,
      ground: toRgb(context.fillStyle), // any colour, as #rrggbb
      muted: `color-mix(in srgb, ${theme.text} 68%, ${theme.background})`,
      fakeLine: `color-mix(in srgb, ${theme.text} 55%, ${fake})`,
    };
  }

  /** The table of results, the line beside the buttons, and what tests read. */
  say() {
    const { data, fakes, game, root, yardstick } = this;
    const { among, bestValue, covered, divergence, modes, value } = yardstick;
    const percent = (share) => `${(100 * share).toFixed(share === 1 || share === 0 ? 0 : 1)} %`;
    const clusters = data.clusters?.centres.length;
    const rows = [
      ...(modes === null ? [] : [["clusters covered", `${modes} of ${clusters}`]]),
      ["real points with a fake nearby", percent(covered)],
      ["fakes with a real point nearby", percent(among)],
      ["value by the discriminator", fixed(value)],
      ["value by the best there could be", fixed(bestValue)],
      ["divergence of fakes from real (0 to 0.693)", fixed(divergence)],
    ];
    this.results.replaceChildren(...rows.flatMap(([name, text]) => [element("dt", "", name), element("dd", "", text)]));
    const turns = data.turns.join(" : ");
    put(this.count, `round ${game.rounds.toLocaleString("en")} of at most ${data.most.toLocaleString("en")} · turns ${turns}`);
    Object.assign(root.dataset, { rounds: String(game.rounds), value: String(value), best: String(bestValue), covered: String(covered), among: String(among), modes: String(modes) });
    const told = rows.map(([name, text]) => `${name}: ${text}`).join("; ");
    this.saysCanvas.setAttribute("aria-label", `What the discriminator says of every place, with ${game.points.length / 2} real points and ${fakes.length / 2} fakes. ${told}`);
    this.bestCanvas.setAttribute("aria-label", `What the best discriminator would say; it makes ${fixed(bestValue)} of the game, the one that plays ${fixed(value)}`);
    this.madeCanvas.setAttribute("aria-label", "Lines of equal numbers among the codes as the generator bends them, on the real points");
    this.curveCanvas.setAttribute("aria-label", `The game's value from round 0 to ${game.rounds}, last ${fixed(game.values.at(-1)?.[1] ?? NaN)}; −1.386 where nothing can be told apart`);
    this.problem.hidden = !game.ended;
    if (game.ended) put(this.problem, `The next round gives no finite number: round ${game.rounds.toLocaleString("en")} is the last that does, and it is kept. Smaller rates lead on.`);
    this.step.disabled = this.play.disabled = !this.playing && game.isOver;
  }

  /** The chosen fake: its code, its place, what the discriminator says of it, and both losses' gradients. */
  explain(pulls) {
    const { data, fake, fakes, game } = this;
    const { size } = data.codes;
    const pair = (values) => `(${[...values].map(significant).join(", ")})`;
    const place = fakes.subarray(2 * fake, 2 * fake + 2);
    const logit = game.pull(place[0], place[1]);
    const slope = Float64Array.from(game.slope);
    const says = sigmoid(logit);
    put(this.heading, `Fake ${fake + 1} of ${fakes.length / 2}`);
    const lines = [
      `Code ${pair(game.fixed.subarray(fake * size, (fake + 1) * size))} becomes the place ${pair(place)}.`,
      `Discriminator: logit ${significant(logit)}, D = ${significant(says)}; the logit’s slope there is ${pair(slope)}.`,
      ...["non_saturating", "minimax"].map((loss) => {
        const factor = game.factor(logit, loss);
        const [name, sign] = loss === "minimax" ? ["log(1 − D)", "−D"] : ["−log D", "−(1 − D)"];
        return `${loss === data.loss ? "▸ " : ""}Loss ${name}: ${sign} · slope = ${significant(factor)} · ${pair(slope)} = ${pair(slope.map((each) => factor * each))}`;
      }),
    ];
    this.numbers.replaceChildren(...lines.map((text) => element("p", "", text)));
    const known = !this.playing && this.state === this.stateNow();
    put(this.check, known ? `PyTorch’s autograd, loss ${data.loss === "minimax" ? "log(1 − D)" : "−log D"}: ${pair(data.pytorch)}; difference ${tiny(Math.max(...data.pytorch.map((each, axis) => Math.abs(each - pulls[2 * fake + axis]))))}` : "");
    this.root.dataset.pull = JSON.stringify([...pulls.subarray(2 * fake, 2 * fake + 2)]);
  }

  chooseFake(fake) {
    this.fake = fake;
    if (!this.playing) this.tell();
    this.schedule();
  }

  /** The fake before or after. */
  goOn(by) {
    const { fakes } = this.data;
    this.chooseFake((this.fake + by + fakes) % fakes);
  }

  listen() {
    this.step.addEventListener("click", () => {
      this.pause();
      this.game.round();
      this.pauseAndTell();
    });
    this.reset.addEventListener("click", () => {
      this.game.take({ rounds: 0, numbers: this.data.first, memories: [{}, {}], values: [] });
      this.pauseAndTell();
    });
    this.before.addEventListener("click", () => this.goOn(-1));
    this.next.addEventListener("click", () => this.goOn(1));
    this.saysCanvas.addEventListener("click", (event) => {
      const box = this.saysCanvas.getBoundingClientRect();
      const found = fakeAt(this.plane, this.fakes, event.clientX - box.left, event.clientY - box.top);
      if (found !== null) this.chooseFake(found);
    });
    this.saysCanvas.addEventListener("keydown", (event) => {
      const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (!by || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      this.goOn(by);
    });
  }
}

/** Three digits behind the point, with a true minus. */
const fixed = (value) => (Number.isFinite(value) ? value.toFixed(3).replace("-", "−") : "none");

/** One digit and a power of ten; 0 where there is no difference. */
const tiny = (value) => (value ? value.toExponential(0).replace("-", "−") : "0");
