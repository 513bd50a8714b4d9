// What drawings that answer by themselves share: their parts, the time they take, the theme's colours, and play and stop.

const KEPT_TIMES = 300;

class Drawing {
  /** @param names classes of the elements that it keeps under them */
  constructor(root, names) {
    this.root = root;
    root.renderTimes = []; // milliseconds of the last drawings, for those who measure
    this.drawings = 0;
    this.drawPause = 0;
    for (const name of names) this[name] = root.querySelector(`.${name}`);
    // Its height changes with the words in it, which moves nothing else.
    this.observer = new ResizeObserver(() => root.clientWidth !== this.width && this.fit());
    // The theme's variables change without a word to the component, but a transition of a colour they set is heard.
    root.addEventListener("transitionend", (event) => event.target === root && this.refresh());
  }

  refresh() {
    this.schedule();
  }

  /** At most one drawing a frame; while it plays none before `drawPause` milliseconds: most of the time is for steps. */
  schedule() {
    this.frameDue ??= requestAnimationFrame((now) => {
      this.frameDue = null;
      if (this.playing) this.advance(now);
      if (!this.width || (this.playing && now - this.drawnAt <= this.drawPause)) return;
      const start = performance.now();
      this.drawnAt = now;
      this.draw(now);
      this.root.dataset.drawn = "true";
      this.root.renderTimes[this.drawings % KEPT_TIMES] = performance.now() - start;
      this.drawings += 1;
    });
  }

  /** The theme's colours and font as they are now; null where the look has them. */
  readTheme() {
    const style = getComputedStyle(this.root);
    const names = ["text-color", "background-color", "secondary-background-color", "primary-color"];
    const [text, background, secondary, primary] = names.map((name) => style.getPropertyValue(`--st-${name}`).trim());
    if (this.look?.text === text && this.look.background === background) return null;
    return { text, background, secondary, primary, font: style.fontFamily };
  }
}

/** One that plays on until it is stopped; the server is told where it pauses. */
class Playing extends Drawing {
  constructor(root, names) {
    super(root, names);
    this.playing = false;
    this.play.addEventListener("click", () => (this.playing ? this.pauseAndTell() : this.begin()));
  }

  update(data) {
    this.observer.observe(this.root);
    const other = this.data?.recipe !== data.recipe;
    this.data = data;
    const given = this.stateOf(data);
    const isAnswer = given === this.asked;
    if (other) {
      this.asked = null;
      this.playing = false;
      this.build();
    }
    // What comes late, or while it plays, is of a state that is gone.
    if (other || isAnswer || (!this.asked && given !== this.state)) this.adopt(given, isAnswer);
    if (isAnswer) this.asked = null;
    this.fit();
  }

  /** As many steps as the speed asks for and `work` milliseconds of a frame have time for; `step` says whether it was the last. */
  playFor(now, work, step) {
    const speed = Number(this.speed.value);
    const passed = Math.min(100, now - this.lastFrame);
    this.lastFrame = now;
    this.due = speed === Infinity ? Infinity : Math.min(this.due + (speed * passed) / 1000, speed);
    const start = performance.now();
    while (this.due >= 1 && performance.now() - start < work) {
      this.due -= 1;
      this.played += 1;
      if (step()) {
        this.pauseAndTell();
        break;
      }
    }
    this.root.dataset.speed = String((1000 * this.played) / (now - this.startedAt || 1));
    this.schedule();
  }

  begin() {
    this.playing = true;
    this.asked = "nothing, while it plays";
    this.due = 1;
    this.played = 0;
    this.startedAt = this.lastFrame = performance.now();
    this.showPlaying();
    this.refresh();
  }

  pause() {
    this.playing = false;
    this.showPlaying();
  }

  pauseAndTell() {
    this.pause();
    this.tell();
    this.refresh();
  }

  /** Words that change are said, but not while it plays. */
  showPlaying() {
    put(this.play, this.playing ? "Stop" : "Play");
    this.spoken.setAttribute("aria-live", this.playing ? "off" : "polite");
  }
}
