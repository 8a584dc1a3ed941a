import { solveSmall } from "./small.js";

/** Steps that are remembered. */
const MEMORY = 4;
/** Added to a matrix whose diagonal is 1. */
const RIDGE = 1e-12;

/**
 * Anderson's mixing (1965) for a fixed-point iteration x ← x + f(x): of the steps before, that
 * combination goes into the next one which would have made f least. So an iteration that contracts
 * slowly comes to its end in a few rounds more than there are numbers in x.
 */
export class Mixing {
  #x: Float64Array | null = null;
  #f: Float64Array | null = null;
  #moves: { dx: Float64Array; df: Float64Array }[] = [];

  /** The next point from x and its step f. What has led away from the solution is forgotten. */
  next(x: Float64Array, f: Float64Array): Float64Array {
    if (this.#x && this.#f) {
      if (size(f) > size(this.#f)) this.#moves = [];
      else this.#moves.push({ dx: minus(x, this.#x), df: minus(f, this.#f) });
      if (this.#moves.length > MEMORY) this.#moves.shift();
    }
    [this.#x, this.#f] = [x.slice(), f.slice()];
    const moved = x.map((value, i) => value + f[i]);
    this.#shares(f).forEach((share, k) => {
      const { dx, df } = this.#moves[k];
      for (let i = 0; i < moved.length; ++i) moved[i] -= share * (dx[i] + df[i]);
    });
    return moved;
  }

  /** The c with the least ‖f − ΔF·c‖, the columns of ΔF being taken at length 1. */
  #shares(f: Float64Array): Float64Array {
    const columns = this.#moves.map(({ df }) => df);
    const lengths = columns.map((column) => size(column) || 1);
    const n = columns.length;
    const A = new Float64Array(n * n);
    for (let i = 0; i < n; ++i) {
      for (let j = 0; j < n; ++j) A[i * n + j] = product(columns[i], columns[j]) / lengths[i] / lengths[j];
      A[i * (n + 1)] += RIDGE;
    }
    const b = Float64Array.from(columns, (column, i) => product(column, f) / lengths[i]);
    return solveSmall(A, b).map((value, i) => value / lengths[i]);
  }
}

function product(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, value, i) => sum + value * b[i], 0);
}

function size(a: Float64Array): number {
  return Math.sqrt(product(a, a));
}

function minus(a: Float64Array, b: Float64Array): Float64Array {
  return a.map((value, i) => value - b[i]);
}
