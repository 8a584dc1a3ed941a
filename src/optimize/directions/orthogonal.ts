import { Orthogonal } from "../../linalg/qr.js";
import { dot } from "../../linalg/vector.js";
import type { Local } from "../local.js";
import type { Memory } from "../memory.js";
import type { End } from "../optimizer.js";
import type { Linearized } from "../problem.js";
import { curved } from "./acceleration.js";
import type { Model, Proposal } from "./direction.js";
import { columnScale } from "./scale.js";

/**
 * The Gauss-Newton model of residuals, ½·‖r + J·s‖², by an orthogonal factorization of J, which
 * keeps the digits that JᵀJ loses. Damping counts in units of the columns' squares.
 */
export class OrthogonalModel implements Model {
  readonly exact = true;
  readonly scale: Float64Array;
  readonly failure: End | null = null;
  readonly whole: Proposal;
  readonly frozen: readonly number[];
  readonly #factor: Orthogonal;
  /** −Qᵀ·r. */
  readonly #projected: Float64Array;

  constructor(
    readonly local: Local,
    { jacobian, residuals }: Linearized,
    memory: Memory,
    readonly accelerated: boolean,
  ) {
    const { rows, columns, data } = jacobian;
    const squares = new Float64Array(columns);
    for (let i = 0, at = 0; i < rows; ++i) for (let j = 0; j < columns; ++j) squares[j] += data[at++] ** 2;
    this.frozen = Array.from(squares.keys()).filter((j) => squares[j] === 0);
    const scale = columnScale(local, memory, squares);
    this.scale = scale;
    const scaled = Float64Array.from(data, (value, at) => value / scale[at % columns]);
    this.#factor = new Orthogonal({ rows, columns, data: scaled });
    this.#projected = this.#factor.project(residuals).map((value) => -value);
    this.whole = this.#undamped();
  }

  damped(damping: number): Proposal | null {
    if (!(damping > 0)) return this.whole;
    const factor = this.#factor.damped(damping);
    const rhs = new Float64Array(factor.rows);
    rhs.set(this.#projected.subarray(0, Math.min(this.#factor.rows, this.#factor.columns)));
    const z = factor.solve(factor.project(rhs));
    const step = this.#unscaled(z);
    const slope = dot(this.local.gradient, step);
    const plain = { step, slope, decrease: -0.5 * slope + 0.5 * damping * dot(z, z) };
    const bend = this.accelerated ? this.local.acceleration(step) : null;
    if (!bend) return plain;
    const b = bend.map((value, j) => -value / this.scale[j]);
    const acceleration = this.#unscaled(factor.solve(factor.solveTransposed(b)));
    return curved(this.local, plain, acceleration, this.scale);
  }

  gauge(gradient: Float64Array): number {
    const z = this.#factor.solveTransposed(gradient.map((value, j) => value / this.scale[j]));
    return dot(z, z);
  }

  #undamped(): Proposal {
    const { rank } = this.#factor;
    const within = this.#projected.subarray(0, rank);
    const decrease = 0.5 * dot(within, within);
    return { step: this.#unscaled(this.#factor.solve(this.#projected)), decrease, slope: -2 * decrease };
  }

  #unscaled(z: Float64Array): Float64Array {
    return z.map((value, j) => value / this.scale[j]);
  }
}
