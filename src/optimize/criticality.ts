/**
 * The one place that judges a point: whether a search has converged there, whether it runs away,
 * and which kind of critical point it is.
 *
 * Each test compares two numbers of the same unit, so that no verdict depends on the units of the
 * objective or of the parameters. A test that holds returns its sentence, and null otherwise.
 * `tolerance` is a relative accuracy: of directions and steps as it is, of values squared, because
 * a value near its minimum changes with the square of the step.
 */

import { eigenvalueNoise, valueNoise } from "../linalg/noise.js";
import { maxAbs } from "../linalg/vector.js";
import type { Dtype } from "../wasm/kernels.js";
import { epsilonOf } from "../wasm/workspace.js";

/** A sentence that says which test holds, against what; null where it does not hold. */
export type Verdict = string | null;

/**
 * Beyond this a double cannot be squared: an objective that fell below it has no minimum that could
 * be computed.
 */
export const BOTTOMLESS = -1e150;

/** Falls so many times the noise of one value may still be noise. */
const DOUBTFUL = 1e4;

/** Roundings of a residual that went through some sums. */
const SUMS = 100;

/** Differences of a value that rounding may make. */
export function noiseOf(dtype: Dtype, value: number): number {
  return valueNoise(value, epsilonOf(dtype));
}

/** Whether a fall is more than rounding may make of values that went through thousands of sums. */
export function isSeen(fall: number, noise: number): boolean {
  return fall > DOUBTFUL * noise;
}

/** The gradient is exactly 0. */
export function vanished(gradientNorm: number): Verdict {
  return gradientNorm === 0 ? "the gradient is exactly 0" : null;
}

/**
 * The predicted decrease ½·gᵀ|B|⁺g against |f|: its root, a relative accuracy, against the
 * tolerance. With residuals and B = JᵀJ this is the cosine of the angle between the residuals and
 * all that a step can change in them.
 */
export function exhausted(decrease: number, value: number, tolerance: number): Verdict {
  if (!(decrease >= 0 && decrease <= tolerance * tolerance * Math.abs(value))) return null;
  const share = decrease === 0 ? "0" : (decrease / Math.abs(value)).toExponential(1);
  return `the model predicts a further fall of ${share} of the objective, at most the square of the tolerance ${tolerance}`;
}

/**
 * A perfect fit, whose value has no size to compare with. The predicted decrease is held against
 * (100·ε)²·|f₀|, which is what rounding makes of squares of residuals as large as the first ones.
 * The step is held against √ε of the parameters, in the scaled norm ‖D^½·‖.
 */
export function perfect(decrease: number, first: number, step: number, parameters: number, dtype: Dtype): Verdict {
  const epsilon = epsilonOf(dtype);
  if (!(decrease <= (SUMS * epsilon) ** 2 * Math.abs(first) && step <= Math.sqrt(epsilon) * parameters)) return null;
  return `a perfect fit: the model predicts a further fall of ${decrease.toExponential(1)}, the rounding of residuals as large as at the start`;
}

/** MINPACK's first test: the largest cosine between the residuals and a column of the Jacobian. */
export function orthogonal(cosine: number, tolerance: number): Verdict {
  if (!(cosine <= tolerance)) return null;
  return `the residuals are orthogonal to every column of the Jacobian: the largest cosine is ${cosine.toExponential(1)}, within the tolerance ${tolerance}`;
}

/**
 * MINPACK's second test: the last step's actual and its predicted decrease, both against f, where
 * the model predicted well. `value` is the objective before the step.
 */
export function settled(actual: number, predicted: number, value: number, tolerance: number): Verdict {
  const most = tolerance * tolerance * Math.abs(value);
  if (!(Math.abs(actual) <= most && predicted <= most && actual <= 2 * predicted)) return null;
  const share = (predicted / Math.abs(value)).toExponential(1);
  return `the last step's actual and predicted decrease are ${share} of the objective, at most the square of the tolerance ${tolerance}`;
}

/**
 * MINPACK's third test: the undamped step against the parameters, both in the scaled norm ‖D^½·‖.
 * A damped step is no evidence here.
 */
export function arrived(step: number, parameters: number, tolerance: number): Verdict {
  if (!(step <= tolerance * parameters)) return null;
  const share = step === 0 ? "0" : (step / parameters).toExponential(1);
  return `the whole step is ${share} of the parameters' length in the scaled norm, within the tolerance ${tolerance}`;
}

/**
 * The decrease that is left is smaller than the rounding of a value. From here on the gradient
 * judges.
 */
export function drowned(decrease: number, noise: number): boolean {
  return !(decrease > noise);
}

/**
 * The size of the value that decreases are compared with: |f|, but |f₀| where the value has fallen
 * far and the gradient is still among the greatest of the run. Without this exception a search that
 * falls without bound would count as converged.
 */
export function measureOf(value: number, gradient: number, first: Beginning | null): number {
  const size = Math.abs(value);
  if (!first) return size;
  const before = Math.abs(first.value);
  const falling = value < first.value && size > before && first.steepest > 0;
  return falling && gradient >= 0.5 * first.steepest ? before : size;
}

/** Where a run began, and its greatest gradient since. */
export interface Beginning {
  readonly value: number;
  readonly steepest: number;
}

/**
 * Whether a full step whose fall drowns in rounding has come nearer to the minimum, by the squares
 * of the gradients in the scaled norm before and after it.
 */
export function nearer(before: number, after: number): boolean {
  return after < 0.25 * before;
}

/** The value runs to −∞. */
export function bottomless(value: number): Verdict {
  if (!(value < BOTTOMLESS)) return null;
  return `the objective falls without bound: it has reached ${value.toExponential(1)}`;
}

/**
 * A step runs to ∞ and the gradient does not fall on the way. `travelled` is the distance; the
 * gradients are norms before and after.
 */
export function endless(travelled: number, gradientBefore: number, gradientAfter: number): Verdict {
  if (!(travelled > -BOTTOMLESS && gradientAfter >= 0.5 * gradientBefore)) return null;
  return (
    `the objective falls without bound: after a distance of ${travelled.toExponential(1)} it still falls, ` +
    `and the gradient is ${gradientAfter.toExponential(1)} as at its beginning`
  );
}

/** The ends of the spectrum of a scaled matrix D^(−½)·H·D^(−½). */
export interface Extremes {
  readonly smallest: number;
  readonly largest: number;
}

/**
 * What the second derivatives say of a critical point: eigenvalues of both signs, of one, or with
 * zeros among them.
 */
export type Shape = "minimum" | "valley" | "saddle" | "ridge" | "maximum" | "plain";

/**
 * The kind of a critical point by its extreme eigenvalues. "valley": none is negative and some are
 * 0; "ridge": none is positive and some are 0; "plain": all are 0.
 */
export function shapeOf({ smallest, largest }: Extremes, noise: number): Shape {
  if (smallest > noise) return "minimum";
  if (largest < -noise) return "maximum";
  if (smallest < -noise) return largest > noise ? "saddle" : "ridge";
  return largest > noise ? "valley" : "plain";
}

/**
 * The noise of eigenvalues of a scaled matrix at a point that is critical except for a gradient g.
 * It is rounding plus ‖D^(−½)·g‖ / ‖D^½·θ‖. The second part is the curvature that a gradient other
 * than 0 gives to directions that leave the objective unchanged (ReLU's rescaling). Neither has a
 * unit.
 */
export function scaledNoise(size: number, norm: number, dtype: Dtype, gradient = 0, parameters = 0): number {
  const rounding = eigenvalueNoise(size, norm, epsilonOf(dtype));
  return rounding + (parameters > 0 ? gradient / parameters : 0);
}

/** Rounds of scaling; each halves the logarithm of what is left to do. */
const ROUNDS = 12;

/**
 * The diagonal d for which dᵢ·|Hᵢⱼ|·dⱼ is at most 1, with a 1 in each row that is not 0 (Ruiz
 * 2001): D^(−½) of a matrix with a dominant diagonal, and a scale also for rows whose diagonal
 * is 0. 1 for rows of zeros. Cost: some passes over the matrix.
 */
export function equilibrate(data: ArrayLike<number>, size: number): Float64Array {
  const d = new Float64Array(size).fill(1);
  for (let i = 0; i < size; ++i) {
    const own = Math.abs(data[i * (size + 1)]);
    if (own > 0) d[i] = 1 / Math.sqrt(own);
  }
  for (let round = 0; round < ROUNDS; ++round) {
    const largest = rowMaxima(data, size, d);
    let change = 0;
    for (let i = 0; i < size; ++i) {
      if (!(largest[i] > 0 && largest[i] < Infinity)) continue;
      d[i] /= Math.sqrt(largest[i]);
      change = Math.max(change, Math.abs(largest[i] - 1));
    }
    if (change < 0.1) break;
  }
  return d;
}

function rowMaxima(data: ArrayLike<number>, size: number, d: Float64Array): Float64Array {
  const largest = new Float64Array(size);
  for (let i = 0, at = 0; i < size; ++i) {
    for (let j = 0; j < size; ++j, ++at) {
      const entry = Math.abs(data[at]) * d[j];
      if (entry > largest[i]) largest[i] = entry;
    }
    largest[i] *= d[i];
  }
  return largest;
}

/** Frobenius' norm of a diagonal's spectrum: that of the matrix whose eigenvalues these are. */
export function frobenius(values: Float64Array): number {
  const most = maxAbs(values);
  if (!(most > 0 && most < Infinity)) return most;
  return most * Math.sqrt(values.reduce((sum, value) => sum + (value / most) ** 2, 0));
}
