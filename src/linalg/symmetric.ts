import { checkInteger, isFloat32, isObject, wrongType, wrongValue } from "../check.js";
import { finish } from "../parts.js";
import type { Dtype } from "../wasm/kernels.js";
import { type Build, currentBuild } from "../wasm/load.js";
import { coreMath } from "../wasm/math.js";
import { epsilonOf, type FloatArray, floatArray } from "../wasm/workspace.js";
import type { Inertia } from "./factorization.js";
import * as factorization from "./factorization.js";
import { fromRows, type Matrix, toMatrix } from "./matrix.js";

export type { Inertia } from "./factorization.js";

/** Rows and columns `from` … `to` − 1 of a matrix, under a name. */
export interface NamedRange {
  /** For `block`: a layer's index, as in "0". */
  readonly name: string;
  /** The first row and column. */
  readonly from: number;
  /** One beyond the last. */
  readonly to: number;
}

/** Eigenvalues and eigenvectors. */
export interface Eigen {
  /**
   * "non-finite" where the matrix holds NaN or infinity: values and vectors are NaN then; likewise
   * "max-steps". Also where the matrix is finite but an eigenvalue beyond the range of doubles:
   * that one is ±Infinity, and the rest as it should be.
   */
  readonly status: "converged" | "max-steps" | "non-finite";
  /** Why, in words. */
  readonly reason: string;
  /** Ascending. */
  readonly values: Float64Array;
  /** n × n; column i is the vector of values[i], of length 1. */
  readonly vectors: Matrix;
}

/** A = L·Lᵀ, or why there is no such L. */
export interface Cholesky {
  /**
   * "not-positive-definite" where a pivot is not positive; "non-finite" where the matrix holds NaN
   * or infinity.
   */
  readonly status: "converged" | "not-positive-definite" | "non-finite";
  /** Why, in words. */
  readonly reason: string;
  /** Row of the first pivot that is not positive; −1 where there is none. */
  readonly pivot: number;
  /** L, n × n with zeros above its diagonal; undefined unless `status` is "converged". */
  readonly factor: Matrix | undefined;
  /** ln det A = 2·Σ ln Lᵢᵢ; NaN unless `status` is "converged". */
  readonly logDeterminant: number;
  /**
   * x with A·x = b, in 2·n² flops a column. The first call also copies L into the core. Beyond
   * 1 MiB L stays there as long as `factor` lives, and later changes of `factor` are not seen.
   *
   * @param b n numbers, or a matrix of n rows with a right-hand side in each column. NaN and
   * infinity are allowed and make x NaN or infinite.
   * @returns x, of b's shape and the matrix's number type, owned by the caller.
   * @throws Error unless `status` is "converged"; TypeError for a b that is not numbers, RangeError
   * for one of another length and where L and x do not fit into 4 GiB.
   */
  solve(b: ArrayLike<number>): FloatArray;
  /** The same with several right-hand sides, one in each column. */
  solve(b: Matrix): Matrix;
}

/** The x of A·x = b. */
export interface Solution<X> {
  /**
   * "stalled" where A is singular to working precision: inverse iteration finds an eigenvalue
   * within n·ε·‖A‖ of 0, and x is of little use. "non-finite" where A, b or x holds NaN or
   * infinity.
   */
  readonly status: "converged" | "stalled" | "non-finite";
  /** Why, in words. */
  readonly reason: string;
  /** NaN where no x could be computed. */
  readonly x: X;
}

/**
 * A dense symmetric matrix, in full: element (i, j) is data[i·size + j].
 *
 * The factorizations run in the WebAssembly core on an instance of their own, on a copy of the
 * matrix, and give copies out.
 */
export class SymmetricMatrix {
  /**
   * @param size number of rows and of columns.
   * @param data size² numbers, row-major and exactly symmetric; kept without a copy.
   * @param build the build of the core that the factorizations use.
   * @param ranges named ranges of rows, for `block`.
   */
  constructor(
    readonly size: number,
    readonly data: FloatArray,
    readonly build: Build = currentBuild(),
    readonly ranges: readonly NamedRange[] = [],
  ) {}

  /** That of the numbers. */
  get dtype(): Dtype {
    return isFloat32(this.data) ? "f32" : "f64";
  }

  /**
   * The element in row i, column j.
   *
   * @throws TypeError or RangeError for what is no index from 0 to size − 1.
   */
  get(i: number, j: number): number {
    this.#checkIndex("i", i);
    this.#checkIndex("j", j);
    return this.data[i * this.size + j];
  }

  /** A row-major copy, owned by the caller; NaN and infinity as they are. */
  toDense(): Matrix {
    return { rows: this.size, columns: this.size, data: this.data.slice() as FloatArray };
  }

  /**
   * A copy of the block with the rows of one named range and the columns of another.
   *
   * @param a of the rows: a name, or an index in `ranges`.
   * @param b of the columns.
   * @returns the block, owned by the caller.
   * @throws RangeError for a range that does not exist.
   */
  block(a: string | number, b: string | number): Matrix {
    const rows = this.#range("a", a);
    const columns = this.#range("b", b);
    const height = rows.to - rows.from;
    const width = columns.to - columns.from;
    const data = floatArray(this.dtype, height * width);
    for (let i = 0; i < height; ++i) {
      const from = (rows.from + i) * this.size + columns.from;
      data.set(this.data.subarray(from, from + width), i * width);
    }
    return { rows: height, columns: width, data };
  }

  /**
   * `multiply`, under the name that makes the matrix a `LinearOperator`.
   *
   * @returns n numbers of the matrix's type, owned by the caller.
   * @throws TypeError or RangeError as `multiply` does.
   */
  matvec(v: FloatArray): FloatArray {
    return this.multiply(v);
  }

  /**
   * A·v, summed in double precision: 2·n² flops, no copy of the matrix.
   *
   * @param v n numbers. NaN and infinity are allowed, here and in the matrix, and go into the sums.
   * @returns n numbers of the matrix's type, owned by the caller.
   * @throws TypeError for a v that is not numbers, RangeError for one of another length.
   */
  multiply(v: ArrayLike<number>): FloatArray {
    const { size: n, data } = this;
    const x = vectorOf("multiply", "v", v, n);
    const y = floatArray(this.dtype, n);
    let i = 0;
    // Two rows share each element of x.
    for (; i + 1 < n; i += 2) {
      let p = i * n;
      let q = p + n;
      let s = 0;
      let t = 0;
      for (let j = 0; j < n; ++j) {
        const value = x[j];
        s += data[p++] * value;
        t += data[q++] * value;
      }
      y[i] = s;
      y[i + 1] = t;
    }
    if (i < n) {
      let s = 0;
      for (let j = 0, p = i * n; j < n; ++j) s += data[p++] * x[j];
      y[i] = s;
    }
    return y;
  }

  /**
   * The eigenvalues, ascending, with an error of a few n·ε·‖A‖ at most: Householder's reduction to
   * a tridiagonal matrix, then implicit QL.
   *
   * Cost: 4/3·n³ flops, n² elements of WebAssembly memory.
   *
   * @returns n doubles, owned by the caller; all NaN where the matrix holds NaN or infinity. Of a
   * finite matrix near the limit of doubles, an eigenvalue beyond it is ±Infinity.
   * @throws RangeError where the matrix does not fit into 4 GiB.
   */
  eigenvalues(): Float64Array {
    const result = factorization.eigenvalues(this);
    return result && result.info === 0 ? result.values : new Float64Array(this.size).fill(Number.NaN);
  }

  /**
   * Eigenvalues and eigenvectors: A·V = V·Λ, VᵀV = I, each to a few n·ε (times ‖A‖).
   *
   * Reduction to a tridiagonal matrix, divide and conquer, and blocked reflections back. Cost: up
   * to 14/3·n³ flops, 3·n² elements of WebAssembly memory. The sign of each vector is arbitrary but
   * the same in every run of a build.
   *
   * @returns `values` ascending and `vectors` in columns, owned by the caller, with a status: NaN
   * and infinity in the matrix are one.
   * @throws RangeError where the matrices do not fit into 4 GiB.
   * Source: Cuppen, Numer. Math. 36 (1981); Gu and Eisenstat, SIAM J. Matrix Anal. Appl. 16 (1995).
   * @example
   * symmetric([[2, 1], [1, 2]]).eigen().values; // Float64Array [1, 3]
   */
  eigen(): Eigen {
    return finish(this.eigenInParts());
  }

  /**
   * The same in parts, between which the work may be left.
   * @internal
   */
  *eigenInParts(): Generator<void, Eigen> {
    const { size: n, dtype } = this;
    const result = yield* factorization.eigen(this);
    if (result && result.info === 0) {
      const { values } = result;
      const vectors = { rows: n, columns: n, data: result.vectors };
      if (factorization.allFinite(values)) {
        return { status: "converged", reason: "all eigenvalues found", values, vectors };
      }
      const reason = "eigenvalues are beyond the range of doubles; scale the matrix down";
      return { status: "non-finite", reason, values, vectors };
    }
    return {
      status: result ? "max-steps" : "non-finite",
      reason: result ? `eigenvalue ${result.info} of ${n} has not converged` : this.#whereNotFinite(),
      values: new Float64Array(n).fill(Number.NaN),
      vectors: { rows: n, columns: n, data: floatArray(dtype, n * n).fill(Number.NaN) },
    };
  }

  /**
   * Cholesky's factorization A = L·Lᵀ, in n³/3 flops and n² elements of WebAssembly memory. Only
   * the half of A on and above the diagonal is read; it exists where A is positive definite, and
   * failing is the cheapest test of whether it is.
   *
   * @returns L with a status: NaN and infinity in the matrix are one.
   * @throws RangeError where the matrix does not fit into 4 GiB.
   * @example
   * symmetric([[4, 2], [2, 5]]).cholesky().factor?.data; // Float64Array [2, 0, 1, 2]
   */
  cholesky(): Cholesky {
    const result = factorization.choleskyFactor(this);
    if (!result) return failedCholesky("non-finite", this.#whereNotFinite(), -1);
    if (result.info > 0) {
      const pivot = result.info - 1;
      const reason = `pivot ${pivot} is not positive; add a multiple of the identity, or use solve`;
      return failedCholesky("not-positive-definite", reason, pivot);
    }
    const { size: n } = this;
    const { lower } = result;
    const { log } = coreMath(this.build);
    let logDeterminant = 0;
    for (let i = 0; i < n; ++i) logDeterminant += 2 * log(lower[i * n + i]);
    const solve = (b: ArrayLike<number> | Matrix): FloatArray | Matrix => {
      const { values, columns } = rightHandSide("cholesky.solve", b, n);
      return shaped(b, columns, factorization.choleskySolve(this, lower, values, columns));
    };
    return {
      status: "converged",
      reason: "positive definite",
      pivot: -1,
      factor: { rows: n, columns: n, data: lower },
      logDeterminant,
      solve: solve as Cholesky["solve"],
    };
  }

  /**
   * x with A·x = b for an indefinite A: P·A·Pᵀ = L·D·Lᵀ with 1 × 1 and 2 × 2 blocks in D, in n³/3 +
   * 2·n² flops, and 6·n² more for three steps of inverse iteration that look for an eigenvalue
   * near 0.
   *
   * @param b n numbers, or a matrix of n rows with a right-hand side in each column. NaN and
   * infinity are allowed and end in status "non-finite".
   * @returns x, of b's shape and the matrix's number type, with a status.
   * @throws TypeError for a b that is not numbers, RangeError for one of another length and where A
   * and x do not fit into 4 GiB.
   * Source: Bunch and Kaufman, Math. Comp. 31 (1977), partial pivoting.
   * @example
   * symmetric([[0, 1], [1, 0]]).solve([3, 4]).x; // Float64Array [4, 3]
   */
  solve(b: ArrayLike<number>): Solution<FloatArray>;
  solve(b: Matrix): Solution<Matrix>;
  solve(b: ArrayLike<number> | Matrix): Solution<FloatArray | Matrix> {
    const { values, columns } = rightHandSide("solve", b, this.size);
    const result = factorization.solveIndefinite(this, values, columns);
    const found = result?.x ?? floatArray(this.dtype, this.size * columns).fill(Number.NaN);
    const x = shaped(b, columns, found);
    if (!result) return { status: "non-finite", reason: this.#whereNotFinite(), x };
    if (result.singular) {
      return { status: "stalled", reason: "singular to working precision; add a multiple of the identity", x };
    }
    if (factorization.allFinite(found)) return { status: "converged", reason: "solved", x };
    return { status: "non-finite", reason: "b is not finite, or x beyond the range of its type", x };
  }

  /**
   * How many eigenvalues are positive, negative and zero. Zero is what lies within rounding noise
   * t: n·2⁻⁵²·‖A‖, ‖A‖ being Frobenius' norm. A matrix in f32 is factored in f64, and t is at least
   * 2⁻²⁴·‖A‖, the rounding of its entries.
   *
   * From the signs of D in the factorizations L·D·Lᵀ of A − t·I and A + t·I (Sylvester's law of
   * inertia), in 2/3·n³ flops: half of those that the eigenvalues take.
   *
   * @returns counts that add up to n; all NaN where the matrix holds NaN or infinity.
   * @throws RangeError where the matrix does not fit into 4 GiB.
   * @example
   * symmetric([[1, 0], [0, -1]]).inertia(); // { positive: 1, negative: 1, zero: 0 }
   */
  inertia(): Inertia {
    return factorization.countEigenvalues(this) ?? UNKNOWN;
  }

  #checkIndex(name: string, index: number): void {
    checkInteger("get", name, index, 0);
    if (index >= this.size) wrongValue("get", name, `an index below ${this.size}`, String(index));
  }

  #range(name: string, key: string | number): NamedRange {
    const found = typeof key === "string" ? this.ranges.find((range) => range.name === key) : this.ranges[key];
    if (!found) {
      const known = this.ranges.map((range) => `"${range.name}"`).join(", ") || "none";
      wrongValue("block", name, "the name or index of a range", String(key), `known: ${known}`);
    }
    return found;
  }

  #whereNotFinite(): string {
    const at = this.data.findIndex((x: number) => x - x !== 0);
    return `the matrix holds ${this.data[at]} in row ${Math.floor(at / this.size)}, column ${at % this.size}`;
  }
}

const UNKNOWN: Inertia = { positive: Number.NaN, negative: Number.NaN, zero: Number.NaN };

function failedCholesky(status: Cholesky["status"], reason: string, pivot: number): Cholesky {
  const solve = (): never => {
    throw new Error(`cholesky.solve: there is no factor (${status}: ${reason})`);
  };
  return { status, reason, pivot, factor: undefined, logDeterminant: Number.NaN, solve };
}

/** n numbers as they are, NaN and infinity among them; refuses what is no list of n numbers. */
function vectorOf(where: string, name: string, v: unknown, n: number): ArrayLike<number> {
  const values = v as ArrayLike<number>;
  if (typeof v !== "object" || typeof values?.length !== "number") {
    wrongType(where, name, `an array of ${n} numbers`, v);
  }
  if (values.length !== n) wrongValue(where, name, `${n} numbers`, String(values.length));
  for (let i = 0; i < n; ++i) {
    if (typeof values[i] !== "number") wrongType(where, name, `a number at index ${i}`, values[i]);
  }
  return values;
}

function rightHandSide(where: string, b: unknown, n: number): { values: ArrayLike<number>; columns: number } {
  if (!isObject(b) || !("rows" in b)) return { values: vectorOf(where, "b", b, n), columns: 1 };
  const { rows, columns, data } = toMatrix(where, "b", b);
  if (rows !== n) wrongValue(where, "b", `${n} rows`, String(rows));
  return { values: data, columns };
}

/** The result in the shape of the right-hand side. */
function shaped(b: ArrayLike<number> | Matrix, columns: number, x: FloatArray): FloatArray | Matrix {
  return "rows" in b ? { rows: b.rows, columns, data: x } : x;
}

/**
 * Makes a symmetric matrix of a square one; elements (i, j) and (j, i) may differ by a rounding
 * error and become their mean.
 *
 * @param rows an array of rows of equal length, or a matrix; single precision where its data is a
 * Float32Array. NaN and infinity are allowed: what is computed from them says so.
 * @returns the matrix, on a copy of the numbers.
 * @throws TypeError for what is not numbers; RangeError where it is not square, or where |A − Aᵀ|
 * exceeds 16·ε times the largest element.
 * @example
 * symmetric([[2, 1], [1, 2]]).inertia(); // { positive: 2, negative: 0, zero: 0 }
 */
export function symmetric(rows: Matrix | readonly (readonly number[])[]): SymmetricMatrix {
  const given: Matrix = isObject(rows) ? toMatrix("symmetric", "rows", rows) : fromRows("symmetric", "rows", rows);
  const n = given.rows;
  if (given.columns !== n) wrongValue("symmetric", "rows", "as many rows as columns", `${n} × ${given.columns}`);
  const data = given.data.slice() as FloatArray;
  let largest = 0;
  for (let i = 0; i < data.length; ++i) if (Math.abs(data[i]) > largest) largest = Math.abs(data[i]);
  const tolerance = 16 * epsilonOf(isFloat32(data) ? "f32" : "f64") * largest;
  for (let i = 0; i < n; ++i) {
    for (let j = 0; j < i; ++j) {
      const below = data[i * n + j];
      const above = data[j * n + i];
      if (below === above) continue;
      if (Math.abs(below - above) > tolerance) {
        wrongValue(
          "symmetric",
          "rows",
          "a symmetric matrix",
          `${below} in row ${i}, column ${j} but ${above} in row ${j}, column ${i}`,
          "use the mean of the matrix and its transpose where that is meant",
        );
      }
      const mean = above + (below - above) / 2;
      data[i * n + j] = mean;
      data[j * n + i] = mean;
    }
  }
  return new SymmetricMatrix(n, data);
}
