import {
  checkBoolean,
  checkInteger,
  checkKeys,
  checkNonNegative,
  checkObject,
  checkPositive,
  checkVector,
  wrongValue,
} from "../check.js";
import { finish } from "../parts.js";
import { checkOperator, type LinearOperator, Products } from "./operator.js";
import { axpy, divide, dot, maxAbs, newVector, norm2, powerOfTwoBelow, scale } from "./vector.js";

const WHERE = "conjugateGradients";

/** What `conjugateGradients` takes beside operator and right-hand side. */
export interface ConjugateGradientsOptions {
  /** Largest ‖b − A·x‖ relative to ‖b‖. Default: 1e-8. */
  tolerance?: number;
  /** The most steps. Default: 10 · size (SciPy). */
  maxSteps?: number;
  /** Its products apply M⁻¹, symmetric and positive definite, near A⁻¹. Default: none. */
  preconditioner?: LinearOperator;
  /** The start, `size` numbers. Default: 0. */
  x0?: ArrayLike<number>;
  /**
   * Stop on the sphere ‖x‖ = radius (Steihaug 1983, Toint 1981), measured as √(xᵀ·M·x) under a
   * preconditioner; not with `x0`. Default: no sphere.
   */
  radius?: number;
  /**
   * Stop when the model q(x) = ½xᵀAx − bᵀx is below 0 and falls by less than this share of itself
   * per step. The fall is averaged over the last max(10, ⌊steps/10⌋) steps (Martens 2010, who takes
   * 5e-4). Default: 0, which never stops.
   */
  progress?: number;
  /**
   * Keep x as it was after steps 1, 2, 3, … ⌈1.3ʲ⌉ …, to choose from afterwards (Martens 2010).
   * Default: false.
   */
  keepIterates?: boolean;
}

/** An x on the way. */
export interface ConjugateGradientsIterate {
  /** After how many steps. */
  readonly step: number;
  /** A copy, owned by the caller. */
  readonly x: Float64Array;
  /** ½xᵀAx − bᵀx. */
  readonly model: number;
}

/** Where `conjugateGradients` ended. */
export interface ConjugateGradientsResult {
  /** Where it ended, owned by the caller. */
  readonly x: Float64Array;
  /**
   * "not-positive-definite" where a direction of no or negative curvature was met; see
   * `conjugateGradients`.
   */
  readonly status: "converged" | "max-steps" | "not-positive-definite" | "non-finite";
  /** Why, in words. */
  readonly reason: string;
  /** ‖b − A·x‖, as the recurrence has it. */
  readonly residualNorm: number;
  /** ½xᵀAx − bᵀx. */
  readonly model: number;
  /** Steps taken. */
  readonly steps: number;
  /** Products with A taken. */
  readonly products: number;
  /** Whether x lies on the sphere of the given radius. */
  readonly boundary: boolean;
  /**
   * The least pᵀAp / pᵀp along the directions taken: no less than the smallest eigenvalue; Infinity
   * where there was none.
   */
  readonly leastCurvature: number;
  /**
   * Where A is not positive definite: a unit vector d with dᵀAd ≤ 0, to rounding, along which the
   * model falls from x on.
   */
  readonly direction?: Float64Array;
  /** With `keepIterates`, in order; the last is x. */
  readonly iterates?: readonly ConjugateGradientsIterate[];
}

interface Settings {
  readonly tolerance: number;
  readonly maxSteps: number;
  readonly preconditioner: Products | null;
  readonly x0: Float64Array | null;
  readonly radius: number;
  readonly progress: number;
  readonly keepIterates: boolean;
}

/**
 * Solves A·x = b for a symmetric positive definite operator, from products A·v alone, by
 * (preconditioned) conjugate gradients; what is the same, minimises the quadratic model q(x) =
 * ½xᵀAx − bᵀx.
 *
 * Where A proves not to be positive definite, the direction that shows it is returned. With a
 * `radius` x then moves along it to the sphere, as it does when a step would leave the ball: so x
 * is the truncated step of a trust region, whatever A is.
 *
 * @param op a symmetric operator: `hessianOperator(…)`, or any { size, matvec(v) }.
 * @param b `size` finite numbers.
 * @param options see their own descriptions.
 * @returns x and how it came about, all the caller's. Cost: a product and 12·size flops a step, and
 * 6·size·8 bytes.
 * Statuses: "converged": within the tolerance, too little progress, or on the sphere; the reason
 * says which. "max-steps": the steps were used up. "not-positive-definite": x is the last point
 * before or, with a radius, on the sphere; curvatures up to 4ε of the largest met count as 0.
 * "non-finite": a product was not finite, or the numbers overflowed; x is the last finite point,
 * or 0.
 * @throws TypeError or RangeError for what is no operator, a `b` that does not fit, unknown options
 * and values outside their range.
 * Source: Hestenes and Stiefel 1952; Steihaug 1983; Conn, Gould and Toint 2000, section 7.5.1
 * (norms under a preconditioner); Martens 2010.
 * @example
 * conjugateGradients({ size: 2, matvec: (v) => v.map((x, i) => (i + 1) * x) }, [1, 1]).x; // Float64Array [1, 0.5], to rounding
 */
export function conjugateGradients(
  op: LinearOperator,
  b: ArrayLike<number>,
  options: ConjugateGradientsOptions = {},
): ConjugateGradientsResult {
  return finish(conjugateGradientsInParts(op, b, options));
}

/** The same step by step: it may be left after each and taken up again. */
export function* conjugateGradientsInParts(
  op: LinearOperator,
  b: ArrayLike<number>,
  options: ConjugateGradientsOptions,
): Generator<void, ConjugateGradientsResult> {
  checkOperator(WHERE, "op", op);
  const rhs = Float64Array.from(checkVector(WHERE, "b", b, op.size, "f64"));
  const settings = settle(op.size, options);
  // In units in which b is about 1, no square overflows or vanishes; powers of two change no digit.
  const largest = Math.max(maxAbs(rhs), settings.x0 ? maxAbs(settings.x0) : 0);
  const unit = largest > 1e100 || (largest > 0 && largest < 1e-100) ? powerOfTwoBelow(largest) : 1;
  if (unit === 1) return yield* solve(new Products(WHERE, op), rhs, settings);
  divide(rhs, unit);
  if (settings.x0) divide(settings.x0, unit);
  const result = yield* solve(new Products(WHERE, op), rhs, { ...settings, radius: settings.radius / unit });
  scale(unit, result.x);
  if (!Number.isFinite(maxAbs(result.x))) {
    result.x.fill(0);
    const kept = result.iterates ? { iterates: [] } : {};
    const start = { residualNorm: norm2(rhs) * unit, model: 0, ...kept };
    return { ...result, ...start, status: "non-finite", reason: OVERFLOW };
  }
  return {
    ...result,
    residualNorm: result.residualNorm * unit,
    model: result.model * unit * unit,
    ...(result.iterates
      ? {
          iterates: result.iterates.map(({ step, x, model }) => {
            return { step, x: x.map((value) => value * unit), model: model * unit * unit };
          }),
        }
      : {}),
  };
}

function settle(size: number, options: ConjugateGradientsOptions): Settings {
  checkObject(WHERE, "options", options);
  checkKeys(WHERE, options, ["tolerance", "maxSteps", "preconditioner", "x0", "radius", "progress", "keepIterates"]);
  const given = options as ConjugateGradientsOptions;
  const {
    tolerance = 1e-8,
    maxSteps = 10 * size,
    preconditioner,
    x0,
    radius,
    progress = 0,
    keepIterates = false,
  } = given;
  checkNonNegative(WHERE, "tolerance", tolerance);
  checkInteger(WHERE, "maxSteps", maxSteps, 0);
  if (preconditioner !== undefined) {
    checkOperator(WHERE, "preconditioner", preconditioner);
    if (preconditioner.size !== size) {
      wrongValue(WHERE, "preconditioner.size", `${size}, as op has it`, String(preconditioner.size));
    }
  }
  if (radius !== undefined) checkPositive(WHERE, "radius", radius);
  if (radius !== undefined && x0 !== undefined) {
    wrongValue(WHERE, "x0", "nothing beside a radius", "a vector", "only from 0 does the path leave the ball once");
  }
  checkNonNegative(WHERE, "progress", progress);
  checkBoolean(WHERE, "keepIterates", keepIterates);
  return {
    tolerance,
    maxSteps,
    preconditioner: preconditioner ? new Products(WHERE, preconditioner, "preconditioner") : null,
    x0: x0 === undefined ? null : Float64Array.from(checkVector(WHERE, "x0", x0, size, "f64")),
    radius: radius ?? Infinity,
    progress,
    keepIterates,
  };
}

function* solve(products: Products, b: Float64Array, settings: Settings): Generator<void, ConjugateGradientsResult> {
  const { size } = products;
  const { preconditioner, radius, progress } = settings;
  const goal = settings.tolerance * norm2(b);
  const x = settings.x0 ?? newVector(WHERE, size);
  const r = b.slice();
  const p = newVector(WHERE, size);
  const q = newVector(WHERE, size);
  const z = preconditioner ? newVector(WHERE, size) : r;
  const models: number[] = [];
  const iterates: ConjugateGradientsIterate[] = [];
  let steps = 0;
  let kept = 0;
  let leastCurvature = Infinity;
  let largestCurvature = 0;
  /** ½xᵀAx − bᵀx, as A·x = b − r. */
  const model = (): number => -0.5 * (dot(x, r) + dot(x, b));
  const keep = (): void => {
    if (settings.keepIterates && kept < steps) {
      iterates.push({ step: steps, x: x.slice(), model: model() });
      kept = steps;
    }
  };
  const end = (
    status: ConjugateGradientsResult["status"],
    reason: string,
    extra: { boundary?: boolean; direction?: Float64Array } = {},
  ): ConjugateGradientsResult => {
    keep();
    return {
      x,
      status,
      reason,
      residualNorm: norm2(r),
      model: model(),
      steps,
      products: products.count,
      boundary: false,
      leastCurvature,
      ...extra,
      ...(settings.keepIterates ? { iterates } : {}),
    };
  };

  if (norm2(b) === 0) {
    x.fill(0);
    return end("converged", "b is 0");
  }
  if (settings.x0) {
    if (!products.into(x, q)) return end("non-finite", products.trouble);
    axpy(-1, q, r);
  }
  models.push(model());
  if (norm2(r) <= goal) return end("converged", "the residual is within the tolerance");
  if (preconditioner && !preconditioner.into(r, z)) return end("non-finite", preconditioner.trouble);
  let rz = dot(r, z);
  if (!(rz > 0)) return end("not-positive-definite", NOT_DEFINITE);
  p.set(z);
  // Squared norms of x and p and their inner product, in the metric of M.
  let xx = 0;
  let xp = 0;
  let pp = rz;
  let nextKept = 1;
  for (;;) {
    yield;
    if (steps >= settings.maxSteps) return end("max-steps", `the residual is ${share(norm2(r), b)} of b's norm`);
    if (!products.into(p, q)) return end("non-finite", products.trouble);
    const length = norm2(p);
    const curvature = dot(p, q);
    const quotient = curvature / length / length;
    if (!Number.isFinite(quotient)) return end("non-finite", "the curvature along a direction overflowed");
    leastCurvature = Math.min(leastCurvature, quotient);
    if (!preconditioner && radius < Infinity) {
      xx = dot(x, x);
      xp = dot(x, p);
      pp = length * length;
    }
    // Under a preconditioner it is in M's metric that curvatures are alike.
    const measured = preconditioner ? curvature / pp : quotient;
    largestCurvature = Math.max(largestCurvature, preconditioner ? measured : norm2(q) / length);
    const flat = measured <= 4 * Number.EPSILON * largestCurvature;
    const alpha = rz / curvature;
    const reached = radius < Infinity && xx + alpha * (2 * xp + alpha * pp) >= radius * radius;
    if (flat || reached) {
      const direction = flat ? p.slice() : null;
      if (direction) divide(direction, length);
      const boundary = radius < Infinity;
      if (boundary) {
        const tau = toSphere(xx, xp, pp, radius);
        axpy(tau, p, x);
        axpy(-tau, q, r);
        steps += 1;
      }
      if (!direction) return end("converged", "the step reached the radius", { boundary });
      const reason = `the curvature along a direction is ${quotient.toExponential(2)}`;
      return end("not-positive-definite", reason, { boundary, direction });
    }
    if (!Number.isFinite(alpha * (length + norm2(q)))) return end("non-finite", OVERFLOW);
    axpy(alpha, p, x);
    axpy(-alpha, q, r);
    steps += 1;
    if (steps >= nextKept) {
      keep();
      while (Math.ceil(nextKept) <= steps) nextKept *= 1.3;
    }
    if (norm2(r) <= goal) return end("converged", "the residual is within the tolerance");
    if (progress > 0) {
      models.push(model());
      const back = Math.max(10, Math.floor(steps / 10));
      const now = models[steps];
      if (steps > back && now < 0 && (now - models[steps - back]) / now < back * progress) {
        return end("converged", "the model falls too little for more steps");
      }
    }
    if (preconditioner && !preconditioner.into(r, z)) return end("non-finite", preconditioner.trouble);
    const next = dot(r, z);
    if (!preconditioner && next === 0) return end("converged", "the residual is 0 to rounding");
    if (!(next > 0)) return end("not-positive-definite", NOT_DEFINITE);
    const beta = next / rz;
    xx += alpha * (2 * xp + alpha * pp);
    xp = beta * (xp + alpha * pp);
    pp = next + beta * beta * pp;
    for (let i = 0; i < size; ++i) p[i] = z[i] + beta * p[i];
    rz = next;
  }
}

const OVERFLOW = "the solution overflows";
const NOT_DEFINITE = "the preconditioner is not positive definite";

/** The τ > 0 at which ‖x + τ·p‖ = radius, without cancellation. */
function toSphere(xx: number, xp: number, pp: number, radius: number): number {
  const rest = (radius - Math.sqrt(xx)) * (radius + Math.sqrt(xx));
  const root = Math.sqrt(xp * xp + pp * rest);
  return xp > 0 ? rest / (xp + root) : (root - xp) / pp;
}

function share(norm: number, b: Float64Array): string {
  return (norm / norm2(b)).toExponential(1);
}
