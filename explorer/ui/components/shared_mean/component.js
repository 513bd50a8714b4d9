// Two grids of maps, pictures down and filters across. Pointing and keys answer here; a click or Enter tells the server.

const [NUMBER, TOP] = [18, 18]; // CSS pixels for the numbers of pictures and filters
const LETTERS = 11; // their size
const MARGIN = 3; // right and below, for the frame
const GAP = 4; // between maps
const LARGEST = 64; // of a map
const WIDE = 720; // from where both grids stand side by side
const SMALLEST_MARK = 7; // of the square around the cell
const HINT = "Point at a cell, or lead the mark with the arrow keys (with Shift by whole maps). A click, a tap or Enter keeps it.";

export default (given) => keepDrawn(given, ".norm", SharedMean, "cell");

class SharedMean {
  constructor(root) {
    this.root = root;
    this.grids = ["before", "after"].map((name) => {
      const figure = root.querySelector(`.${name}`);
      const found = { figure };
      for (const part of ["base", "over", "what", "low", "high"]) found[part] = figure.querySelector(`.${part}`);
      figure.querySelector(".scale i").style.background = toGradient(true);
      return found;
    });
    for (const name of ["line", "worked", "hint"]) this[name] = root.querySelector(`.${name}`);
    this.hint.textContent = HINT;
    this.observer = new ResizeObserver(() => this.fit());
    this.listen();
  }

  async update(data) {
    this.observer.observe(this.root);
    this.wanted = data;
    const [values, photos] = await Promise.all([whenNumbers(data.valuesId), whenPicture(data.photosId)]);
    if (this.wanted !== data) return; // something else was asked for meanwhile
    const moved = !this.rule || this.rule.valuesId !== data.valuesId || String(this.rule.chosen) !== String(data.chosen);
    this.rule = data;
    this.photos = photos;
    if (moved || !this.cell) this.cell = [...data.chosen];
    const after = normaliseAll(data, values);
    const most = AFTER * Math.max(findMost(data.gamma), 1e-3) + findMost(data.beta);
    const [before, result] = this.grids;
    Object.assign(before, { numbers: values, most: findMostOfFilters(values, data.shape) });
    Object.assign(result, { numbers: after, most: data.gamma.map(() => most) });
    this.describe();
    this.fit();
  }

  describe() {
    const { shape, kind, pictures } = this.rule;
    const size = shape.join(" × ");
    const [before, after] = this.grids;
    before.what.textContent = `${size}: pictures down, filters across`;
    after.what.textContent = this.rule.byVariance ? `${kind}, but divided by the variance` : kind;
    after.low.textContent = writeNumber(-after.most[0]);
    after.high.textContent = writeNumber(after.most[0]);
    before.high.textContent = "each filter by its own largest value";
    for (const { base } of this.grids) {
      base.setAttribute("aria-label", `Maps of ${shape[0]} pictures (${pictures.join(", ")}) by ${shape[1]} filters`);
    }
    before.over.setAttribute("aria-label", `Cells of ${size} maps before ${kind}`);
  }

  fit() {
    if (!this.rule || !this.root.clientWidth) return;
    this.root.classList.toggle("wide", this.root.clientWidth >= WIDE);
    const [pictures, channels, height, width] = this.rule.shape;
    const room = this.grids[0].figure.clientWidth - NUMBER - MARGIN - channels * GAP;
    const side = Math.min(LARGEST, Math.floor(room / (channels + 1)));
    const cell = side / width;
    this.cellSide = cell;
    this.stride = [height * cell + GAP, width * cell + GAP];
    this.left = NUMBER + this.stride[1]; // the photo stands before its maps
    const size = [this.left + channels * this.stride[1] - GAP + MARGIN, TOP + pictures * this.stride[0] - GAP + MARGIN];
    for (const grid of this.grids) {
      grid.context = sizeCanvas(grid.base, ...size);
      grid.marks = sizeCanvas(grid.over, ...size);
    }
    this.size = size;
    this.draw();
  }

  /** The maps and their numbers; what lights up is drawn above them. */
  draw() {
    const [pictures, channels, height, width] = this.rule.shape;
    const look = getComputedStyle(this.root);
    for (const { context, numbers, most } of this.grids) {
      context.clearRect(0, 0, ...this.size);
      context.canvas.dataset.font = look.fontFamily;
      context.imageSmoothingEnabled = false;
      for (let c = 0; c < channels; c += 1) {
        const middle = this.left + c * this.stride[1] + (width * this.cellSide) / 2;
        write(context, String(this.rule.filters[c]), middle, TOP / 2 - 1, look.color, LETTERS, "center");
      }
      for (let n = 0; n < pictures; n += 1) {
        const top = TOP + n * this.stride[0];
        write(context, String(n + 1), NUMBER / 2 - 2, top + (height * this.cellSide) / 2, look.color, LETTERS, "center");
        const pixels = this.photos.width; // a square for each, one below the other
        context.drawImage(this.photos, 0, n * pixels, pixels, pixels, NUMBER, top, width * this.cellSide, height * this.cellSide);
        for (let c = 0; c < channels; c += 1) {
          scratch.width = width;
          scratch.height = height;
          scratch.getContext("2d").putImageData(toPicture(numbers, (n * channels + c) * height * width, height, width, { low: -most[c], high: most[c], signed: true }), 0, 0);
          context.drawImage(scratch, ...this.corner(n, c), width * this.cellSide, height * this.cellSide);
        }
      }
    }
    this.light();
  }

  corner(picture, channel) {
    return [this.left + channel * this.stride[1], TOP + picture * this.stride[0]];
  }

  /** Dims what does not share the cell's mean, frames what does, and marks the cell. */
  light() {
    const { shape, sets } = this.rule;
    const [pictures, channels, height, width] = shape;
    const [picture, channel, row, column] = this.cell;
    const style = getComputedStyle(this.root);
    const [ground, primary, text] = ["background-color", "primary-color", "text-color"].map((name) => style.getPropertyValue(`--st-${name}`));
    const [wide, high] = [width * this.cellSide, height * this.cellSide];
    const own = sets[picture * channels + channel];
    const lit = [];
    for (const { marks } of this.grids) {
      marks.clearRect(0, 0, ...this.size);
      lit.length = 0;
      marks.fillStyle = ground;
      marks.globalAlpha = 0.72;
      for (let map = 0; map < pictures * channels; map += 1) {
        const corner = this.corner(Math.floor(map / channels), map % channels);
        if (sets[map] === own) lit.push(corner);
        else marks.fillRect(...corner, wide, high);
      }
      marks.globalAlpha = 1;
      const [left, top] = lit[0];
      const [right, bottom] = lit.at(-1); // maps that share are neighbours: one frame holds all of them
      frame(marks, left - 1, top - 1, right - left + wide + 2, bottom - top + high + 2, primary, ground, 2.5);
      const [x, y] = this.corner(picture, channel);
      const side = Math.max(SMALLEST_MARK, this.cellSide + 2);
      const shift = (this.cellSide - side) / 2;
      frame(marks, x + column * this.cellSide + shift, y + row * this.cellSide + shift, side, side, text, ground, 1.5);
    }
    this.say(lit.length);
  }

  say(maps) {
    const { rule } = this;
    const [pictures, channels, height, width] = rule.shape;
    const [picture, channel, row, column] = this.cell;
    const map = picture * channels + channel;
    const x = this.grids[0].numbers[(map * height + row) * width + column];
    const cells = (maps * height * width).toLocaleString("en");
    const words = `Picture ${picture + 1} (${rule.pictures[picture]}), filter ${rule.filters[channel]}, row ${row + 1}, column ${column + 1}: x = ${writeNumber(x)}. `;
    const shared = maps === 1 ? "its own map" : maps === pictures * channels ? "everything" : `${maps} maps`;
    this.line.textContent =
      `${words}${cells} cells share its mean ${writeNumber(rule.mean[map])} and its variance ${writeNumber(rule.variance[map])}: ${shared}.`;
    this.worked.textContent = writeWorked(rule, map, channel, x);
    const told = { cell: this.cell.join(), cells: String(maps * height * width), value: String(normaliseCell(rule, map, channel, x)), drawn: rule.kind };
    Object.assign(this.root.dataset, told);
  }

  cellAt({ offsetX, offsetY }) {
    const [pictures, channels, height, width] = this.rule.shape;
    const along = (offset, stride, count, sides) => {
      const map = clamp(Math.floor(offset / stride), 0, count - 1);
      return [map, clamp(Math.floor((offset - map * stride) / this.cellSide), 0, sides - 1)];
    };
    const [picture, row] = along(offsetY - TOP, this.stride[0], pictures, height);
    const [channel, column] = along(offsetX - this.left, this.stride[1], channels, width);
    return [picture, channel, row, column];
  }

  point(cell) {
    if (String(cell) === String(this.cell)) return;
    this.cell = cell;
    this.light();
  }

  keep(cell) {
    this.point(cell);
    if (String(cell) !== String(this.rule.chosen)) this.send(cell);
  }

  listen() {
    for (const { over } of this.grids) {
      over.addEventListener("pointermove", (event) => this.rule && this.point(this.cellAt(event)));
      over.addEventListener("pointerleave", () => this.rule && this.point([...this.rule.chosen]));
      over.addEventListener("click", (event) => this.rule && this.keep(this.cellAt(event)));
    }
    this.grids[0].over.addEventListener("keydown", (event) => this.rule && this.steer(event));
    // The theme's variables change without a word to the component, but a transition of a colour they set is heard.
    this.root.addEventListener("transitionend", (event) => event.target === this.root && this.rule && this.draw());
  }

  steer(event) {
    const ways = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
    if (event.key in ways) {
      const [pictures, channels, height, width] = this.rule.shape;
      const [picture, channel, row, column] = this.cell;
      const [down, right] = ways[event.key].map((step, axis) => step * (event.shiftKey ? [height, width][axis] : 1));
      const [y, x] = [picture * height + row + down, channel * width + column + right];
      if (y < 0 || x < 0 || y >= pictures * height || x >= channels * width) {
        event.preventDefault();
        return;
      }
      this.point([Math.floor(y / height), Math.floor(x / width), y % height, x % width]);
    } else if (event.key === "Enter" || event.key === " ") this.keep(this.cell);
    else return;
    event.preventDefault();
  }
}
