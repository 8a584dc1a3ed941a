export type DType = "f32" | "f64";
export type Numbers = Float32Array | Float64Array;

export const numbers = (dtype: DType, count: number): Numbers =>
  dtype === "f32" ? new Float32Array(count) : new Float64Array(count);

/**
 * C = op(A)·op(B), rows × columns, summed over `inner`; A and B are stored row-major as they come,
 * before op.
 */
export interface Product {
  readonly title: string;
  readonly dtype: DType;
  readonly rows: number;
  readonly inner: number;
  readonly columns: number;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  readonly a: Numbers;
  readonly b: Numbers;
}

/** One Adam step per call, through equal batches in order, from the same parameters everywhere. */
export interface Training {
  readonly title: string;
  readonly dtype: DType;
  /** Inputs, hidden units, outputs. */
  readonly sizes: readonly number[];
  readonly activation: "relu" | "tanh";
  readonly loss: "cross-entropy" | "mse";
  readonly batchSize: number;
  readonly batches: number;
  /** Row-major, samples × inputs. */
  readonly x: Numbers;
  /** Class labels under cross-entropy, otherwise one output per sample. */
  readonly y: Numbers;
  /** Layer by layer: weight (units × inputs, row-major), then bias. */
  readonly parameters: Numbers;
}

export const adam = { learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 } as const;

/** Something prepared to be called over and over; only `call` is timed. */
export interface Work<Result> {
  readonly call: () => Result | Promise<Result>;
  /** Whether `call` gives a promise, which is then awaited within the measured time. */
  readonly asynchronous?: boolean;
  readonly dispose?: () => unknown;
}

/** A dense symmetric matrix, row-major and in full. */
export interface Symmetric {
  readonly title: string;
  readonly size: number;
  readonly data: Float64Array;
}

/**
 * y ≈ v·tanh(w·x + b) + c by least squares, from each of the starts until the rms error is at most
 * `target`.
 */
export interface Curve {
  readonly title: string;
  readonly units: number;
  readonly x: Float64Array;
  readonly y: Float64Array;
  /** w, b, v, c each. */
  readonly starts: readonly Float64Array[];
  readonly target: number;
  /** How many steps at most. */
  readonly steps: number;
}

/**
 * Both are finished; `vectors` only puts them into one form: row-major, a vector in each column.
 */
export interface Eigen {
  readonly values: ArrayLike<number>;
  readonly vectors: () => ArrayLike<number>;
}

type Prepared<Result> = Work<Result> | Promise<Work<Result>>;

/** One library in one configuration. What it cannot do, it leaves out. */
export interface Peer {
  readonly name: string;
  readonly version: string;
  readonly dtypes: readonly DType[];
  /** Seconds of calls before the engine has optimised this library's code. */
  readonly settles?: number;
  /** Whether its exp and tanh have single accuracy in f64 too. */
  readonly coarse?: boolean;
  /** Makes this configuration current where a library keeps one per process. */
  readonly select?: () => Promise<unknown>;
  /** Gives C in the library's own form, computed and readable. */
  readonly product?: (product: Product) => Prepared<unknown>;
  /** The numbers of C, row-major. */
  readonly read?: (result: unknown) => ArrayLike<number>;
  /** Takes one step and gives the batch's loss before it. */
  readonly step?: (training: Training) => Prepared<number>;
  /**
   * Gives the dense Hessian of the loss over the first batch, row-major, in the order of the
   * parameters; undefined where it cannot.
   */
  readonly hessian?: (training: Training) => Prepared<ArrayLike<number>> | undefined;
  /**
   * Gives the parameters reached from each start, with the Levenberg–Marquardt method and an exact
   * Jacobian.
   */
  readonly leastSquares?: (curve: Curve) => Prepared<readonly ArrayLike<number>[]>;
  /** Gives all eigenvalues, ascending, and their vectors. */
  readonly eigen?: (matrix: Symmetric) => Prepared<Eigen>;
  /** Gives a function to read L, row-major, with A = L·Lᵀ. */
  readonly cholesky?: (matrix: Symmetric) => Prepared<() => ArrayLike<number>>;
}
