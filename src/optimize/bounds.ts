import { wrongValue } from "../check.js";
import { type Matrix, toMatrix } from "../linalg/matrix.js";
import { SymmetricMatrix, symmetric } from "../linalg/symmetric.js";
import { norm2 } from "../linalg/vector.js";
import { currentBuild } from "../wasm/load.js";
import { CentralDifferences } from "./central-differences.js";
import type { LeastSquares, SmoothFunction } from "./function-problem.js";
import type { MinimizeOptions, Result } from "./minimize.js";
import type { Evaluations } from "./problem.js";

/** The least and the greatest value of each parameter. */
export interface Bounds {
  readonly lower: Float64Array;
  readonly upper: Float64Array;
}

type Given = SmoothFunction | LeastSquares;
type Minimize = (f: Given, x0: ArrayLike<number>, options: MinimizeOptions) => Result;

/** The most searches over sets of free parameters, as a multiple of the number of parameters. */
const MOST_SETS = 20;

/**
 * The bounds of n parameters. A single number holds for all of them. Null where there are none.
 */
export function boundsOf(n: number, lower: unknown, upper: unknown): Bounds | null {
  if (lower === undefined && upper === undefined) return null;
  const bounds = { lower: all("lower", n, lower, -Infinity), upper: all("upper", n, upper, Infinity) };
  bounds.lower.forEach((low, i) => {
    if (!(low <= bounds.upper[i])) {
      wrongValue("minimize", "lower", `at most the upper bound ${bounds.upper[i]} of parameter ${i}`, String(low));
    }
  });
  return bounds;
}

function all(name: string, n: number, given: unknown, fallback: number): Float64Array {
  if (given === undefined) return new Float64Array(n).fill(fallback);
  if (typeof given === "number" && !Number.isNaN(given)) return new Float64Array(n).fill(given);
  const values = given as ArrayLike<number> | null;
  if (
    typeof values !== "object" ||
    values?.length !== n ||
    !Array.from(values).every((x) => typeof x === "number" && !Number.isNaN(x))
  ) {
    wrongValue(
      "minimize",
      name,
      `a number, or ${n} numbers, one a parameter; infinity where there is no bound`,
      String(given),
    );
  }
  return Float64Array.from(values);
}

/**
 * Minimises within bounds by an active set. Parameters at a bound are held there while −g points
 * out of it, and the optimizer searches over the others. The function is only evaluated within the
 * bounds. A parameter that reaches a bound is held from then on, and is freed when its gradient
 * turns. The search has converged when the free parameters have and no held parameter is to be
 * freed.
 */
export function minimizeWithin(
  f: Given,
  start: Float64Array,
  options: MinimizeOptions,
  bounds: Bounds,
  minimize: Minimize,
): Result {
  const { maxSteps = 1000, onStep } = options;
  const clip = (x: Float64Array): Float64Array =>
    x.map((value, i) => Math.min(Math.max(value, bounds.lower[i]), bounds.upper[i]));
  let x = clip(start);
  let held = new Set<number>();
  let steps = 0;
  const evaluations = { value: 0, gradient: 0, hvp: 0, hessian: 0 };
  let last: Result | null = null;
  for (let set = 0; set < MOST_SETS * (x.length + 1); ++set) {
    held = heldAt(f, x, bounds);
    const free = Array.from(x.keys()).filter((i) => !held.has(i));
    if (free.length === 0)
      return ended(
        f,
        x,
        held,
        evaluations,
        steps,
        "converged",
        "every parameter is held at a bound by the gradient",
        options,
      );
    let met = false;
    const found: Result = minimize(
      restricted(f, x, free, bounds),
      free.map((i) => x[i]),
      {
        ...withoutBounds(options),
        maxSteps: maxSteps - steps,
        onStep: (record) => {
          if (onStep?.({ ...record, step: steps + record.step }) === true) return true;
          return undefined;
        },
        // Ends where a free parameter has reached a bound.
        ...{
          [LOOK]: (z: Float64Array) => (met = free.some((i, k) => z[k] <= bounds.lower[i] || z[k] >= bounds.upper[i])),
        },
      } as MinimizeOptions,
    );
    add(evaluations, found.evaluations);
    steps += found.steps;
    const next = x.slice();
    free.forEach((i, k) => {
      next[i] = found.x[k];
    });
    const clipped = clip(next);
    const moved = clipped.some((value, i) => value !== x[i]);
    x = clipped;
    last = found;
    const after = heldAt(f, x, bounds);
    const same = after.size === held.size && [...after].every((i) => held.has(i));
    if (same && !met) break;
    if (steps >= maxSteps || !(moved || !same) || found.status === "aborted") break;
  }
  held = heldAt(f, x, bounds);
  const { status, reason } = last as Result;
  return ended(f, x, held, evaluations, steps, status, reason, options);
}

/** Under this key `minimize` takes a function that sees each point and may end the search. */
export const LOOK = Symbol("look");

function withoutBounds({ lower: _, upper: __, ...options }: MinimizeOptions): MinimizeOptions {
  return options;
}

/** Parameters at a bound that −g points out of. Equal bounds hold in any case. */
function heldAt(f: Given, x: Float64Array, { lower, upper }: Bounds): Set<number> {
  const at = Array.from(x.keys()).filter((i) => x[i] <= lower[i] || x[i] >= upper[i]);
  if (at.length === 0) return new Set();
  const g = gradientOf(f, x, { lower, upper });
  return new Set(at.filter((i) => lower[i] === upper[i] || (x[i] <= lower[i] ? g[i] > 0 : g[i] < 0)));
}

function gradientOf(f: Given, x: Float64Array, bounds: Bounds): Float64Array {
  if (!f.residuals) return Float64Array.from(f.gradient(x.slice()));
  const r = Float64Array.from(f.residuals(x.slice()));
  const { columns, data } = jacobianOf(f, x, r, bounds);
  const g = new Float64Array(columns);
  for (let i = 0; i < data.length; ++i) g[i % columns] += data[i] * r[Math.floor(i / columns)];
  return g;
}

/** The Jacobian that is given, or differences that stay within the bounds. */
function jacobianOf(f: LeastSquares, x: Float64Array, r: Float64Array, bounds: Bounds): Matrix {
  if (f.jacobian) return toMatrix("minimize", "f.jacobian", f.jacobian(x.slice()));
  return differences(f, bounds).at(x, r);
}

function differences(f: LeastSquares, { lower, upper }: Bounds): CentralDifferences {
  return new CentralDifferences((point) => {
    const outside = point.some((value, i) => value < lower[i] || value > upper[i]);
    const r = outside ? null : Float64Array.from(f.residuals(point));
    // Where there is no value, the other side's difference stands in.
    return r ?? new Float64Array(f.residuals(clipped(point, lower, upper)).length).fill(Number.NaN);
  }, lower.length);
}

function clipped(x: Float64Array, lower: Float64Array, upper: Float64Array): Float64Array {
  return x.map((value, i) => Math.min(Math.max(value, lower[i]), upper[i]));
}

/** The function of the free parameters; beyond a bound it is what it is at the bound, and flat. */
function restricted(f: Given, x: Float64Array, free: readonly number[], bounds: Bounds): Given {
  const { lower, upper } = bounds;
  const full = (z: Float64Array): Float64Array => {
    const point = x.slice();
    free.forEach((i, k) => {
      point[i] = Math.min(Math.max(z[k], lower[i]), upper[i]);
    });
    return point;
  };
  const flat = (z: Float64Array, k: number): boolean => z[k] < lower[free[k]] || z[k] > upper[free[k]];
  const columns = (z: Float64Array, J: Matrix): Matrix => ({
    rows: J.rows,
    columns: free.length,
    data: Float64Array.from({ length: J.rows * free.length }, (_, at) => {
      const k = at % free.length;
      return flat(z, k) ? 0 : J.data[Math.floor(at / free.length) * J.columns + free[k]];
    }),
  });
  const pick = (z: Float64Array, v: ArrayLike<number>): Float64Array =>
    Float64Array.from(free, (i, k) => (flat(z, k) ? 0 : v[i]));
  const second = {
    ...(f.hessian
      ? { hessian: (z: Float64Array) => blockOf(f.hessian?.(full(z)) as Matrix, free, (k) => flat(z, k)) }
      : {}),
    ...(f.hvp
      ? {
          hvp: (z: Float64Array, v: Float64Array) => {
            const whole = new Float64Array(x.length);
            free.forEach((i, k) => {
              whole[i] = flat(z, k) ? 0 : v[k];
            });
            return pick(z, f.hvp?.(full(z), whole) as ArrayLike<number>);
          },
        }
      : {}),
  };
  if (!f.residuals) {
    return { value: (z) => f.value(full(z)), gradient: (z) => pick(z, f.gradient(full(z))), ...second };
  }
  const central = differences(f, bounds);
  return {
    residuals: (z) => f.residuals(full(z)),
    jacobian: (z) => {
      const point = full(z);
      const J = f.jacobian
        ? toMatrix("minimize", "f.jacobian", f.jacobian(point))
        : central.at(point, Float64Array.from(f.residuals(point.slice())));
      return columns(z, J);
    },
    ...second,
  };
}

function blockOf(
  given: Matrix | SymmetricMatrix,
  free: readonly number[],
  flat: (k: number) => boolean,
): SymmetricMatrix {
  const H = given instanceof SymmetricMatrix ? given : symmetric(given);
  const n = free.length;
  const data = Float64Array.from({ length: n * n }, (_, at) => {
    const [a, b] = [Math.floor(at / n), at % n];
    return flat(a) || flat(b) ? 0 : H.get(free[a], free[b]);
  });
  return new SymmetricMatrix(n, data, currentBuild());
}

function add(sum: Record<keyof Evaluations, number>, more: Evaluations): void {
  for (const key of ["value", "gradient", "hvp", "hessian"] as const) sum[key] += more[key];
}

/** The result in all parameters; those held at bounds have no standard error. */
function ended(
  f: Given,
  x: Float64Array,
  held: ReadonlySet<number>,
  evaluations: Evaluations,
  steps: number,
  status: Result["status"],
  why: string,
  options: MinimizeOptions,
): Result {
  const value = f.residuals
    ? 0.5 * Array.from(f.residuals(x.slice())).reduce((sum, r) => sum + r * r, 0)
    : f.value(x.slice());
  const bounds = boundsOf(x.length, options.lower, options.upper) as Bounds;
  const g = gradientOf(f, x, bounds).map((part, i) => (held.has(i) ? 0 : part));
  const names = [...held].map((i) => i + 1).join(", ");
  const reason = held.size > 0 ? `${why}; held at a bound: parameter ${names}` : why;
  return { x, value, gradientNorm: norm2(g), status, reason, steps, evaluations } as Result;
}
