// The plane of two directions in z, filled with what the generator makes of them. Everything follows the pointer here;
// the server is told where z was let go.

const SIDE = 8; // cells of a digit
const SAMPLES = 9; // pictures along each side of the plane
const KEY_STEP = 0.1;
const DIGITS = 2; // of a coordinate, behind the point
const LARGEST_SIDE = 520; // CSS pixels
const BESIDE = 300; // for what stands beside the plane
const LARGEST_PICTURE = 168;

export default (given) => keepDrawn(given, ".latent", LatentPad, "place");

/** A digit of 8 x 8 cells as a square, 0 black and 1 white. */
function paintDigit(context, cells, left, top, side) {
  for (let row = 0; row < SIDE; row += 1) {
    const [y, below] = [row, row + 1].map((each) => Math.round(top + (each * side) / SIDE));
    for (let column = 0; column < SIDE; column += 1) {
      const [x, right] = [column, column + 1].map((each) => Math.round(left + (each * side) / SIDE));
      const level = Math.round(255 * Math.min(1, Math.max(0, cells[row * SIDE + column])));
      context.fillStyle = `rgb(${level} ${level} ${level})`;
      context.fillRect(x, y, right - x, below - y);
    }
  }
}

class LatentPad extends Drawing {
  constructor(root) {
    super(root, ["start", "axes", "which", "line", "verdict", "check"]);
    this.canvas = root.querySelector(".ground canvas");
    this.pictures = ["made", "near"].map((name) => root.querySelector(`canvas.${name}`));
    listenToDrags(
      this,
      (x, y) => [(x - this.side / 2) / this.scale, (this.side / 2 - y) / this.scale],
      () => this.place,
      () => KEY_STEP,
    );
  }

  async update(data) {
    this.observer.observe(this.root);
    this.wanted = data;
    const numbers = await whenNumbers(data.numbers);
    if (this.wanted !== data) return; // something else was asked for meanwhile
    if (this.data?.numbers !== data.numbers) this.readNumbers(data, numbers);
    const plane = JSON.stringify([data.numbers, data.centre, data.right, data.up]);
    const other = plane !== this.plane;
    this.plane = plane;
    this.data = data;
    const given = String(data.place);
    if (other || given === this.asked || !this.asked) {
      this.asked = null;
      this.place = [...data.place];
    }
    if (other) this.sheet = null;
    this.fit();
  }

  readNumbers(data, numbers) {
    this.generator = readLayers(numbers, data.generator, 0);
    const after = countNumbers(this.generator);
    this.discriminator = readLayers(numbers, data.discriminator, after);
    const digits = after + countNumbers(this.discriminator);
    const count = (numbers.length - digits) / (SIDE * SIDE + 1);
    this.known = numbers.subarray(digits, digits + count * SIDE * SIDE);
    this.labels = numbers.subarray(digits + count * SIDE * SIDE);
  }

  latentAt([x, y]) {
    const { centre, right, up } = this.data;
    return centre.map((value, index) => value + x * right[index] + y * up[index]);
  }

  make(z) {
    return runLayers(this.generator, z, 1);
  }

  fit() {
    const width = this.root.clientWidth;
    if (!width || !this.data) return;
    this.width = width;
    const isWide = width >= BESIDE + 320;
    this.root.classList.toggle("wide", isWide);
    const room = isWide ? width - BESIDE - 28 : width;
    const cell = Math.floor(Math.min(LARGEST_SIDE, room) / SAMPLES);
    this.side = cell * SAMPLES;
    this.picture = Math.min(LARGEST_PICTURE, SIDE * Math.floor(((isWide ? width - this.side - 28 : width) - 16) / 2 / SIDE));
    this.root.style.setProperty("--side", `${this.side}px`);
    this.sheet = null;
    this.schedule();
  }

  /** All pictures of the plane, from -reach to reach both ways, up being more. */
  drawSheet() {
    const { reach } = this.data;
    const cell = this.side / SAMPLES;
    const context = sizeCanvas(this.canvas, this.side, this.side);
    context.clearRect(0, 0, this.side, this.side);
    const along = (index) => reach * ((2 * index) / (SAMPLES - 1) - 1);
    for (let row = 0; row < SAMPLES; row += 1) {
      for (let column = 0; column < SAMPLES; column += 1) {
        const cells = this.make(this.latentAt([along(column), -along(row)]));
        paintDigit(context, cells, column * cell + 1, row * cell + 1, cell - 2);
      }
    }
    this.sheet = true;
  }

  draw() {
    const { data, place } = this;
    if (!this.sheet) this.drawSheet();
    const z = this.latentAt(place);
    const cells = this.make(z);
    const [logit] = runLayers(this.discriminator, cells, SIDE);
    const near = findNearest(this.known, cells);
    const digit = this.labels[near.place];
    const shown = [cells, this.known.subarray(near.place * SIDE * SIDE, (near.place + 1) * SIDE * SIDE)];
    this.pictures.forEach((canvas, index) => paintDigit(sizeCanvas(canvas, this.picture, this.picture), shown[index], 0, 0, this.picture));
    const [x, y] = this.toPixels(place);
    this.start.style.translate = `${x}px ${y}px`;
    const [across, above] = place.map((value) => value.toFixed(DIGITS).replace("-", "−"));
    const real = 1 / (1 + Math.exp(-logit));
    const length = Math.hypot(...z);
    put(this.axes, `across: direction ${data.names[0]}, up: direction ${data.names[1]}, from −${data.reach} to ${data.reach}`);
    put(this.which, `nearest training digit, a ${digit}: ${near.distance.toFixed(2)} away (held-out digits: ${data.usual.toFixed(2)})`);
    put(this.line, `z at ${across} across and ${above} up; its length ${length.toFixed(2)}`);
    put(this.verdict, `The discriminator gives it D = ${real.toFixed(2)}: it takes it for ${real > 0.5 ? "real" : "made"}.`);
    this.start.setAttribute("aria-label", `z at ${across} across and ${above} up`);
    this.canvas.setAttribute("aria-label", `${SAMPLES} × ${SAMPLES} pictures that the generator makes, direction ${data.names[0]} across and direction ${data.names[1]} up`);
    this.pictures[0].setAttribute("aria-label", "What the generator makes of z");
    this.pictures[1].setAttribute("aria-label", `The nearest training digit, a ${digit}`);
    this.compare(cells);
    Object.assign(this.root.dataset, { place: place.join(","), made: [...cells].join(","), real: String(real), near: `${near.place},${near.distance}` });
  }

  /** What PyTorch made of this z, where it was asked. */
  compare(cells) {
    const { pytorch, place } = this.data;
    if (String(place) !== String(this.place)) {
      put(this.check, "");
      return;
    }
    const largest = Math.max(...pytorch.map((value, cell) => Math.abs(value - cells[cell])));
    const said = largest ? largest.toExponential(0).replace("-", "−") : "0";
    put(this.check, `This picture, stamp by stamp in the browser, and nn.ConvTranspose2d’s: largest difference ${said}.`);
    this.root.dataset.apart = String(largest);
  }

  get scale() {
    return (this.side * (SAMPLES - 1)) / SAMPLES / (2 * this.data.reach); // pixels of a unit: pictures show their middles
  }

  toPixels([x, y]) {
    return [this.side / 2 + x * this.scale, this.side / 2 - y * this.scale];
  }

  moveTo(place) {
    const { reach } = this.data;
    this.place = place.map((value) => Number(Math.max(-reach, Math.min(reach, value)).toFixed(DIGITS)) + 0);
    this.asked = "nothing, while it is moved";
    this.schedule();
  }

  settle() {
    this.asked = String(this.place);
    this.send(this.place);
  }
}
