// Numbers and places as people read them.

const NOTHING = "–"; // where there is no number

/** Three significant digits, without an exponent. */
const significant = (value) => (value === 0 ? "0" : String(Number(value.toPrecision(3))));

/** A share in percent. */
function percent(share) {
  if (share === null) return NOTHING;
  const value = 100 * share;
  if (value > 0 && value < 0.001) return "<0.001 %";
  return `${value >= 99.95 && value < 100 ? value.toPrecision(4) : significant(value)} %`;
}

const digits = (value, after) => (value === null ? NOTHING : value.toFixed(after));

const THIRDS = [
  ["upper left", "at the top", "upper right"],
  ["at the left", "in the middle", "at the right"],
  ["lower left", "at the bottom", "lower right"],
];
const CLEAR = 1.5; // times its share of the photo that a ninth must hold to be where it "mostly" looked

/** Where most of a map lies, in words: the ninth of the photo with the most attention for its size. */
function placeOf(values, rows, columns) {
  const ninths = Array.from({ length: 9 }, () => ({ attention: 0, cells: 0 }));
  let total = 0;
  values.forEach((value, cell) => {
    const row = Math.floor((3 * (Math.floor(cell / columns) + 0.5)) / rows);
    const column = Math.floor((3 * ((cell % columns) + 0.5)) / columns);
    ninths[3 * row + column].attention += value;
    ninths[3 * row + column].cells += 1;
    total += value;
  });
  const times = ninths.map(({ attention, cells }) => (cells ? attention / total / (cells / values.length) : 0));
  const most = times.reduce((best, each, ninth) => (each > times[best] ? ninth : best), 0);
  if (!(times[most] >= CLEAR)) return "all over the photo"; // NaN as well
  return `mostly ${THIRDS[Math.floor(most / 3)][most % 3]}`;
}
