import { checkChoice, checkKeys, checkNumber, checkObject } from "../../check.js";
import { lanczos } from "../../linalg/lanczos.js";
import type { LinearOperator } from "../../linalg/operator.js";
import type { SymmetricMatrix } from "../../linalg/symmetric.js";
import type { Extremes } from "../../optimize/criticality.js";

/** How curvature is computed: as a dense matrix, or by products with vectors alone. */
export type CurvatureMethod = "dense" | "lanczos";

/**
 * Flops up to which dense matrices and all of their eigenvalues are a matter of a second or two.
 */
export const DENSE_FLOPS = 3e10;

export function denseFlops(parameters: number, samples: number): number {
  return samples * parameters ** 2 + (4 / 3) * parameters ** 3;
}

/** Dense where so many times N·P² + 4/3·P³ flops are soon done. */
export function chooseMethod(parameters: number, samples: number, times = 1): CurvatureMethod {
  return times * denseFlops(parameters, samples) <= DENSE_FLOPS ? "dense" : "lanczos";
}

export function methodReason(
  method: CurvatureMethod,
  asked: boolean,
  parameters: number,
  samples: number,
  times = 1,
): string {
  if (asked) return `"${method}", as asked for`;
  const flops = (times * denseFlops(parameters, samples)).toPrecision(2);
  const size = `${times === 1 ? "" : `${times}·(`}N·P² + 4/3·P³${times === 1 ? "" : ")"} = ${flops} flops`;
  return method === "dense"
    ? `dense, since ${size} are at most ${DENSE_FLOPS.toPrecision(1)}`
    : `matrix-free, since ${size} exceed ${DENSE_FLOPS.toPrecision(1)}`;
}

/** Eigenvalues from both ends, or all of them. */
export interface Ends extends Extremes {
  /** Ascending: all eigenvalues, or those found. */
  readonly values: Float64Array;
  readonly complete: boolean;
  /** Bounds of the errors of those found; empty where all are there. */
  readonly residuals: Float64Array;
  /** ‖H‖_F, or an upper bound from the largest |λ|. */
  readonly norm: number;
  readonly status: "converged" | "max-steps" | "stalled" | "non-finite";
  readonly reason: string;
  readonly products: number;
  /** A unit vector of the smallest one, where it came with it. */
  readonly vector: Float64Array | null;
}

export function denseEnds(H: SymmetricMatrix): Ends {
  const values = H.eigenvalues();
  const finite = values.every((value) => Number.isFinite(value));
  return {
    values,
    complete: true,
    residuals: new Float64Array(0),
    smallest: values[0],
    largest: values[values.length - 1],
    norm: Math.sqrt(values.reduce((sum, value) => sum + value * value, 0)),
    status: finite ? "converged" : "non-finite",
    reason: finite ? "all eigenvalues found" : "the Hessian holds NaN or infinity",
    products: 0,
    vector: null,
  };
}

/** Products that a search for the ends takes at most. */
export const END_STEPS = 240;

export function lanczosEnds(op: LinearOperator, k: number, seed: number, steps = END_STEPS): Ends {
  const basis = Math.min(op.size, Math.max(60, 2 * k + 30));
  const found = lanczos(op, {
    k,
    which: k === 1 ? "smallest" : "both",
    seed,
    steps,
    basis: Math.max(basis, Math.min(op.size, k + 2)),
    tolerance: 1e-6,
  });
  const { values, residuals, norm, status, reason } = found;
  return {
    values,
    complete: values.length === op.size,
    residuals,
    smallest: values[0],
    largest: values[values.length - 1],
    norm: norm * Math.sqrt(op.size),
    status,
    reason,
    products: found.steps,
    vector: found.vectors[0] ?? null,
  };
}

/** Absolute tolerances that the caller sets. */
export interface PointTolerance {
  /** ‖∇L‖ up to which a point is critical. */
  gradient?: number;
  /** |λ| up to which an eigenvalue is zero. */
  eigenvalue?: number;
}

export function checkTolerance(where: string, tolerance: unknown): asserts tolerance is PointTolerance {
  checkObject(where, "tolerance", tolerance);
  checkKeys(`${where}: tolerance`, tolerance, ["gradient", "eigenvalue"]);
  for (const name of ["gradient", "eigenvalue"]) {
    if (tolerance[name] === undefined) continue;
    checkNumber(
      where,
      `tolerance.${name}`,
      tolerance[name],
      "a finite number of at least 0",
      (x) => x >= 0 && x < Infinity,
    );
  }
}

export function checkMethod(where: string, method: unknown): asserts method is CurvatureMethod | undefined {
  if (method !== undefined) checkChoice(where, "curvature", method, ["dense", "lanczos"]);
}
