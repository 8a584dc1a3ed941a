import type { Model } from "../directions/direction.js";
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
  find(local: Local, model: Model, memory: Memory, learningRate: number): Move | End | "critical";
}

/** Where no trial falls: "critical" if no fall to speak of was foretold, else the search has failed. */
export function failed(local: Local, foretold: number, reason: string): End | "critical" {
  return local.sees(foretold) ? { status: "stalled", reason } : "critical";
}

/** Whether a trial may be taken for a fall: NaN and infinity are none. */
export function fallsTo(value: number, bound: number): boolean {
  return value <= bound;
}

export function scaled(step: Float64Array, by: number): Float64Array {
  return by === 1 ? step : step.map((x) => by * x);
}
