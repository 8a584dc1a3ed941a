import { norm2 } from "../../linalg/vector.js";
import type { Model, Proposal } from "../directions/direction.js";
import type { Local } from "../local.js";
import type { Memory } from "../memory.js";
import type { End } from "../optimizer.js";
import { extended, failed, fallsTo, type Move, nothingLeft, type Search, scaled } from "./search.js";

/** Share of the slope that a step has to realise (Armijo 1966; Nocedal and Wright, section 3.1). */
const SUFFICIENT = 1e-4;
const MOST_TRIALS = 50;

/**
 * The step, shortened until the objective falls by a share of what its slope promises; NaN counts
 * as no fall.
 */
export class ArmijoSearch implements Search {
  readonly rated = true;

  constructor(readonly damping: number) {}

  find(local: Local, model: Model, _memory: Memory, learningRate: number): Move | End | "critical" {
    const proposal = model.damped(this.damping);
    if (!proposal) return { status: "not-positive-definite", reason: "the curvature gives no step; add damping" };
    if (nothingLeft(local, model, proposal)) return "critical";
    let scale = learningRate;
    for (let trial = 0; trial < MOST_TRIALS; ++trial) {
      // A fall too small to be seen is none: where rounding hides a shorter step, it would be taken
      // for one.
      if (trial > 0 && !(-scale * proposal.slope > local.noise)) break;
      const value = local.valueAt(proposal.step, scale);
      if (fallsTo(value, local.value + SUFFICIENT * scale * proposal.slope)) {
        return this.#longer(local, proposal, scale, value);
      }
      scale *= shrink(local.value, value, scale * proposal.slope);
    }
    const length = (scale * norm2(proposal.step)).toExponential(1);
    return failed(
      local,
      proposal.decrease,
      `the objective does not fall along the step, not even over a length of ${length}`,
    );
  }

  #longer(local: Local, proposal: Proposal, scale: number, value: number): Move {
    const { slope, decrease, step, curvature } = proposal;
    const predicted = (length: number): number => -length * slope - length ** 2 * (-slope - decrease);
    const found =
      curvature === undefined ? { scale, value } : extended(local, { step, slope, curvature }, { scale, value });
    // The model says nothing of steps that are longer than its own.
    const ratio = (local.value - value) / predicted(scale);
    return { step: scaled(step, found.scale), value: found.value, report: { gainRatio: ratio } };
  }
}

/**
 * To the minimiser of the parabola through both values with the slope, kept between a tenth and a
 * half.
 */
export function shrink(value: number, trial: number, slope: number): number {
  const best = -slope / (2 * (trial - value - slope));
  return best > 0.1 && best < 0.5 ? best : trial - value > -Infinity && best <= 0.1 ? 0.1 : 0.5;
}
