// The opened channels, each a card with patch, kernel and products as grids.

const SIGN_ROOM = 18; // CSS pixels for "×" and "="
const LARGEST_CELL = 36;
const GOOD_CELL = 35; // so that six characters stand in it without crowding
const LEGIBLE_CELL = 27; // below it a line of grids is broken
const LARGEST_SIDE = 140; // of a grid without numbers
const FEW = 3; // channels, whose cards may stand beside the maps
const SIDE_COLUMN = 320; // CSS pixels that a card has there

const GRIDS = { convolution: ["patch", "kernel", "products"], l2: ["patch", "squares"], max: ["patch"], average: ["patch"] };

class Cards {
  constructor(root, tip, choose) {
    this.root = root;
    this.box = root.querySelector(".cards");
    this.tip = tip;
    this.choose = choose; // called with a channel that a person wants to see
  }

  /** Builds what lasts as long as the channelView. */
  build(channelView, found) {
    this.channelView = channelView;
    this.found = found;
    const { channels, kernel, operation, window } = channelView;
    this.numbers = Math.max(...window) <= SMALL_GRID;
    const grids = GRIDS[operation].length;
    const least = grids * window[1] * LEGIBLE_CELL + (grids - 1) * SIGN_ROOM;
    this.root.classList.toggle("beside", channels <= FEW && (!this.numbers || least <= SIDE_COLUMN));
    this.root.classList.toggle("single", channels === 1);
    this.kernelRange = kernel ? findRange(kernel, 0, kernel.length, true) : null;
    const windowSize = window[0] * window[1];
    this.opened = Array.from({ length: Math.min(channels, MOST_OPENED) }, () => this.makeCard(operation, windowSize));
    this.box.replaceChildren(...this.opened.map((card) => card.box));
  }

  makeCard(operation, windowSize) {
    const card = { channel: 0, grids: [] };
    card.box = element("div", "card");
    card.button = element("button", "channel");
    card.button.type = "button";
    card.name = element("span", "name");
    card.amount = element("span", "amount");
    card.button.append(card.name, card.amount);
    card.button.addEventListener("click", () => this.choose(card.channel));
    card.canvas = element("canvas");
    card.canvas.setAttribute("aria-hidden", "true");
    card.canvas.addEventListener("pointermove", (event) => this.tellCell(card, event));
    card.canvas.addEventListener("pointerleave", () => this.tip.hide());
    card.box.append(card.button, card.canvas);
    card.values = GRIDS[operation].map(() => new Float64Array(windowSize));
    return card;
  }

  /** Gives grids their places; numbers need room, so narrow cards break the line of grids. */
  fit() {
    if (!this.channelView) return;
    const [rows, columns] = this.channelView.window;
    const names = GRIDS[this.channelView.operation];
    const wanted = this.numbers ? (columns > 3 ? LEGIBLE_CELL + 1 : GOOD_CELL) : LARGEST_SIDE / Math.max(rows, columns);
    const least = names.length * columns * wanted + (names.length - 1) * SIGN_ROOM + 2;
    this.box.style.setProperty("--card", `${Math.ceil(Math.max(150, least))}px`);
    const room = this.opened[0].box.clientWidth - 16;
    if (room < 20) return;
    let abreast = names.length;
    let cell = 0;
    for (; abreast >= 1; abreast -= 1) {
      cell = (room - (abreast - 1) * SIGN_ROOM) / (abreast * columns);
      if (cell >= (this.numbers ? LEGIBLE_CELL : Math.min(wanted, 80 / columns))) break;
    }
    abreast = Math.max(1, abreast);
    cell = Math.min(cell, this.numbers ? LARGEST_CELL : wanted);
    if (this.numbers) cell = Math.floor(cell);
    const grids = names.map((name, index) => ({
      name,
      x: (index % abreast) * (columns * cell + SIGN_ROOM),
      y: Math.floor(index / abreast) * (rows * cell + SIGN_ROOM),
      cell,
      rows,
      columns,
      numbers: this.numbers,
    }));
    const width = abreast * columns * cell + (abreast - 1) * SIGN_ROOM;
    const height = grids.at(-1).y + rows * cell;
    for (const card of this.opened) {
      card.grids = grids;
      card.context = sizeCanvas(card.canvas, width, height);
      card.size = [width, height];
    }
  }

  draw(ranges, shown, look) {
    this.box.hidden = !this.channelView.sent && !this.channelView.patch;
    if (this.found.known) this.drawKnown(ranges, shown, look);
  }

  drawKnown(ranges, shown, look) {
    const { channelView, found } = this;
    const { colours, operation, kernel } = channelView;
    const windowSize = found.places.length;
    let most = 0;
    // Where every channel has its card, a card keeps its channel, whichever contributes most.
    const order = channelView.channels > this.opened.length ? found.opened : this.opened.keys();
    [...order].forEach((channel, index) => {
      const card = this.opened[index];
      card.channel = channel;
      const [patch, second, products] = card.values;
      for (let k = 0; k < windowSize; k += 1) {
        patch[k] = readTap(channelView, found, card.channel, k);
        if (operation === "convolution") {
          second[k] = kernel[card.channel * windowSize + k];
          products[k] = found.places[k] === NONE ? NaN : patch[k] * second[k];
          if (Math.abs(products[k]) > most) most = Math.abs(products[k]);
        } else if (second) {
          second[k] = patch[k] * patch[k];
          if (second[k] > most) most = second[k];
        }
      }
    });
    const last = { low: operation === "l2" ? 0 : -most, high: most, signed: operation !== "l2" };
    for (const card of this.opened) {
      const { context, channel, grids, values } = card;
      if (!context) continue;
      put(card.name, nameChannel(channelView, channel));
      put(card.amount, writeSigned(found.contributions[channel]));
      card.button.setAttribute("aria-pressed", String(channel === shown));
      if (colours.length) card.box.style.setProperty("--tint", colours[channel]);
      context.clearRect(0, 0, ...card.size);
      grids.forEach((grid, index) => {
        const range = index === 0 ? ranges(channel) : index === 1 && kernel ? this.kernelRange : last;
        drawGrid(context, grid, values[index], index === 1 && kernel ? null : found.places, range, look);
        if (index) this.drawSign(context, grids, index, look);
      });
      if (found.best >= 0) {
        const { x, y, cell, columns } = grids[0];
        const [left, top] = [x + (found.best % columns) * cell, y + Math.floor(found.best / columns) * cell];
        const inset = this.numbers ? 2 : 0;
        const side = Math.max(4, cell - 1 - 2 * inset);
        frame(context, left + inset, top + inset, side, side, look.primary, look.background);
      }
    }
  }

  /** "×" and "=" to the left of a grid, or above it where it begins a line. */
  drawSign(context, grids, index, look) {
    const { x, y, cell, rows } = grids[index];
    const sign = grids.length < 3 ? "→" : index === 2 ? "=" : "×";
    context.fillStyle = look.text;
    context.font = `13px ${look.font}`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    if (x > 0) context.fillText(sign, x - SIGN_ROOM / 2, y + (rows * cell) / 2);
    else context.fillText(sign, SIGN_ROOM / 2, y - SIGN_ROOM / 2);
  }

  tellCell(card, event) {
    if (!this.found.known) return;
    for (const [index, { name, x, y, cell, rows, columns }] of card.grids.entries()) {
      const column = Math.floor((event.offsetX - x) / cell);
      const row = Math.floor((event.offsetY - y) / cell);
      if (row < 0 || column < 0 || row >= rows || column >= columns) continue;
      const k = row * columns + column;
      const place = this.found.places[k];
      const across = this.channelView.inputSize[1];
      const read = place >= 0 ? `input row ${Math.floor(place / across)}, column ${place % across}` : "a padded zero";
      const value = Number(card.values[index][k].toPrecision(4));
      const isRead = index !== 1 || !this.channelView.kernel;
      if (place === NONE && isRead) this.tip.show(`${name} (${row}, ${column}) reads nothing`, event);
      else this.tip.show(`${name} (${row}, ${column}): ${withMinus(String(value))}${index === 0 ? `, ${read}` : ""}`, event);
      return;
    }
    this.tip.hide();
  }
}
