import { checkFunction, checkKeys, checkObject, checkVector, isFloat64, wrongType, wrongValue } from "../check.js";
import { isFloatArray, type Matrix, multiply, toMatrix } from "../linalg/matrix.js";
import { SymmetricMatrix, symmetric } from "../linalg/symmetric.js";
import { dot } from "../linalg/vector.js";
import type { CurvatureKind } from "../network/tangent.js";
import { currentBuild } from "../wasm/load.js";
import type { FloatArray, Workspace } from "../wasm/workspace.js";
import { CentralDifferences } from "./central-differences.js";
import type { Linearization } from "./covariance.js";
import { bottomless, vanished } from "./criticality.js";
import type { End } from "./optimizer.js";
import { type CurvatureNeeds, type Linearized, Problem } from "./problem.js";
import { Secants } from "./secants.js";

/** A smooth function of n numbers. The array that a function is given is its own to keep. */
export interface SmoothFunction {
  /** f(x); NaN or infinity where there is none. */
  value(x: Float64Array): number;
  /** ∇f(x), n numbers. */
  gradient(x: Float64Array): ArrayLike<number>;
  /** n × n and symmetric; dense methods need it, or hvp. */
  hessian?(x: Float64Array): Matrix | readonly (readonly number[])[] | SymmetricMatrix;
  /** The Hessian's product with v; matrix-free methods need it, or hessian. */
  hvp?(x: Float64Array, v: Float64Array): ArrayLike<number>;
  /** Not beside a value: see `LeastSquares`. */
  residuals?: never;
  /** Not beside a gradient. */
  jacobian?: never;
}

/** A sum of squares, f = ½·Σ rᵢ². Its Gauss-Newton matrix is JᵀJ. */
export interface LeastSquares {
  /** r(x), m numbers. */
  residuals(x: Float64Array): ArrayLike<number>;
  /**
   * m × n: ∂rᵢ/∂xⱼ. Default: by central differences, right to about 10 digits, for 2·n residuals
   * each.
   */
  jacobian?(x: Float64Array): Matrix | readonly (readonly number[])[];
  /** Not beside residuals. */
  value?: never;
  /** Not beside a Jacobian. */
  gradient?: never;
  /** ∇²f, n × n and symmetric, for methods that take the exact one. */
  hessian?(x: Float64Array): Matrix | readonly (readonly number[])[] | SymmetricMatrix;
  /** The product of ∇²f with v, likewise. */
  hvp?(x: Float64Array, v: Float64Array): ArrayLike<number>;
}

const WHERE = "minimize";
/**
 * Parameters up to which residuals are factored orthogonally, in scalar code; beyond, JᵀJ is made
 * by the core.
 */
const MOST_ORTHOGONAL = 100;
/** Share of a step over which second differences are taken. */
const BEND_LENGTH = 0.1;

/** A caller's function as optimizers see it. */
export class FunctionProblem extends Problem {
  readonly #given: SmoothFunction | LeastSquares;
  /**
   * Residuals at the last two points they were asked for, where a step starts and where it may end,
   * and the last Jacobian.
   */
  readonly #residuals: { x: Float64Array; r: Float64Array }[] = [];
  #jacobian: { x: Float64Array; J: Matrix } | null = null;
  #central: CentralDifferences | null = null;
  /** The curvature that the last steps show, for a method that knows none. */
  #secants: Secants | null = null;
  /** How many residuals there are. */
  #count: number | null = null;

  constructor(workspace: Workspace, given: SmoothFunction | LeastSquares, x0: Float64Array) {
    super(workspace, "f64", x0.length);
    this.#given = given;
    workspace.write("f64", this.theta, x0);
  }

  override checkCurvature(where: string, { kind, form }: CurvatureNeeds): void {
    const given = this.#given;
    if (form === "factors")
      wrongValue(where, "optimizer", "one for any function", "kfac, which needs a network's layers");
    if (form === "none" || given.hessian || given.hvp || given.residuals) return;
    if (kind === "ggn") {
      wrongValue(where, "f", "residuals and jacobian, which Gauss-Newton methods stand on", "value and gradient alone");
    }
    const remedy = "add hessian or hvp, or use lbfgs()";
    wrongValue(where, "f", "a hessian or hvp, which this optimizer needs", "neither", remedy);
  }

  /** Unknown where a Hessian takes the Gauss-Newton matrix's place. */
  override get semidefinite(): boolean {
    return this.#given.residuals !== undefined;
  }

  /** The point that an address holds. */
  point(at: number): Float64Array {
    return this.workspace.read("f64", at, this.size) as Float64Array;
  }

  protected override gradientAt(point: number, gradient: number): number {
    const value = this.valueAt(point);
    this.workspace.write("f64", gradient, this.#gradient(this.point(point)));
    ++this.evaluations.value;
    return value;
  }

  protected override valueAt(point: number): number {
    return this.evaluate(this.point(point));
  }

  /** The function at a point; not counted. */
  evaluate(x: Float64Array): number {
    const given = this.#given;
    if (given.residuals) {
      const r = this.#residualsAt(x);
      return 0.5 * dot(r, r);
    }
    const value: unknown = given.value(x.slice());
    if (typeof value !== "number") wrongType(WHERE, "f.value", "a number in return", value);
    return value;
  }

  override accelerationAt(step: Float64Array): Float64Array | null {
    const given = this.#given;
    if (!given.residuals) return null;
    const x = this.point(this.theta);
    const near = (length: number): Float64Array => {
      ++this.evaluations.value;
      return this.#residualsOf(x.map((value, i) => value + length * step[i]));
    };
    const [ahead, behind, here] = [near(BEND_LENGTH), near(-BEND_LENGTH), this.#residualsAt(x)];
    const bend = here.map((r, i) => (ahead[i] - 2 * r + behind[i]) / BEND_LENGTH ** 2);
    return applyTransposed(this.#jacobianAt(x), bend);
  }

  override judge({ value, gradientNorm }: { value: number; gradientNorm: number }, gradient: number): End | null {
    if (this.tolerance < 0) return null;
    const fall = bottomless(value);
    if (fall) return { status: "unbounded", reason: fall };
    const zero = vanished(gradientNorm);
    if (zero) return { status: "converged", reason: zero };
    this.#secants ??= new Secants();
    return this.#secants.judge(this, value, gradient);
  }

  override linearizedAt(): Linearized | null {
    if (!this.#given.residuals || this.size > MOST_ORTHOGONAL) return null;
    const x = this.point(this.theta);
    return { residuals: this.#residualsAt(x), jacobian: this.#jacobianAt(x) };
  }

  protected override productAt(kind: CurvatureKind): (v: FloatArray) => FloatArray {
    const given = this.#given;
    const x = this.point(this.theta);
    if (given.residuals && (kind === "ggn" || !(given.hessian || given.hvp))) {
      const J = this.#jacobianAt(x);
      return (v) => applyTransposed(J, apply(J, v));
    }
    if (given.hvp) return (v) => this.#vector("hvp", given.hvp?.(x.slice(), v as Float64Array));
    const H = this.#dense(x);
    return (v) => H.multiply(v);
  }

  // biome-ignore lint/correctness/useYield: the caller's function is one part
  protected override *hessianAt(kind: CurvatureKind): Generator<void, SymmetricMatrix> {
    const given = this.#given;
    const x = this.point(this.theta);
    if (given.residuals && (kind === "ggn" || !(given.hessian || given.hvp))) {
      const J = this.#jacobianAt(x);
      const { data } = multiply(J, J, { transposeA: true });
      return new SymmetricMatrix(this.size, mirrored(data, this.size), currentBuild());
    }
    return given.hessian ? this.#dense(x) : this.#columns(x);
  }

  #gradient(x: Float64Array): Float64Array {
    const given = this.#given;
    if (!given.residuals) return this.#vector("gradient", given.gradient(x));
    return applyTransposed(this.#jacobianAt(x), this.#residualsAt(x));
  }

  #residualsAt(x: Float64Array): Float64Array {
    const known = this.#residuals;
    const at = known.findIndex((one) => equal(one.x, x));
    const found = at < 0 ? { x, r: this.#residualsOf(x.slice()) } : known[at];
    known.splice(at < 0 ? 1 : at, 1);
    known.unshift(found);
    return found.r;
  }

  #residualsOf(x: Float64Array): Float64Array {
    const r = numbers("residuals", (this.#given as LeastSquares).residuals(x));
    this.#count ??= r.length;
    if (r.length !== this.#count) {
      wrongValue(WHERE, "f.residuals", `${this.#count} numbers in return, as before`, String(r.length));
    }
    return r;
  }

  #jacobianAt(x: Float64Array): Matrix {
    const known = this.#jacobian;
    if (known && equal(known.x, x)) return known.J;
    const given = this.#given as LeastSquares;
    const J = given.jacobian ? toMatrix(WHERE, "f.jacobian", given.jacobian(x.slice())) : this.#differences(x);
    if (J.columns !== this.size) wrongValue(WHERE, "f.jacobian", `${this.size} columns`, String(J.columns));
    const count = this.#count ?? this.#residualsAt(x).length;
    if (J.rows !== count) wrongValue(WHERE, "f.jacobian", `${count} rows, one a residual`, String(J.rows));
    this.#jacobian = { x, J };
    return J;
  }

  #differences(x: Float64Array): Matrix {
    this.#central ??= new CentralDifferences((point) => {
      ++this.evaluations.value;
      return this.#residualsOf(point);
    }, this.size);
    return this.#central.at(x, this.#residualsAt(x));
  }

  /** Residuals and Jacobian at a point, which need no workspace; null for a value. */
  linearization(x: Float64Array): Linearization | null {
    return this.#given.residuals ? { residuals: this.#residualsAt(x), jacobian: this.#jacobianAt(x) } : null;
  }

  #dense(x: Float64Array): SymmetricMatrix {
    const made = this.#given.hessian?.(x.slice());
    const H = made instanceof SymmetricMatrix ? made : symmetric(made as Matrix);
    if (H.size !== this.size) wrongValue(WHERE, "f.hessian", `${this.size} rows`, String(H.size));
    return isFloat64(H.data) ? new SymmetricMatrix(H.size, H.data.slice(), H.build) : H;
  }

  /** A Hessian from its products with the unit vectors. */
  #columns(x: Float64Array): SymmetricMatrix {
    const n = this.size;
    const data = new Float64Array(n * n);
    for (let i = 0; i < n; ++i) {
      const unit = new Float64Array(n);
      unit[i] = 1;
      data.set(this.#vector("hvp", this.#given.hvp?.(x.slice(), unit)), i * n);
    }
    return new SymmetricMatrix(n, mirrored(data, n), currentBuild());
  }

  #vector(name: string, values: unknown): Float64Array {
    const vector = numbers(name, values);
    if (vector.length !== this.size) {
      wrongValue(WHERE, `f.${name}`, `${this.size} numbers in return`, String(vector.length));
    }
    return vector;
  }
}

/** NaN and infinity are allowed: they say that the function cannot be computed there. */
function numbers(name: string, values: unknown): Float64Array {
  if (isFloat64(values)) return values;
  if (!isFloatArray(values) && !(Array.isArray(values) && values.every((x) => typeof x === "number"))) {
    wrongType(WHERE, `f.${name}`, "an array of numbers in return", values);
  }
  return Float64Array.from(values as ArrayLike<number>);
}

function equal(x: Float64Array, y: Float64Array): boolean {
  for (let i = 0; i < x.length; ++i) if (x[i] !== y[i]) return false;
  return true;
}

/** Exactly symmetric: the mean of both triangles. */
function mirrored(data: FloatArray, n: number): FloatArray {
  for (let i = 0; i < n; ++i) {
    for (let j = 0; j < i; ++j) {
      const mean = 0.5 * (data[i * n + j] + data[j * n + i]);
      data[i * n + j] = mean;
      data[j * n + i] = mean;
    }
  }
  return data;
}

function apply({ rows, columns, data }: Matrix, v: ArrayLike<number>): Float64Array {
  const product = new Float64Array(rows);
  for (let i = 0, at = 0; i < rows; ++i) {
    for (let j = 0; j < columns; ++j) product[i] += data[at++] * v[j];
  }
  return product;
}

function applyTransposed({ rows, columns, data }: Matrix, v: ArrayLike<number>): Float64Array {
  const product = new Float64Array(columns);
  for (let i = 0, at = 0; i < rows; ++i) {
    for (let j = 0; j < columns; ++j) product[j] += data[at++] * v[i];
  }
  return product;
}

/** Refuses what is no function to minimise. */
export function checkFunctions(f: unknown): asserts f is SmoothFunction | LeastSquares {
  checkObject(WHERE, "f", f);
  checkKeys(`${WHERE}: f`, f, ["value", "gradient", "hessian", "hvp", "residuals", "jacobian"]);
  const squares = f.residuals !== undefined;
  for (const name of squares ? ["residuals"] : ["value", "gradient"]) {
    checkFunction(WHERE, `f.${name}`, f[name]);
  }
  for (const name of ["jacobian", "hessian", "hvp"])
    if (f[name] !== undefined) checkFunction(WHERE, `f.${name}`, f[name]);
  if (squares && (f.value !== undefined || f.gradient !== undefined)) {
    wrongValue(WHERE, "f", "either value and gradient or residuals and jacobian", "both");
  }
}

export function checkStart(x0: unknown): Float64Array {
  const length = (x0 as ArrayLike<number> | null)?.length;
  if (typeof length !== "number") wrongType(WHERE, "x0", "an array of numbers", x0);
  if (length === 0) wrongValue(WHERE, "x0", "at least one number", "none");
  return Float64Array.from(checkVector(WHERE, "x0", x0, length, "f64"));
}
