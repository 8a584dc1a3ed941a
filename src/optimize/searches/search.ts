import { drowned } from "../criticality.js";
import type { Model, Proposal } from "../directions/direction.js";
import type { Local } from "../local.js";
import type { Memory, Remembers } from "../memory.js";
import type { End, StepReport } from "../optimizer.js";

/** A step that a search has chosen; the point after it is at `problem.next`. */
export interface Move {
  readonly step: Float64Array;
  readonly value: number;
  readonly report: Partial<StepReport>;
}

/** How far to go, given where. "critical": the model's fall is below what rounding lets one see. */
export interface Search extends Remembers {
  /** Whether the learning rate scales its steps. */
  readonly rated?: boolean;
  /** The parameters were set from outside. */
  displaced?(memory: Memory): void;
  find(local: Local, model: Model, memory: Memory, learningRate: number): Move | End | "critical";
}

/**
 * Where no trial falls: "critical" if no fall to speak of was predicted, else the search has
 * failed.
 */
export function failed(local: Local, predicted: number, reason: string): End | "critical" {
  return local.sees(predicted) ? { status: "stalled", reason } : "critical";
}

/** Whether a trial may be taken for a fall: NaN and infinity are none. */
export function fallsTo(value: number, bound: number): boolean {
  return value <= bound;
}

/**
 * Whether there is nothing to search for: the step's fall drowns in rounding, or the whole model
 * passes a test of convergence.
 */
export function nothingLeft(local: Local, model: Model, proposal: Proposal): boolean {
  const { decrease, step } = model.whole ?? proposal;
  if (model.open) return drowned(proposal.decrease, local.noise);
  return drowned(proposal.decrease, local.noise) || local.verdict(decrease, step, model.scale) !== null;
}

export function scaled(step: Float64Array, by: number): Float64Array {
  return by === 1 ? step : step.map((x) => by * x);
}

/**
 * Factor of a step that is made longer while the objective keeps falling, and how often at most.
 */
const LONGER = 10;
const MOST_LONGER = 30;

/**
 * A trial made longer where the model sees no end along the step: where the curvature is negative,
 * or so small that the model's minimum is more than ten steps away. The chosen point is left at
 * `problem.next`. `curvature` is stepᵀ·H·step, `most` the greatest scale.
 */
export function extended(
  local: Local,
  { step, slope, curvature }: { step: Float64Array; slope: number; curvature: number },
  from: { scale: number; value: number },
  most = Infinity,
): { scale: number; value: number } {
  let best = from;
  if (!(LONGER * from.scale * curvature <= -slope)) return best;
  for (let trial = 0; trial < MOST_LONGER && LONGER * best.scale <= most; ++trial) {
    const scale = LONGER * best.scale;
    const value = local.valueAt(step, scale);
    if (!fallsTo(value, best.value + SUFFICIENT * (scale - best.scale) * slope)) {
      return { scale: best.scale, value: local.valueAt(step, best.scale) };
    }
    best = { scale, value };
  }
  return best;
}

/** Share of the slope that a longer step has to realise (Nocedal and Wright, section 3.1). */
const SUFFICIENT = 1e-4;
