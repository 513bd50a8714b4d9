// The camera's video. A frame goes to the server; when its answer has come, the next one goes: none waits in a queue.

const SIDE = 320; // of the shorter side of a frame that is sent, in pixels
const LONGEST = 1280; // of the longer side of a frame that is frozen
const PAUSE = 15; // milliseconds between an answer and the next frame, so that other clicks get through
const GIVE_UP = 6000; // milliseconds after which a frame without an answer is forgotten
const MOST_BARS = 12;
const COUNTED = 10; // answers over which rate and delay are averaged
const PROBLEMS = {
  // by the name of what browsers throw; https://www.w3.org/TR/mediacapture-streams/#dom-mediadevices-getusermedia
  NotAllowedError: "The browser was not allowed to use the camera: allow it for this page, then start again.",
  NotFoundError: "The browser finds no camera: connect one, then start again.",
  NotReadableError: "The camera is in use elsewhere: close the program or the tab that has it, then start again.",
};

export default function ({ data, parentElement, setTriggerValue }) {
  const camera = drawnIn(parentElement, ".frame", LiveCamera);
  camera.send = setTriggerValue;
  camera.update(data);
  return () => {
    if (!camera.frame.isConnected) camera.stop();
  };
}

class LiveCamera {
  constructor(frame) {
    this.frame = frame;
    for (const name of ["start", "freeze", "line", "rate", "bars", "seen", "maps"]) {
      this[name] = frame.querySelector(`.${name}`);
    }
    this.video = frame.querySelector("video");
    this.taken = document.createElement("canvas"); // the frame that was sent last
    this.answered = document.createElement("canvas"); // the frame that was answered last
    this.before = null; // the still picture that stood there when a frame was frozen
    this.small = document.createElement("canvas"); // the same as it is sent
    this.number = 0; // of that frame
    this.sentAt = 0;
    this.waiting = false;
    this.frozen = false;
    this.answers = []; // {at, delay} of the last ones, in milliseconds
    this.timer = null;
    this.stream = null;
    this.start.addEventListener("click", () => (this.stream ? this.stop() : this.begin()));
    this.freeze.addEventListener("click", () => (this.frozen ? this.goOn() : this.keep()));
  }

  async begin() {
    // Browsers hide the camera from pages that come neither from this machine nor by https.
    if (!navigator.mediaDevices?.getUserMedia) {
      this.say("The browser gives the camera only to pages that come by https or from this machine.");
      return;
    }
    this.say("Waiting for the camera …");
    this.start.disabled = true; // a second click would open it twice
    try {
      this.stream = await navigator.mediaDevices.getUserMedia({
        video: { facingMode: "environment", width: { ideal: 640 } },
      });
      this.video.srcObject = this.stream;
      this.video.hidden = Boolean(this.data.view);
      await this.video.play();
    } catch (problem) {
      this.stop();
      this.say(PROBLEMS[problem.name] ?? `The camera could not be opened (${problem.name}).`);
      return;
    } finally {
      this.start.disabled = false;
    }
    this.stream.getTracks().forEach((track) => {
      track.onended = () => {
        this.stop(); // or its last picture would be sent again and again
        this.say("The camera has ended: it was unplugged, or is no longer allowed.");
      };
    });
    this.start.textContent = "Stop the camera";
    this.say("");
    this.goOn();
  }

  stop() {
    clearTimeout(this.timer);
    this.stream?.getTracks().forEach((track) => track.stop());
    this.stream = null;
    this.waiting = false;
    this.video.hidden = true;
    this.freeze.hidden = true;
    this.start.textContent = "Start the camera";
    this.frozen = false;
    this.rate.textContent = "";
    this.showStill();
  }

  goOn() {
    this.frozen = false;
    this.answers = [];
    this.freeze.textContent = "Freeze this frame";
    this.shoot();
  }

  /** Hands over the frame that stands there, as the camera gave it, and sends no more of them. */
  keep() {
    clearTimeout(this.timer);
    this.frozen = true;
    this.waiting = false;
    this.before = this.data.view.still.picture;
    this.freeze.textContent = "Go on";
    this.rate.textContent = "";
    this.send("frozen", { number: this.data.answered, file: this.answered.toDataURL("image/png").split(",")[1] });
  }

  shoot() {
    clearTimeout(this.timer);
    if (!this.stream || this.frozen) return;
    if (!this.frame.isConnected) return this.stop();
    if (!this.video.videoWidth || document.hidden) {
      this.timer = setTimeout(() => this.shoot(), 200);
      return;
    }
    // Frames that the camera gave meanwhile are gone: this is the newest.
    this.sentAt = performance.now();
    copyOf(this.video, this.taken, Math.min(1, LONGEST / Math.max(this.video.videoWidth, this.video.videoHeight)));
    copyOf(this.taken, this.small, Math.min(1, SIDE / Math.min(this.taken.width, this.taken.height)));
    this.number += 1;
    this.waiting = true;
    this.send("frame", { number: this.number, file: this.small.toDataURL("image/jpeg", 0.85).split(",")[1] });
    this.timer = setTimeout(() => this.shoot(), GIVE_UP);
  }

  update(data) {
    this.data = data;
    this.frame.classList.toggle("wide", Boolean(data.view));
    if (this.waiting && data.answered === this.number) {
      this.waiting = false;
      clearTimeout(this.timer);
      [this.taken, this.answered] = [this.answered, this.taken];
      this.showAnswer();
      this.timer = setTimeout(() => this.shoot(), PAUSE);
    } else if (!this.stream || this.frozen) {
      this.showStill();
    }
  }

  showAnswer() {
    const { names, shares, view } = this.data;
    if (shares.length === names.length) this.draw(names, shares);
    this.count();
    if (!view) return;
    this.freeze.hidden = false;
    if (!view.answer) return; // a frame that could not be read
    const { glow, maps } = view.answer;
    this.drawView(this.answered, view.answer, fromBase64(glow), fromBase64(maps), "What the camera sees");
  }

  /** The picture of the page, while no camera runs or a frame of it is frozen. */
  async showStill() {
    const { view } = this.data;
    if (!view || (this.frozen && view.still.picture === this.before)) return;
    const { still } = view;
    const [picture, levels] = await Promise.all([whenPicture(still.picture), whenNumbers(still.levels)]);
    if (this.data.view?.still !== still || (this.stream && !this.frozen)) return; // it has changed meanwhile
    const cells = still.glowShape[0] * still.glowShape[1];
    this.draw(still.names, still.shares);
    this.drawView(picture, still, levels.subarray(0, cells), levels.subarray(cells), still.alt);
    this.seen.dataset.drawn = still.picture;
  }

  drawView(picture, seen, glow, maps, alt) {
    this.seen.hidden = this.maps.hidden = false;
    this.seen.setAttribute("aria-label", `${alt}, with a glow where the network looks`);
    this.maps.setAttribute("aria-label", `${seen.mapsShape[0]} maps of the layer`);
    drawSeen(this.seen, picture, seen, glow);
    drawMaps(this.maps, seen, maps);
    delete this.seen.dataset.drawn;
  }

  /** How many frames a second are answered, and how long after they were taken. */
  count() {
    const at = performance.now();
    this.frame.dataset.answers = String(Number(this.frame.dataset.answers ?? 0) + 1);
    this.answers = [...this.answers, { at, delay: at - this.sentAt }].slice(-COUNTED);
    if (!this.data.view || this.answers.length < COUNTED) return;
    const rate = (1000 * (COUNTED - 1)) / (at - this.answers[0].at);
    const delay = this.answers.reduce((sum, each) => sum + each.delay, 0) / COUNTED;
    if (this.number % COUNTED) return; // figures that change with every frame cannot be read
    this.rate.textContent = `${rate.toFixed(1)} frames a second, each ${Math.round(delay)} ms after the camera took it.`;
  }

  /** Bars in the order they are given, so that they stay in their places; of many classes the likeliest. */
  draw(names, shares) {
    const places = names.map((_, place) => place);
    const shown = places
      .sort((a, b) => shares[b] - shares[a])
      .slice(0, MOST_BARS)
      .sort((a, b) => a - b);
    while (this.bars.childElementCount > shown.length) this.bars.lastElementChild.remove();
    while (this.bars.childElementCount < shown.length) this.bars.append(newBar());
    const best = Math.max(...shares);
    shown.forEach((place, row) => {
      const bar = this.bars.children[row];
      bar.classList.toggle("first", shares[place] === best);
      bar.querySelector(".name").textContent = names[place];
      bar.querySelector(".fill").style.width = `${100 * shares[place]}%`;
      bar.querySelector(".share").textContent = `${(100 * shares[place]).toFixed(1)} %`;
    });
  }

  say(text) {
    this.line.textContent = text;
  }
}

/** A picture on a canvas of its own size times `scale`. */
function copyOf(picture, canvas, scale) {
  canvas.width = Math.round((picture.videoWidth ?? picture.width) * scale);
  canvas.height = Math.round((picture.videoHeight ?? picture.height) * scale);
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
}

function newBar() {
  const bar = document.createElement("div");
  bar.className = "bar";
  bar.setAttribute("role", "listitem");
  const track = document.createElement("div");
  track.className = "track";
  const parts = ["name", "share", "fill"].map((name) => {
    const part = document.createElement(name === "fill" ? "div" : "span");
    part.className = name;
    return part;
  });
  track.append(parts[2]);
  bar.append(parts[0], track, parts[1]);
  return bar;
}
