import { dot, norm2, scale } from "../../linalg/vector.js";
import type { Local } from "../local.js";
import type { Memory, Remembers } from "../memory.js";
import type { End } from "../optimizer.js";
import type { CurvatureNeeds } from "../problem.js";

/** A step, and what its quadratic model says of it. */
export interface Proposal {
  readonly step: Float64Array;
  /** By how much the model falls; for the whole step. */
  readonly decrease: number;
  /** gᵀ·step. */
  readonly slope: number;
  /** Shorter steps on the way to this one, in order. */
  readonly iterates?: readonly { readonly x: Float64Array; readonly decrease: number }[];
}

/** A quadratic model q(p) = gᵀp + ½pᵀBp of the objective around a point. */
export interface Model {
  /** The minimiser of q(p) + ½·damping·‖p‖², or null where there is none. */
  damped(damping: number): Proposal | null;
  /** The minimiser of q within ‖p‖ ≤ radius. */
  within?(radius: number): Proposal;
  /** Why it has no step to offer, where that is not because there is nowhere to fall. */
  readonly failure?: End | null;
  /** Of B, where known. */
  readonly smallestEigenvalue?: number | undefined;
  /** Parameters that neither gradient nor curvature can move. */
  readonly frozen?: readonly number[];
}

/** Where steps of a method point: what it takes of the curvature, and what it makes of it. */
export interface Direction extends Remembers {
  readonly needs: CurvatureNeeds | null;
  model(local: Local, memory: Memory): Model | End;
  /** Where the gradient is 0 as far as can be told: a way out, or the verdict. */
  critical(local: Local): Escape | End;
  /** Told of each step that was taken, before the point moves. */
  taken?(local: Local, step: Float64Array, memory: Memory): void;
}

/** A direction along which a saddle falls: a unit vector and the curvature along it. */
export interface Escape {
  readonly direction: Float64Array;
  readonly curvature: number;
}

export function isEnd(value: object): value is End {
  return "status" in value;
}

/** The step −g scaled to be no longer than the method's own would be at unit curvature. */
export function steepest({ gradient }: Local, length: number): Proposal {
  const step = gradient.slice();
  scale(-length, step);
  const slope = dot(gradient, step);
  return { step, slope, decrease: -0.5 * slope };
}

export const NON_FINITE: End = { status: "non-finite", reason: "a product with the curvature is not finite" };

/** The verdict of a method whose curvature matrix has no negative eigenvalues to tell a saddle by. */
export function converged({ gradientNorm }: Local): End {
  return {
    status: "converged",
    reason: `the gradient's norm is ${gradientNorm.toExponential(1)}; whether this is a minimum, its curvature does not tell`,
  };
}

/** A proposal for B + diag(shift) solved exactly: the model's fall follows from the equation. */
export function solved({ gradient }: Local, step: Float64Array, shift: number): Proposal {
  const slope = dot(gradient, step);
  return { step, slope, decrease: -0.5 * slope + 0.5 * shift * norm2(step) ** 2 };
}
