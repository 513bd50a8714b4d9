// Gradient descent as far as it has come: steps, the losses on the way, numbers set by hand. Draws nothing.

const MOST_HISTORY = 1200; // pairs of step and loss

class Training {
  constructor(data) {
    this.recipe = data;
    this.net = new Perceptron(data);
    this.steps = -1; // before a state was taken
    this.ended = false; // whether the next step gives no finite number
  }

  /**
   * Takes the server's state.
   *
   * @returns how far the numbers had gone from it by rounding, where they stood at the same step; else null
   */
  take(data) {
    const { net } = this;
    const isSame = this.steps === data.step;
    const drift = isSame
      ? data.numbers.reduce((most, each, place) => Math.max(most, Math.abs(each - net.numbers[place])), 0)
      : null;
    if (!isSame) {
      this.history = data.losses;
      this.ended = false;
    }
    net.numbers.set(data.numbers);
    net.held.set(data.held);
    this.loss = net.differentiate();
    this.steps = data.step;
    this.edits = data.edits;
    return drift;
  }

  get isOver() {
    return this.ended || this.steps >= this.recipe.most;
  }

  step() {
    if (this.isOver) return;
    const loss = this.net.step(this.recipe.rate, this.recipe.clears);
    if (loss === null) {
      this.ended = true;
      return;
    }
    this.loss = loss;
    this.steps += 1;
    this.history.push([this.steps, loss]);
    if (this.history.length > MOST_HISTORY) {
      this.history = this.history.filter((_, index) => index % 2 === 0 || index === this.history.length - 1);
    }
  }

  startOver() {
    this.steps = 0;
    this.edits = [];
    this.ended = false;
    this.net.numbers.set(this.recipe.first);
    this.net.held.fill(0);
    this.loss = this.net.differentiate();
    this.history = [[0, this.loss]];
  }

  /** Sets a number before the next step; false where as many were set as a link holds. */
  setNumber(number, value) {
    const others = this.edits.filter(([step, place]) => step !== this.steps || place !== number);
    if (others.length >= this.recipe.mostEdits) return false;
    this.edits = [...others, [this.steps, number, value]];
    this.net.numbers[number] = value;
    this.loss = this.net.differentiate();
    this.history = [...this.history.slice(0, -1), [this.steps, this.loss]];
    this.ended = false;
    return true;
  }

  /** What the next step goes along, at one number. */
  directionAt(place) {
    return this.net.gradient[place] + (this.recipe.clears ? 0 : this.net.held[place]);
  }

  /** The step from which on the loss has been above that of step 0, of those that are kept. */
  get risenSince() {
    const start = this.history[0][1];
    return (this.history.findLast(([, loss]) => loss <= start) ?? this.history[0])[0] + 1;
  }
}
