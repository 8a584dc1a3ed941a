/**
 * How the precision Σ⁻¹ = G + diag(α) of a posterior is kept and solved with: the one thing in
 * which structures differ.
 */

import { type Matrix, multiply } from "../linalg/matrix.js";
import { SymmetricMatrix } from "../linalg/symmetric.js";
import { backwardSolve, forwardSolve } from "../linalg/triangular.js";

/** Σ⁻¹ = A, by some factor A = K·Kᵀ of which nobody else knows the shape. */
export interface Precision {
  /** ln det A. */
  readonly logDeterminant: number;
  /** Rows J·K⁻ᵀ: the products of two of them are entries of J·Σ·Jᵀ. */
  whiten(J: Matrix): Matrix;
  /** K⁻ᵀ·ε for each row ε: draws from N(0, Σ). */
  colour(draws: Matrix): Matrix;
  /** The diagonal of Σ. */
  variances(): Float64Array;
}

/** The curvature of a structure, before any prior; the likelihood's noise divides it. */
export interface Curvature {
  /**
   * A with prior α (one number for each of its parameters) and 1/noise as the factor of G; null
   * where it is not positive definite.
   */
  precision(alpha: Float64Array, factor: number): Precision | null;
  /**
   * Eigenvalues of G: with one prior for all, they say for every prior and noise how many
   * parameters are determined.
   */
  spectrum(): Float64Array;
}

/** Least columns of an inverse at a time. */
const PANEL = 64;

/** All of G, or the block of the chosen parameters. */
export class DenseCurvature implements Curvature {
  /** `semidefinite`: whether it is made of squares, so that a negative eigenvalue is rounding. */
  constructor(
    readonly block: Float64Array,
    readonly semidefinite: boolean,
  ) {}

  precision(alpha: Float64Array, factor: number): Precision | null {
    const n = alpha.length;
    const data = this.block.map((value) => factor * value);
    for (let i = 0; i < n; ++i) data[i * (n + 1)] += alpha[i];
    const found = new SymmetricMatrix(n, data).cholesky();
    if (found.factor) return new DensePrecision(found.factor, found.logDeterminant);
    if (!this.semidefinite) return null;
    // As much as rounding may have taken away.
    for (let i = 0; i < n; ++i) data[i * (n + 1)] *= 1 + n * Number.EPSILON;
    const { factor: lower, logDeterminant } = new SymmetricMatrix(n, data).cholesky();
    return lower ? new DensePrecision(lower, logDeterminant) : null;
  }

  spectrum(): Float64Array {
    return new SymmetricMatrix(Math.round(Math.sqrt(this.block.length)), this.block).eigenvalues();
  }
}

class DensePrecision implements Precision {
  constructor(
    readonly lower: Matrix,
    readonly logDeterminant: number,
  ) {}

  whiten(J: Matrix): Matrix {
    return transposed(forwardSolve(this.lower, transposed(J)));
  }

  colour(draws: Matrix): Matrix {
    return transposed(backwardSolve(this.lower, transposed(draws)));
  }

  /**
   * Sums of squares of the columns of L⁻¹, some columns at a time: above its diagonal there is
   * nothing to solve.
   */
  variances(): Float64Array {
    const { rows: n, data } = this.lower;
    const sums = new Float64Array(n);
    const panel = Math.max(PANEL, Math.ceil(n / 8));
    for (let from = 0; from < n; from += panel) {
      const rows = n - from;
      const columns = Math.min(panel, rows);
      const below = new Float64Array(rows * rows);
      for (let i = 0; i < rows; ++i)
        below.set(data.subarray((from + i) * n + from, (from + i) * n + from + i + 1), i * rows);
      const unit = new Float64Array(rows * columns);
      for (let j = 0; j < columns; ++j) unit[j * (columns + 1)] = 1;
      const inverse = forwardSolve({ rows, columns: rows, data: below }, { rows, columns, data: unit }).data;
      for (let i = 0; i < inverse.length; ++i) sums[from + (i % columns)] += inverse[i] ** 2;
    }
    return sums;
  }
}

/** The diagonal of G alone. */
export class DiagonalCurvature implements Curvature {
  constructor(readonly diagonal: Float64Array) {}

  precision(alpha: Float64Array, factor: number): Precision | null {
    const values = this.diagonal.map((value, i) => factor * value + alpha[i]);
    return values.every((value) => value > 0) ? new ScaledPrecision(values) : null;
  }

  spectrum(): Float64Array {
    return this.diagonal;
  }
}

class ScaledPrecision implements Precision {
  readonly #roots: Float64Array;
  readonly logDeterminant: number;

  constructor(readonly values: Float64Array) {
    this.#roots = values.map(Math.sqrt);
    this.logDeterminant = values.reduce((sum, value) => sum + Math.log(value), 0);
  }

  whiten({ rows, columns, data }: Matrix): Matrix {
    return { rows, columns, data: Float64Array.from(data, (value, i) => value / this.#roots[i % columns]) };
  }

  colour(draws: Matrix): Matrix {
    return this.whiten(draws);
  }

  variances(): Float64Array {
    return this.values.map((value) => 1 / value);
  }
}

/** The factors of a layer's block, and where its weights and biases lie. */
export interface Factors {
  readonly units: number;
  /** Inputs and the 1 behind them. */
  readonly width: number;
  readonly weight: number;
  readonly bias: number;
  /** A, the mean of h̃·h̃ᵀ. */
  readonly inputs: Float64Array;
  /** B, the sum of δ·δᵀ under the outputs' curvature. */
  readonly outputs: Float64Array;
}

interface Block extends Factors {
  readonly outer: Eigenvectors;
}

interface Eigenvectors {
  readonly vectors: Matrix;
  readonly values: Float64Array;
}

/**
 * Blocks of layers as Kronecker products (Ritter, Botev and Barber 2018). α may differ between the
 * columns of h̃, not between units. With a for the columns' priors and D = diag(√a), B ⊗ A + I ⊗
 * diag(a) = (I ⊗ D)·(B ⊗ D⁻¹AD⁻¹ + I)·(I ⊗ D). The middle is diagonal in the factors' eigenvectors.
 */
export class KroneckerCurvature implements Curvature {
  readonly #blocks: readonly Block[];

  constructor(
    factors: readonly Factors[],
    /** Of all parameters; what is in no block, batch norm's, has it alone. */
    readonly diagonal: Float64Array,
  ) {
    this.#blocks = factors.map((block) => ({ ...block, outer: eigenOf(block.outputs, block.units) }));
  }

  precision(alpha: Float64Array, factor: number): Precision | null {
    const blocks = this.#blocks.map((block) => scaledBlock(block, alpha, factor));
    const rest = this.diagonal.map((value, i) => factor * value + alpha[i]);
    const covered = this.#covered();
    const positive = blocks.every(({ values, a }) => values.every(isFinitePositive) && a.every(isFinitePositive));
    if (!positive || rest.some((value, i) => !covered[i] && !(value > 0))) return null;
    return new KroneckerPrecision(blocks, rest, covered);
  }

  spectrum(): Float64Array {
    const covered = this.#covered();
    const own = this.#blocks.flatMap(({ outer, inputs, width }) => {
      const inner = new SymmetricMatrix(width, inputs).eigenvalues();
      return Array.from(outer.values).flatMap((mu) => Array.from(inner, (nu) => Math.max(mu, 0) * Math.max(nu, 0)));
    });
    return Float64Array.from([...own, ...this.diagonal.filter((_, i) => !covered[i])]);
  }

  /** Parameters that the blocks are of. */
  #covered(): Uint8Array {
    const covered = new Uint8Array(this.diagonal.length);
    for (const { weight, bias, units, width } of this.#blocks) {
      covered.fill(1, weight, weight + units * (width - 1));
      covered.fill(1, bias, bias + units);
    }
    return covered;
  }
}

/** A block with priors: the roots of a, and the eigenvectors and eigenvalues of the middle. */
interface ScaledBlock extends Block {
  readonly a: Float64Array;
  readonly inner: Eigenvectors;
  readonly values: Float64Array;
}

function scaledBlock(block: Block, alpha: Float64Array, factor: number): ScaledBlock {
  const { width, weight, bias, inputs, outer } = block;
  const a = Float64Array.from({ length: width }, (_, j) => Math.sqrt(alpha[j < width - 1 ? weight + j : bias]));
  const inner = eigenOf(
    inputs.map((value, i) => value / a[Math.floor(i / width)] / a[i % width]),
    width,
  );
  const values = new Float64Array(outer.values.length * width);
  let at = 0;
  for (const mu of outer.values) {
    for (const nu of inner.values) values[at++] = 1 + factor * Math.max(mu, 0) * Math.max(nu, 0);
  }
  return { ...block, a, inner, values };
}

function isFinitePositive(value: number): boolean {
  return value > 0 && value < Infinity;
}

class KroneckerPrecision implements Precision {
  readonly logDeterminant: number;

  constructor(
    readonly blocks: readonly ScaledBlock[],
    readonly rest: Float64Array,
    readonly covered: Uint8Array,
  ) {
    let sum = 0;
    for (const { values, a, units } of blocks) {
      for (const value of values) sum += Math.log(value);
      for (const root of a) sum += 2 * units * Math.log(root);
    }
    rest.forEach((value, i) => {
      if (!covered[i]) sum += Math.log(value);
    });
    this.logDeterminant = sum;
  }

  whiten(J: Matrix): Matrix {
    return this.#blockwise(J, (rows, { outer, inner, a, values }) => {
      divideBy(rows.data, a);
      const turned = turn(rows, outer.vectors, inner.vectors, true);
      divideBy(turned.data, values.map(Math.sqrt));
      return turned;
    });
  }

  colour(draws: Matrix): Matrix {
    return this.#blockwise(draws, (rows, { outer, inner, a, values }) => {
      divideBy(rows.data, values.map(Math.sqrt));
      const turned = turn(rows, outer.vectors, inner.vectors, false);
      divideBy(turned.data, a);
      return turned;
    });
  }

  /**
   * Block by block all rows at once, each as a units × width matrix; what is in no block is divided
   * by its root.
   */
  #blockwise({ rows, columns, data }: Matrix, change: (own: Matrix, block: ScaledBlock) => Matrix): Matrix {
    const out = Float64Array.from(data, (value, i) => value / Math.sqrt(this.rest[i % columns]));
    for (const block of this.blocks) {
      const { units, width } = block;
      const own = { rows: rows * units, columns: width, data: new Float64Array(rows * units * width) };
      for (let r = 0; r < rows; ++r) gather(data, r * columns, block, own.data, r * units * width);
      const changed = change(own, block);
      for (let r = 0; r < rows; ++r) scatter(changed.data, r * units * width, block, out, r * columns);
    }
    return { rows, columns, data: out };
  }

  variances(): Float64Array {
    const variances = this.rest.map((value) => 1 / value);
    for (const { outer, inner, a, units, width, weight, bias, values } of this.blocks) {
      const shares = { rows: units, columns: width, data: values.map((value) => 1 / value) };
      const half = multiply(squared(outer.vectors), shares);
      const { data } = multiply(half, squared(inner.vectors), { transposeB: true });
      for (let u = 0; u < units; ++u) {
        for (let i = 0; i < width; ++i) {
          const at = i < width - 1 ? weight + u * (width - 1) + i : bias + u;
          variances[at] = data[u * width + i] / a[i] ** 2;
        }
      }
    }
    return variances;
  }
}

/** Uᵀ·M·V of each of the units × width matrices M that lie one below the other, or U·M·Vᵀ. */
function turn(rows: Matrix, U: Matrix, V: Matrix, into: boolean): Matrix {
  const { columns: width } = rows;
  const units = U.rows;
  const count = rows.rows / units;
  const right = multiply(rows, V, { transposeB: !into });
  const sideways = new Float64Array(right.data.length);
  for (let r = 0; r < count; ++r)
    for (let u = 0; u < units; ++u)
      for (let j = 0; j < width; ++j) sideways[(u * count + r) * width + j] = right.data[(r * units + u) * width + j];
  const turned = multiply(U, { rows: units, columns: count * width, data: sideways }, { transposeA: into }).data;
  const data = new Float64Array(turned.length);
  for (let u = 0; u < units; ++u)
    for (let r = 0; r < count; ++r)
      for (let j = 0; j < width; ++j) data[(r * units + u) * width + j] = turned[(u * count + r) * width + j];
  return { rows: rows.rows, columns: width, data };
}

function squared({ rows, columns, data }: Matrix): Matrix {
  return { rows, columns, data: Float64Array.from(data, (value) => value * value) };
}

/** Divides runs of as many numbers as there are divisors. */
function divideBy(values: Matrix["data"], divisors: Float64Array): void {
  for (let i = 0, k = 0; i < values.length; ++i) {
    values[i] /= divisors[k];
    if (++k === divisors.length) k = 0;
  }
}

/** A layer's weights with its biases as a last column. */
function gather(
  data: ArrayLike<number>,
  from: number,
  { units, width, weight, bias }: Block,
  out: Float64Array,
  to: number,
): void {
  for (let u = 0; u < units; ++u) {
    for (let i = 0; i < width - 1; ++i) out[to++] = data[from + weight + u * (width - 1) + i];
    out[to++] = data[from + bias + u];
  }
}

function scatter(
  data: ArrayLike<number>,
  from: number,
  { units, width, weight, bias }: Block,
  out: Float64Array,
  to: number,
): void {
  for (let u = 0; u < units; ++u) {
    for (let i = 0; i < width - 1; ++i) out[to + weight + u * (width - 1) + i] = data[from++];
    out[to + bias + u] = data[from++];
  }
}

function eigenOf(data: Float64Array, size: number): { vectors: Matrix; values: Float64Array } {
  const { values, vectors } = new SymmetricMatrix(size, data).eigen();
  return { values, vectors };
}

export function transposed({ rows, columns, data }: Matrix): Matrix {
  const turned = new Float64Array(data.length);
  for (let i = 0; i < rows; ++i) for (let j = 0; j < columns; ++j) turned[j * rows + i] = data[i * columns + j];
  return { rows: columns, columns: rows, data: turned };
}
