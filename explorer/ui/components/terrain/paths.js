// The way of an optimiser down a surface, and the best of several rates for it. Draws nothing.

const FARTHEST = 1e12; // a loss or a place beyond it has diverged
const LAST = 50; // steps whose mean loss says how low a path has come, where there is no goal

/** The places of one optimiser from a start; its room is made once, so that dragging leaves no garbage. */
class Path {
  constructor(most) {
    this.most = most;
    this.places = new Float64Array(2 * (most + 1));
    this.losses = new Float64Array(most + 1);
  }

  /**
   * Walks from a start until its steps are made or it has diverged. Afterwards `count` is the last step that holds,
   * `reachedAt` the first at the goal, `divergedAt` the one that went too far; null where there is none.
   *
   * @param surface what it goes down
   * @param settings of the optimiser
   * @param start of the path, in the plane
   * @param noise what is added to the gradients, two numbers a step, or null
   * @param goal the loss to reach, or null
   * @param ends where given, the walk ends at the goal, and after so many steps
   */
  walk(surface, settings, [x, y], { noise, goal }, ends = null) {
    const walker = new Walker(settings);
    walker.begin(x, y);
    const { place } = walker;
    this.divergedAt = this.reachedAt = null;
    this.count = 0;
    for (let step = 0; ; step += 1) {
      const [px, py] = [place[0], place[1]];
      surface.measure(px, py);
      if (!(Math.abs(surface.loss) <= FARTHEST && Math.abs(px) <= FARTHEST && Math.abs(py) <= FARTHEST)) {
        this.divergedAt = step;
        return;
      }
      this.places[2 * step] = px;
      this.places[2 * step + 1] = py;
      this.losses[step] = surface.loss;
      this.count = step;
      if (goal !== null && this.reachedAt === null && surface.loss <= goal) this.reachedAt = step;
      if (step === (ends ?? this.most) || (ends !== null && this.reachedAt !== null)) return;
      if (noise) walker.go(surface.gx + noise[2 * step], surface.gy + noise[2 * step + 1]);
      else walker.go(surface.gx, surface.gy);
    }
  }

  /** The step up to which it is shown: where it arrives, else its last. */
  get end() {
    return this.reachedAt ?? this.count;
  }

  /** Whether it was at the goal and ends above it. */
  leaves(goal) {
    return this.reachedAt !== null && (this.divergedAt !== null || this.losses[this.count] > goal);
  }

  /** The mean loss of its last steps; infinite where it has diverged. */
  endLoss() {
    if (this.divergedAt !== null) return Infinity;
    const last = this.losses.subarray(Math.max(0, this.count + 1 - LAST), this.count + 1);
    return last.reduce((sum, loss) => sum + loss, 0) / last.length;
  }
}

/**
 * The best of several rates, lowest first: with which an optimiser gets to the goal first, and with the lower loss then;
 * where none does, the one with the lowest loss in the end; the lowest where all diverge.
 */
function chooseRate(surface, settings, start, room, terms) {
  let [best, fewest, lowest] = [terms.rates[0], Infinity, Infinity];
  for (const rate of terms.rates) {
    room.walk(surface, { ...settings, rate }, start, terms, Math.min(fewest, room.most));
    const steps = room.reachedAt ?? Infinity;
    if (steps === Infinity && fewest < Infinity) continue;
    const loss = steps === Infinity ? room.endLoss() : room.losses[steps];
    if (steps < fewest || loss < lowest) [best, fewest, lowest] = [rate, steps, loss];
  }
  return best;
}
