// What is said of a number of the network: names, formulas with numbers, paths. Draws nothing.

const MOST_PATHS = 8; // written out
const SUBSCRIPTS = "₀₁₂₃₄₅₆₇₈₉";
const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";
const toScript = (number, digits) => [...String(number)].map((digit) => digits[digit]).join("");

/** Four digits behind the point, or what is needed to see something. */
function result(value) {
  const size = Math.abs(value);
  if (!Number.isFinite(value) || size === 0 || size >= 1000 || size < 0.001) return significant(value);
  return value.toFixed(4).replace("-", "−");
}

const factor = (value) => (value < 0 ? `(${significant(value)})` : significant(value));

/** A unit of a column: x₁, h₂ (h²₁ in the second of several hidden layers), z₁. */
function nameUnit(sizes, column, unit) {
  const below = toScript(unit + 1, SUBSCRIPTS);
  if (column === 0) return `x${below}`;
  if (column === sizes.length - 1) return `z${below}`;
  return `h${sizes.length > 3 ? toScript(column, SUPERSCRIPTS) : ""}${below}`;
}

function nameItem(sizes, { kind, layer, unit, source }) {
  const name = nameUnit(sizes, layer + 1, unit);
  if (kind === "unit") return layer < 0 ? `input ${name}` : layer + 2 === sizes.length ? `logit ${name}` : `neuron ${name}`;
  return source === null ? `bias of ${name}` : `weight ${nameUnit(sizes, layer, source)} → ${name}`;
}

/** The parts of the upstream gradient of a unit of a layer: of each unit above its upstream and the weight to it. */
function partsAbove(net, layer, unit) {
  if (layer + 1 === net.depth) return null;
  const inputs = net.sizes[layer + 1];
  return [...net.upstream[layer + 1]].map((upstream, above) => ({
    above,
    upstream,
    weight: net.numbers[net.starts[layer + 1] + above * inputs + unit],
  }));
}

/** The gradient of a weight or bias for one point, in letters and in numbers; the numbers of the pass stand ready. */
function writeGradient(net, { layer, unit, source }, value) {
  const { sizes } = net;
  const name = nameUnit(sizes, layer + 1, unit);
  const read = source === null ? null : nameUnit(sizes, layer, source);
  const parts = partsAbove(net, layer, unit);
  const input = source === null ? "" : ` · ${factor(net.values[layer][source])}`;
  if (!parts) {
    return {
      letters: `∂L/∂w = ∂L/∂${name}${read ? ` · ${read}` : ""}`,
      numbers: `${significant(net.upstream[layer][unit])}${input}`,
      value,
    };
  }
  const slope = net.activate.slope(net.sums[layer][unit]);
  const letters = parts.slice(0, 2).map(({ above }) => {
    const next = nameUnit(sizes, layer + 2, above);
    return `∂L/∂${next} · w(${name}→${next})`;
  });
  const sum = parts.map(({ upstream, weight }) => `${significant(upstream)} · ${factor(weight)}`).join(" + ");
  return {
    letters: `∂L/∂w = (${letters.join(" + ")}${parts.length > 2 ? " + …" : ""}) · f′(${name})${read ? ` · ${read}` : ""}`,
    numbers: `(${sum}) · ${significant(slope)}${input}`,
    value,
  };
}

/** The longest contributions first, each with its way and its factors. */
function writePaths(net, item) {
  const paths = findPaths(net, item);
  const total = paths.reduce((sum, path) => sum + path.product, 0);
  const start = item.source === null ? "b" : nameUnit(net.sizes, item.layer, item.source);
  const shown = [...paths].sort((a, b) => Math.abs(b.product) - Math.abs(a.product)).slice(0, MOST_PATHS);
  const rest = paths.length - shown.length;
  return {
    count: paths.length,
    total,
    lines: shown.map(({ units, factors, product }) => ({
      way: `${start} → ${units.map((unit, index) => nameUnit(net.sizes, item.layer + 1 + index, unit)).join(" → ")} → L`,
      product: `${factors.map((each, index) => (index ? factor(each) : significant(each))).join(" · ")} = ${result(product)}`,
    })),
    rest: rest ? `and ${rest.toLocaleString("en")} more paths, together ${result(total - shown.reduce((sum, path) => sum + path.product, 0))}` : "",
  };
}

/** A neuron of one point: its sum, what the activation makes of it, and the gradient that comes back to it. */
function writeUnit(net, { layer, unit }) {
  const { sizes } = net;
  const name = nameUnit(sizes, layer + 1, unit);
  if (layer < 0) return [{ letters: `${name} is ${significant(net.values[0][unit])} at this point; it is given, so nothing is learned here.` }];
  const inputs = sizes[layer];
  const place = net.starts[layer] + unit * inputs;
  const bias = net.numbers[net.placeOf({ layer, unit, source: null })];
  const terms = [...net.values[layer]].map((value, source) => `${significant(net.numbers[place + source])} · ${factor(value)}`);
  const sum = net.sums[layer][unit];
  const lines = [{ letters: "Forward: weights times inputs, plus the bias", numbers: `${terms.join(" + ")} + ${factor(bias)}`, value: sum }];
  const parts = partsAbove(net, layer, unit);
  if (!parts) {
    lines.push({ letters: `p of this class (softmax) ${result(net.shares[unit])}` });
    lines.push({ letters: `Backward: ∂L/∂${name}, from the loss itself`, numbers: "", value: net.upstream[layer][unit] });
    return lines;
  }
  lines.push({ letters: `${net.activationTitle} of it`, numbers: "", value: net.values[layer + 1][unit] });
  const slope = net.activate.slope(sum);
  const back = parts.map(({ upstream, weight }) => `${significant(upstream)} · ${factor(weight)}`).join(" + ");
  lines.push({
    letters: `Backward: the upstream gradient ∂L/∂${name}, from all it feeds`,
    numbers: back,
    value: parts.reduce((total, { upstream, weight }) => total + upstream * weight, 0),
  });
  lines.push({ letters: "times the slope there", numbers: `… · ${significant(slope)}`, value: net.upstream[layer][unit] });
  return lines;
}

/** The mean over points of one number's gradient, with the first few of them; `room` is overwritten. */
function writeMean(net, place, value, room) {
  const count = net.classes.length;
  const shown = [];
  for (let point = 0; point < Math.min(4, count); point += 1) {
    net.differentiateAt(point, room);
    shown.push(factor(room[place]));
  }
  const numbers = `(${shown.join(" + ")}${count > 4 ? " + …" : ""}) / ${count}`;
  return { letters: `∂L/∂w is the mean over the ${count} points of what each asks for; choose a point to see its paths`, numbers, value };
}
