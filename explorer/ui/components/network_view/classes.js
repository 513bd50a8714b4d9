// The last column: the ten likeliest classes, and how the softmax makes a probability of a logit.

function writePercent(share) {
  const percent = 100 * share;
  if (percent > 0 && percent < 0.001) return "<0.001 %";
  return `${Number(percent.toPrecision(percent >= 99.95 && percent < 100 ? 4 : 3))} %`;
}

const writeNumber = (value) => {
  const small = value !== 0 && Math.abs(value) < 1e-3;
  return (small ? value.toExponential(2) : String(Number(value.toPrecision(4)))).replace("-", "−");
};

/** Of logits, greatest first: exp(z - greatest) of one, the sum over all, and their quotient, in doubles. */
function workOut(logits, place) {
  let sum = 0;
  for (const logit of logits) sum += Math.exp(logit - logits[0]);
  const power = Math.exp(logits[place] - logits[0]);
  return { power, sum, share: power / sum };
}

class Classes {
  constructor(box, probabilities) {
    this.names = probabilities.map(([name]) => name);
    this.list = element("ol");
    probabilities.forEach(([name, share], place) => {
      const row = element("li");
      const button = element("button", "class");
      button.type = "button";
      button.dataset.place = String(place);
      if (place) button.tabIndex = -1; // the arrow keys lead to it
      const words = element("span", "class-row");
      const label = element("span", "class-name", name);
      label.title = name;
      words.append(label, element("span", "percent", writePercent(share)));
      const track = element("span", "track");
      const fill = element("span", "fill");
      fill.style.width = `${100 * share}%`;
      track.append(fill);
      button.append(words, track);
      row.append(button);
      this.list.append(row);
    });
    this.working = element("div", "working");
    this.working.setAttribute("aria-live", "polite");
    box.hidden = !probabilities.length;
    box.replaceChildren(element("h4", "", "Class probabilities"), this.list, this.working);
    const point = (event) => {
      const button = event.target.closest?.("button.class");
      if (button) this.show(Number(button.dataset.place));
    };
    this.list.addEventListener("keydown", (event) => {
      const buttons = [...this.list.querySelectorAll("button")];
      const goal = buttons[buttons.indexOf(event.target) + ({ ArrowDown: 1, ArrowUp: -1 }[event.key] ?? NaN)];
      if (!goal) return;
      event.preventDefault();
      goal.focus();
    });
    for (const kind of ["pointerover", "focusin", "click"]) this.list.addEventListener(kind, point);
  }

  /** Takes the logits of every class, greatest first. */
  receive(logits) {
    this.logits = logits;
    this.show(0);
  }

  show(place) {
    if (!this.logits) return;
    const { power, sum, share } = workOut(this.logits, place);
    const [logit, greatest] = [this.logits[place], this.logits[0]];
    const lines = [
      ["logit z", writeNumber(logit)],
      [`e^(z − ${writeNumber(greatest)})`, writeNumber(power)],
      [`Σ of all ${this.logits.length.toLocaleString("en")}`, writeNumber(sum)],
      [`${writeNumber(power)} ÷ ${writeNumber(sum)}`, writePercent(share)],
    ];
    const table = element("dl");
    for (const [name, value] of lines) table.append(element("dt", "", name), element("dd", "", value));
    this.working.replaceChildren(element("strong", "", `Softmax: ${this.names[place]}`), table);
    this.working.dataset.share = String(share);
    for (const button of this.list.querySelectorAll("button")) {
      button.classList.toggle("worked", Number(button.dataset.place) === place);
    }
  }
}
