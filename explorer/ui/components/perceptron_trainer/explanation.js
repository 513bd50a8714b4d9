// The panel under the network: where the gradient of what is pointed at comes from, and who else says so.

class Explanation {
  constructor(root) {
    this.root = root;
    for (const name of ["formulas", "paths", "rest", "line", "edit"]) this[name] = root.querySelector(`.${name}`);
    this.title = root.querySelector("h4");
    this.input = root.querySelector(".edit input");
    this.verdict = root.querySelector("dl");
  }

  /**
   * Works out what is pointed at. Where a point is chosen, its numbers stand ready in the net.
   *
   * @param chosen an item of the layout, or null
   * @param point whose gradients are shown; null for the mean of all
   * @param ofPoint the gradient of that point's loss, or room for it
   * @param pytorch gradients by autograd, of the mean and of the point; null where they are not known
   */
  show({ training, chosen, point, ofPoint, pytorch }) {
    const { sizes } = training.net;
    const name = chosen ? nameItem(sizes, chosen) : "";
    const isNumber = chosen?.kind === "number";
    this.edit.hidden = !isNumber;
    this.root.dataset.item = name;
    if (isNumber) {
      this.showNumber(name, { training, chosen, point, ofPoint, pytorch });
      return;
    }
    put(this.title, name || "Point at a line, a square or a circle");
    put(this.line, name);
    let lines = [{ letters: "A line is a weight, a square a bias, a circle a neuron. What made its gradient is worked out here." }];
    if (chosen) {
      lines = point === null ? [{ letters: "Choose a point: every point has values of its own." }] : writeUnit(training.net, chosen);
    }
    this.fill(lines, [], "", []);
  }

  showNumber(name, { training, chosen, point, ofPoint, pytorch }) {
    const { net, recipe } = training;
    const place = net.placeOf(chosen);
    const weight = net.numbers[place];
    const ofMean = point === null;
    const gradient = ofMean ? net.gradient[place] : ofPoint[place];
    put(this.title, `${name}: ${result(weight)}`);
    if (!this.isTyping()) this.input.value = String(weight);
    this.input.setAttribute("aria-label", `Set the ${name} to`);
    const lines = [ofMean ? writeMean(net, place, gradient, ofPoint) : writeGradient(net, chosen, gradient)];
    const ways = ofMean ? { count: 0, lines: [], rest: "", total: gradient } : writePaths(net, chosen);
    const theirs = (ofMean ? pytorch?.mean : pytorch?.point)?.[place] ?? undefined;
    const width = 1e-5 * Math.max(1, Math.abs(weight));
    const rows = [
      [`(L(w + h) − L(w − h)) / 2h, h = ${significant(width)}`, result(net.differenceAt(place, point, width))],
      ["PyTorch’s autograd", theirs === undefined ? "…" : `${result(theirs)}; difference ${significant(Math.abs(theirs - gradient))}`],
      [`The next step sets it to w − rate · ∂L/∂w${ofMean ? "" : " (mean of all points)"}`, result(weight - recipe.rate * training.directionAt(place))],
    ];
    if (ways.count > 1) rows.unshift([`Sum over all ${ways.count.toLocaleString("en")} paths`, result(ways.total)]);
    this.root.dataset.gradient = String(gradient);
    this.root.dataset.sum = String(ways.total);
    this.root.dataset.pytorch = theirs === undefined ? "" : String(theirs);
    this.fill(lines, ways.lines, ways.rest, rows);
    put(this.line, `${this.title.textContent}, gradient ${result(gradient)}`);
  }

  fill(lines, ways, rest, rows) {
    this.formulas.replaceChildren(
      ...lines.flatMap(({ letters, numbers, value }) => {
        const made = [element("p", "words", letters)];
        if (value !== undefined) {
          const worked = element("p", "", `= ${numbers} ${numbers ? "= " : ""}`);
          worked.append(element("strong", "", result(value)));
          made.push(worked);
        }
        return made;
      }),
    );
    this.paths.replaceChildren(
      ...ways.map(({ way, product }) => {
        const made = element("li");
        made.append(element("span", "way", way), element("span", "product", product));
        return made;
      }),
    );
    put(this.rest, rest);
    this.verdict.replaceChildren(
      ...rows.map(([what, value]) => {
        const made = element("div");
        made.append(element("dt", "", what), element("dd", "", value));
        return made;
      }),
    );
  }

  isTyping() {
    return this.input.getRootNode().activeElement === this.input;
  }
}
