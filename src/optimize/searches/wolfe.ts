import { dot } from "../../linalg/vector.js";
import type { Model } from "../directions/direction.js";
import type { Local } from "../local.js";
import type { Memory } from "../memory.js";
import type { End } from "../optimizer.js";
import { failed, type Move, nothingLeft, type Search, scaled } from "./search.js";

/**
 * Shares of the slope: for the fall, and for how much of the slope may be left (Nocedal and Wright,
 * section 3.1).
 */
const SUFFICIENT = 1e-4;
const LEFT = 0.9;
const MOST_TRIALS = 40;

interface Trial {
  readonly scale: number;
  readonly value: number;
  readonly slope: number;
}

/**
 * Finds a point where the objective has fallen enough and has lost most of its slope (the strong
 * Wolfe conditions), so that the change of the gradient shows the curvature. First steps grow until
 * they bracket the minimum along the line, then cubic interpolation narrows the bracket (Nocedal
 * and Wright, algorithms 3.5 and 3.6). Where falls drown in rounding, the slope alone decides
 * (Hager and Zhang 2005).
 */
export class WolfeSearch implements Search {
  readonly rated = true;

  constructor(readonly damping: number) {}

  find(local: Local, model: Model, _memory: Memory, learningRate: number): Move | End | "critical" {
    const proposal = model.damped(this.damping);
    if (!proposal) return { status: "not-positive-definite", reason: "the curvature gives no step; add damping" };
    if (model.whole !== null && nothingLeft(local, model, proposal)) return "critical";
    const line = new Line(local, proposal.step, proposal.slope);
    const found = line.search(learningRate);
    if (!found) return failed(local, proposal.decrease, "no step along the direction satisfies the Wolfe conditions");
    const predicted = -found.scale * proposal.slope - found.scale ** 2 * (-proposal.slope - proposal.decrease);
    return {
      step: scaled(proposal.step, found.scale),
      value: found.value,
      report: { gainRatio: (local.value - found.value) / predicted },
    };
  }
}

class Line {
  readonly #start: Trial;
  #trials = 0;
  /** Of the last trial, which is at `problem.next`. */
  #last: Trial | null = null;

  constructor(
    readonly local: Local,
    readonly step: Float64Array,
    slope: number,
  ) {
    this.#start = { scale: 0, value: local.value, slope };
  }

  search(first: number): Trial | null {
    let before = this.#start;
    let scale = first;
    while (this.#trials < MOST_TRIALS) {
      const trial = this.#try(scale);
      if (!this.#falls(trial) || (before !== this.#start && trial.value >= before.value && !this.#approximate(trial))) {
        return this.#zoom(before, trial);
      }
      if (this.#flat(trial)) return trial;
      if (trial.slope >= 0) return this.#zoom(trial, before);
      before = trial;
      scale = Math.min(10 * scale, Math.max(2 * scale, cubic(this.#start, trial) ?? 0));
    }
    return this.#settle(before);
  }

  /** `low` has fallen enough and slopes towards `high`. */
  #zoom(low: Trial, high: Trial): Trial | null {
    while (this.#trials < MOST_TRIALS && Math.abs(high.scale - low.scale) > 1e-15 * Math.max(high.scale, low.scale)) {
      const [from, to] = [Math.min(low.scale, high.scale), Math.max(low.scale, high.scale)];
      const margin = 0.1 * (to - from);
      const best = Number.isFinite(high.value) ? cubic(low, high) : null;
      const scale =
        best !== null && best > from && best < to ? clamp(best, from + margin, to - margin) : (from + to) / 2;
      const trial = this.#try(scale);
      if (!this.#falls(trial) || (trial.value >= low.value && !this.#approximate(trial))) high = trial;
      else {
        if (this.#flat(trial)) return trial;
        if (trial.slope * (high.scale - low.scale) >= 0) high = low;
        low = trial;
      }
    }
    return this.#settle(low);
  }

  #try(scale: number): Trial {
    ++this.#trials;
    const { value, gradient } = this.local.gradientAt(this.step, scale);
    this.#last = { scale, value, slope: dot(gradient, this.step) };
    return this.#last;
  }

  /** Not flat enough, but lower. The chosen point has to be the one that was looked at last. */
  #settle(trial: Trial): Trial | null {
    if (!(trial.value < this.#start.value)) return null;
    return trial === this.#last ? trial : this.#try(trial.scale);
  }

  #falls(trial: Trial): boolean {
    const { value, slope } = this.#start;
    return trial.value <= value + SUFFICIENT * trial.scale * slope || this.#approximate(trial);
  }

  #approximate({ value, slope }: Trial): boolean {
    return value <= this.#start.value + this.local.noise && slope <= (2 * SUFFICIENT - 1) * this.#start.slope;
  }

  #flat({ slope }: Trial): boolean {
    return Math.abs(slope) <= -LEFT * this.#start.slope;
  }
}

function clamp(x: number, low: number, high: number): number {
  return Math.min(Math.max(x, low), high);
}

/** The minimiser of the cubic through both values and slopes, or null where it has none. */
function cubic(a: Trial, b: Trial): number | null {
  const d1 = a.slope + b.slope - (3 * (a.value - b.value)) / (a.scale - b.scale);
  const inner = d1 * d1 - a.slope * b.slope;
  if (!(inner >= 0)) return null;
  const d2 = Math.sign(b.scale - a.scale) * Math.sqrt(inner);
  const best = b.scale - ((b.scale - a.scale) * (b.slope + d2 - d1)) / (b.slope - a.slope + 2 * d2);
  return Number.isFinite(best) ? best : null;
}
