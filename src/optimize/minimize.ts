import {
  checkFunction,
  checkInteger,
  checkKeys,
  checkNonNegative,
  checkNumber,
  checkObject,
  wrongType,
} from "../check.js";
import type { SymmetricMatrix } from "../linalg/symmetric.js";
import { dot, norm2 } from "../linalg/vector.js";
import { currentBuild } from "../wasm/load.js";
import { acquire, release } from "../wasm/workspace.js";
import { type Bounds, boundsOf, LOOK, minimizeWithin } from "./bounds.js";
import { covarianceAt, studentQuantile } from "./covariance.js";
import { bottomless, endless, noiseOf, vanished } from "./criticality.js";
import { disagreement, downhill, type Outlook } from "./evidence.js";
import {
  checkFunctions,
  checkStart,
  FunctionProblem,
  type LeastSquares,
  type SmoothFunction,
} from "./function-problem.js";
import { checkOptimizer, type End, type Look, type Optimizer, type StepOutcome, type StepReport } from "./optimizer.js";
import type { Evaluations } from "./problem.js";
import { minimizeRobust, type RobustLoss, robustOf } from "./robust.js";

/** What `minimize` takes beside function and start. */
export interface MinimizeOptions {
  /** The method. */
  optimizer: Optimizer;
  /** The most steps. Default: 1,000. */
  maxSteps?: number;
  /**
   * Relative accuracy, without a unit: a point has converged where the predicted further decrease
   * is at most tolerance²·|f|. With residuals the tolerance bounds the cosine of the angle between
   * them and any change that a step can make in them. 0: until rounding ends the search. Default:
   * 1e-8.
   */
  tolerance?: number;
  /**
   * The least value of each parameter, or of all; −Infinity where there is none. A start outside is
   * moved to the bound. Default: none.
   */
  lower?: number | ArrayLike<number>;
  /** The greatest value of each parameter, or of all. Default: none. */
  upper?: number | ArrayLike<number>;
  /**
   * For residuals: a loss in which large residuals count less than their squares, ½·Σ
   * s²·ρ((r/s)²), "huber", "soft-l1" or "cauchy". `scale` is s, in the residuals' unit. Default:
   * squares. Default of `scale`: a multiple of the residuals' deviation, estimated by their median,
   * that loses 5 % of the efficiency on normal residuals.
   */
  loss?: RobustLoss;
  /** Ends the search before its next step when it is aborted. Default: none. */
  signal?: AbortSignal;
  /**
   * Called before each step, with the point it starts from. True ends the search. Default: none.
   */
  onStep?: (record: MinimizeRecord) => boolean | undefined;
}

/** One step of `minimize`. */
export interface MinimizeRecord extends Partial<StepReport> {
  /** From 1. */
  readonly step: number;
  /** The function at the point that the step started from. */
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
  readonly status:
    | "converged"
    | "max-steps"
    | "stalled"
    | "unbounded"
    | "non-finite"
    | "not-positive-definite"
    | "aborted";
  /** Why, in words. */
  readonly reason: string;
  /** Steps taken. */
  readonly steps: number;
  /** What was asked of the function. */
  readonly evaluations: Evaluations;
  /**
   * The parameters' covariance at x, n × n: s²·(JᵀJ)⁻¹ with s² = Σr²/(m − n), computed at each
   * call; the caller's to keep. Residuals are needed, of equal weight. A parameter that they do not
   * determine has the variance Infinity and covariances of NaN; so have all where m ≤ n. With a
   * value and a Hessian: the inverse of the Hessian, for f a negative log-likelihood. Parameters
   * held at a bound have NaN. Not part of a copy of the result. Cost: a Jacobian and 2·m·n² flops,
   * or a Hessian and n³.
   *
   * @throws Error where f has neither residuals nor a Hessian.
   */
  covariance(): SymmetricMatrix;
  /** Roots of the covariance's diagonal, n numbers: standard errors of the parameters. */
  standardErrors(): Float64Array;
  /**
   * For each parameter the ends of its confidence interval, x ± t·standardError: Student's t with m
   * − n degrees of freedom for residuals, the normal distribution's quantile with a Hessian.
   *
   * @param share of such intervals that hold the true value. Default: 0.95.
   */
  intervals(share?: number): [low: number, high: number][];
}

interface Best {
  x: Float64Array;
  /** What the optimizer minimises there. */
  objective: number;
  gradientNorm: number;
}

/**
 * Minimises a smooth function from a start with any of the optimizers.
 *
 * Only what the optimizer asks for is computed. First-order methods and lbfgs take value and
 * gradient. Of the others, newton, saddleFreeNewton and trustRegion take the Hessian; trustRegion({
 * products: true }) takes products with it. The remaining methods, gaussNewton, levenbergMarquardt
 * and hessianFree, take residuals and Jacobian where these are given. Otherwise they take the
 * Hessian in place of the Gauss-Newton matrix.
 *
 * @param f { value, gradient, hessian?, hvp? }, or { residuals, jacobian?, hessian?, hvp? } for f =
 * ½·Σ rᵢ². A value of NaN or infinity says that there is none: a search shortens its step then.
 * @param x0 n finite numbers; not changed.
 * @param options optimizer (required), maxSteps 1,000, tolerance 1e-8 (relative accuracy), signal,
 * onStep.
 * @returns the best point seen, with a status. "converged": a test holds, which the reason names,
 * and no second derivative known to the method contradicts it. "max-steps": the steps were used up.
 * "unbounded": the value runs to −∞. "stalled": no step falls, or second derivatives do not settle
 * what the point is. "not-positive-definite": newton with `indefinite: "error"`. "non-finite": at
 * x0, or where a method without a search went. "aborted": by onStep or the signal. First-order
 * methods know no curvature. They estimate it from the last ten steps, and their steps depend on
 * the units of objective and parameters.
 * @throws TypeError or RangeError for bad input, for an optimizer that needs more derivatives than
 * there are, and for derivatives of the wrong size.
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
  checkKeys("minimize", options, ["optimizer", "maxSteps", "tolerance", "lower", "upper", "loss", "signal", "onStep"]);
  const { optimizer, maxSteps = 1000, tolerance = 1e-8, signal, onStep } = options as MinimizeOptions;
  checkOptimizer("minimize", optimizer);
  checkInteger("minimize", "maxSteps", maxSteps, 0);
  checkNonNegative("minimize", "tolerance", tolerance);
  if (onStep !== undefined) checkFunction("minimize", "onStep", onStep);
  if (signal !== undefined && typeof (signal as AbortSignal | null)?.aborted !== "boolean") {
    wrongType("minimize", "signal", "an AbortSignal", signal);
  }
  const { loss, lower, upper } = options as MinimizeOptions;
  if (loss !== undefined) {
    robustOf(loss);
    if (!f.residuals) wrongType("minimize", "f", "residuals, which a loss is of", f);
    return minimizeRobust(f, start, options, minimize);
  }
  const bounds = boundsOf(start.length, lower, upper);
  if (bounds) return withCovariance(minimizeWithin(f, start, options, bounds, minimize), f, bounds);
  const workspace = acquire(currentBuild());
  try {
    const problem = new FunctionProblem(workspace, f, start);
    problem.tolerance = tolerance;
    optimizer.forget("minimize");
    optimizer.attach("minimize", problem);
    try {
      const look = (options as { [LOOK]?: (x: Float64Array) => boolean })[LOOK];
      const found = search(problem, optimizer, maxSteps, signal, onStep, look);
      return withCovariance(found, f, null);
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
  signal: AbortSignal | undefined,
  onStep: MinimizeOptions["onStep"],
  look: ((x: Float64Array) => boolean) | undefined,
): Omit<Result, "covariance" | "standardErrors" | "intervals"> {
  const best: Best = { x: problem.point(problem.theta), objective: Number.NaN, gradientNorm: Number.NaN };
  let steps = 0;
  let end: Pick<Result, "status" | "reason"> | null = null;
  while (!end) {
    if (signal?.aborted) {
      lastLook(problem, optimizer, best);
      end = { status: "aborted", reason: `aborted by its signal after ${steps} steps` };
      break;
    }
    if (steps === maxSteps) {
      const look = lastLook(problem, optimizer, best);
      const zero = vanished(look.gradientNorm);
      end = zero ? { status: "converged", reason: zero } : look.settled();
      end ??= { status: "max-steps", reason: `${maxSteps} steps were not enough` };
      break;
    }
    const from = problem.theta;
    const outcome = optimizer.step(problem, optimizer.learningRate, null);
    keep(best, outcome, () => problem.point(from));
    end = endOf(outcome, steps);
    if (end) break;
    ++steps;
    if (look?.(problem.point(problem.theta))) {
      lastLook(problem, optimizer, best);
      end = { status: "max-steps", reason: "a parameter has reached a bound" };
      break;
    }
    const { value, gradientNorm, report } = outcome;
    const evaluations = { ...problem.evaluations };
    if (onStep?.({ step: steps, value, gradientNorm, evaluations, ...report }) === true) {
      lastLook(problem, optimizer, best);
      end = { status: "aborted", reason: `ended by onStep after ${steps} steps` };
    }
  }
  const open = end.status === "max-steps" || end.status === "stalled";
  if (steps >= FEW && open) end = runaway(problem, optimizer, best) ?? end;
  if (end.status === "stalled" && best.gradientNorm > 0) end = explained(problem, optimizer, best, end);
  const { x, gradientNorm } = best;
  const evaluations = { ...problem.evaluations };
  return { x, value: problem.evaluate(x), gradientNorm, ...end, steps, evaluations };
}

/**
 * The methods are not enumerable, so that a result can be compared, sent to a worker and written
 * as JSON.
 */
function withCovariance(
  found: Omit<Result, "covariance" | "standardErrors" | "intervals">,
  f: SmoothFunction | LeastSquares,
  bounds: Bounds | null,
): Result {
  const point = found.x.slice();
  const covariance = (): SymmetricMatrix => covarianceAt(f, point, bounds);
  const standardErrors = (): Float64Array => {
    const { data, size } = covariance();
    return Float64Array.from({ length: size }, (_, i) => Math.sqrt(data[i * (size + 1)]));
  };
  const intervals = (share = 0.95): [number, number][] => {
    checkNumber("intervals", "share", share, "a share in (0, 1)", (x) => x > 0 && x < 1);
    const freedom = f.residuals ? f.residuals(point.slice()).length - point.length : Infinity;
    const t = studentQuantile(0.5 + share / 2, freedom);
    return Array.from(standardErrors(), (error, i) => [point[i] - t * error, point[i] + t * error]);
  };
  return Object.defineProperties(found, {
    covariance: { value: covariance },
    standardErrors: { value: standardErrors },
    intervals: { value: intervals },
  }) as Result;
}

function keep(best: Best, { objective, gradientNorm, breakdown }: StepOutcome, point: () => Float64Array): void {
  if (breakdown === "value" || breakdown === "gradient") return;
  if (isBetter(best, objective, gradientNorm)) Object.assign(best, { x: point(), objective, gradientNorm });
}

/** Lower, or with a smaller gradient where the values differ by no more than rounding. */
function isBetter(best: Best, objective: number, gradientNorm: number): boolean {
  return !(objective > best.objective + (gradientNorm < best.gradientNorm ? noiseOf("f64", best.objective) : 0));
}

function endOf({ breakdown, end, value }: StepOutcome, steps: number): (End & { status: Result["status"] }) | null {
  if (!breakdown) return end;
  // A long step may lead at once to where the value, or the gradient beside it, overflows. A start
  // there is no fall.
  const fall = breakdown === "update" || steps === 0 ? null : bottomless(value);
  if (fall) return { status: "unbounded", reason: `${fall}; x is the best point before` };
  const what = breakdown === "update" ? "the next point" : `the ${breakdown}`;
  return {
    status: "non-finite",
    reason: `NaN or infinity in ${what} after ${steps} steps; x is the best point before`,
  };
}

/** The point that the last step led to has not been looked at. */
function lastLook(problem: FunctionProblem, optimizer: Optimizer, best: Best): Look {
  const look = optimizer.inspect(problem);
  const { objective, gradientNorm } = look;
  if (Number.isFinite(objective) && Number.isFinite(gradientNorm) && isBetter(best, objective, gradientNorm)) {
    Object.assign(best, { x: problem.point(problem.theta), objective, gradientNorm });
  }
  return look;
}

/** A run with fewer steps has only just begun. */
const FEW = 10;

/**
 * A search's failure with the gradient in its own scale, and a hint where the gradient does not
 * belong to the function.
 */
function explained(
  problem: FunctionProblem,
  optimizer: Optimizer,
  best: Best,
  end: Pick<Result, "status" | "reason">,
): Pick<Result, "status" | "reason"> {
  const { workspace } = problem;
  const { x, objective, gradientNorm } = best;
  const at = (point: Float64Array): number => {
    workspace.write("f64", problem.next, point);
    return problem.gradientAhead(optimizer.gradient);
  };
  at(x);
  const direction = downhill(problem.point(optimizer.gradient));
  const unit = norm2(x) || 1;
  const look = (length: number): Outlook => {
    const point = x.map((value, i) => value + length * direction[i]);
    const value = at(point);
    const gradient = problem.point(optimizer.gradient);
    // The best point seen on the way is kept.
    if (value < best.objective) Object.assign(best, { x: point, objective: value, gradientNorm: norm2(gradient) });
    return { change: value - objective, slope: dot(gradient, direction) };
  };
  const hint = disagreement(look, gradientNorm, noiseOf("f64", objective), unit);
  const share = (gradientNorm * unit) / Math.abs(objective);
  const size = Number.isFinite(share) ? `, ${share.toExponential(1)} of the objective over the parameters' length` : "";
  return { ...end, reason: `${end.reason}; the gradient's norm is ${gradientNorm.toExponential(1)}${size}${hint}` };
}

/** Share of the first gradient below which a run is on its way to a point where it vanishes. */
const FALLEN = 0.1;

/**
 * Where a search ends and the gradient has hardly fallen: whether the objective falls for ever. It
 * is evaluated farther and farther out, along the way the search came and along −g.
 */
function runaway(problem: FunctionProblem, optimizer: Optimizer, best: Best): End | null {
  const { first } = problem;
  if (!first || !(best.gradientNorm >= FALLEN * first.gradientNorm)) return null;
  const from = best.x;
  problem.changed();
  problem.workspace.write("f64", problem.next, from);
  problem.gradientAhead(optimizer.gradient);
  const downwards = problem.point(optimizer.gradient).map((value) => -value);
  const travelled = from.map((value, i) => value - first.theta[i]);
  return lookOut(problem, optimizer, best, from, travelled) ?? lookOut(problem, optimizer, best, from, downwards);
}

function lookOut(
  problem: FunctionProblem,
  optimizer: Optimizer,
  best: Best,
  from: Float64Array,
  direction: Float64Array,
): End | null {
  const along = norm2(direction);
  const start = best.gradientNorm;
  let reached = problem.evaluate(from);
  if (!(along > 0)) return null;
  for (let length = 10 * (norm2(from) || 1), factor = 10; length < 1e300; length *= factor, factor *= factor) {
    const far = from.map((value, i) => value + (length / along) * direction[i]);
    problem.workspace.write("f64", problem.next, far);
    const value = problem.gradientAhead(optimizer.gradient);
    if (!(value < reached)) return null;
    reached = value;
    const gradientNorm = norm2(problem.point(optimizer.gradient));
    if (value > -Infinity && value < best.objective && Number.isFinite(gradientNorm)) {
      Object.assign(best, { x: far, objective: value, gradientNorm });
    }
    const reason = bottomless(value) ?? endless(length, start, gradientNorm);
    if (reason) return { status: "unbounded", reason };
  }
  return null;
}
