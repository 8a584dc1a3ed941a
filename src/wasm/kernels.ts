/**
 * Typed calls into the core. Pointers are byte addresses in an instance's memory; counts, strides
 * and leading dimensions are elements. Formulas stand beside the code in assembly/.
 */
type Pointer = number;

/** The kernels of one element type. */
export interface Kernels {
  product(
    m: number, n: number, k: number, alpha: number,
    a: Pointer, aRow: number, aCol: number, b: Pointer, bRow: number, bCol: number,
    beta: number, c: Pointer, cRow: number, bias: Pointer, kind: number, param: number, h: Pointer, scratch: Pointer,
  ): void;

  activate(kind: number, a: Pointer, h: Pointer, count: number, param: number): void;
  activationDerivative(kind: number, a: Pointer, h: Pointer, out: Pointer, count: number, param: number): void;
  activationSecondDerivative(kind: number, a: Pointer, h: Pointer, out: Pointer, count: number, param: number): void;
  backpropActivation(kind: number, a: Pointer, h: Pointer, delta: Pointer, count: number, param: number): void;

  loss(
    kind: number, z: Pointer, y: Pointer, delta: Pointer,
    n: number, ld: number, outputs: number, scale: number, param: number, weights: Pointer,
  ): number;
  lossHessianProduct(
    kind: number, z: Pointer, y: Pointer, u: Pointer, out: Pointer,
    n: number, ld: number, outputs: number, scale: number, param: number,
  ): void;

  lossCurvature(
    kind: number, z: Pointer, y: Pointer, curvature: Pointer, probability: Pointer, n: number, ld: number, C: number, scale: number, param: number,
  ): void;
  /**
   * Returns the number of samples for which the unit moves anything; `unitRows` is for those.
   * `plan`: see src/network/unit-plan.ts.
   */
  openUnit(plan: Pointer, l: number, i: number, scratch: Pointer): number;
  unitRows(
    plan: Pointer, l: number, i: number, from: number, rows: number, count: number, panel: Pointer, scratch: Pointer,
  ): void;

  batchNormForward(
    x: Pointer, xhat: Pointer, y: Pointer, mean: Pointer, invStd: Pointer, variance: Pointer,
    gamma: Pointer, beta: Pointer, rows: number, n: number, ld: number, epsilon: number, weights: Pointer,
  ): void;
  batchNormRunning(
    x: Pointer, xhat: Pointer, y: Pointer, mean: Pointer, variance: Pointer, invStd: Pointer,
    gamma: Pointer, beta: Pointer, rows: number, n: number, ld: number, epsilon: number,
  ): void;
  batchNormBackward(
    xhat: Pointer, invStd: Pointer, gamma: Pointer, dy: Pointer, dx: Pointer, dgamma: Pointer, dbeta: Pointer,
    rows: number, n: number, ld: number, accumulate: number, weights: Pointer,
  ): void;
  batchNormBackwardRunning(
    xhat: Pointer, invStd: Pointer, gamma: Pointer, dy: Pointer, dx: Pointer, dgamma: Pointer, dbeta: Pointer,
    rows: number, n: number, ld: number, accumulate: number,
  ): void;
  batchNormTangent(
    rx: Pointer, xhat: Pointer, invStd: Pointer, gamma: Pointer, rgamma: Pointer, rbeta: Pointer,
    rxhat: Pointer, ry: Pointer, ratio: Pointer, rows: number, n: number, ld: number, coupled: number,
    weights: Pointer,
  ): void;
  batchNormBackwardTangent(
    dy: Pointer, ru: Pointer, xhat: Pointer, rxhat: Pointer, invStd: Pointer, ratio: Pointer,
    gamma: Pointer, rgamma: Pointer, rdx: Pointer, rdgamma: Pointer, rdbeta: Pointer,
    rows: number, n: number, ld: number, coupled: number, accumulate: number, weights: Pointer,
  ): void;
  updateRunning(running: Pointer, batch: Pointer, rows: number, momentum: number, correction: number): void;

  dot(x: Pointer, y: Pointer, n: number): number;
  sumSquares(x: Pointer, n: number): number;
  sumAbs(x: Pointer, n: number): number;
  maxAbs(x: Pointer, n: number): number;
  firstNonFinite(x: Pointer, n: number): number;
  rowSums(x: Pointer, rows: number, n: number, ld: number, out: Pointer, accumulate: number): void;
  axpy(n: number, alpha: number, x: Pointer, y: Pointer): void;
  scale(n: number, alpha: number, x: Pointer): void;
  penaltyGradient(theta: Pointer, g: Pointer, n: number, l1: number, l2: number): void;
  multiplyElements(n: number, x: Pointer, y: Pointer, out: Pointer): void;
  addProducts(n: number, x: Pointer, y: Pointer, out: Pointer): void;
  clipValue(x: Pointer, n: number, limit: number): void;
  transpose(x: Pointer, rows: number, columns: number, ldx: number, out: Pointer, ldo: number): void;

  /** The updates return 1 when an element of `out` is not finite. */
  sgd(
    theta: Pointer, out: Pointer, g: Pointer, velocity: Pointer, n: number,
    learningRate: number, momentum: number, dampening: number, weightDecay: number, nesterov: number, first: number,
  ): number;
  adagrad(
    theta: Pointer, out: Pointer, g: Pointer, sum: Pointer, n: number,
    learningRate: number, weightDecay: number, epsilon: number,
  ): number;
  adadelta(
    theta: Pointer, out: Pointer, g: Pointer, squareAverage: Pointer, accumulated: Pointer, n: number,
    learningRate: number, rho: number, epsilon: number, weightDecay: number,
  ): number;
  rmsprop(
    theta: Pointer, out: Pointer, g: Pointer, squareAverage: Pointer, gradAverage: Pointer, velocity: Pointer,
    n: number, learningRate: number, decay: number, epsilon: number, weightDecay: number, momentum: number,
  ): number;
  adam(
    theta: Pointer, out: Pointer, g: Pointer, m: Pointer, v: Pointer, vmax: Pointer, n: number,
    learningRate: number, beta1: number, beta2: number, epsilon: number, weightDecay: number,
    decoupled: number, correction1: number, correction2: number,
  ): number;

  /**
   * The factorizations return 0, or the number, from 1, of the first pivot or eigenvalue that is at
   * fault.
   */
  cholesky(n: number, a: Pointer, ld: number, scratch: Pointer): number;
  choleskySolve(
    n: number, m: number, u: Pointer, uRow: number, uCol: number, x: Pointer, ldx: number, scratch: Pointer,
  ): void;
  ldlWork(n: number): number;
  ldl(
    n: number, a: Pointer, ld: number, d: Pointer, e: Pointer, swaps: Pointer, work: Pointer, scratch: Pointer,
  ): number;
  ldlSolve(
    n: number, m: number, u: Pointer, ldu: number, d: Pointer, e: Pointer, swaps: Pointer,
    x: Pointer, ldx: number, scratch: Pointer,
  ): void;
  eigenWorkBytes(n: number, vectors: number): number;
  eigen(
    n: number, a: Pointer, ld: number, values: Pointer, q: Pointer, work: Pointer, scratch: Pointer, part: number,
  ): number;
}

/** exp, log, cos and pow as the core computes them. */
export interface ScalarMath {
  /** eˣ. */
  exp(x: number): number;
  /** The natural logarithm. */
  log(x: number): number;
  /** The cosine. */
  cos(x: number): number;
  /** xʸ. */
  pow(x: number, y: number): number;
}

/** The precision of numbers: single or double. */
export type Dtype = "f32" | "f64";

type Suffixed<T extends Dtype> = { [K in keyof Kernels as `${K}_${T}`]: Kernels[K] };

export interface CoreExports extends ScalarMath, Suffixed<"f32">, Suffixed<"f64"> {
  memory: WebAssembly.Memory;
  fused: WebAssembly.Global;
  heapBase(): number;
  productScratchBytes(): number;
  hessianScratchBytes(left: number, right: number, size: number): number;
}

/** What the builds with shared memory have beside the others' exports (assembly/threads). */
export interface SharedCore extends CoreExports {
  threadCount(): number;
  beginUnits_f32(plan: Pointer, units: number): void;
  beginUnits_f64(plan: Pointer, units: number): void;
  /** A piece of what has begun for the thread that began it, or −1. */
  take(): number;
  /** Whether all pieces are finished, of which this thread did `own`. */
  ended(pieces: number, own: number): number;
  /** The state of a panel that is full, or 0. */
  fullPanel(plan: Pointer, panels: number): Pointer;
}

/** The kernels of one element type, without the suffix. */
export function kernelsOf(core: CoreExports, dtype: Dtype): Kernels {
  const kernels: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(core)) {
    if (name.endsWith(`_${dtype}`)) kernels[name.slice(0, -4)] = value;
  }
  return kernels as unknown as Kernels;
}
