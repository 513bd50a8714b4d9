// The numbers beside the photo: how probable the word was, what else there was, how the decoder looked.

class Facts {
  constructor(root) {
    this.root = root;
    for (const name of ["count", "guesses", "entropy", "gate", "moved"]) this[name] = root.querySelector(`.${name}`);
  }

  /** Says what is the same for every word, and makes room for the longest list of runners-up. */
  open(data) {
    const cells = data.grid[0] * data.grid[1];
    this.most = Math.log2(cells);
    this.entropy.nextElementSibling.textContent =
      `How spread out the attention was: 0 on a single cell, ${this.most.toFixed(2)} on all ${cells} alike.`;
    const rows = 1 + Math.max(0, ...data.alternatives.map((others) => others.length));
    this.guesses.replaceChildren(...Array.from({ length: rows }, guessRow));
  }

  show(data, index) {
    const word = data.words[index];
    const known = data.unknown.includes(word) ? ", which it does not know" : "";
    this.count.textContent = `Word ${index + 1} of ${data.words.length}${known}`;
    const guesses = [[word, data.probabilities[index]], ...data.alternatives[index]];
    [...this.guesses.children].forEach((row, place) => fillGuess(row, guesses[place]));
    this.entropy.textContent = `${digits(data.entropy[index], 2)} of at most ${this.most.toFixed(2)} bits`;
    this.gate.textContent = digits(data.gates[index], 2);
    this.moved.textContent = percent(data.moves[index]);
  }
}

function guessRow() {
  const row = document.createElement("li");
  for (const name of ["name", "bar", "share"]) {
    const part = document.createElement("span");
    part.className = name;
    row.append(part);
  }
  row.children[1].append(document.createElement("i"));
  return row;
}

/** A full bar is a probability of one, so that a sure word looks sure. */
function fillGuess(row, guess) {
  row.classList.toggle("empty", !guess);
  const [word, probability] = guess ?? ["", null];
  row.children[0].textContent = row.children[0].title = word;
  row.children[1].firstChild.style.width = `${100 * (probability ?? 0)}%`;
  row.children[2].textContent = guess ? percent(probability) : "";
}
