import { isFloat64 } from "../check.js";
import type { LinearOperator } from "../linalg/operator.js";
import { SymmetricMatrix } from "../linalg/symmetric.js";
import { axpy, dot, norm2 } from "../linalg/vector.js";
import type { CurvatureKind } from "../network/tangent.js";
import { finish } from "../parts.js";
import { bytesPer, type FloatArray } from "../wasm/workspace.js";
import { drowned, exhausted, isSeen, measureOf, noiseOf, perfect, type Verdict } from "./criticality.js";
import type { Linearized, Problem, RowsFactory } from "./problem.js";
import { Replay } from "./replay.js";

/**
 * The objective around the point that a step starts from, in double precision, with
 * ½·weightDecay·‖θ‖² added to it. What it gives is computed when first asked for.
 */
export class Local {
  readonly size: number;
  readonly theta: Float64Array;
  readonly gradient: Float64Array;
  /** The objective without weight decay, and with it. */
  readonly loss: number;
  readonly value: number;
  readonly gradientNorm: number;
  #matrices: Partial<Record<CurvatureKind, SymmetricMatrix>> = {};
  /** Where somebody takes a step up again that waits. */
  readonly #replay: Replay | null;

  /** `at`: address for gradients. */
  constructor(
    readonly problem: Problem,
    readonly at: number,
    readonly weightDecay: number,
  ) {
    const { size, due } = problem;
    this.size = size;
    this.#replay = due && new Replay(due);
    this.loss = problem.valueAndGradient(problem.theta, at);
    this.theta = this.#read(problem.theta);
    this.gradient = this.#read(at);
    this.value = this.#decayed(this.loss, this.theta, this.gradient);
    this.gradientNorm = norm2(this.gradient);
  }

  /** Begins to run a step again that has waited: what is asked for below is given as before. */
  again(): void {
    this.#matrices = {};
    this.#replay?.again();
  }

  /** Ends what a step has left half-way, for good. */
  abandon(): void {
    this.#replay?.abandon();
  }

  /** Work that is long, and done once in a step however often that is run again; see Replay. */
  once<T>(work: () => T): T {
    return this.#replay ? this.#replay.once(work) : work();
  }

  /** The same for work in parts. */
  inParts<T>(work: () => Generator<void, T>): T {
    return this.#replay ? this.#replay.inParts(work) : finish(work());
  }

  /** Whether nothing holds a network's parameters back: no penalty and no weight decay. */
  get unbound(): boolean {
    return this.weightDecay === 0 && !this.problem.penalised;
  }

  /** A length in the parameters' own unit; only where all of them are 0 it is a number. */
  get unit(): number {
    return norm2(this.theta) || 1;
  }

  /** Falls of the objective that rounding cannot tell from 0. */
  get noise(): number {
    return noiseOf(this.problem.dtype, this.value);
  }

  /**
   * The test of convergence that the model's whole fall and step pass, if any; `scale` is D^½ of
   * the norm that steps are measured in.
   */
  verdict(decrease: number, step: Float64Array, scale?: Float64Array): Verdict {
    const { tolerance, first, dtype } = this.problem;
    if (tolerance < 0) return null;
    const close = exhausted(decrease, measureOf(this.value, this.gradientNorm, first), tolerance);
    if (close || !first) return close;
    const reach = Math.max(lengthIn(this.theta, scale), lengthIn(first.theta, scale));
    return perfect(decrease, first.value, lengthIn(step, scale), reach, dtype);
  }

  /**
   * Whether a fall is so small that the search is over: it is within the tolerance, or rounding
   * drowns it.
   */
  settled(decrease: number, step: Float64Array, scale?: Float64Array): boolean {
    return drowned(decrease, this.noise) || this.verdict(decrease, step, scale) !== null;
  }

  /**
   * Whether a fall is more than what rounding may make of values that went through thousands of
   * sums.
   */
  sees(fall: number): boolean {
    return isSeen(fall, this.noise);
  }

  /** The value at θ + scale·step, which is left at `problem.next`. */
  valueAt(step: Float64Array, scale = 1): number {
    this.#place(step, scale);
    const value = this.once(() => this.problem.valueAhead());
    return this.#decayed(value, this.weightDecay > 0 ? this.#read(this.problem.next) : this.theta);
  }

  /** The value and the gradient at θ + scale·step. */
  gradientAt(step: Float64Array, scale = 1): { value: number; gradient: Float64Array } {
    this.#place(step, scale);
    return this.once(() => {
      const value = this.problem.gradientAhead(this.at);
      const gradient = this.#read(this.at);
      return { value: this.#decayed(value, this.#read(this.problem.next), gradient), gradient };
    });
  }

  /**
   * The dense curvature, in double precision whatever the parameters are in, because solves with
   * it are sensitive to rounding.
   */
  hessian(kind: CurvatureKind, rows?: RowsFactory): SymmetricMatrix {
    this.#matrices[kind] ??= this.inParts(() => this.#assembled(kind, rows));
    return this.#matrices[kind];
  }

  *#assembled(kind: CurvatureKind, rows?: RowsFactory): Generator<void, SymmetricMatrix> {
    const made = yield* this.problem.hessian(kind, rows);
    const { size, data } = made;
    const matrix = isFloat64(data) ? made : new SymmetricMatrix(size, Float64Array.from(data), made.build);
    for (let i = 0; this.weightDecay > 0 && i < size; ++i) matrix.data[i * (size + 1)] += this.weightDecay;
    return matrix;
  }

  /** Products, not kept as other work is, with the curvature plus `damping` times the identity. */
  products(kind: CurvatureKind, damping = 0, share = 1): LinearOperator {
    const { size, matvec } = this.problem.products(kind, share);
    const shift = damping + this.weightDecay;
    return {
      size,
      matvec: (v) => {
        const product = Float64Array.from(matvec(v));
        if (shift > 0) axpy(shift, v as Float64Array, product);
        return product;
      },
    };
  }

  /**
   * Residuals and Jacobian, weight decay being a residual of each parameter; null where the problem
   * has none.
   */
  linearized(): Linearized | null {
    const linear = this.problem.linearizedAt();
    if (!linear || this.weightDecay === 0) return linear;
    const { rows, columns, data } = linear.jacobian;
    const root = Math.sqrt(this.weightDecay);
    const [residuals, extended] = [new Float64Array(rows + columns), new Float64Array((rows + columns) * columns)];
    residuals.set(linear.residuals);
    extended.set(data);
    for (let j = 0; j < columns; ++j) {
      residuals[rows + j] = root * this.theta[j];
      extended[(rows + j) * columns + j] = root;
    }
    return { residuals, jacobian: { rows: rows + columns, columns, data: extended } };
  }

  /**
   * What the second derivative along a step adds to the gradient: Jᵀ·∇²ℓ·f̈; null where the
   * objective has no residuals or outputs.
   */
  acceleration(step: Float64Array): Float64Array | null {
    return this.once(() => this.problem.accelerationAt(step));
  }

  #place(step: Float64Array, scale: number): void {
    const { workspace, dtype, next } = this.problem;
    const view = workspace.view(dtype);
    const from = next / bytesPer(dtype);
    for (let i = 0; i < this.size; ++i) view[from + i] = this.theta[i] + scale * step[i];
  }

  #read(at: number): Float64Array {
    const values: FloatArray = this.problem.workspace.read(this.problem.dtype, at, this.size);
    return isFloat64(values) ? values : Float64Array.from(values);
  }

  /** −∞ is no fall but an overflow. */
  #decayed(value: number, theta: Float64Array, gradient?: Float64Array): number {
    if (value === -Infinity) return Number.NaN;
    if (this.weightDecay === 0) return value;
    if (gradient) axpy(this.weightDecay, theta, gradient);
    return value + 0.5 * this.weightDecay * dot(theta, theta);
  }
}

/** ‖D^½·v‖, D^½ being given as its diagonal; without it ‖v‖. */
export function lengthIn(v: Float64Array, scale?: Float64Array): number {
  return norm2(scale ? v.map((x, i) => x * scale[i]) : v);
}
