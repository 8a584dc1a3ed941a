import { solveDefinite, withDefinite } from "../../linalg/factorization.js";
import type { SymmetricMatrix } from "../../linalg/symmetric.js";
import { dot } from "../../linalg/vector.js";
import { JacobianProducts } from "../../network/jacobian.js";
import { type Local, lengthIn } from "../local.js";
import type { Memory } from "../memory.js";
import type { End } from "../optimizer.js";
import { curved } from "./acceleration.js";
import { converged, type Direction, isEnd, type Model, type Proposal } from "./direction.js";
import { spectrumOf } from "./eigenbasis.js";
import { frozenOf } from "./frozen.js";
import { minus } from "./newton.js";
import { OrthogonalModel } from "./orthogonal.js";
import { columnScale } from "./scale.js";

/** Eigenvalues below this share of the largest count as 0 where G is inverted without damping. */
const RANK_SHARE = 1e-12;

/** Relative dampings with which a singular G is inverted, the first that serves. */
const LEAST_DAMPINGS = [1e-12, 1e-10, 1e-8, 1e-6];

/** Beyond its δ Huber's loss has slopes and no curvature. */
const OUTSIDE: End = { status: "stalled", reason: "the gradient points where the Gauss-Newton matrix is 0" };

/** In what unit damping is. */
export type Scaling = "columns" | "identity";

/**
 * p = −G⁺·g with the generalised Gauss-Newton matrix G, which is never indefinite; the shortest
 * such p where G is singular.
 */
export class GaussNewtonDirection implements Direction {
  readonly needs = { kind: "ggn", form: "dense" } as const;
  readonly #scaling: Scaling;
  readonly #accelerated: boolean;

  /**
   * `scaling`: whether damping counts in units of G's diagonal, the squares of the Jacobian's
   * columns, or of the identity. `accelerated`: follow the bend of the damped path too (geodesic
   * acceleration).
   */
  constructor(scaling: Scaling = "identity", accelerated = false) {
    this.#scaling = scaling;
    this.#accelerated = accelerated;
  }

  model(local: Local, memory: Memory): Model | End {
    const scaled = this.#scaling === "columns";
    const linear = local.linearized();
    if (linear && scaled) return new OrthogonalModel(local, linear, memory, this.#accelerated);
    const matrix = local.hessian("ggn", JacobianProducts);
    const diagonal = diagonalOf(matrix);
    if (!diagonal.every(Number.isFinite)) {
      return { status: "non-finite", reason: "the Gauss-Newton matrix is not finite" };
    }
    const scale = scaled ? columnScale(local, memory, diagonal) : null;
    return new GaussNewtonModel(local, matrix, this.#accelerated, scale);
  }

  critical(local: Local): End {
    return converged(local);
  }

  vectorLength(name: string, size: number): number | undefined {
    return name === "scale" ? size : undefined;
  }
}

function diagonalOf({ size, data }: SymmetricMatrix): Float64Array {
  return Float64Array.from({ length: size }, (_, i) => data[i * (size + 1)]);
}

class GaussNewtonModel implements Model {
  readonly exact = true;
  readonly frozen: readonly number[];
  failure: End | null = null;
  readonly scale: Float64Array;
  /** D; null for the identity. */
  readonly #squares: Float64Array | null;
  #whole: Proposal | null = null;
  /** The relative damping that `whole` needed. */
  #least = 0;

  constructor(
    readonly local: Local,
    readonly matrix: SymmetricMatrix,
    readonly accelerated: boolean,
    scale: Float64Array | null,
  ) {
    this.frozen = frozenOf(local, matrix);
    this.scale = scale ?? new Float64Array(local.size).fill(1);
    this.#squares = scale ? scale.map((d) => d * d) : null;
  }

  damped(damping: number): Proposal | null {
    if (damping > 0) return this.accelerated ? this.#curved(damping) : this.#straight(damping);
    return this.#straight(0) ?? this.#shortest();
  }

  /** Without damping, or with the least that lets G be factored. */
  get whole(): Proposal | null {
    if (this.#whole) return this.#whole;
    if (!this.#squares) {
      this.#whole = this.damped(0);
      return this.#whole;
    }
    for (const damping of [0, ...LEAST_DAMPINGS]) {
      this.#whole = this.#straight(damping);
      this.#least = damping;
      if (this.#whole) break;
    }
    return this.#whole;
  }

  gauge(gradient: Float64Array): number {
    const shift = this.#shift(this.#least);
    const solution = solveDefinite(this.matrix, gradient, shift);
    return solution ? dot(gradient, Float64Array.from(solution)) : Number.NaN;
  }

  /** The same in units of G's diagonal, for a search by damping. */
  relative(memory: Memory): Model {
    return new GaussNewtonModel(
      this.local,
      this.matrix,
      false,
      columnScale(this.local, memory, diagonalOf(this.matrix)),
    );
  }

  #shift(damping: number): number | Float64Array {
    return this.#squares && damping > 0 ? this.#squares.map((square) => damping * square) : damping;
  }

  #straight(damping: number): Proposal | null {
    const step = minus(solveDefinite(this.matrix, this.local.gradient, this.#shift(damping)));
    return step && this.#proposal(step, damping);
  }

  #proposal(step: Float64Array, damping: number): Proposal {
    const slope = dot(this.local.gradient, step);
    const added = damping > 0 ? 0.5 * damping * lengthIn(step, this.scale) ** 2 : 0;
    return { step, slope, decrease: -0.5 * slope + added };
  }

  /** Half of the acceleration added to the step, where it is short enough to be believed. */
  #curved(damping: number): Proposal | null {
    const { local, matrix, scale } = this;
    const proposal = withDefinite(matrix, this.#shift(damping), (solve) => {
      const step = minus(solve(local.gradient));
      if (!step) return null;
      const plain = this.#proposal(step, damping);
      const bend = local.acceleration(step);
      const acceleration = bend && minus(solve(bend));
      return acceleration ? curved(local, plain, acceleration, scale) : plain;
    });
    return proposal ?? null;
  }

  /** In the space that G acts on; null where a Hessian that stands for G is indefinite. */
  #shortest(): Proposal | null {
    const spectrum = spectrumOf(this.local, this.matrix);
    if (isEnd(spectrum)) return null;
    // Of a softmax that is sure of itself the difference p − p² has few digits, which make
    // eigenvalues of 0 what they like.
    if (!this.local.problem.semidefinite && spectrum.smallest < -spectrum.noise) return null;
    const { values, slopes, largest } = spectrum;
    const least = RANK_SHARE * largest;
    const outside = slopes.reduce((sum, slope, i) => (values[i] > least ? sum : sum + slope * slope), 0);
    if (outside > 0 && this.local.sees(outside / largest)) this.failure = OUTSIDE;
    const step = spectrum.combine(values.map((value, i) => (value > least ? -slopes[i] / value : 0)));
    return this.#proposal(step, 0);
  }
}
