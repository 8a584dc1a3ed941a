import { checkFunction, checkInteger, checkKeys, checkNonNegative, checkObject } from "../check.js";
import { SymmetricMatrix } from "../linalg/symmetric.js";
import { currentBuild } from "../wasm/load.js";
import { acquire, release } from "../wasm/workspace.js";
import { leastSquaresCovariance } from "./covariance.js";
import {
  checkFunctions,
  checkStart,
  FunctionProblem,
  type LeastSquares,
  type SmoothFunction,
} from "./function-problem.js";
import { checkOptimizer, type End, type Optimizer, type StepOutcome, type StepReport } from "./optimizer.js";
import type { Evaluations } from "./problem.js";

/** What `minimize` takes beside function and start. */
export interface MinimizeOptions {
  /** The method. */
  optimizer: Optimizer;
  /** Most steps; 1,000. */
  maxSteps?: number;
  /** Gradient norm up to which a point counts as critical; 1e-8. */
  tolerance?: number;
  /** Called before each step, with the point it starts from. True ends the search. */
  onStep?: (record: MinimizeRecord) => boolean | undefined;
}

/** One step of `minimize`. */
export interface MinimizeRecord extends Partial<StepReport> {
  /** From 1. */
  readonly step: number;
  /** Of the function, at the point that the step started from. */
  readonly value: number;
  /** ‖∇f‖ there. */
  readonly gradientNorm: number;
  /** So far. */
  readonly evaluations: Evaluations;
}

/** Where a search ended, and how. */
export interface Result {
  /** The best point seen. */
  readonly x: Float64Array;
  /** The function there. */
  readonly value: number;
  /** ‖∇f‖ there. */
  readonly gradientNorm: number;
  /** See `minimize`. */
  readonly status: "converged" | "max-steps" | "stalled" | "non-finite" | "not-positive-definite" | "aborted";
  /** In words. */
  readonly reason: string;
  /** Steps taken. */
  readonly steps: number;
  /** What was asked of the function. */
  readonly evaluations: Evaluations;
  /**
   * The parameters' covariance at x, n × n: s²·(JᵀJ)⁻¹ with s² = Σr²/(m − n), computed at each call; the caller's to keep. Residuals are needed, of equal
   * weight. A parameter that they do not determine has the variance Infinity and covariances of NaN; so have all where m ≤ n.
   * Not part of a copy of the result. Cost: a Jacobian and 2·m·n² flops.
   *
   * @throws Error where f has no residuals.
   */
  covariance(): SymmetricMatrix;
  /** Roots of the covariance's diagonal, n numbers: standard errors of the parameters. */
  standardErrors(): Float64Array;
}

interface Best {
  x: Float64Array;
  /** What the optimizer minimises there. */
  objective: number;
  gradientNorm: number;
}

/**
 * Minimises a smooth function with any of the optimizers, from a point on.
 *
 * Only what the optimizer asks for is computed: first-order methods and lbfgs take value and gradient; newton, saddleFreeNewton and
 * trustRegion the Hessian (or, for trustRegion({ products: true }), products with it); gaussNewton, levenbergMarquardt and hessianFree
 * residuals and Jacobian where these are given, and else the Hessian in place of the Gauss-Newton matrix.
 *
 * @param f { value, gradient, hessian?, hvp? }, or { residuals, jacobian?, hessian?, hvp? } for f = ½·Σ rᵢ². A value of NaN or infinity says that there is
 * none: a search shortens its step then.
 * @param x0 n finite numbers; not changed.
 * @param options optimizer (required), maxSteps 1,000, tolerance 1e-8 of the gradient's norm, onStep.
 * @returns the best point seen with a status. "converged": a critical point that no second derivative known to the method speaks against;
 * "max-steps"; "stalled": no step falls, or second derivatives cannot tell what the point is; "not-positive-definite": newton with
 * `indefinite: "error"`; "non-finite": at x0, or where a method without a search went; "aborted": by onStep.
 * @throws TypeError or RangeError for bad input, for an optimizer that needs more derivatives than there are, and for derivatives of the wrong size.
 * @example
 * const f = {
 *   value: ([x, y]) => (1 - x) ** 2 + 100 * (y - x * x) ** 2,
 *   gradient: ([x, y]) => [-2 * (1 - x) - 400 * x * (y - x * x), 200 * (y - x * x)],
 * };
 * minimize(f, [-1.2, 1], { optimizer: lbfgs() }).status; // "converged"
 */
export function minimize(f: SmoothFunction | LeastSquares, x0: ArrayLike<number>, options: MinimizeOptions): Result {
  checkFunctions(f);
  const start = checkStart(x0);
  checkObject("minimize", "options", options);
  checkKeys("minimize", options, ["optimizer", "maxSteps", "tolerance", "onStep"]);
  const { optimizer, maxSteps = 1000, tolerance = 1e-8, onStep } = options as MinimizeOptions;
  checkOptimizer("minimize", optimizer);
  checkInteger("minimize", "maxSteps", maxSteps, 0);
  checkNonNegative("minimize", "tolerance", tolerance);
  if (onStep !== undefined) checkFunction("minimize", "onStep", onStep);
  const workspace = acquire(currentBuild());
  try {
    const problem = new FunctionProblem(workspace, f, start);
    problem.tolerance = tolerance;
    optimizer.attach("minimize", problem);
    try {
      return search(problem, optimizer, maxSteps, onStep);
    } finally {
      optimizer.detach();
    }
  } finally {
    release(workspace);
  }
}

function search(
  problem: FunctionProblem,
  optimizer: Optimizer,
  maxSteps: number,
  onStep: MinimizeOptions["onStep"],
): Result {
  const best: Best = { x: problem.point(problem.theta), objective: Number.NaN, gradientNorm: Number.NaN };
  let steps = 0;
  let end: Pick<Result, "status" | "reason"> | null = null;
  while (!end) {
    if (steps === maxSteps) {
      end = lastLook(problem, optimizer, best, maxSteps);
      break;
    }
    const from = problem.theta;
    const outcome = optimizer.step(problem, optimizer.learningRate, null);
    keep(best, outcome, () => problem.point(from));
    end = endOf(outcome, steps);
    if (end) break;
    ++steps;
    const { value, gradientNorm, report } = outcome;
    const evaluations = { ...problem.evaluations };
    if (onStep?.({ step: steps, value, gradientNorm, evaluations, ...report }) === true) {
      lastLook(problem, optimizer, best, maxSteps);
      end = { status: "aborted", reason: `ended by onStep after ${steps} steps` };
    }
  }
  const { x, gradientNorm } = best;
  const evaluations = { ...problem.evaluations };
  return withCovariance({ x, value: problem.evaluate(x), gradientNorm, ...end, steps, evaluations }, problem);
}

/** Methods are no property that is listed, so that a result can be compared, sent to a worker and written as JSON. */
function withCovariance(found: Omit<Result, "covariance" | "standardErrors">, problem: FunctionProblem): Result {
  const { x } = found;
  const build = currentBuild();
  const [n, point] = [x.length, x.slice()];
  const covariance = (): SymmetricMatrix => {
    const linear = problem.linearization(point);
    if (!linear) throw new Error("covariance: f has no residuals to estimate their size from; pass { residuals }");
    return new SymmetricMatrix(n, leastSquaresCovariance(linear), build);
  };
  const standardErrors = (): Float64Array => {
    const { data } = covariance();
    return Float64Array.from({ length: n }, (_, i) => Math.sqrt(data[i * (n + 1)]));
  };
  return Object.defineProperties(found, {
    covariance: { value: covariance },
    standardErrors: { value: standardErrors },
  }) as Result;
}

function keep(best: Best, { objective, gradientNorm, breakdown }: StepOutcome, point: () => Float64Array): void {
  if (breakdown === "value" || breakdown === "gradient") return;
  // Where steps are too small for the value to show them, the later point is the better one.
  if (!(objective > best.objective)) Object.assign(best, { x: point(), objective, gradientNorm });
}

function endOf({ breakdown, end }: StepOutcome, steps: number): (End & { status: Result["status"] }) | null {
  if (!breakdown) return end;
  const what = breakdown === "update" ? "the next point" : `the ${breakdown}`;
  return {
    status: "non-finite",
    reason: `NaN or infinity in ${what} after ${steps} steps; x is the best point before`,
  };
}

/** The point that the last step led to has not been looked at. */
function lastLook(
  problem: FunctionProblem,
  optimizer: Optimizer,
  best: Best,
  maxSteps: number,
): Pick<Result, "status" | "reason"> {
  const { objective, gradientNorm } = optimizer.inspect(problem);
  if (Number.isFinite(objective) && Number.isFinite(gradientNorm) && !(objective > best.objective)) {
    Object.assign(best, { x: problem.point(problem.theta), objective, gradientNorm });
  }
  if (best.gradientNorm <= problem.tolerance) {
    return { status: "converged", reason: "the gradient is within the tolerance after the last step allowed" };
  }
  return { status: "max-steps", reason: `${maxSteps} steps were not enough` };
}
