// The loss of every place with its slopes, and the noise on them, in doubles, as in `explorer.learning`. Draws nothing.
//
// A formula comes as a program in postfix order, parsed and checked by the server; it is walked through, never evaluated
// as code. Every value carries its derivatives by x and by y (dual numbers), so one pass gives all three.

const SIGNS = ["number", "x", "y", "+", "-", "*", "/", "**", "neg", "sin", "cos", "exp", "log", "sqrt", "abs"];

/** A program's value and its derivatives at a place; they stand in `value`, `dx`, `dy` after `evaluate`. */
class Formula {
  constructor(program) {
    this.codes = Int8Array.from(program, (item) => (typeof item === "number" ? 0 : SIGNS.indexOf(item)));
    this.constants = Float64Array.from(program, (item) => (typeof item === "number" ? item : 0));
    this.values = new Float64Array(program.length);
    this.byX = new Float64Array(program.length);
    this.byY = new Float64Array(program.length);
  }

  evaluate(x, y) {
    const { codes, values, byX, byY } = this;
    let top = -1;
    for (let at = 0; at < codes.length; at += 1) {
      const code = codes[at];
      if (code < 3) {
        top += 1;
        values[top] = code === 1 ? x : code === 2 ? y : this.constants[at];
        byX[top] = code === 1 ? 1 : 0;
        byY[top] = code === 2 ? 1 : 0;
      } else if (code < 8) {
        top -= 1;
        this.combine(code, top);
      } else this.bend(code, top);
    }
    this.value = values[0];
    this.dx = byX[0];
    this.dy = byY[0];
  }

  /** The value at `left` and the one after it become one, in the place of the first. */
  combine(code, left) {
    const { values, byX, byY } = this;
    const a = values[left];
    const b = values[left + 1];
    const ax = byX[left];
    const ay = byY[left];
    const bx = byX[left + 1];
    const by = byY[left + 1];
    if (code === 3 || code === 4) {
      values[left] = code === 3 ? a + b : a - b;
      byX[left] = code === 3 ? ax + bx : ax - bx;
      byY[left] = code === 3 ? ay + by : ay - by;
    } else if (code === 5) {
      values[left] = a * b;
      byX[left] = ax * b + a * bx;
      byY[left] = ay * b + a * by;
    } else if (code === 6) {
      values[left] = a / b;
      byX[left] = (ax - (a / b) * bx) / b;
      byY[left] = (ay - (a / b) * by) / b;
    } else if (bx === 0 && by === 0) {
      const slope = b === 0 ? 0 : b * power(a, b - 1);
      values[left] = power(a, b);
      byX[left] = slope * ax;
      byY[left] = slope * ay;
    } else {
      // 0 where one would be 0 times infinity, as in PyTorch.
      const slope = b === 0 ? 0 : b * a ** (b - 1);
      const growth = a === 0 && b >= 0 ? 0 : a ** b * Math.log(a);
      values[left] = a ** b;
      byX[left] = slope * ax + (bx === 0 ? 0 : growth * bx);
      byY[left] = slope * ay + (by === 0 ? 0 : growth * by);
    }
  }

  bend(code, top) {
    const { values } = this;
    const v = values[top];
    let slope = -1;
    if (code === 8) values[top] = -v;
    else if (code === 9) {
      values[top] = Math.sin(v);
      slope = Math.cos(v);
    } else if (code === 10) {
      values[top] = Math.cos(v);
      slope = -Math.sin(v);
    } else if (code === 11) slope = values[top] = Math.exp(v);
    else if (code === 12) {
      values[top] = Math.log(v);
      slope = 1 / v;
    } else if (code === 13) {
      values[top] = Math.sqrt(v);
      slope = 0.5 / values[top];
    } else {
      values[top] = Math.abs(v);
      slope = Math.sign(v);
    }
    this.byX[top] *= slope;
    this.byY[top] *= slope;
  }
}

/** Squares are most of what is asked for, and a product is quicker. */
const power = (a, b) => (b === 2 ? a * a : b === 1 ? a : a ** b);

/** Normal numbers of a spread, two a step (Box and Muller 1958): the same for every optimiser at the same step. */
function drawNoise(seed, sigma, steps) {
  const chance = mulberry32(seed);
  const noise = new Float64Array(2 * steps);
  for (let step = 0; step < steps; step += 1) {
    const length = Math.sqrt(-2 * Math.log(1 - chance()));
    const turn = 2 * Math.PI * chance();
    noise[2 * step] = sigma * (length * Math.cos(turn));
    noise[2 * step + 1] = sigma * (length * Math.sin(turn));
  }
  return noise;
}

/** A formula, turned about the origin; loss and gradient stand in `loss`, `gx`, `gy` after `measure`. */
class Surface {
  constructor({ program, angle }) {
    this.formula = new Formula(program);
    const radians = (angle * Math.PI) / 180;
    [this.cos, this.sin] = [Math.cos(radians), Math.sin(radians)];
  }

  measure(x, y) {
    const { formula, cos, sin } = this;
    formula.evaluate(cos * x + sin * y, cos * y - sin * x);
    this.loss = formula.value;
    this.gx = cos * formula.dx - sin * formula.dy;
    this.gy = sin * formula.dx + cos * formula.dy;
  }

  /** Where a place of the surface's own axes lies. */
  turn([x, y]) {
    return [this.cos * x - this.sin * y, this.sin * x + this.cos * y];
  }

  turnBack([x, y]) {
    return [this.cos * x + this.sin * y, this.cos * y - this.sin * x];
  }
}
