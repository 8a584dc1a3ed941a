import { dot, norm2 } from "../../linalg/vector.js";
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
  /** stepᵀ·H·step, where the model is made of another matrix than H. */
  readonly curvature?: number;
  /** Shorter steps on the way to this one, in order. */
  readonly iterates?: readonly { readonly x: Float64Array; readonly decrease: number }[];
}

/** A quadratic model q(p) = gᵀp + ½pᵀBp of the objective around a point. */
export interface Model {
  /** The minimiser of q(p) + ½·damping·‖p‖², or null where there is none. */
  damped(damping: number): Proposal | null;
  /** The minimiser of q within ‖p‖ ≤ radius. */
  within?(radius: number): Proposal;
  /**
   * The minimiser of q itself, where it is known without more work: its fall is what convergence is
   * judged by.
   */
  readonly whole?: Proposal | null;
  /** gᵀ|B|⁻¹g for another gradient: its square in the norm in which `whole` falls. */
  gauge?(gradient: Float64Array): number;
  /** Whether B is what it stands for at this point, and no estimate from the past. */
  readonly exact?: boolean;
  /**
   * Whether the gradient has more than rounding along directions that are flat to rounding: what
   * the model predicts there is no bound.
   */
  readonly open?: boolean;
  /** D^½ of the norm that `within` measures steps in; the Euclidean norm where there is none. */
  readonly scale?: Float64Array;
  /** The same with damping in units of its diagonal. */
  relative?(memory: Memory): Model;
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
  /** Where the gradient is 0 to rounding: a way out, or the verdict. */
  critical(local: Local): Escape | End;
  /** Called with each step that is taken, before the point moves. */
  taken?(local: Local, step: Float64Array, memory: Memory): void;
  /** Called when something else has moved the point since the last step. */
  displaced?(memory: Memory): void;
}

/** A direction along which a saddle falls: a unit vector and the curvature along it. */
export interface Escape {
  readonly direction: Float64Array;
  readonly curvature: number;
}

export function isEnd(value: object): value is End {
  return "status" in value;
}

/** Length of a first step that no curvature gives, as a share of the parameters' length. */
export const FIRST_STEP = 0.1;

/** Of first steps. */
export function firstLength({ unit }: Local): number {
  return FIRST_STEP * unit;
}

export const NON_FINITE: End = { status: "non-finite", reason: "a product with the curvature is not finite" };

/**
 * The verdict of a method whose curvature matrix has no negative eigenvalues and so cannot show a
 * saddle.
 */
export function converged({ gradientNorm }: Local): End {
  return {
    status: "converged",
    reason: `the gradient's norm is ${gradientNorm.toExponential(1)}; this curvature does not show whether it is a minimum`,
  };
}

/** A proposal for B + diag(shift) solved exactly: the model's fall follows from the equation. */
export function solved({ gradient }: Local, step: Float64Array, shift: number): Proposal {
  const slope = dot(gradient, step);
  return { step, slope, decrease: -0.5 * slope + 0.5 * shift * norm2(step) ** 2 };
}
