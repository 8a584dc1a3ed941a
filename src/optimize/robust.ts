import { checkChoice, checkKeys, checkPositive, isObject, wrongType } from "../check.js";
import { type Matrix, toMatrix } from "../linalg/matrix.js";
import type { LeastSquares } from "./function-problem.js";
import type { MinimizeOptions, Result } from "./minimize.js";

/** A loss in which large residuals count less. */
export type RobustLoss =
  | "huber"
  | "soft-l1"
  | "cauchy"
  | {
      /** Its name. */
      readonly type: "huber" | "soft-l1" | "cauchy";
      /**
       * Size, in the residuals' unit, from which residuals count less. Default: by their median.
       */
      readonly scale?: number;
    };

type Name = "huber" | "soft-l1" | "cauchy";

/**
 * ρ(z) of z = (r/scale)², its derivative, and the scale in deviations of normal residuals that
 * loses 5 % of the efficiency.
 */
const losses: Record<
  Name,
  { readonly rho: (z: number) => number; readonly slope: (z: number) => number; readonly scale: number }
> = {
  huber: {
    rho: (z) => (z <= 1 ? z : 2 * Math.sqrt(z) - 1),
    slope: (z) => (z <= 1 ? 1 : 1 / Math.sqrt(z)),
    scale: 1.345,
  },
  "soft-l1": { rho: (z) => (2 * z) / (1 + Math.sqrt(1 + z)), slope: (z) => 1 / Math.sqrt(1 + z), scale: 1.345 },
  cauchy: { rho: (z) => Math.log1p(z), slope: (z) => 1 / (1 + z), scale: 2.385 },
};

/** A deviation over the median of absolute values, for normal residuals. */
const NORMAL = 1.4826;
const MOST_ROUNDS = 20;
const SETTLED = 1e-3;

/** What was asked for, checked. */
export function robustOf(loss: unknown): { name: Name; scale: number | null } {
  const given = isObject(loss) ? loss : { type: loss };
  if (typeof given.type !== "string")
    wrongType("minimize", "loss", "huber, soft-l1 or cauchy, or one of them as { type, scale }", loss);
  checkKeys("minimize: loss", given, ["type", "scale"]);
  const { type, scale } = given;
  checkChoice("minimize", "loss", type, Object.keys(losses) as Name[]);
  if (scale !== undefined) checkPositive("minimize", "loss.scale", scale);
  return { name: type, scale: (scale as number | undefined) ?? null };
}

/**
 * Minimises ½·Σ s²·ρ((rᵢ/s)²) as a sum of squares of s·√ρ, with the signs of the residuals. Where
 * no scale s is given, it is a multiple of the residuals' deviation by their median, fitted and
 * taken again until it settles: no unit counts.
 */
export function minimizeRobust(
  f: LeastSquares,
  x0: Float64Array,
  { loss, ...options }: MinimizeOptions,
  minimize: (f: LeastSquares, x0: ArrayLike<number>, options: MinimizeOptions) => Result,
): Result {
  const { name, scale } = robustOf(loss);
  if (scale !== null) return described(minimize(transformed(f, name, scale), x0, options), scale);
  let found = minimize(f, x0, options);
  let s = 0;
  for (let round = 0; round < MOST_ROUNDS; ++round) {
    const next = losses[name].scale * NORMAL * median(Array.from(f.residuals(found.x.slice()), Math.abs));
    // A fit that passes through half of the points leaves nothing to be robust against.
    if (!(next > 0) || Math.abs(next - s) <= SETTLED * s) break;
    s = next;
    found = minimize(transformed(f, name, s), found.x, options);
  }
  return described(found, s);
}

function described(found: Result, scale: number): Result {
  const reason = `${found.reason}; residuals beyond ${scale.toPrecision(4)} count less`;
  return Object.defineProperties({ ...found, reason }, Object.getOwnPropertyDescriptors(methodsOf(found))) as Result;
}

/** `covariance` and its like are not listed, and would be lost by a copy. */
function methodsOf(found: Result): object {
  const own = Object.getOwnPropertyDescriptors(found);
  return Object.defineProperties(
    {},
    Object.fromEntries(Object.entries(own).filter(([, { enumerable }]) => !enumerable)),
  );
}

function transformed(f: LeastSquares, name: Name, s: number): LeastSquares {
  const { rho, slope } = losses[name];
  const shrunk = (r: number): number => Math.sign(r) * s * Math.sqrt(rho((r / s) ** 2));
  /** d(s·√ρ)/dr. */
  const factor = (r: number): number => {
    const z = (r / s) ** 2;
    return z < 1e-8 ? 1 : (slope(z) * Math.abs(r)) / (s * Math.sqrt(rho(z)));
  };
  const residuals = (x: Float64Array): Float64Array => Float64Array.from(f.residuals(x), shrunk);
  const { jacobian } = f;
  if (!jacobian) return { residuals };
  return {
    residuals,
    jacobian: (x): Matrix => {
      const r = f.residuals(x.slice());
      const { rows, columns, data } = toMatrix("minimize", "f.jacobian", jacobian(x));
      return {
        rows,
        columns,
        data: Float64Array.from(data, (value, at) => value * factor(r[Math.floor(at / columns)])),
      };
    },
  };
}

function median(values: readonly number[]): number {
  const sorted = values.slice().sort((a, b) => a - b);
  return sorted[sorted.length >> 1];
}
