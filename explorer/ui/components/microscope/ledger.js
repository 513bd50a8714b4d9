// All channels as bars, and the sum written out line by line.

const BARS_HEIGHT = 64;
const WAITING = "…";

class Bars {
  constructor(root, tip, choose) {
    this.canvas = root.querySelector(".bars");
    this.under = root.querySelector(".under");
    this.tip = tip;
    this.canvas.addEventListener("click", (event) => choose(this.channelAt(event)));
    this.canvas.addEventListener("pointermove", (event) => this.tellBar(event));
    this.canvas.addEventListener("pointerleave", () => this.tip.hide());
  }

  build(channelView, found) {
    this.channelView = channelView;
    this.found = found;
    this.canvas.hidden = this.under.hidden = channelView.channels <= FEW; // their cards say it already
    const label = `Contributions of ${channelView.channels} channels, greatest first`;
    put(this.under, label);
    this.canvas.setAttribute("aria-label", label);
  }

  fit() {
    this.width = this.canvas.parentElement.clientWidth;
    if (!this.canvas.hidden && this.width > 0) this.context = sizeCanvas(this.canvas, this.width, BARS_HEIGHT);
  }

  /** All channels from the greatest contribution to the least. */
  draw(shown, look) {
    const { found, context, width, channelView } = this;
    if (this.canvas.hidden || !context || !found.known) return;
    const { ranked, contributions } = found;
    const high = Math.max(0, contributions[ranked[0]]);
    const low = Math.min(0, contributions[ranked.at(-1)]);
    const scale = (BARS_HEIGHT - 10) / (high - low || 1);
    const zero = 5 + high * scale;
    const step = Math.min(26, width / ranked.length);
    context.clearRect(0, 0, width, BARS_HEIGHT);
    const isOpened = new Uint8Array(channelView.channels);
    for (const channel of found.opened) isOpened[channel] = 1;
    ranked.forEach((channel, rank) => {
      const height = contributions[channel] * scale;
      context.globalAlpha = isOpened[channel] ? 1 : 0.45;
      context.fillStyle = channelView.colours[channel] ?? (height >= 0 ? look.positive : look.negative);
      context.fillRect(rank * step, Math.min(zero, zero - height), Math.max(1, step - (step > 3 ? 1 : 0)), Math.abs(height));
      if (channel === shown) {
        context.globalAlpha = 1;
        context.fillStyle = look.text;
        context.fillRect(rank * step, height >= 0 ? zero + 1 : zero - 4, Math.max(3, step - 1), 3);
      }
    });
    context.globalAlpha = 0.5;
    context.fillStyle = look.text;
    context.fillRect(0, zero, step * ranked.length, 1);
    context.globalAlpha = 1;
    this.step = step;
  }

  channelAt(event) {
    const rank = Math.floor(event.offsetX / (this.step || 1));
    return this.found.ranked[clamp(rank, 0, this.found.ranked.length - 1)];
  }

  tellBar(event) {
    const channel = this.channelAt(event);
    const { contributions } = this.found;
    this.tip.show(`${nameChannel(this.channelView, channel)}: ${writeSigned(contributions[channel])}`, event);
  }
}

class Ledger {
  constructor(root) {
    this.list = root.querySelector("dl");
  }

  /** Lines of the sum; each frame only writes their values. */
  build(channelView, found) {
    this.channelView = channelView;
    this.found = found;
    const { operation, channels, bias, steps, output, final } = channelView;
    const parts = [];
    this.lines = [];
    const add = (name, value, className = "") => {
      const label = element("dt", className, typeof name === "string" ? name : "");
      const number = element("dd", className);
      parts.push(label, number);
      this.lines.push({ label, number, name, value });
    };
    if (operation === "convolution") {
      if (channels > MOST_OPENED) {
        add(`${MOST_OPENED} largest channels`, () => found.openedSum);
        add(`${channels - MOST_OPENED} other${channels > MOST_OPENED + 1 ? "s" : ""}`, () => found.otherSum);
      } else if (channels > 1) {
        for (let c = 0; c < channels; c += 1) add(nameChannel(channelView, c), () => found.contributions[c]);
      }
      add(() => `sum of ${channels * found.taking} products`, () => found.total, "total");
      if (bias !== null) {
        add("+ bias", () => bias);
        if (steps.length) add("= convolution", () => found.sum, "total");
      }
    } else if (operation === "max") add(() => `largest of ${found.taking} values`, () => found.sum, "total");
    else if (operation === "average") {
      add(() => `sum of ${found.taking} values`, () => found.total);
      add(() => `÷ ${Number((channelView.divisor ?? found.taking).toPrecision(7))}`, () => found.sum, "total");
    } else {
      add(() => `sum of ${found.taking} squares`, () => found.total);
      add("square root", () => found.sum, "total");
    }
    if (steps.length) add("PyTorch, before the steps", () => output[this.at()], "quiet");
    steps.forEach((step, index) => add(describeStep(step), () => found.after[index]));
    add("here", () => found.value, "verdict");
    add("PyTorch", () => (final ?? output)[this.at()], "verdict known");
    add("difference", () => found.value - (final ?? output)[this.at()], "difference");
    this.remark = element("dd", "remark");
    this.list.replaceChildren(...parts, this.remark);
  }

  at() {
    return this.found.row * this.channelView.outputSize[1] + this.found.column;
  }

  draw() {
    const { found } = this;
    for (const { label, number, name, value } of this.lines) {
      if (typeof name === "function") put(label, name());
      const here = found.known || number.classList.contains("known") || number.classList.contains("quiet");
      if (!here) put(number, WAITING);
      else if (number.classList.contains("difference")) put(number, writeDifference(value()));
      else put(number, writeLong(value()));
    }
    put(this.remark, found.known ? this.judge() : "");
  }

  /** What a difference means: float32 keeps seven digits of every term. */
  judge() {
    const theirs = (this.channelView.final ?? this.channelView.output)[this.at()];
    const difference = Math.abs(this.found.value - theirs);
    if (difference === 0 || Object.is(this.found.value, theirs)) return "equal to the last digit";
    return difference <= 1e-5 * this.found.bound ? "rounding of float32" : "more than rounding of float32 explains";
  }
}

function describeStep({ name, kind, scale, shift, slope }) {
  if (kind === "affine") return `${name}: × ${writeThree(scale)} ${shift < 0 ? MINUS : "+"} ${writeThree(Math.abs(shift))}`;
  return kind === "leaky_relu" ? `${name}: slope ${writeThree(slope)} below 0` : name;
}

function writeDifference(value) {
  return value === 0 ? "0" : Number.isFinite(value) ? withMinus(value.toExponential(1)) : "not a number";
}
