import { dot } from "../../linalg/vector.js";
import type { Dataset } from "../../network/dataset.js";
import type { Network } from "../../network/network.js";
import type { BatchNormMode } from "../../network/propagation.js";
import { isPenalised } from "../../network/spec.js";
import type { Optimizer } from "../../optimize/optimizer.js";
import { copyOf } from "../remedies/copy.js";
import type { Outputs } from "./outputs.js";

/** A penalty, or weight decay, against the data. */
export interface PenaltyFacts {
  /** Where it is from: "penalty" of the network or "weightDecay" of the optimizer. */
  readonly from: "penalty" | "weightDecay";
  /** Cosine between the data's gradient and the penalty's. */
  readonly cosine: number;
  /** ‖penalty's gradient‖ / ‖data's gradient‖. */
  readonly ratio: number;
  /** What the penalty adds to the objective. */
  readonly value: number;
  /**
   * What one step along the data's gradient, as long as is best for it, would take off the data's
   * loss.
   */
  readonly fall: number;
  /** The outputs' deviation over the deviation that a fresh network's outputs have. */
  readonly left: number;
}

/** Of the largest penalised parameter: a parameter that jumps about 0 by the length of a step. */
const ZERO = 0.03;

export function penaltyFacts(
  net: Network,
  data: Dataset,
  mode: BatchNormMode,
  optimizer: Optimizer | undefined,
  outputs: Outputs,
  fresh: Outputs,
): PenaltyFacts | null {
  const { l1 } = net.spec.penalty;
  const penalised = isPenalised(net.spec);
  const weightDecay = optimizer?.weightDecay ?? 0;
  const decoupled = optimizer?.name === "adamw";
  if (!penalised && weightDecay === 0) return null;
  const bare = copyOf(net, { dtype: "f64", penalty: { l1: 0, l2: 0 } });
  const { parameters } = bare.current();
  const gradient = bare.gradient(data, { batchNorm: mode }).gradient as Float64Array;
  const all = Float64Array.from(parameters);
  let value = 0.5 * weightDecay * dot(all, all);
  const pull = Float64Array.from(parameters, (value) => weightDecay * value);
  for (const { offset, count, l2 } of net.layout.penalised) {
    let largest = 0;
    for (let k = offset; k < offset + count; ++k) largest = Math.max(largest, Math.abs(parameters[k]));
    for (let k = offset; k < offset + count; ++k) {
      const held = Math.abs(parameters[k]) <= ZERO * largest;
      // At 0 the penalty |θ| takes whatever slope in [−1, 1] keeps the parameter there.
      const slope = held ? Math.min(l1, Math.max(-l1, -gradient[k])) : l1 * Math.sign(parameters[k]);
      pull[k] += slope + l2 * parameters[k];
      value += l1 * Math.abs(parameters[k]) + 0.5 * l2 * parameters[k] ** 2;
    }
  }
  const [own, other] = [dot(gradient, gradient), dot(pull, pull)];
  const curvature = own > 0 ? dot(gradient, bare.ggnvp(data, gradient, { batchNorm: mode }) as Float64Array) : 0;
  return {
    from: penalised ? "penalty" : "weightDecay",
    // Decay that is kept apart from the gradient is no part of what balances it.
    cosine: own > 0 && other > 0 && !(decoupled && !penalised) ? dot(gradient, pull) / Math.sqrt(own * other) : 0,
    ratio: own > 0 ? Math.min(Number.MAX_VALUE, Math.sqrt(other / own)) : other > 0 ? Number.MAX_VALUE : 0,
    value,
    fall: curvature > 0 ? (0.5 * own ** 2) / curvature : 0,
    left: spreadOf(outputs) / (spreadOf(fresh) || 1),
  };
}

/** Root mean square of the outputs about their means. */
export function spreadOf({ values, width }: Outputs): number {
  const count = values.length / width;
  let squares = 0;
  for (let j = 0; j < width; ++j) {
    let mean = 0;
    for (let i = 0; i < count; ++i) mean += values[i * width + j] / count;
    for (let i = 0; i < count; ++i) squares += (values[i * width + j] - mean) ** 2;
  }
  return Math.sqrt(squares / values.length);
}
