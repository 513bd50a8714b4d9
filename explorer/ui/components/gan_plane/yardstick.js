// The best discriminator, its value, and what the generator covers, as in `explorer.generators.plane.yardstick`.

/** Sums of round normal densities of one width, in the middles of a square's cells, rows from below. */
function densityOnGrid(centres, width, { cells, reach }, room) {
  const count = centres.length / 2;
  const across = new Float64Array(count * cells);
  const up = new Float64Array(count * cells);
  for (let cell = 0; cell < cells; cell += 1) {
    const middle = (cell + 0.5) * ((2 * reach) / cells) - reach;
    for (let index = 0; index < count; index += 1) {
      const x = (middle - centres[2 * index]) / width;
      const y = (middle - centres[2 * index + 1]) / width;
      across[index * cells + cell] = Math.exp(-0.5 * x * x);
      up[index * cells + cell] = Math.exp(-0.5 * y * y);
    }
  }
  room.fill(0);
  for (let index = 0; index < count; index += 1) {
    for (let row = 0; row < cells; row += 1) {
      const height = up[index * cells + row];
      if (height < 1e-200) continue; // thirty widths away it adds nothing
      const [into, from] = [row * cells, index * cells];
      for (let column = 0; column < cells; column += 1) room[into + column] += height * across[from + column];
    }
  }
  const share = 1 / (count * 2 * Math.PI * width * width);
  for (let cell = 0; cell < room.length; cell += 1) room[cell] *= share;
  return room;
}

/** Measures one game's generator; the real points' side is worked out once. */
class Yardstick {
  constructor(data) {
    this.data = data;
    const { grid, density } = data;
    const size = grid.cells ** 2;
    this.middles = Float64Array.from({ length: grid.cells }, (_, cell) => (cell + 0.5) * ((2 * grid.reach) / grid.cells) - grid.reach);
    this.real = densityOnGrid(density.centres, density.width, grid, new Float64Array(size));
    this.fake = new Float64Array(size);
    this.best = new Float64Array(size);
    this.says = new Float64Array(size); // the discriminator's logits
  }

  measure(game, fakes) {
    const { data, real, fake, best, says, middles } = this;
    const { net } = game.judge;
    const { cells, reach, bandwidth } = data.grid;
    densityOnGrid(fakes, bandwidth, data.grid, fake);
    let [value, bestValue] = [0, 0];
    for (let cell = 0; cell < real.length; cell += 1) {
      says[cell] = net.forward(middles[cell % cells], middles[Math.floor(cell / cells)])[0];
      const both = real[cell] + fake[cell];
      best[cell] = both > 0 ? real[cell] / both : 0.5;
      value += real[cell] * logSigmoid(says[cell]) + fake[cell] * logSigmoid(-says[cell]);
      if (best[cell] > 0) bestValue += real[cell] * Math.log(best[cell]);
      if (best[cell] < 1) bestValue += fake[cell] * Math.log(1 - best[cell]);
    }
    const area = ((2 * reach) / cells) ** 2;
    Object.assign(this, { value: value * area, bestValue: bestValue * area });
    this.divergence = (this.bestValue + Math.log(4)) / 2;
    Object.assign(this, this.cover(fakes), { modes: this.countModes(fakes) });
  }

  /** Shares by balls about the real points. */
  cover(fakes) {
    const { points, radii } = this.data;
    const among = new Uint8Array(fakes.length / 2);
    let covered = 0;
    for (let real = 0; real < radii.length; real += 1) {
      const [x, y, radius] = [points[2 * real], points[2 * real + 1], radii[real]];
      let has = false;
      for (let fake = 0; fake < among.length; fake += 1) {
        const dx = fakes[2 * fake] - x;
        const dy = fakes[2 * fake + 1] - y;
        if (dx * dx + dy * dy <= radius * radius) has = among[fake] = 1;
      }
      if (has) covered += 1;
    }
    return { covered: covered / radii.length, among: among.reduce((sum, each) => sum + each, 0) / among.length };
  }

  /** How many clusters have their share of fakes; null where the shape has none. */
  countModes(fakes) {
    const { clusters } = this.data;
    if (!clusters) return null;
    const { centres, radius, fewest } = clusters;
    return centres.filter(([x, y]) => {
      let within = 0;
      for (let at = 0; at < fakes.length; at += 2) if (Math.hypot(fakes[at] - x, fakes[at + 1] - y) <= radius) within += 1;
      return within >= fewest;
    }).length;
  }
}
