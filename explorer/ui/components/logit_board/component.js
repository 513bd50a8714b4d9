// A row for every class: its logit to drag, the power of e, the softmax and the gradient. What is dragged goes to the
// server a moment after it was let go.

const REACH = 5; // of a logit to each side, where none comes near
const SOON = 150; // milliseconds after the last change until the server is told
const MINUS = "\u2212";

export default (given) => keepDrawn(given, ".board", LogitBoard, "logits");

/** Three significant digits, as the page writes them; four where they would hide that it is below 1. */
function write(value) {
  if (Number.isNaN(value)) return "not a number";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : `${MINUS}∞`;
  const size = Math.abs(value);
  const digits = size >= 0.9995 && size < 1 ? 4 : 3;
  const isFar = size !== 0 && (size < 1e-4 || size >= 1e6);
  const text = isFar ? value.toExponential(2) : String(Number(value.toPrecision(digits)));
  return text.replaceAll("-", MINUS);
}

class LogitBoard {
  constructor(root) {
    this.root = root;
    this.rows = [];
    this.asked = null; // what was sent and has not come back, as text
    for (const name of ["rows", "worked", "naive"]) this[`${name}Place`] = root.querySelector(`.${name}`);
  }

  update(data) {
    const other = JSON.stringify([data.names, data.shown, data.fixed, data.logits.length]) !== this.built;
    this.data = data;
    const text = String(data.logits);
    if (this.asked === null || this.asked === text || other) {
      this.asked = null;
      clearTimeout(this.timer);
      this.logits = Float64Array.from(data.logits);
    }
    if (other) this.build();
    this.reach = Math.max(REACH, ...data.shown.map((k) => Math.ceil(1.25 * Math.abs(data.logits[k]))));
    this.draw();
  }

  build() {
    const { names, shown, fixed, logits } = this.data;
    this.built = JSON.stringify([names, shown, fixed, logits.length]);
    this.rows = names.map((name, place) => this.makeRow(name, shown[place]));
    const rest = logits.length - shown.length;
    if (rest) this.rows.push(this.makeRow(`${rest.toLocaleString("en")} other${rest > 1 ? "s" : ""}`, null));
    this.total = this.makeRow("sum", null);
    this.total.row.classList.add("total");
    this.rowsPlace.replaceChildren(...this.rows.map(({ row }) => row), this.total.row);
    this.root.classList.toggle("fixed", fixed);
  }

  makeRow(name, k) {
    const row = element("div", "line");
    row.setAttribute("role", "group");
    const label = element("span", "name", name);
    label.title = name;
    const logit = element("span", "logit");
    const number = element("output", "number");
    const power = element("span", "power");
    const share = element("span", "share");
    const gradient = element("span", "gradient");
    const made = { row, k, name, label, number, power };
    if (k !== null) {
      const slider = element("input", "slider");
      slider.type = "range";
      slider.step = "any";
      slider.disabled = this.data.fixed;
      slider.setAttribute("aria-label", `Logit of ${name}`);
      slider.addEventListener("input", () => this.move(k, slider.valueAsNumber));
      slider.addEventListener("keydown", (event) => this.steer(k, event));
      logit.append(slider, number);
      made.slider = slider;
    }
    for (const [key, place] of [["share", share], ["gradient", gradient]]) {
      const track = element("span", "track");
      const bar = element("i", "bar");
      const value = element("span", "number");
      track.append(bar);
      place.append(track, value);
      made[key] = { bar, value, track };
    }
    row.append(label, logit, power, share, gradient);
    return made;
  }

  move(k, value) {
    this.logits[k] = Math.max(-this.reach, Math.min(this.reach, Math.round(value * 10) / 10));
    this.asked = String(this.logits);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.send([...this.logits]), SOON);
    this.draw();
  }

  steer(k, event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const step = event.shiftKey ? 1 : 0.1;
    const steps = { ArrowLeft: -step, ArrowDown: -step, ArrowRight: step, ArrowUp: step, PageDown: -1, PageUp: 1 };
    const goals = { Home: -this.reach, End: this.reach };
    const goal = goals[event.key] ?? this.logits[k] + (steps[event.key] ?? NaN);
    if (Number.isNaN(goal)) return;
    event.preventDefault();
    this.move(k, goal);
  }

  /** Everything from the logits; gradients are by the logits themselves, so the temperature divides them once more. */
  workOut() {
    const { truth, loss, temperature, constant } = this.data;
    const z = this.logits.map((logit) => (logit + constant) / temperature);
    const [shares, gradient] = [new Float64Array(z.length), new Float64Array(z.length)];
    const value = LOSSES[loss](z, truth, shares, gradient);
    const powers = z.map(Math.exp);
    const sum = powers.reduce((total, power) => total + power, 0);
    return { z, shares, gradient: gradient.map((each) => each / temperature), value, powers, sum };
  }

  draw() {
    const { truth, temperature, constant, shown } = this.data;
    const found = this.workOut();
    const rest = (values) => shown.reduce((left, k) => left - values[k], values.reduce((total, each) => total + each, 0));
    const most = Math.max(1e-300, ...shown.map((k) => Math.abs(found.gradient[k])));
    const shift = constant === 0 ? "z" : `(z ${constant < 0 ? MINUS : "+"} ${Math.abs(constant)})`;
    this.root.querySelector(".power-head").textContent = temperature === 1 ? `e^${shift}` : `e^(${shift} ÷ ${temperature})`;
    this.root.querySelector(".gradient-head").textContent = "gradient by z";
    for (const made of this.rows) {
      const of = (values) => (made.k === null ? rest(values) : values[made.k]);
      made.row.classList.toggle("true", made.k === truth);
      const words = made.k === truth ? `${made.name}, called true` : made.name;
      made.row.setAttribute("aria-label", words);
      if (made.slider) this.placeSlider(made);
      this.fill(made, of(found.powers), of(found.shares), of(found.gradient), most);
    }
    const sums = [found.shares, found.gradient].map((values) => values.reduce((total, each) => total + each, 0));
    this.fill(this.total, found.sum, sums[0], Math.abs(sums[1]) < 1e-12 ? 0 : sums[1], most);
    this.say(found);
    this.root.found = found; // for those who check
    this.root.dataset.drawn = String(this.logits);
  }

  placeSlider({ slider, number, k }) {
    const logit = this.logits[k];
    slider.min = String(-this.reach);
    slider.max = String(this.reach);
    if (slider.valueAsNumber !== logit) slider.valueAsNumber = logit;
    const at = (value) => (value + this.reach) / (2 * this.reach);
    slider.style.setProperty("--low", String(at(Math.min(0, logit))));
    slider.style.setProperty("--high", String(at(Math.max(0, logit))));
    slider.setAttribute("aria-valuetext", write(logit));
    number.textContent = write(logit);
  }

  fill(made, power, share, gradient, most) {
    made.power.textContent = write(power);
    made.share.value.textContent = write(share);
    made.share.bar.style.width = `${100 * share}%`;
    made.gradient.value.textContent = gradient > 0 ? `+${write(gradient)}` : write(gradient);
    const { bar } = made.gradient;
    bar.style.width = `${(50 * Math.min(most, Math.abs(gradient))) / most}%`;
    bar.classList.toggle("below", gradient < 0);
  }

  say({ z, shares, value, sum }) {
    const { truth, loss } = this.data;
    const p = write(shares[truth]);
    const of = z.length;
    const texts = {
      cross_entropy: `Cross-entropy: ${MINUS}log p of the true class = ${MINUS}log ${p} = ${write(value)}.`,
      binary_cross_entropy:
        `Binary cross-entropy: a sigmoid of its own for every class, ${MINUS}log σ(z) of the true one and ` +
        `${MINUS}log(1 ${MINUS} σ(z)) of the others; their mean over ${of} is ${write(value)}.`,
      squared_error: `Squared error: (p ${MINUS} 1)² of the true class and p² of the others; their mean over ${of} is ${write(value)}.`,
      probability: `Without the log: ${MINUS}p of the true class = ${write(value)}.`,
    };
    this.workedPlace.textContent = texts[loss];
    const largest = findLargest(z);
    const share = Math.exp(z[truth]) / sum;
    const fails = !Number.isFinite(sum) || !(share > 0);
    this.naivePlace.textContent = fails
      ? `As the formula stands, e^z ÷ Σ of the true class is ${write(share)} here, and its log ${write(Math.log(share))}: ` +
        `double precision ends at 1.8e308 and 4.9e${MINUS}324. With the largest exponent, ${write(largest)}, taken off all of them ` +
        `first (log-sum-exp) it is ${write(shares[truth])}, and its log ${write(-LOSSES.cross_entropy(z, truth, shares.slice(), shares.slice()))}.`
      : "";
    this.root.classList.toggle("fails", fails);
  }
}
