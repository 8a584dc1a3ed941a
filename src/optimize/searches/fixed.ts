import { norm2 } from "../../linalg/vector.js";
import type { Model } from "../directions/direction.js";
import type { Local } from "../local.js";
import type { Memory } from "../memory.js";
import type { End } from "../optimizer.js";
import { type Move, type Search, scaled } from "./search.js";

/** The step times the learning rate, whatever the objective does there. */
export class FixedSearch implements Search {
  readonly rated = true;

  constructor(readonly damping: number) {}

  find(local: Local, model: Model, _memory: Memory, learningRate: number): Move | End | "critical" {
    const proposal = model.damped(this.damping);
    if (!proposal) return { status: "not-positive-definite", reason: "the curvature gives no step; add damping" };
    const { decrease, step: whole } = model.whole ?? proposal;
    if (!(norm2(proposal.step) > 0) || local.verdict(decrease, whole, model.scale)) return "critical";
    const step = scaled(proposal.step, learningRate);
    const value = local.valueAt(step);
    if (!Number.isFinite(value)) {
      return { status: "non-finite", reason: "the objective is not finite after the step; use a search, or damping" };
    }
    const predicted = -learningRate * proposal.slope - learningRate ** 2 * (-proposal.slope - proposal.decrease);
    return { step, value, report: { gainRatio: (local.value - value) / predicted } };
  }
}
