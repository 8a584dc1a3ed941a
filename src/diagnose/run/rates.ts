import { dot } from "../../linalg/vector.js";
import type { Dataset } from "../../network/dataset.js";
import type { Network } from "../../network/network.js";
import type { BatchNormMode } from "../../network/propagation.js";
import type { Optimizer } from "../../optimize/optimizer.js";
import { Random } from "../../random.js";
import { coreMath } from "../../wasm/math.js";
import { inDouble } from "../remedies/copy.js";
import { sharpness } from "../signals/sharpness.js";

/** A learning rate against the curvature, or against the parameters. */
export interface RateFacts {
  readonly optimizer: string;
  readonly learningRate: number;
  /**
   * Rates from which on steps lead away: 2·(1 + μ)/λmax of descent with momentum μ; null for
   * methods that rescale the gradient.
   */
  readonly edge: number | null;
  /**
   * The rate over that edge; for methods that rescale the gradient √(what steps of this length keep
   * the loss above its minimum / what a constant loses).
   */
  readonly above: number;
  /**
   * The rate over 2·(1 − μ)/λmax; for methods that rescale the gradient over the parameters' root
   * mean square.
   */
  readonly below: number;
}

/**
 * Methods whose step along each parameter is about the learning rate, whatever the gradient's size.
 */
const RESCALING = ["adam", "adamw", "rmsprop"];
const PROBES = 4;

/** Null for methods that choose the length of their steps themselves. */
export function rateFacts(
  net: Network,
  data: Dataset,
  mode: BatchNormMode,
  optimizer: Optimizer,
  baselineLoss: number,
  seed: number,
): RateFacts | null {
  const { name, learningRate, momentum } = optimizer;
  if (name === "sgd") {
    const { largest } = sharpness(net, data, { batchNorm: mode, seed, tolerance: 1e-3 });
    if (!(largest > 0 && largest < Infinity)) return null;
    const edge = (2 * (1 + momentum)) / largest;
    // A momentum above 1 has no limit that a rate could fall short of.
    const below = momentum < 1 ? (learningRate * largest) / (2 * (1 - momentum)) : Infinity;
    return { optimizer: name, learningRate, edge, above: learningRate / edge, below };
  }
  if (!RESCALING.includes(name)) return null;
  const parameters = Float64Array.from(net.current().parameters);
  const squares = dot(parameters, parameters);
  const size = Math.sqrt(squares / parameters.length);
  if (!(size > 0 && baselineLoss > 0)) return null;
  const kept = 0.5 * learningRate ** 2 * traceOf(net, data, mode, seed);
  return {
    optimizer: name,
    learningRate,
    edge: null,
    above: Math.sqrt(kept / baselineLoss),
    below: learningRate / size,
  };
}

/**
 * The trace of the generalised Gauss-Newton matrix by Hutchinson's estimate: random signs are what
 * steps of equal length look like.
 */
function traceOf(net: Network, data: Dataset, mode: BatchNormMode, seed: number): number {
  const double = inDouble(net);
  const random = new Random(seed);
  const math = coreMath(net.build);
  let sum = 0;
  for (let probe = 0; probe < PROBES; ++probe) {
    const signs = Float64Array.from({ length: net.parameterCount }, () => (random.normal(math) < 0 ? -1 : 1));
    const product = double.ggnvp(data, signs, { batchNorm: mode });
    signs.forEach((sign, i) => {
      sum += sign * product[i];
    });
  }
  return sum / PROBES;
}
