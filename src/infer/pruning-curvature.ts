import { SymmetricMatrix } from "../linalg/symmetric.js";
import type { Dataset } from "../network/dataset.js";
import type { Network } from "../network/network.js";

/** On the curvature's diagonal, as a share of each element. */
const DAMPING = 1e-8;

/**
 * The Gauss-Newton matrix of the objective for some parameters, penalty included, in double
 * precision.
 */
export function blockOf(net: Network, data: Dataset, active: Uint32Array): Float64Array {
  const of = new Uint8Array(net.parameterCount);
  for (const i of active) of[i] = 1;
  return net.hessian(data, { kind: "ggn", batchNorm: "running", of }).data as Float64Array;
}

/** What it costs to hold a parameter at another value, and what the others do about it. */
export class PruningCurvature {
  readonly #place: Map<number, number>;
  readonly #n: number;
  /** Whether it is H⁻¹, for obs. */
  readonly inverse: boolean;
  readonly #matrix: Float64Array;
  /** The diagonal of the downdated H⁻¹. */
  readonly #diagonal: Float64Array;
  /**
   * Columns of H⁻¹ over the roots of their pivots: H⁻¹ is the matrix less the sum of their squares.
   * So a removal reads one row, and nothing is written.
   */
  readonly #downdates: Float64Array[] = [];

  constructor(
    net: Network,
    data: Dataset,
    readonly active: Uint32Array,
    /** For H⁻¹, what is added to the diagonal of H; null for H itself. */
    slack: Float64Array | null,
  ) {
    this.inverse = slack !== null;
    const n = active.length;
    this.#n = n;
    this.#place = new Map(Array.from(active, (i, k) => [i, k]));
    const H = blockOf(net, data, active);
    slack?.forEach((value, i) => {
      H[i * (n + 1)] += value;
    });
    this.#matrix = slack ? inverted(H, n) : H;
    this.#diagonal = Float64Array.from({ length: n }, (_, i) => this.#matrix[i * (n + 1)]);
  }

  /** H_qq. */
  stiffness(q: number): number {
    return this.#diagonal[this.#placeOf(q)];
  }

  /**
   * ½·θ_gᵀ·([H⁻¹]_gg)⁻¹·θ_g: what it costs to lose some weights together, the others making up for
   * them.
   */
  costOf(group: readonly number[], theta: Float64Array): number {
    const places = group.map((q) => this.#placeOf(q));
    if (group.length === 1) return theta[group[0]] ** 2 / (2 * this.#diagonal[places[0]]);
    const block = Float64Array.from({ length: group.length ** 2 }, (_, k) =>
      this.#at(places[Math.floor(k / group.length)], places[k % group.length]),
    );
    const found = new SymmetricMatrix(group.length, block).cholesky();
    const own = Float64Array.from(group, (q) => theta[q]);
    // Weights that depend on each other so closely cost together what the most expensive one costs.
    if (!found.factor) return Math.max(...places.map((place, i) => own[i] ** 2 / (2 * this.#diagonal[place])));
    const solved = found.solve(own);
    return 0.5 * own.reduce((sum, value, i) => sum + value * solved[i], 0);
  }

  /** Sets a parameter to 0: the others move, and H⁻¹ becomes that of the others. */
  takeOut(q: number, theta: Float64Array): void {
    const [n, k] = [this.#n, this.#placeOf(q)];
    const pivot = this.#diagonal[k];
    if (!(pivot > 0)) return;
    const column = this.#matrix.slice(k * n, (k + 1) * n);
    for (const own of this.#downdates) {
      const share = own[k];
      if (share !== 0) for (let i = 0; i < n; ++i) column[i] -= share * own[i];
    }
    const [factor, root] = [theta[q] / pivot, Math.sqrt(pivot)];
    this.active.forEach((i, j) => {
      theta[i] -= factor * column[j];
    });
    for (let i = 0; i < n; ++i) {
      column[i] /= root;
      this.#diagonal[i] -= column[i] ** 2;
    }
    this.#downdates.push(column);
  }

  /** Returns what undoes all removals from here on. */
  mark(): () => void {
    const [count, diagonal] = [this.#downdates.length, this.#diagonal.slice()];
    return () => {
      this.#downdates.length = count;
      this.#diagonal.set(diagonal);
    };
  }

  #placeOf(q: number): number {
    return this.#place.get(q) as number;
  }

  #at(i: number, j: number): number {
    if (i === j) return this.#diagonal[i];
    return this.#downdates.reduce((value, own) => value - own[i] * own[j], this.#matrix[i * this.#n + j]);
  }
}

/**
 * Where rounding or weights that depend on each other leave no inverse, as much damping as makes
 * one.
 */
function inverted(H: Float64Array, n: number): Float64Array {
  for (let damping = DAMPING; ; damping *= 100) {
    const A = H.slice();
    // What has no curvature at all costs nothing, whatever stands there.
    for (let i = 0; i < n; ++i) A[i * (n + 1)] = (1 + damping) * A[i * (n + 1)] || 1;
    const found = new SymmetricMatrix(n, A).cholesky();
    if (!found.factor) continue;
    const unit = new Float64Array(n * n);
    for (let i = 0; i < n; ++i) unit[i * (n + 1)] = 1;
    return Float64Array.from(found.solve({ rows: n, columns: n, data: unit }).data);
  }
}
