import { solveDefinite, withDefinite } from "../../linalg/factorization.js";
import type { SymmetricMatrix } from "../../linalg/symmetric.js";
import { axpy, dot, norm2 } from "../../linalg/vector.js";
import type { Local } from "../local.js";
import type { End } from "../optimizer.js";
import { converged, type Direction, isEnd, type Model, type Proposal, solved } from "./direction.js";
import { frozenOf } from "./frozen.js";
import { minus } from "./newton.js";
import { spectrumOf } from "./spectrum.js";

/** Eigenvalues below this share of the largest count as 0 where G is inverted without damping. */
const RANK_SHARE = 1e-12;

/** 2·‖a‖ / ‖p‖ up to which an acceleration a is taken (Transtrum and Sethna 2012). */
const MOST_BEND = 0.75;

/** Beyond its δ Huber's loss has slopes and no curvature. */
const OUTSIDE: End = {
  status: "stalled",
  reason: "the gradient points where the Gauss-Newton matrix is 0; add damping, or use levenbergMarquardt()",
};

/** p = −G⁺·g with the generalised Gauss-Newton matrix G, which is never indefinite; the shortest such p where G is singular. */
export class GaussNewtonDirection implements Direction {
  readonly needs = { kind: "ggn", form: "dense" } as const;

  /** `accelerated`: follow the bend of the damped path too (geodesic acceleration). */
  constructor(readonly accelerated = false) {}

  model(local: Local): Model | End {
    const matrix = local.hessian("ggn");
    if (!Number.isFinite(trace(matrix)))
      return { status: "non-finite", reason: "the Gauss-Newton matrix is not finite" };
    return new GaussNewtonModel(local, matrix, this.accelerated);
  }

  critical(local: Local): End {
    return converged(local);
  }
}

function trace({ size, data }: SymmetricMatrix): number {
  let sum = 0;
  for (let i = 0; i < size; ++i) sum += data[i * (size + 1)];
  return sum;
}

class GaussNewtonModel implements Model {
  readonly frozen: readonly number[];
  failure: End | null = null;

  constructor(
    readonly local: Local,
    readonly matrix: SymmetricMatrix,
    readonly accelerated: boolean,
  ) {
    this.frozen = frozenOf(local, matrix);
  }

  damped(damping: number): Proposal | null {
    if (damping > 0) return this.accelerated ? this.#curved(damping) : this.#straight(damping);
    return this.#straight(0) ?? this.#shortest();
  }

  #straight(damping: number): Proposal | null {
    const step = minus(solveDefinite(this.matrix, this.local.gradient, damping));
    return step && solved(this.local, step, damping);
  }

  /** Half of the acceleration added to the step, where it is short enough to be believed. */
  #curved(damping: number): Proposal | null {
    const { local, matrix } = this;
    const proposal = withDefinite(matrix, damping, (solve) => {
      const step = minus(solve(local.gradient));
      if (!step) return null;
      const plain = solved(local, step, damping);
      const bend = local.acceleration(step);
      const acceleration = bend && minus(solve(bend));
      if (!acceleration || !(2 * norm2(acceleration) <= MOST_BEND * norm2(step))) return plain;
      const path = step.slice();
      axpy(0.5, acceleration, path);
      return { ...plain, step: path, slope: dot(local.gradient, path) };
    });
    return proposal ?? null;
  }

  /** In the space that G acts on; null where a Hessian that stands for G is indefinite. */
  #shortest(): Proposal | null {
    const spectrum = spectrumOf(this.local, this.matrix);
    if (isEnd(spectrum)) return null;
    // Of a softmax that is sure of itself the difference p − p² has few digits, which make eigenvalues of 0 what they like.
    if (!this.local.problem.semidefinite && spectrum.smallest < -spectrum.noise) return null;
    const { values, slopes, largest } = spectrum;
    const least = RANK_SHARE * largest;
    const outside = slopes.reduce((sum, slope, i) => (values[i] > least ? sum : sum + slope * slope), 0);
    if (outside > 0 && this.local.sees(outside / largest)) this.failure = OUTSIDE;
    const step = spectrum.combine(values.map((value, i) => (value > least ? -slopes[i] / value : 0)));
    return solved(this.local, step, 0);
  }
}
