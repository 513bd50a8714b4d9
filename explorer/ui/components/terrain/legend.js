// The optimisers that are shown: line, rate and what came of each; a click chooses whose step is worked out.

class Legend {
  constructor(root, choose) {
    this.choose = choose;
    this.goal = root.querySelector(".goal");
    this.rows = root.querySelector(".rows");
  }

  build(paths, { goal, steps, target }) {
    this.level = goal;
    put(this.goal, goal === null ? `loss after ${steps.toLocaleString("en")} steps` : `steps to 10${superscript(Math.log10(target))}`);
    this.goal.title = goal === null ? "" : `Steps until the loss is no more than ${target} above its minimum`;
    this.parts = paths.map(({ title }, index) => {
      const row = element("button", "row");
      row.type = "button";
      const sample = element("canvas");
      sample.setAttribute("aria-hidden", "true");
      const [rate, outcome] = [element("span", "number"), element("span", "number")];
      row.append(sample, element("span", "", title), rate, outcome);
      row.addEventListener("click", () => this.choose(index));
      return { row, sample, rate, outcome };
    });
    this.rows.replaceChildren(...this.parts.map(({ row }) => row));
  }

  drawSamples(paths, look) {
    paths.forEach(({ kind }, index) => drawSample(this.parts[index].sample, kind, look));
  }

  /** Brings the rows up to date, and gives all of it in one sentence. */
  show(paths, chosen) {
    const told = paths.map((each, index) => {
      const { row, rate, outcome } = this.parts[index];
      const [atRate, end] = [significant(each.settings.rate), this.writeOutcome(each.path)];
      put(rate, atRate);
      put(outcome, end);
      row.setAttribute("aria-pressed", String(index === chosen));
      return `${each.title} at rate ${atRate}: ${end}`;
    });
    return `${this.goal.textContent}: ${told.join("; ")}`;
  }

  writeOutcome(path) {
    if (path.reachedAt !== null) return `${path.reachedAt.toLocaleString("en")}${path.leaves(this.level) ? ", does not stay" : ""}`;
    if (path.divergedAt !== null) return `diverges at step ${path.divergedAt.toLocaleString("en")}`;
    const loss = significant(path.endLoss());
    return this.level === null ? loss : `not there: loss ${loss}`;
  }
}
