// Small things on the page: the text at the pointer, the sentences under the maps.

const nameChannel = ({ names }, channel) => names[channel] ?? `channel ${channel}`;

/** One line of text beside the pointer. */
class Tip {
  constructor(root) {
    this.root = root;
    this.node = root.querySelector(".tip");
  }

  show(text, event) {
    put(this.node, text);
    this.node.hidden = false;
    const area = this.root.getBoundingClientRect();
    const left = Math.min(event.clientX - area.left + 12, area.width - this.node.offsetWidth - 4);
    this.node.style.left = `${Math.max(0, left)}px`;
    this.node.style.top = `${event.clientY - area.top + 16}px`;
  }

  hide() {
    this.node.hidden = true;
  }
}

/** Where max pooling took its value from, null for other operations. */
function findBest({ inputSize }, { best, places }) {
  if (best < 0 || places[best] < 0) return null;
  return [Math.floor(places[best] / inputSize[1]), places[best] % inputSize[1]];
}

/** What an output cell reads, in words. */
function writeReading(channelView, found, [rows, columns]) {
  const padded = found.places.reduce((count, place) => count + (place === PAD), 0);
  const zeros = padded ? `${padded} padded zero${padded > 1 ? "s" : ""}` : "";
  if (!rows.length || !columns.length) return zeros ? `reads nothing but ${zeros}` : "reads nothing";
  const beyond = zeros ? `, and ${zeros}` : "";
  const best = findBest(channelView, found);
  const taken = best ? `; the largest is at row ${best[0]}, column ${best[1]}` : "";
  return `reads input ${writeRuns(rows, "row")}, ${writeRuns(columns, "column")}${beyond}${taken}`;
}

const writeHint = (pinned) =>
  pinned
    ? "Pinned. Click it again or press Escape to let it go."
    : "Point at the output; a click pins a cell. With the keyboard: arrows move, Enter pins.";

/** Why there are no numbers. */
function writeAbsence({ channels, inputSize }, pinned) {
  if (pinned) return "Fetching the numbers of this cell …";
  const megabytes = (channels * inputSize[0] * inputSize[1] * 4) / 1e6;
  const size = megabytes >= 10 ? Math.round(megabytes) : Number(megabytes.toPrecision(2));
  return `This layer's input is ${size} MB, too much to send: click a cell to fetch its numbers.`;
}
