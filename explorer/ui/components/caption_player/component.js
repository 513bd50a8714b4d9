// One word is chosen at a time: by pointer, by arrow keys, or by playing. Nothing of it goes to the server.

const BEAT = 800; // milliseconds that a word is shown while playing
const FADE = 180; // milliseconds from one word's light to the next
const FRAME = 232; // pixels of a film strip's frame on its longer side, twice what CSS shows
const SHOWN = 116;
const TALLEST = 560; // pixels that the photo may be high

export default function ({ data, parentElement }) {
  const player = drawnIn(parentElement, ".player", CaptionPlayer);
  player.update(data);
  return () => player.stop();
}

const quiet = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

class CaptionPlayer {
  constructor(root) {
    this.root = root;
    for (const name of ["words", "photo", "where", "play", "strip"]) this[name] = root.querySelector(`.${name}`);
    this.status = root.querySelector("[role=status]");
    this.drawings = [...root.querySelectorAll("[data-drawing]")];
    this.facts = new Facts(root.querySelector(".facts"));
    this.spotlight = new Spotlight(this.photo);
    this.frames = []; // a Spotlight for each word
    this.index = 0;
    this.smooth = false;
    this.timer = null; // while playing
    this.listen();
  }

  update(data) {
    const text = JSON.stringify(data);
    if (text === this.text) return;
    this.text = text;
    this.receive(data, text);
  }

  async receive(data, text) {
    const [photo, attention] = await Promise.all([whenPicture(data.picture), whenNumbers(data.attention)]);
    if (this.text !== text) return; // another caption came meanwhile
    this.stop();
    const same = this.data && this.data.words.join(" ") === data.words.join(" ");
    this.data = data;
    const [rows, columns] = data.grid;
    const cells = rows * columns;
    this.maps = data.words.map((_, t) => attention.subarray(t * cells, (t + 1) * cells));
    this.levels = this.maps.map(levelsOf);
    this.places = this.maps.map((map) => placeOf(map, rows, columns));
    this.spotlight.open(photo, rows, columns);
    this.photo.style.maxWidth = `${Math.round(TALLEST * aspectOf(photo))}px`;
    this.root.style.setProperty("--aspect", aspectOf(photo));
    this.root.classList.toggle("wordless", !data.words.length);
    this.lay(photo);
    if (data.words.length) {
      this.facts.open(data);
      this.choose(same ? this.index : data.first); // an article says nothing of where it looked
    } else {
      this.photo.setAttribute("aria-label", data.alt);
      this.spotlight.draw([], false);
    }
    this.root.dataset.drawn = `${data.picture} ${data.attention}`;
  }

  /** The words, and a frame for each. */
  lay(photo) {
    const { words, grid, unknown } = this.data;
    this.shown = null;
    this.words.replaceChildren(
      ...words.map((word, index) => {
        const option = this.button(word, index);
        option.setAttribute("role", "option");
        if (unknown.includes(word)) {
          option.classList.add("unknown");
          option.title = "Not in the captioner's vocabulary";
        }
        return option;
      }),
    );
    const aspect = aspectOf(photo);
    this.strip.style.setProperty("--wide", `${Math.round(aspect < 1 ? SHOWN * aspect : SHOWN)}px`);
    this.strip.replaceChildren(
      ...words.map((word, index) => {
        const frame = this.button("", index);
        const canvas = document.createElement("canvas");
        const name = document.createElement("span");
        name.textContent = word;
        canvas.setAttribute("role", "img");
        canvas.setAttribute("aria-label", this.places[index]);
        frame.append(canvas, name);
        frame.tabIndex = -1; // the words do the same, one key each
        return frame;
      }),
    );
    this.frames = [...this.strip.querySelectorAll("canvas")].map((canvas) => {
      const spotlight = new Spotlight(canvas);
      spotlight.open(photo, ...grid, FRAME);
      return spotlight;
    });
    this.drawStrip();
  }

  button(text, index) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = text;
    button.addEventListener("click", () => this.pick(index));
    button.addEventListener("pointerenter", (event) => {
      if (event.pointerType !== "mouse") return; // a finger that scrolls chooses nothing
      this.stop();
      this.choose(index);
    });
    return button;
  }

  drawStrip() {
    this.frames.forEach((frame, index) => frame.draw(this.levels[index], this.smooth));
  }

  /** A word that the person chose with intent. */
  pick(index, focus = false) {
    this.stop();
    this.choose(index);
    this.say();
    if (focus) this.words.children[index].focus();
  }

  choose(index) {
    this.index = index;
    [...this.words.children].forEach((option, place) => {
      option.setAttribute("aria-selected", String(place === index));
      option.tabIndex = place === index ? 0 : -1;
    });
    [...this.strip.children].forEach((frame, place) => frame.setAttribute("aria-current", String(place === index)));
    this.where.textContent = this.sentence();
    this.photo.setAttribute("aria-label", `${this.data.alt}. ${this.sentence()}`);
    this.facts.show(this.data, index);
    this.light();
  }

  sentence() {
    return `Before “${this.data.words[this.index]}” it looked ${this.places[this.index]}.`;
  }

  say() {
    const probability = this.data.probabilities[this.index];
    const sure = probability === null ? "" : ` It was ${percent(probability)} probable.`;
    this.status.textContent = this.sentence() + sure;
    const frame = this.strip.children[this.index];
    const left = frame.offsetLeft - (this.strip.clientWidth - frame.offsetWidth) / 2;
    this.strip.scrollTo({ left, behavior: quiet() ? "auto" : "smooth" });
  }

  /** Brings the photo from the light it is in to that of the chosen word. */
  light() {
    cancelAnimationFrame(this.fading);
    const target = this.levels[this.index];
    const from = this.shown;
    const begun = performance.now();
    const draw = () => {
      const share = from && !quiet() ? Math.min(1, (performance.now() - begun) / FADE) : 1;
      this.shown = share < 1 ? target.map((level, cell) => from[cell] + share * (level - from[cell])) : target;
      this.spotlight.draw(this.shown, this.smooth);
      if (share < 1) this.fading = requestAnimationFrame(draw);
      else this.photo.dataset.word = this.index;
    };
    delete this.photo.dataset.word;
    draw();
  }

  start() {
    const last = this.data.words.length - 1;
    this.timer = setInterval(() => {
      if (this.index < last) this.step(this.index + 1);
      if (this.index >= last) this.stop();
    }, BEAT);
    this.play.textContent = "Pause";
    this.step(this.index < last ? this.index : 0);
    if (last === 0) this.stop();
  }

  step(index) {
    this.choose(index);
    this.say();
  }

  stop() {
    clearInterval(this.timer);
    this.timer = null;
    this.play.textContent = "Play";
  }

  listen() {
    this.play.addEventListener("click", () => (this.timer === null ? this.start() : this.stop()));
    for (const button of this.drawings) {
      button.addEventListener("click", () => {
        this.smooth = button.dataset.drawing === "smooth";
        for (const each of this.drawings) each.setAttribute("aria-pressed", String(each === button));
        this.light();
        this.drawStrip();
      });
    }
    this.words.addEventListener("keydown", (event) => this.lead(event));
    this.photo.addEventListener("pointermove", (event) => this.read(event));
    this.photo.addEventListener("pointerleave", () => {
      if (this.data?.words.length) this.where.textContent = this.sentence();
    });
  }

  lead(event) {
    const last = this.data.words.length - 1;
    const goals = {
      ArrowRight: Math.min(last, this.index + 1),
      ArrowDown: Math.min(last, this.index + 1),
      ArrowLeft: Math.max(0, this.index - 1),
      ArrowUp: Math.max(0, this.index - 1),
      Home: 0,
      End: last,
    };
    if (!(event.key in goals) || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    this.pick(goals[event.key], true);
  }

  /** The cell under the pointer, in numbers. */
  read({ clientX, clientY }) {
    if (!this.data?.words.length) return;
    const [rows, columns] = this.data.grid;
    const area = this.photo.getBoundingClientRect();
    const row = Math.min(rows - 1, Math.max(0, Math.floor((rows * (clientY - area.top)) / area.height)));
    const column = Math.min(columns - 1, Math.max(0, Math.floor((columns * (clientX - area.left)) / area.width)));
    const share = percent(this.maps[this.index][row * columns + column]);
    this.where.textContent = `Row ${row + 1}, column ${column + 1}: ${share} of the attention.`;
  }
}
