import { checkKeys, checkObject, checkPositive, checkVector } from "../../check.js";
import { type Matrix, toMatrix } from "../../linalg/matrix.js";
import { SymmetricMatrix, symmetric } from "../../linalg/symmetric.js";
import { CentralDifferences } from "../../optimize/central-differences.js";
import { checkFunctions, type LeastSquares, type SmoothFunction } from "../../optimize/function-problem.js";

/** What `checkGradient` takes beside a function and a point. */
export interface FunctionCheckOptions {
  /** Relative difference from which a derivative is wrong. Default: 1e-5. */
  tolerance?: number;
}

/** A derivative that differs from its differences. */
export interface WrongDerivative {
  /** Which function gave it. */
  readonly of: "gradient" | "jacobian" | "hessian" | "hvp";
  /** Its row, from 0; 0 for a gradient. */
  readonly row: number;
  /** The parameter, from 0. */
  readonly column: number;
  /** As the function has it. */
  readonly analytic: number;
  /** By central differences. */
  readonly numeric: number;
  /** |analytic − numeric| over what was allowed. */
  readonly ratio: number;
}

/** What `checkGradient` returns for a function. */
export interface FunctionCheck {
  /** Whether all derivatives that were given agree with their differences. */
  readonly passed: boolean;
  /** Derivatives that were compared. */
  readonly checked: number;
  /** Those that differ, the worst first. */
  readonly wrong: readonly WrongDerivative[];
  /** Why, in words. */
  readonly reason: string;
}

const WHERE = "checkGradient";
const TOLERANCE = 1e-5;
/** ε^⅔: by what share of the values, over the step, central differences are off, with room. */
const ROUNDING = 100 * Number.EPSILON;
const STEP = 1e-4;

/**
 * Compares the derivatives of a caller's function with central differences: the gradient or the
 * Jacobian, and the Hessian and its products where they are given.
 */
export function checkFunction(
  f: SmoothFunction | LeastSquares,
  x0: ArrayLike<number>,
  options: FunctionCheckOptions = {},
): FunctionCheck {
  checkFunctions(f);
  checkObject(WHERE, "options", options);
  checkKeys(WHERE, options, ["tolerance"]);
  const { tolerance = TOLERANCE } = options as FunctionCheckOptions;
  checkPositive(WHERE, "tolerance", tolerance);
  const x = Float64Array.from(checkVector(WHERE, "x", x0, x0.length, "f64"));
  const compared = comparisons(f, x);
  const wrong = compared
    .flatMap((one) => wrongIn(one, x, tolerance))
    .sort((a, b) => (a.ratio > b.ratio || Number.isNaN(a.ratio) ? -1 : 1));
  const checked = compared.reduce((sum, { analytic }) => sum + analytic.data.length, 0);
  const [worst] = wrong;
  const reason = worst
    ? `${wrong.length} of ${checked} derivatives differ; the worst is ${worst.of} in row ${worst.row + 1}, parameter ${worst.column + 1}: ${worst.analytic} where differences give ${worst.numeric}`
    : `${checked} derivatives agree with central differences`;
  return { passed: wrong.length === 0, checked, wrong, reason };
}

interface Compared {
  readonly of: WrongDerivative["of"];
  readonly analytic: Matrix;
  readonly numeric: Matrix;
  /** What was differentiated, at x: its rounding limits the differences. */
  readonly values: Float64Array;
}

function comparisons(f: SmoothFunction | LeastSquares, x: Float64Array): Compared[] {
  const row = (values: ArrayLike<number>): Matrix => ({ rows: 1, columns: x.length, data: Float64Array.from(values) });
  const found: Compared[] = [];
  const compare = (of: Compared["of"], analytic: Matrix, vector: (point: Float64Array) => ArrayLike<number>): void => {
    const values = Float64Array.from(vector(x.slice()));
    found.push({ of, analytic, numeric: differences(vector, x, values), values });
  };
  if (f.residuals) {
    const { residuals, jacobian } = f;
    if (jacobian) compare("jacobian", toMatrix(WHERE, "f.jacobian", jacobian(x.slice())), residuals);
  } else {
    compare("gradient", row(f.gradient(x.slice())), (point) => [f.value(point)]);
  }
  const gradient = gradientOf(f);
  if (f.hessian && gradient) {
    const given = f.hessian(x.slice());
    const H = given instanceof SymmetricMatrix ? given : symmetric(given as Matrix);
    compare("hessian", { rows: H.size, columns: H.size, data: H.data }, gradient);
  }
  if (f.hvp && gradient) {
    const { hvp } = f;
    const columns = Array.from(x, (_, j) =>
      Float64Array.from(
        hvp(
          x.slice(),
          Float64Array.from(x, (_, i) => Number(i === j)),
        ),
      ),
    );
    const data = Float64Array.from(
      { length: x.length ** 2 },
      (_, at) => columns[at % x.length][Math.floor(at / x.length)],
    );
    compare("hvp", { rows: x.length, columns: x.length, data }, gradient);
  }
  return found;
}

function gradientOf(f: SmoothFunction | LeastSquares): ((x: Float64Array) => ArrayLike<number>) | null {
  if (!f.residuals) return (x) => f.gradient(x);
  const { residuals, jacobian } = f;
  if (!jacobian) return null;
  return (x) => {
    const r = residuals(x.slice());
    const { columns, data } = toMatrix(WHERE, "f.jacobian", jacobian(x));
    const g = new Float64Array(columns);
    for (let i = 0; i < data.length; ++i) g[i % columns] += data[i] * r[Math.floor(i / columns)];
    return g;
  };
}

/** Twice at the same point: the second time by four points where that is surer. */
function differences(vector: (x: Float64Array) => ArrayLike<number>, x: Float64Array, values: Float64Array): Matrix {
  const central = new CentralDifferences((point) => Float64Array.from(vector(point)), x.length);
  central.at(x, values);
  return central.at(x, values);
}

/**
 * In each row and parameter against the largest of its row and column, in the parameters' own
 * units.
 */
function wrongIn({ of, analytic, numeric, values }: Compared, x: Float64Array, tolerance: number): WrongDerivative[] {
  const { columns } = analytic;
  if (analytic.rows !== numeric.rows || columns !== numeric.columns) {
    throw new RangeError(
      `${WHERE}: "f.${of}" expected ${numeric.rows} × ${numeric.columns} numbers, got ${analytic.rows} × ${columns}`,
    );
  }
  const wrong: WrongDerivative[] = [];
  const largest = new Float64Array(columns);
  numeric.data.forEach((value, at) => {
    largest[at % columns] = Math.max(largest[at % columns], Math.abs(value));
  });
  analytic.data.forEach((value, at) => {
    const [row, column] = [Math.floor(at / columns), at % columns];
    const expected = numeric.data[at];
    const step = STEP * (Math.abs(x[column]) || 1);
    const allowed =
      tolerance * Math.max(Math.abs(value), Math.abs(expected), 1e-3 * largest[column]) +
      (ROUNDING * Math.abs(values[row])) / step;
    const ratio = Math.abs(value - expected) / allowed;
    if (!(ratio <= 1)) wrong.push({ of, row, column, analytic: value, numeric: expected, ratio });
  });
  return wrong;
}
