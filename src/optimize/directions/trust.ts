import { solveDefinite } from "../../linalg/factorization.js";
import type { SymmetricMatrix } from "../../linalg/symmetric.js";
import { norm2 } from "../../linalg/vector.js";
import type { Local } from "../local.js";
import type { End } from "../optimizer.js";
import { type Direction, type Escape, isEnd, type Model, type Proposal, solved } from "./direction.js";
import { frozenOf } from "./frozen.js";
import { minus } from "./newton.js";
import { judge, type Spectrum, spectrumOf, wayOut } from "./spectrum.js";

/**
 * The exact minimiser of the quadratic model with the Hessian itself in a ball: where H is positive definite and −H⁻¹g lies inside,
 * that; else p with (H + μI)p = −g, H + μI ⪰ 0 and ‖p‖ = radius (Moré and Sorensen 1983), found in the basis of eigenvectors.
 */
export class TrustDirection implements Direction {
  readonly needs = { kind: "exact", form: "dense" } as const;

  model(local: Local): Model | End {
    const matrix = local.hessian("exact");
    const newton = minus(solveDefinite(matrix, local.gradient));
    const model = new TrustModel(local, matrix, newton && solved(local, newton, 0));
    return model.failure ?? model;
  }

  critical(local: Local): Escape | End {
    const spectrum = spectrumOf(local, local.hessian("exact"));
    if (isEnd(spectrum)) return spectrum;
    const verdict = judge(local, spectrum);
    return verdict === "saddle" ? wayOut(spectrum) : verdict;
  }
}

class TrustModel implements Model {
  readonly frozen: readonly number[];
  readonly failure: End | null;
  #spectrum: Spectrum | null = null;

  constructor(
    readonly local: Local,
    readonly matrix: SymmetricMatrix,
    readonly newton: Proposal | null,
  ) {
    this.frozen = frozenOf(local, matrix);
    // A matrix that is not finite shows now; the decomposition of a definite one can wait until a step is too long.
    const spectrum = newton ? null : spectrumOf(local, matrix);
    this.failure = spectrum && isEnd(spectrum) ? spectrum : null;
    if (spectrum && !isEnd(spectrum)) this.#spectrum = spectrum;
  }

  get smallestEigenvalue(): number | undefined {
    return this.#spectrum?.smallest;
  }

  damped(damping: number): Proposal | null {
    const step = minus(solveDefinite(this.matrix, this.local.gradient, damping));
    return step && solved(this.local, step, damping);
  }

  within(radius: number): Proposal {
    if (this.newton && norm2(this.newton.step) <= radius) return this.newton;
    this.#spectrum ??= spectrumOf(this.local, this.matrix) as Spectrum;
    return onSphere(this.#spectrum, radius);
  }
}

/** How near ‖p‖ comes to the radius. */
const SPHERE_TOLERANCE = 1e-10;

/** The minimiser of Σ cᵢqᵢ + ½λᵢqᵢ² with ‖q‖ ≤ radius, by the secular equation ‖q(μ)‖ = radius, qᵢ = −cᵢ/(λᵢ + μ). */
function onSphere(spectrum: Spectrum, radius: number): Proposal {
  const { values, slopes } = spectrum;
  const lowest = Math.max(0, -values[0]);
  const length = (mu: number): number => Math.sqrt(sum(values, (value, i) => quotient(slopes[i], value + mu) ** 2));
  const mu = length(lowest) > radius ? root(values, slopes, lowest, radius) : lowest;
  const q = values.map((value, i) => -quotient(slopes[i], value + mu));
  // The hard case: the gradient has next to nothing along the lowest eigenvector, and what it has elsewhere ends inside of the ball.
  const rest = radius ** 2 - sum(q, (x) => x * x);
  // Along directions that are flat to rounding the model does not fall, so there p has nothing.
  if (values[0] < -spectrum.noise && rest > SPHERE_TOLERANCE * radius ** 2) {
    const q0 = q[0];
    const length0 = Math.sqrt(rest + q0 * q0);
    q[0] = slopes[0] > 0 ? -length0 : length0;
  }
  const slope = sum(q, (x, i) => x * slopes[i]);
  const decrease = -slope - 0.5 * sum(q, (x, i) => values[i] * x * x);
  return { step: spectrum.combine(q), slope, decrease };
}

/** 0/0 is 0: where the gradient has nothing along a flat direction, the step has nothing either. */
function quotient(a: number, b: number): number {
  return a === 0 ? 0 : a / b;
}

/** μ > lowest with ‖q(μ)‖ = radius: Newton's method on 1/‖q‖ − 1/radius, which is nearly linear, kept inside of a bracket. */
function root(values: Float64Array, slopes: Float64Array, lowest: number, radius: number): number {
  const gradient = Math.sqrt(sum(slopes, (c) => c * c));
  let low = lowest;
  let high = Math.max(lowest, gradient / radius - values[0]) + Number.MIN_VALUE;
  let mu = Math.max(low + 1e-3 * (high - low), gradient / radius - values[values.length - 1]);
  for (let k = 0; k < 200; ++k) {
    if (!(mu > low && mu < high)) mu = low + 0.5 * (high - low);
    let square = 0;
    let change = 0;
    for (let i = 0; i < values.length; ++i) {
      const q = quotient(slopes[i], values[i] + mu);
      square += q * q;
      change += (q * q) / (values[i] + mu) || 0;
    }
    const norm = Math.sqrt(square);
    if (Math.abs(norm - radius) <= SPHERE_TOLERANCE * radius) break;
    if (norm > radius) low = mu;
    else high = mu;
    if (high - low <= 2 ** -52 * high) break;
    mu += ((norm - radius) / radius) * (square / change);
  }
  return mu;
}

function sum(x: Float64Array, of: (value: number, index: number) => number): number {
  let total = 0;
  for (let i = 0; i < x.length; ++i) total += of(x[i], i);
  return total;
}
