import { solveDefinite } from "../../linalg/factorization.js";
import type { SymmetricMatrix } from "../../linalg/symmetric.js";
import { type Local, lengthIn } from "../local.js";
import type { Memory } from "../memory.js";
import type { End } from "../optimizer.js";
import { type Direction, type Escape, isEnd, type Model, type Proposal, solved } from "./direction.js";
import { type Eigenbasis, judgeDense, spectrumOf, stepScaling } from "./eigenbasis.js";
import { frozenOf } from "./frozen.js";
import { gaugeBy, LEAST_SHARE, minus } from "./newton.js";

/**
 * The exact minimiser of the quadratic model with the Hessian itself in a ball. It is −H⁻¹g where
 * H is positive definite and −H⁻¹g lies inside. Otherwise it is p with (H + μD)p = −g, H + μD ⪰ 0
 * and ‖D^½·p‖ = radius (Moré and Sorensen 1983), found in the basis of eigenvectors.
 */
export class TrustDirection implements Direction {
  readonly needs = { kind: "exact", form: "dense" } as const;

  /**
   * `scaled`: measure steps in the norm ‖D^½·p‖ in which H has a diagonal of ones (Moré 1983), so
   * that no unit of a parameter counts.
   */
  constructor(readonly scaled = false) {}

  vectorLength(name: string, size: number): number | undefined {
    return name === "scale" ? size : undefined;
  }

  model(local: Local, memory: Memory): Model | End {
    const matrix = local.hessian("exact");
    const newton = minus(solveDefinite(matrix, local.gradient));
    const scaling = this.scaled ? stepScaling(local, matrix) : null;
    if (scaling) {
      const before = memory.vector("scale");
      if (before) for (let i = 0; i < scaling.length; ++i) scaling[i] = Math.min(scaling[i], before[i]);
      memory.vectors.set("scale", scaling);
    }
    const model = new TrustModel(local, matrix, newton && solved(local, newton, 0), scaling);
    return model.failure ?? model;
  }

  critical(local: Local): Escape | End {
    return judgeDense(local, local.hessian("exact"));
  }
}

class TrustModel implements Model {
  readonly exact = true;
  readonly frozen: readonly number[];
  readonly failure: End | null;
  readonly scale?: Float64Array;
  readonly #scaling: Float64Array | null;
  #spectrum: Eigenbasis | null = null;

  constructor(
    readonly local: Local,
    readonly matrix: SymmetricMatrix,
    readonly newton: Proposal | null,
    scaling: Float64Array | null,
  ) {
    this.frozen = frozenOf(local, matrix);
    this.#scaling = scaling;
    if (this.#scaling) this.scale = this.#scaling.map((d) => 1 / d);
    // A matrix that is not finite shows now; the decomposition of a definite one can wait until a
    // step is too long.
    const spectrum = newton ? null : spectrumOf(local, matrix, this.#scaling);
    this.failure = spectrum && isEnd(spectrum) ? spectrum : null;
    if (spectrum && !isEnd(spectrum)) this.#spectrum = spectrum;
  }

  get smallestEigenvalue(): number | undefined {
    return this.#spectrum?.lowestCurvature;
  }

  /**
   * Where H is not positive definite, the step that |H| gives: what it predicts bounds what a
   * region of any size may.
   */
  get whole(): Proposal {
    if (this.newton) return this.newton;
    const { values, slopes, size } = this.#decomposed;
    const least = LEAST_SHARE * size || Number.MIN_VALUE;
    const step = this.#decomposed.combine(slopes.map((slope, i) => -slope / Math.max(Math.abs(values[i]), least)));
    return solved(this.local, step, 0);
  }

  get open(): boolean {
    return !this.newton && this.#decomposed.open;
  }

  gauge(gradient: Float64Array): number {
    if (this.newton) return gaugeBy(this.matrix, gradient);
    return this.#decomposed.gauge(this.#decomposed.slopesOf(gradient));
  }

  damped(damping: number): Proposal | null {
    const step = minus(solveDefinite(this.matrix, this.local.gradient, damping));
    return step && solved(this.local, step, damping);
  }

  within(radius: number): Proposal {
    if (this.newton && lengthIn(this.newton.step, this.scale) <= radius) return this.newton;
    return onSphere(this.#decomposed, radius);
  }

  get #decomposed(): Eigenbasis {
    this.#spectrum ??= spectrumOf(this.local, this.matrix, this.#scaling) as Eigenbasis;
    return this.#spectrum;
  }
}

/** How near ‖p‖ comes to the radius. */
const SPHERE_TOLERANCE = 1e-10;

/**
 * The minimiser of Σ cᵢqᵢ + ½λᵢqᵢ² with ‖q‖ ≤ radius, by the secular equation ‖q(μ)‖ = radius, qᵢ =
 * −cᵢ/(λᵢ + μ).
 */
function onSphere(spectrum: Eigenbasis, radius: number): Proposal {
  const { values, slopes } = spectrum;
  const lowest = Math.max(0, -values[0]);
  const length = (mu: number): number => Math.sqrt(sum(values, (value, i) => quotient(slopes[i], value + mu) ** 2));
  const mu = length(lowest) > radius ? root(values, slopes, lowest, radius) : lowest;
  const q = values.map((value, i) => -quotient(slopes[i], value + mu));
  // The hard case: the gradient has next to nothing along the lowest eigenvector, and what it has
  // elsewhere ends inside of the ball.
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

/**
 * μ > lowest with ‖q(μ)‖ = radius: Newton's method on 1/‖q‖ − 1/radius, which is nearly linear,
 * kept inside of a bracket.
 */
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
