// One step of the chosen optimiser: every number in the order in which it is computed, for x and for y.

const GATHERED = ["buffer", "sum of squares", "mean of squares", "mean", "m", "v", "largest v"]; // kept from step to step
const share = (value) => String(Number(value.toPrecision(6)));

/** How each number is computed from those above it, which are called as their rows are; g is the gradient. */
function writeFormula(name, settings, count, numbers) {
  const { momentum, dampening, alpha, eps, beta1, beta2, lr_decay, weight_decay, root } = settings;
  const has = (...names) => names.find((each) => numbers[each]);
  const g = has("decayed gradient") ?? "g";
  const mix = (kept, old, now) => `${share(kept)} · ${old} before + ${share(1 - kept)} · ${now}`;
  const correct = (old, kept) => `${old} ÷ (1 − ${share(kept)}${superscript(count)})`;
  const scaled = `${g} ÷ divisor`;
  const square = has("corrected v", "largest v", "v", "variance", "mean of squares", "sum of squares");
  const buffer = settings.name === "RMSprop" ? scaled : `${dampening ? `${share(1 - dampening)} · ` : ""}${g}`;
  const push = settings.name === "SGD" ? (has("direction", "buffer") ?? g) : has("m") ? `${has("corrected m", "m")} ÷ divisor` : (has("buffer") ?? scaled);
  return {
    gradient: "g, the slopes there",
    "decayed gradient": `g + ${share(weight_decay)} · place before`,
    "shrunk place": `place before · (1 − rate · ${share(weight_decay)})`,
    buffer: settings.name === "SGD" && count === 1 ? g : `${share(momentum)} · buffer before + ${buffer}`,
    direction: `${g} + ${share(momentum)} · buffer`,
    "sum of squares": `sum of squares before + ${g}²`,
    "mean of squares": mix(alpha, "mean of squares", `${g}²`),
    mean: mix(alpha, "mean", g),
    variance: "mean of squares − mean²",
    m: mix(beta1, "m", g),
    v: mix(beta2, "v", `${g}²`),
    "largest v": "the larger of largest v before and v",
    "corrected m": correct("m", beta1),
    "corrected v": correct(has("largest v") ?? "v", beta2),
    divisor: `${root ? `√(${square})` : square}${eps ? ` + ${eps.toExponential(0).replace("-", "−")}` : ""}`,
    rate: `${share(settings.rate)} ÷ (1 + ${count - 1} · ${share(lr_decay)})`,
    step: `−rate · ${push}`,
    place: `${has("shrunk place") ?? "place before"} + step`,
  }[name];
}

const superscript = (number) => [...String(number)].map((digit) => digit === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[digit]).join("");

/** Four significant digits, with a true minus. */
function four(value) {
  if (!Number.isFinite(value)) return String(value).replace("-", "−");
  const size = Math.abs(value);
  const text = size !== 0 && (size >= 1e6 || size < 1e-4) ? value.toExponential(3) : String(Number(value.toPrecision(4)));
  return text.replaceAll("-", "−");
}

class Ledger {
  constructor(root) {
    this.title = root.querySelector("h4");
    this.body = root.querySelector("tbody");
    this.note = root.querySelector(".note");
    this.toggles = root.querySelectorAll(".toggles label");
  }

  /**
   * @param walker right after the step
   * @param before its numbers before it
   * @param title of the optimiser
   * @param left steps until the path diverges, null where it does not
   */
  show(walker, before, title, left) {
    const { count, names, settings } = walker;
    const numbers = walker.read();
    put(this.title, `Step ${count.toLocaleString("en")} of ${title}, rate ${significant(settings.rate)}${["; it diverges here", "; the next one diverges"][left] ?? ""}`);
    const gathered = names.filter((name) => GATHERED.includes(name));
    const rows = [
      ["place before", "", before.place],
      ...gathered.map((name) => [`${name} before`, "", before[name]]),
      ...names.map((name) => [name, writeFormula(name, settings, count, numbers), numbers[name]]),
    ];
    while (this.body.rows.length > rows.length) this.body.deleteRow(-1);
    while (this.body.rows.length < rows.length) {
      const row = this.body.insertRow();
      const head = element("th");
      head.scope = "row";
      row.append(head, element("td", "formula"), element("td"), element("td"));
    }
    rows.forEach(([name, formula, values], index) => {
      const [head, middle, x, y] = this.body.rows[index].cells;
      put(head, name);
      put(middle, formula);
      put(x, four(values[0]));
      put(y, four(values[1]));
    });
    const times = [0, 1].map((axis) => four(Math.abs(numbers.step[axis]) / settings.rate));
    put(this.note, `The step is ${times[0]} × the rate in x and ${times[1]} × in y.`);
    const uses = [numbers.m !== undefined, numbers.divisor !== undefined, numbers.divisor !== undefined];
    this.toggles.forEach((label, index) => label.classList.toggle("unused", !uses[index]));
  }
}
