// The camera's video. A frame goes to the server; when its answer has come, the next one goes.

const SIDE = 320; // of the shorter side of a frame that is sent, in pixels
const PAUSE = 120; // milliseconds between an answer and the next frame, so that other clicks get through
const GIVE_UP = 6000; // milliseconds after which a frame without an answer is forgotten
const MOST_BARS = 12;

export default function ({ data, parentElement, setTriggerValue }) {
  const camera = drawnIn(parentElement, ".frame", LiveCamera);
  camera.send = (frame) => setTriggerValue("frame", frame);
  camera.update(data);
  return () => {
    if (!camera.frame.isConnected) camera.stop();
  };
}

class LiveCamera {
  constructor(frame) {
    this.frame = frame;
    for (const name of ["start", "line", "bars"]) this[name] = frame.querySelector(`.${name}`);
    this.video = frame.querySelector("video");
    this.canvas = document.createElement("canvas");
    this.number = 0; // of the last frame that was sent
    this.waiting = false;
    this.timer = null;
    this.stream = null;
    this.start.addEventListener("click", () => (this.stream ? this.stop() : this.begin()));
  }

  async begin() {
    // Browsers hide the camera from pages that come neither from this machine nor by https.
    if (!navigator.mediaDevices?.getUserMedia) {
      this.say("The browser gives the camera only to pages that come by https or from this machine.");
      return;
    }
    this.say("Waiting for the camera …");
    try {
      this.stream = await navigator.mediaDevices.getUserMedia({
        video: { facingMode: "environment", width: { ideal: 640 } },
      });
      this.video.srcObject = this.stream;
      this.video.hidden = false;
      await this.video.play();
    } catch (problem) {
      this.stop();
      const refused = problem.name === "NotAllowedError";
      this.say(refused ? "The browser was not allowed to use the camera." : "No camera could be opened.");
      return;
    }
    this.start.textContent = "Stop the camera";
    this.say("");
    this.shoot();
  }

  stop() {
    clearTimeout(this.timer);
    this.stream?.getTracks().forEach((track) => track.stop());
    this.stream = null;
    this.waiting = false;
    this.video.hidden = true;
    this.start.textContent = "Start the camera";
  }

  shoot() {
    clearTimeout(this.timer);
    if (!this.stream) return;
    if (!this.frame.isConnected) return this.stop();
    const { videoWidth: width, videoHeight: height } = this.video;
    if (!width || document.hidden) {
      this.timer = setTimeout(() => this.shoot(), 200);
      return;
    }
    const scale = Math.min(1, SIDE / Math.min(width, height));
    this.canvas.width = Math.round(width * scale);
    this.canvas.height = Math.round(height * scale);
    this.canvas.getContext("2d").drawImage(this.video, 0, 0, this.canvas.width, this.canvas.height);
    this.number += 1;
    this.waiting = true;
    this.send({ number: this.number, jpeg: this.canvas.toDataURL("image/jpeg", 0.85).split(",")[1] });
    this.timer = setTimeout(() => this.shoot(), GIVE_UP);
  }

  update({ names, shares, answered }) {
    if (this.stream && shares.length === names.length) this.draw(names, shares);
    if (this.waiting && answered === this.number) {
      this.waiting = false;
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.shoot(), PAUSE);
    }
  }

  /** Bars in the order of the classes, so that they stay in their places; of many classes the likeliest. */
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
    this.frame.dataset.answers = String(Number(this.frame.dataset.answers ?? 0) + 1);
  }

  say(text) {
    this.line.textContent = text;
  }
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
