import type { Matrix } from "../linalg/matrix.js";
import type { LinearOperator } from "../linalg/operator.js";
import type { SymmetricMatrix } from "../linalg/symmetric.js";
import type { LayerFactors, SecondMoments } from "../network/fisher.js";
import type { JacobianProducts } from "../network/jacobian.js";
import type { LayerLayout, Layout } from "../network/layout.js";
import type { CurvatureKind } from "../network/tangent.js";
import type { Dtype } from "../wasm/kernels.js";
import type { FloatArray, Workspace } from "../wasm/workspace.js";
import type { End } from "./optimizer.js";

/**
 * How often each quantity was computed. A network's gradient includes the value, which then does
 * not count.
 */
export interface Evaluations {
  /** Values alone. */
  readonly value: number;
  /** Gradients. */
  readonly gradient: number;
  /** Products with the Hessian or the Gauss-Newton matrix. */
  readonly hvp: number;
  /** Dense matrices of either kind. */
  readonly hessian: number;
}

/** Classes that the methods that need them bring along: the others do not pay for their code. */
export type MomentsFactory = typeof SecondMoments;
export type RowsFactory = typeof JacobianProducts;

/** Residuals and their Jacobian at a point: ½·Σrᵢ² is the objective. */
export interface Linearized {
  readonly residuals: Float64Array;
  /** One row a residual. */
  readonly jacobian: Matrix;
}

/**
 * What an optimizer may ask of what it minimises. Points and gradients are addresses in the
 * workspace; nothing is computed before it is asked for.
 */
export abstract class Problem {
  /** The current point. */
  theta: number;
  /** Room for another point; a step that succeeds swaps the two. */
  next: number;
  /**
   * Relative accuracy at which a search has converged, see criticality.ts; below 0: only where
   * rounding ends it.
   */
  tolerance = -1;
  /**
   * Where the run began, and its greatest gradient since: what its values, gradients and points are
   * compared with.
   */
  first: {
    readonly value: number;
    readonly gradientNorm: number;
    steepest: number;
    readonly theta: Float64Array;
  } | null = null;
  /** Whether a step sees another sample of the objective than the one before. */
  stochastic = false;
  /**
   * Whether the event loop is to have its turn, where a step may wait for that; null where nobody
   * would take it up again.
   */
  due: (() => boolean) | null = null;
  readonly evaluations: { -readonly [K in keyof Evaluations]: number } = { value: 0, gradient: 0, hvp: 0, hessian: 0 };
  /** The gradient at `next`, where that was computed already. */
  #ahead: { point: number; value: number; gradient: FloatArray } | null = null;

  constructor(
    readonly workspace: Workspace,
    readonly dtype: Dtype,
    /** Number of parameters. */
    readonly size: number,
  ) {
    this.theta = workspace.allocate(dtype, size);
    this.next = workspace.allocate(dtype, size);
  }

  /** Value at a point, its gradient written to an address. */
  valueAndGradient(point: number, gradient: number): number {
    const ahead = this.#ahead;
    if (ahead?.point === point) {
      this.reuse();
      this.workspace.write(this.dtype, gradient, ahead.gradient);
      return ahead.value;
    }
    ++this.evaluations.gradient;
    return this.gradientAt(point, gradient);
  }

  /** Value at `next`; without a gradient, if that is cheaper. */
  valueAhead(): number {
    this.#ahead = null;
    ++this.evaluations.value;
    return this.valueAt(this.next);
  }

  /**
   * Value at `next`, its gradient written to an address and remembered for the step that starts
   * there.
   */
  gradientAhead(gradient: number): number {
    ++this.evaluations.gradient;
    const value = this.gradientAt(this.next, gradient);
    this.#ahead = { point: this.next, value, gradient: this.workspace.read(this.dtype, gradient, this.size) };
    return value;
  }

  /** Makes `next` the current point. */
  advance(): void {
    const { theta } = this;
    this.theta = this.next;
    this.next = theta;
  }

  /** Called when the objective, or the point at `theta`, has changed since the last step. */
  changed(): void {
    this.#ahead = null;
  }

  /** Products with the curvature at `theta`, over a share of the samples where there are any. */
  products(kind: CurvatureKind, share = 1): LinearOperator {
    const matvec = this.productAt(kind, share);
    return {
      size: this.size,
      matvec: (v) => {
        ++this.evaluations.hvp;
        return matvec(v);
      },
    };
  }

  /**
   * The dense curvature at `theta`, in parts between which a step may wait; valid until it is asked
   * for again.
   */
  *hessian(kind: CurvatureKind, rows?: RowsFactory): Generator<void, SymmetricMatrix> {
    ++this.evaluations.hessian;
    return yield* this.hessianAt(kind, rows);
  }

  /**
   * Units × samples whose ReLU has switched between `theta`, where the last gradient was taken, and
   * `next`; null where there are none.
   */
  kinksAhead(): number | null {
    return null;
  }

  /**
   * Jᵀ·∇²ℓ·f̈ at `theta` along a step, f being residuals or a network's outputs; null where there
   * are none.
   */
  accelerationAt(_step: Float64Array): Float64Array | null {
    return null;
  }

  /**
   * The verdict on a point by gradients alone, for methods that know no curvature; null where the
   * run continues.
   */
  judge(_point: { readonly value: number; readonly gradientNorm: number }, _gradient: number): End | null {
    return null;
  }

  /** Where a network's parameters lie; null for a function's. */
  get layout(): Layout | null {
    return null;
  }

  /** Whether a penalty is part of the objective, as far as the problem knows. */
  get penalised(): boolean {
    return false;
  }

  /** Places of parameters among all that there are, fixed ones included. */
  placesOf(parameters: readonly number[]): readonly number[] {
    return parameters;
  }

  /**
   * Residuals and Jacobian at `theta`, where the objective is their sum of squares and has few
   * parameters; else null.
   */
  linearizedAt(): Linearized | null {
    return null;
  }

  /**
   * An estimate of the Gauss-Newton matrix's diagonal at `theta`; null where there are no samples.
   */
  curvatureDiagonal(_moments: MomentsFactory): Float64Array | null {
    return null;
  }

  /**
   * A network's Kronecker factors at `theta`; only where `checkCurvature` has let pass a method
   * that takes them.
   */
  kroneckerFactors(
    _moments: MomentsFactory,
    _seed: number,
  ): { layers: readonly LayerLayout[]; factors: readonly LayerFactors[] } {
    throw new Error("kfac: only a network has Kronecker factors");
  }

  /**
   * Whether what it gives for a Gauss-Newton matrix has no negative eigenvalues but those that
   * rounding makes.
   */
  get semidefinite(): boolean {
    return true;
  }

  /**
   * Refuses an optimizer that asks for more than there is; one that asks for nothing is not
   * checked.
   */
  checkCurvature(_where: string, _needs: CurvatureNeeds): void {}

  /** Called where the gradient taken ahead is that of the point now asked for. */
  protected reuse(): void {}

  protected abstract gradientAt(point: number, gradient: number): number;

  protected valueAt(_point: number): number {
    return unknown();
  }

  protected productAt(_kind: CurvatureKind, _share: number): (v: FloatArray) => FloatArray {
    return unknown();
  }

  // biome-ignore lint/correctness/useYield: nothing to wait for
  protected *hessianAt(_kind: CurvatureKind, _rows?: RowsFactory): Generator<void, SymmetricMatrix> {
    return unknown();
  }
}

/** What a method takes of the curvature. */
export interface CurvatureNeeds {
  readonly kind: CurvatureKind;
  readonly form: "dense" | "products" | "factors" | "none";
}

function unknown(): never {
  throw new Error("this problem knows gradients alone");
}

/** Keeps the first point that a run looks at, and the greatest norm of its gradients. */
export function remember(problem: Problem, value: number, gradientNorm: number, theta: Float64Array): void {
  problem.first ??= { value, gradientNorm, steepest: gradientNorm, theta };
  if (gradientNorm > problem.first.steepest) problem.first.steepest = gradientNorm;
}
