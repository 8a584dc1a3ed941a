/** How the precision Σ⁻¹ = G + diag(α) of a posterior is kept and solved with: the one thing in which structures differ. */

import { type Matrix, multiply } from "../linalg/matrix.js";
import { SymmetricMatrix } from "../linalg/symmetric.js";
import { backwardSolve, forwardSolve } from "../linalg/triangular.js";
import type { Network } from "../network/network.js";

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
  /** Parameters that the posterior is of, as indices; all others are fixed. */
  readonly chosen: Uint32Array;
  /** A with prior α (one number for each chosen parameter) and 1/noise as the factor of G; null where it is not positive definite. */
  precision(alpha: Float64Array, factor: number): Precision | null;
  /** Eigenvalues of G: with one prior for all, they say for every prior and noise how many parameters are determined. */
  spectrum(): Float64Array;
}

/** Columns of the chosen parameters. */
export function chosenColumns({ rows, columns, data }: Matrix, chosen: Uint32Array): Matrix {
  if (chosen.length === columns) return { rows, columns, data };
  const part = new Float64Array(rows * chosen.length);
  for (let i = 0, at = 0; i < rows; ++i) for (const j of chosen) part[at++] = data[i * columns + j];
  return { rows, columns: chosen.length, data: part };
}

/** All of G, or the block of the chosen parameters. */
export class DenseCurvature implements Curvature {
  constructor(
    readonly chosen: Uint32Array,
    readonly block: Float64Array,
  ) {}

  static of(matrix: Float64Array, size: number, chosen: Uint32Array): DenseCurvature {
    if (chosen.length === size) return new DenseCurvature(chosen, matrix);
    const rows = chosenColumns({ rows: size, columns: size, data: matrix }, chosen).data as Float64Array;
    const block = new Float64Array(chosen.length ** 2);
    chosen.forEach((i, k) => {
      block.set(rows.subarray(i * chosen.length, (i + 1) * chosen.length), k * chosen.length);
    });
    return new DenseCurvature(chosen, block);
  }

  precision(alpha: Float64Array, factor: number): Precision | null {
    const n = alpha.length;
    const data = this.block.map((value) => factor * value);
    for (let i = 0; i < n; ++i) data[i * (n + 1)] += alpha[i];
    const { factor: lower, logDeterminant } = new SymmetricMatrix(n, data).cholesky();
    if (!lower) return null;
    return new DensePrecision(lower, logDeterminant);
  }

  spectrum(): Float64Array {
    return new SymmetricMatrix(this.chosen.length, this.block).eigenvalues();
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

  variances(): Float64Array {
    const { rows: n } = this.lower;
    const inverse = forwardSolve(this.lower, identity(n));
    const sums = new Float64Array(n);
    for (let i = 0; i < inverse.data.length; ++i) sums[i % n] += inverse.data[i] ** 2;
    return sums;
  }
}

/** The diagonal of G alone. */
export class DiagonalCurvature implements Curvature {
  constructor(
    readonly chosen: Uint32Array,
    readonly diagonal: Float64Array,
  ) {}

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

/** A layer's block B ⊗ A of eigenvectors and eigenvalues; what batch norm adds is diagonal. */
interface Block {
  readonly from: number;
  readonly units: number;
  readonly width: number;
  readonly weight: number;
  readonly bias: number;
  readonly outer: { readonly vectors: Matrix; readonly values: Float64Array };
  readonly inner: { readonly vectors: Matrix; readonly values: Float64Array };
}

/** The factors of a layer: mean of h̃·h̃ᵀ, and sum of δ·δᵀ under the outputs' curvature. */
export interface Factors {
  readonly inputs: Float64Array;
  readonly outputs: Float64Array;
}

/** Blocks of layers as Kronecker products (Ritter, Botev and Barber 2018): α has to be one number a layer's weights and biases. */
export class KroneckerCurvature implements Curvature {
  readonly chosen: Uint32Array;
  readonly #blocks: readonly Block[];
  readonly #size: number;

  constructor(
    net: Network,
    factors: readonly Factors[],
    /** Of batch norm's parameters. */
    readonly diagonal: Float64Array,
  ) {
    this.#size = net.parameterCount;
    this.chosen = Uint32Array.from({ length: this.#size }, (_, i) => i);
    this.#blocks = net.layout.layers.map(({ inputs, units, weight, bias }, l) => ({
      ...{ from: weight, units, width: inputs + 1, weight, bias },
      outer: eigenOf(factors[l].outputs, units),
      inner: eigenOf(factors[l].inputs, inputs + 1),
    }));
  }

  precision(alpha: Float64Array, factor: number): Precision | null {
    const blocks = this.#blocks.map((block) => ({ ...block, values: valuesOf(block, alpha[block.weight], factor) }));
    const rest = this.diagonal.map((value, i) => factor * value + alpha[i]);
    const covered = this.#covered();
    const positive = blocks.every(({ values }) => values.every((value) => value > 0));
    if (!positive || rest.some((value, i) => !covered[i] && !(value > 0))) return null;
    return new KroneckerPrecision(this.#size, blocks, rest, covered);
  }

  spectrum(): Float64Array {
    const covered = this.#covered();
    const own = this.#blocks.flatMap((block) => Array.from(valuesOf(block, 0, 1)));
    return Float64Array.from([...own, ...this.diagonal.filter((_, i) => !covered[i])]);
  }

  /** Parameters that the blocks are of. */
  #covered(): Uint8Array {
    const covered = new Uint8Array(this.#size);
    for (const { weight, bias, units, width } of this.#blocks) {
      covered.fill(1, weight, weight + units * (width - 1));
      covered.fill(1, bias, bias + units);
    }
    return covered;
  }
}

/** Eigenvalues of the block: α + factor·μᵤ·νᵢ. */
function valuesOf({ outer, inner }: Block, alpha: number, factor: number): Float64Array {
  const values = new Float64Array(outer.values.length * inner.values.length);
  let at = 0;
  for (const mu of outer.values) {
    for (const nu of inner.values) values[at++] = alpha + factor * Math.max(mu, 0) * Math.max(nu, 0);
  }
  return values;
}

class KroneckerPrecision implements Precision {
  readonly logDeterminant: number;

  constructor(
    readonly size: number,
    readonly blocks: readonly (Block & { readonly values: Float64Array })[],
    readonly rest: Float64Array,
    readonly covered: Uint8Array,
  ) {
    let sum = 0;
    for (const { values } of blocks) for (const value of values) sum += Math.log(value);
    rest.forEach((value, i) => {
      if (!covered[i]) sum += Math.log(value);
    });
    this.logDeterminant = sum;
  }

  whiten(J: Matrix): Matrix {
    return this.#rows(
      J,
      ({ outer, inner }, block) => multiply(multiply(outer.vectors, block, { transposeA: true }), inner.vectors),
      false,
    );
  }

  colour(draws: Matrix): Matrix {
    return this.#rows(
      draws,
      ({ outer, inner }, block) => multiply(multiply(outer.vectors, block), inner.vectors, { transposeB: true }),
      true,
    );
  }

  /** Block by block a row as a units × width matrix, rotated and scaled by 1/√value; before the rotation where colours are made. */
  #rows(J: Matrix, rotate: (block: Block, row: Matrix) => Matrix, before: boolean): Matrix {
    const { rows, columns, data } = J;
    const out = Float64Array.from(data, (value, i) => value / Math.sqrt(this.rest[i % columns]));
    for (const block of this.blocks) {
      const { units, width, values } = block;
      for (let r = 0; r < rows; ++r) {
        const row = gather(data, r * columns, block);
        if (before) scale(row, values);
        const turned = Float64Array.from(rotate(block, { rows: units, columns: width, data: row }).data);
        if (!before) scale(turned, values);
        scatter(turned, out, r * columns, block);
      }
    }
    return { rows, columns, data: out };
  }

  variances(): Float64Array {
    const variances = this.rest.map((value) => 1 / value);
    for (const { outer, inner, units, width, weight, bias, values } of this.blocks) {
      const [U, V] = [outer.vectors.data, inner.vectors.data];
      for (let u = 0; u < units; ++u) {
        for (let i = 0; i < width; ++i) {
          let sum = 0;
          for (let a = 0; a < units; ++a) {
            const left = U[u * units + a] ** 2;
            for (let b = 0; b < width; ++b) sum += (left * V[i * width + b] ** 2) / values[a * width + b];
          }
          variances[i < width - 1 ? weight + u * (width - 1) + i : bias + u] = sum;
        }
      }
    }
    return variances;
  }
}

function scale(row: Float64Array, values: Float64Array): void {
  for (let i = 0; i < row.length; ++i) row[i] /= Math.sqrt(values[i]);
}

/** A layer's weights with its biases as a last column. */
function gather(data: ArrayLike<number>, at: number, { units, width, weight, bias }: Block): Float64Array {
  const row = new Float64Array(units * width);
  for (let u = 0; u < units; ++u) {
    for (let i = 0; i < width - 1; ++i) row[u * width + i] = data[at + weight + u * (width - 1) + i];
    row[u * width + width - 1] = data[at + bias + u];
  }
  return row;
}

function scatter(row: Float64Array, out: Float64Array, at: number, { units, width, weight, bias }: Block): void {
  for (let u = 0; u < units; ++u) {
    for (let i = 0; i < width - 1; ++i) out[at + weight + u * (width - 1) + i] = row[u * width + i];
    out[at + bias + u] = row[u * width + width - 1];
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

function identity(n: number): Matrix {
  const data = new Float64Array(n * n);
  for (let i = 0; i < n; ++i) data[i * (n + 1)] = 1;
  return { rows: n, columns: n, data };
}
