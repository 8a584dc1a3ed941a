import type { Matrix } from "./matrix.js";

/**
 * A = Q·R·Pᵀ by Householder's reflections with column pivoting (Businger and Golub 1965), for the
 * few columns that problems of least squares have. It keeps the digits that AᵀA loses: the relative
 * error of a solution grows with the condition number of A, not with its square. Columns should be
 * of one size.
 *
 * Cost: about 2·n²·(m − n/3) flops in scalar code; m·n numbers.
 */
export class Orthogonal {
  readonly rows: number;
  readonly columns: number;
  /** Columns that are independent of those before them, but for rounding. */
  readonly rank: number;
  /** R above and on the diagonal, the reflections below it. */
  readonly #data: Float64Array;
  /** The first number of each reflection, and 2 over its square. */
  readonly #heads: Float64Array;
  readonly #factors: Float64Array;
  /** Column j of A·P is this column of A. */
  readonly #pivots: Uint32Array;

  /** Takes the matrix's numbers over. */
  constructor({ rows, columns, data }: Matrix & { readonly data: Float64Array }) {
    this.rows = rows;
    this.columns = columns;
    this.#data = data;
    const most = Math.min(rows, columns);
    this.#heads = new Float64Array(most);
    this.#factors = new Float64Array(most);
    this.#pivots = Uint32Array.from({ length: columns }, (_, j) => j);
    for (let j = 0; j < most; ++j) {
      this.#pivot(j);
      this.#reflect(j);
    }
    this.rank = this.#countRank(most);
  }

  /** Brings the longest of the columns that are left to place j. */
  #pivot(j: number): void {
    const { rows, columns } = this;
    const data = this.#data;
    const squares = new Float64Array(columns);
    for (let i = j; i < rows; ++i) for (let c = j; c < columns; ++c) squares[c] += data[i * columns + c] ** 2;
    let best = j;
    for (let c = j + 1; c < columns; ++c) if (squares[c] > squares[best]) best = c;
    if (best === j) return;
    for (let i = 0; i < rows; ++i) swap(data, i * columns + j, i * columns + best);
    swap(this.#pivots, j, best);
  }

  #reflect(j: number): void {
    const { rows, columns } = this;
    const data = this.#data;
    let square = 0;
    for (let i = j; i < rows; ++i) square += data[i * columns + j] ** 2;
    const diagonal = j * columns + j;
    const length = data[diagonal] > 0 ? -Math.sqrt(square) : Math.sqrt(square);
    const head = data[diagonal] - length;
    if (head === 0) return;
    this.#heads[j] = head;
    this.#factors[j] = 2 / (square - data[diagonal] ** 2 + head * head);
    for (let c = j + 1; c < columns; ++c) {
      let sum = head * data[j * columns + c];
      for (let i = j + 1; i < rows; ++i) sum += data[i * columns + j] * data[i * columns + c];
      sum *= this.#factors[j];
      data[j * columns + c] -= sum * head;
      for (let i = j + 1; i < rows; ++i) data[i * columns + c] -= sum * data[i * columns + j];
    }
    data[diagonal] = length;
  }

  #countRank(most: number): number {
    const least = Math.max(this.rows, this.columns) * Number.EPSILON * Math.abs(this.#data[0] ?? 0);
    let rank = 0;
    while (rank < most && Math.abs(this.#data[rank * (this.columns + 1)]) > least) ++rank;
    return rank;
  }

  /** The first n numbers of Qᵀ·b, zeros behind the m-th. */
  project(b: ArrayLike<number>): Float64Array {
    const { rows, columns } = this;
    const data = this.#data;
    const product = Float64Array.from(b);
    for (let j = 0; j < this.#heads.length; ++j) {
      const head = this.#heads[j];
      if (head === 0) continue;
      let sum = head * product[j];
      for (let i = j + 1; i < rows; ++i) sum += data[i * columns + j] * product[i];
      sum *= this.#factors[j];
      product[j] -= sum * head;
      for (let i = j + 1; i < rows; ++i) product[i] -= sum * data[i * columns + j];
    }
    const projected = new Float64Array(columns);
    projected.set(product.subarray(0, Math.min(rows, columns)));
    return projected;
  }

  /**
   * x with R·Pᵀ·x = q, and 0 for columns beyond the rank: the least squares solution for q = Qᵀ·b.
   */
  solve(q: ArrayLike<number>): Float64Array {
    const { columns, rank } = this;
    const data = this.#data;
    const x = new Float64Array(columns);
    const z = new Float64Array(rank);
    for (let i = rank - 1; i >= 0; --i) {
      let sum = q[i];
      for (let j = i + 1; j < rank; ++j) sum -= data[i * columns + j] * z[j];
      z[i] = sum / data[i * (columns + 1)];
      x[this.#pivots[i]] = z[i];
    }
    return x;
  }

  /** R⁻ᵀ·Pᵀ·g, as far as the rank goes: its square is gᵀ(AᵀA)⁻¹g. */
  solveTransposed(g: ArrayLike<number>): Float64Array {
    const { columns, rank } = this;
    const data = this.#data;
    const z = new Float64Array(rank);
    for (let i = 0; i < rank; ++i) {
      let sum = g[this.#pivots[i]];
      for (let j = 0; j < i; ++j) sum -= data[j * columns + i] * z[j];
      z[i] = sum / data[i * (columns + 1)];
    }
    return z;
  }

  /** The factorization of [A; √μ·I], from that of A: both have the same products AᵀA + μI. */
  damped(mu: number): Orthogonal {
    const { columns } = this;
    const height = Math.min(this.rows, columns);
    const stacked = new Float64Array((height + columns) * columns);
    const root = Math.sqrt(mu);
    for (let i = 0; i < height; ++i) {
      for (let j = i; j < columns; ++j) stacked[i * columns + this.#pivots[j]] = this.#data[i * columns + j];
    }
    for (let j = 0; j < columns; ++j) stacked[(height + j) * columns + j] = root;
    return new Orthogonal({ rows: height + columns, columns, data: stacked });
  }

  /** (AᵀA)⁻¹, row-major, for a matrix of full rank. Cost: n³ flops. */
  inverseOfSquare(): Float64Array {
    const { columns: n } = this;
    const rows = Array.from({ length: n }, (_, j) => {
      const unit = new Float64Array(n);
      unit[j] = 1;
      return this.solveTransposed(unit);
    });
    const inverse = new Float64Array(n * n);
    for (let i = 0; i < n; ++i) {
      for (let j = 0; j <= i; ++j) {
        let sum = 0;
        for (let k = 0; k < n; ++k) sum += rows[i][k] * rows[j][k];
        inverse[i * n + j] = sum;
        inverse[j * n + i] = sum;
      }
    }
    return inverse;
  }
}

function swap(values: { [index: number]: number }, i: number, j: number): void {
  const kept = values[i];
  values[i] = values[j];
  values[j] = kept;
}
