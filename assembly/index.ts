import { product } from "./matmul/product";
import { activate, activationDerivative, activationSecondDerivative, backpropActivation } from "./network/activation";
import { loss, lossCurvature, lossHessianProduct } from "./network/loss";
import { openUnit, unitRows } from "./network/unit";
import { batchNormForward, batchNormRunning, batchNormBackward, batchNormBackwardRunning, updateRunning } from "./network/batchnorm";
import { batchNormTangent, batchNormBackwardTangent } from "./network/batchnorm-tangent";
import { dot, sumSquares, sumAbs, maxAbs, firstNonFinite, rowSums } from "./vector/reduce";
import { cholesky, choleskySolve } from "./factor/cholesky";
import { eigen, eigenWorkBytes } from "./factor/eigen";
import { ldl, ldlSolve, ldlWork } from "./factor/ldl";
import { axpy, scale, penaltyGradient, clipValue, multiplyElements, addProducts } from "./vector/elementwise";
import { sharedEnd } from "./threads/share";
import { transpose } from "./vector/transpose";
import { sgd } from "./vector/updates-sgd";
import { adagrad, adadelta, rmsprop } from "./vector/updates-adaptive";
import { adam } from "./vector/updates-adam";

export { exp, log, cos, pow } from "./inline/scalar";
export { productScratchBytes } from "./matmul/product";
export { hessianScratchBytes } from "./network/hessian";

/** Whether multiply and add are one instruction here: tells the builds apart. */
export const fused: bool = ASC_FEATURE_RELAXED_SIMD;

/** First byte of memory that the module's own data, and what threads share, leaves free. */
export function heapBase(): usize {
  return ASC_FEATURE_THREADS ? sharedEnd() : __heap_base;
}

export function activate_f32(kind: i32, a: usize, h: usize, count: i32, param: f64): void {
  activate<f32>(kind, a, h, count, param);
}

export function activate_f64(kind: i32, a: usize, h: usize, count: i32, param: f64): void {
  activate<f64>(kind, a, h, count, param);
}

export function activationDerivative_f32(kind: i32, a: usize, h: usize, out: usize, count: i32, param: f64): void {
  activationDerivative<f32>(kind, a, h, out, count, param);
}

export function activationDerivative_f64(kind: i32, a: usize, h: usize, out: usize, count: i32, param: f64): void {
  activationDerivative<f64>(kind, a, h, out, count, param);
}

export function activationSecondDerivative_f32(
  kind: i32, a: usize, h: usize, out: usize, count: i32, param: f64,
): void {
  activationSecondDerivative<f32>(kind, a, h, out, count, param);
}

export function activationSecondDerivative_f64(
  kind: i32, a: usize, h: usize, out: usize, count: i32, param: f64,
): void {
  activationSecondDerivative<f64>(kind, a, h, out, count, param);
}

export function backpropActivation_f32(kind: i32, a: usize, h: usize, delta: usize, count: i32, param: f64): void {
  backpropActivation<f32>(kind, a, h, delta, count, param);
}

export function backpropActivation_f64(kind: i32, a: usize, h: usize, delta: usize, count: i32, param: f64): void {
  backpropActivation<f64>(kind, a, h, delta, count, param);
}

export function loss_f32(
  kind: i32, z: usize, y: usize, delta: usize, n: i32, ld: i32, C: i32, scale: f64, param: f64, weights: usize,
): f64 {
  return loss<f32>(kind, z, y, delta, n, ld, C, scale, param, weights);
}

export function loss_f64(
  kind: i32, z: usize, y: usize, delta: usize, n: i32, ld: i32, C: i32, scale: f64, param: f64, weights: usize,
): f64 {
  return loss<f64>(kind, z, y, delta, n, ld, C, scale, param, weights);
}

export function lossHessianProduct_f32(
  kind: i32, z: usize, y: usize, u: usize, out: usize, n: i32, ld: i32, C: i32, scale: f64, param: f64,
): void {
  lossHessianProduct<f32>(kind, z, y, u, out, n, ld, C, scale, param);
}

export function lossHessianProduct_f64(
  kind: i32, z: usize, y: usize, u: usize, out: usize, n: i32, ld: i32, C: i32, scale: f64, param: f64,
): void {
  lossHessianProduct<f64>(kind, z, y, u, out, n, ld, C, scale, param);
}

export function batchNormForward_f32(
  x: usize, xhat: usize, y: usize, mean: usize, invStd: usize, variance: usize, gamma: usize, beta: usize, rows: i32,
  n: i32, ld: i32, epsilon: f64, weights: usize,
): void {
  batchNormForward<f32>(x, xhat, y, mean, invStd, variance, gamma, beta, rows, n, ld, epsilon, weights);
}

export function batchNormForward_f64(
  x: usize, xhat: usize, y: usize, mean: usize, invStd: usize, variance: usize, gamma: usize, beta: usize, rows: i32,
  n: i32, ld: i32, epsilon: f64, weights: usize,
): void {
  batchNormForward<f64>(x, xhat, y, mean, invStd, variance, gamma, beta, rows, n, ld, epsilon, weights);
}

export function batchNormRunning_f32(
  x: usize, xhat: usize, y: usize, mean: usize, variance: usize, invStd: usize, gamma: usize, beta: usize, rows: i32,
  n: i32, ld: i32, epsilon: f64,
): void {
  batchNormRunning<f32>(x, xhat, y, mean, variance, invStd, gamma, beta, rows, n, ld, epsilon);
}

export function batchNormRunning_f64(
  x: usize, xhat: usize, y: usize, mean: usize, variance: usize, invStd: usize, gamma: usize, beta: usize, rows: i32,
  n: i32, ld: i32, epsilon: f64,
): void {
  batchNormRunning<f64>(x, xhat, y, mean, variance, invStd, gamma, beta, rows, n, ld, epsilon);
}

export function batchNormBackward_f32(
  xhat: usize, invStd: usize, gamma: usize, dy: usize, dx: usize, dgamma: usize, dbeta: usize, rows: i32, n: i32,
  ld: i32, accumulate: i32, weights: usize,
): void {
  batchNormBackward<f32>(xhat, invStd, gamma, dy, dx, dgamma, dbeta, rows, n, ld, accumulate, weights);
}

export function batchNormBackward_f64(
  xhat: usize, invStd: usize, gamma: usize, dy: usize, dx: usize, dgamma: usize, dbeta: usize, rows: i32, n: i32,
  ld: i32, accumulate: i32, weights: usize,
): void {
  batchNormBackward<f64>(xhat, invStd, gamma, dy, dx, dgamma, dbeta, rows, n, ld, accumulate, weights);
}

export function batchNormBackwardRunning_f32(
  xhat: usize, invStd: usize, gamma: usize, dy: usize, dx: usize, dgamma: usize, dbeta: usize, rows: i32, n: i32,
  ld: i32, accumulate: i32,
): void {
  batchNormBackwardRunning<f32>(xhat, invStd, gamma, dy, dx, dgamma, dbeta, rows, n, ld, accumulate);
}

export function batchNormBackwardRunning_f64(
  xhat: usize, invStd: usize, gamma: usize, dy: usize, dx: usize, dgamma: usize, dbeta: usize, rows: i32, n: i32,
  ld: i32, accumulate: i32,
): void {
  batchNormBackwardRunning<f64>(xhat, invStd, gamma, dy, dx, dgamma, dbeta, rows, n, ld, accumulate);
}

export function updateRunning_f32(running: usize, batch: usize, rows: i32, momentum: f64, correction: f64): void {
  updateRunning<f32>(running, batch, rows, momentum, correction);
}

export function updateRunning_f64(running: usize, batch: usize, rows: i32, momentum: f64, correction: f64): void {
  updateRunning<f64>(running, batch, rows, momentum, correction);
}

export function dot_f32(x: usize, y: usize, n: i32): f64 {
  return dot<f32>(x, y, n);
}

export function dot_f64(x: usize, y: usize, n: i32): f64 {
  return dot<f64>(x, y, n);
}

export function sumSquares_f32(x: usize, n: i32): f64 {
  return sumSquares<f32>(x, n);
}

export function sumSquares_f64(x: usize, n: i32): f64 {
  return sumSquares<f64>(x, n);
}

export function sumAbs_f32(x: usize, n: i32): f64 {
  return sumAbs<f32>(x, n);
}

export function sumAbs_f64(x: usize, n: i32): f64 {
  return sumAbs<f64>(x, n);
}

export function maxAbs_f32(x: usize, n: i32): f64 {
  return maxAbs<f32>(x, n);
}

export function maxAbs_f64(x: usize, n: i32): f64 {
  return maxAbs<f64>(x, n);
}

export function firstNonFinite_f32(x: usize, n: i32): i32 {
  return firstNonFinite<f32>(x, n);
}

export function firstNonFinite_f64(x: usize, n: i32): i32 {
  return firstNonFinite<f64>(x, n);
}

export function rowSums_f32(x: usize, rows: i32, n: i32, ld: i32, out: usize, accumulate: i32): void {
  rowSums<f32>(x, rows, n, ld, out, accumulate);
}

export function rowSums_f64(x: usize, rows: i32, n: i32, ld: i32, out: usize, accumulate: i32): void {
  rowSums<f64>(x, rows, n, ld, out, accumulate);
}

export function axpy_f32(n: i32, alpha: f64, x: usize, y: usize): void {
  axpy<f32>(n, alpha, x, y);
}

export function axpy_f64(n: i32, alpha: f64, x: usize, y: usize): void {
  axpy<f64>(n, alpha, x, y);
}

export function scale_f32(n: i32, alpha: f64, x: usize): void {
  scale<f32>(n, alpha, x);
}

export function scale_f64(n: i32, alpha: f64, x: usize): void {
  scale<f64>(n, alpha, x);
}

export function penaltyGradient_f32(theta: usize, g: usize, n: i32, l1: f64, l2: f64): void {
  penaltyGradient<f32>(theta, g, n, l1, l2);
}

export function penaltyGradient_f64(theta: usize, g: usize, n: i32, l1: f64, l2: f64): void {
  penaltyGradient<f64>(theta, g, n, l1, l2);
}

export function clipValue_f32(x: usize, n: i32, limit: f64): void {
  clipValue<f32>(x, n, limit);
}

export function clipValue_f64(x: usize, n: i32, limit: f64): void {
  clipValue<f64>(x, n, limit);
}

export function transpose_f32(x: usize, rows: i32, cols: i32, ldx: i32, out: usize, ldo: i32): void {
  transpose<f32>(x, rows, cols, ldx, out, ldo);
}

export function transpose_f64(x: usize, rows: i32, cols: i32, ldx: i32, out: usize, ldo: i32): void {
  transpose<f64>(x, rows, cols, ldx, out, ldo);
}

export function sgd_f32(
  theta: usize, out: usize, g: usize, velocity: usize, n: i32, lr: f64, momentum: f64, dampening: f64,
  weightDecay: f64, nesterov: i32, first: i32,
): i32 {
  return sgd<f32>(theta, out, g, velocity, n, lr, momentum, dampening, weightDecay, nesterov, first);
}

export function sgd_f64(
  theta: usize, out: usize, g: usize, velocity: usize, n: i32, lr: f64, momentum: f64, dampening: f64,
  weightDecay: f64, nesterov: i32, first: i32,
): i32 {
  return sgd<f64>(theta, out, g, velocity, n, lr, momentum, dampening, weightDecay, nesterov, first);
}

export function adagrad_f32(
  theta: usize, out: usize, g: usize, sum: usize, n: i32, clr: f64, weightDecay: f64, epsilon: f64,
): i32 {
  return adagrad<f32>(theta, out, g, sum, n, clr, weightDecay, epsilon);
}

export function adagrad_f64(
  theta: usize, out: usize, g: usize, sum: usize, n: i32, clr: f64, weightDecay: f64, epsilon: f64,
): i32 {
  return adagrad<f64>(theta, out, g, sum, n, clr, weightDecay, epsilon);
}

export function adadelta_f32(
  theta: usize, out: usize, g: usize, squareAverage: usize, accumulated: usize, n: i32, lr: f64, rho: f64,
  epsilon: f64, weightDecay: f64,
): i32 {
  return adadelta<f32>(theta, out, g, squareAverage, accumulated, n, lr, rho, epsilon, weightDecay);
}

export function adadelta_f64(
  theta: usize, out: usize, g: usize, squareAverage: usize, accumulated: usize, n: i32, lr: f64, rho: f64,
  epsilon: f64, weightDecay: f64,
): i32 {
  return adadelta<f64>(theta, out, g, squareAverage, accumulated, n, lr, rho, epsilon, weightDecay);
}

export function rmsprop_f32(
  theta: usize, out: usize, g: usize, squareAverage: usize, gradAverage: usize, velocity: usize, n: i32, lr: f64,
  decay: f64, epsilon: f64, weightDecay: f64, momentum: f64,
): i32 {
  return rmsprop<f32>(theta, out, g, squareAverage, gradAverage, velocity, n, lr, decay, epsilon, weightDecay, momentum);
}

export function rmsprop_f64(
  theta: usize, out: usize, g: usize, squareAverage: usize, gradAverage: usize, velocity: usize, n: i32, lr: f64,
  decay: f64, epsilon: f64, weightDecay: f64, momentum: f64,
): i32 {
  return rmsprop<f64>(theta, out, g, squareAverage, gradAverage, velocity, n, lr, decay, epsilon, weightDecay, momentum);
}

export function adam_f32(
  theta: usize, out: usize, g: usize, m: usize, v: usize, vmax: usize, n: i32, lr: f64, beta1: f64, beta2: f64,
  epsilon: f64, weightDecay: f64, decoupled: i32, correction1: f64, correction2: f64,
): i32 {
  return adam<f32>(theta, out, g, m, v, vmax, n, lr, beta1, beta2, epsilon, weightDecay, decoupled, correction1, correction2);
}

export function adam_f64(
  theta: usize, out: usize, g: usize, m: usize, v: usize, vmax: usize, n: i32, lr: f64, beta1: f64, beta2: f64,
  epsilon: f64, weightDecay: f64, decoupled: i32, correction1: f64, correction2: f64,
): i32 {
  return adam<f64>(theta, out, g, m, v, vmax, n, lr, beta1, beta2, epsilon, weightDecay, decoupled, correction1, correction2);
}

export function product_f32(
  m: i32, n: i32, k: i32, alpha: f64,
  a: usize, aRow: i32, aCol: i32, b: usize, bRow: i32, bCol: i32,
  beta: f64, c: usize, cRow: i32, bias: usize, kind: i32, param: f64, h: usize, scratch: usize,
): void {
  product<f32>(m, n, k, alpha, a, aRow, aCol, b, bRow, bCol, beta, c, cRow, bias, kind, param, h, scratch);
}

export function product_f64(
  m: i32, n: i32, k: i32, alpha: f64,
  a: usize, aRow: i32, aCol: i32, b: usize, bRow: i32, bCol: i32,
  beta: f64, c: usize, cRow: i32, bias: usize, kind: i32, param: f64, h: usize, scratch: usize,
): void {
  product<f64>(m, n, k, alpha, a, aRow, aCol, b, bRow, bCol, beta, c, cRow, bias, kind, param, h, scratch);
}

export function multiplyElements_f32(n: i32, x: usize, y: usize, out: usize): void {
  multiplyElements<f32>(n, x, y, out);
}

export function addProducts_f32(n: i32, x: usize, y: usize, out: usize): void {
  addProducts<f32>(n, x, y, out);
}

export function batchNormTangent_f32(
  rx: usize, xhat: usize, invStd: usize, gamma: usize, rgamma: usize, rbeta: usize,
  rxhat: usize, ry: usize, ratio: usize, rows: i32, n: i32, ld: i32, coupled: i32, weights: usize,
): void {
  batchNormTangent<f32>(rx, xhat, invStd, gamma, rgamma, rbeta, rxhat, ry, ratio, rows, n, ld, coupled, weights);
}

export function batchNormBackwardTangent_f32(
  dy: usize, ru: usize, xhat: usize, rxhat: usize, invStd: usize, ratio: usize, gamma: usize, rgamma: usize,
  rdx: usize, rdgamma: usize, rdbeta: usize, rows: i32, n: i32, ld: i32, coupled: i32, accumulate: i32, weights: usize,
): void {
  batchNormBackwardTangent<f32>(
    dy, ru, xhat, rxhat, invStd, ratio, gamma, rgamma, rdx, rdgamma, rdbeta, rows, n, ld, coupled, accumulate, weights,
  );
}

export function multiplyElements_f64(n: i32, x: usize, y: usize, out: usize): void {
  multiplyElements<f64>(n, x, y, out);
}

export function addProducts_f64(n: i32, x: usize, y: usize, out: usize): void {
  addProducts<f64>(n, x, y, out);
}

export function batchNormTangent_f64(
  rx: usize, xhat: usize, invStd: usize, gamma: usize, rgamma: usize, rbeta: usize,
  rxhat: usize, ry: usize, ratio: usize, rows: i32, n: i32, ld: i32, coupled: i32, weights: usize,
): void {
  batchNormTangent<f64>(rx, xhat, invStd, gamma, rgamma, rbeta, rxhat, ry, ratio, rows, n, ld, coupled, weights);
}

export function batchNormBackwardTangent_f64(
  dy: usize, ru: usize, xhat: usize, rxhat: usize, invStd: usize, ratio: usize, gamma: usize, rgamma: usize,
  rdx: usize, rdgamma: usize, rdbeta: usize, rows: i32, n: i32, ld: i32, coupled: i32, accumulate: i32, weights: usize,
): void {
  batchNormBackwardTangent<f64>(
    dy, ru, xhat, rxhat, invStd, ratio, gamma, rgamma, rdx, rdgamma, rdbeta, rows, n, ld, coupled, accumulate, weights,
  );
}

export function lossCurvature_f32(
  kind: i32, z: usize, y: usize, curvature: usize, probability: usize, n: i32, ld: i32, C: i32, scale: f64, param: f64,
): void {
  lossCurvature<f32>(kind, z, y, curvature, probability, n, ld, C, scale, param);
}

export function lossCurvature_f64(
  kind: i32, z: usize, y: usize, curvature: usize, probability: usize, n: i32, ld: i32, C: i32, scale: f64, param: f64,
): void {
  lossCurvature<f64>(kind, z, y, curvature, probability, n, ld, C, scale, param);
}

export function openUnit_f32(plan: usize, l: i32, i: i32, scratch: usize): i32 {
  return openUnit<f32>(plan, l, i, 0, scratch);
}

export function openUnit_f64(plan: usize, l: i32, i: i32, scratch: usize): i32 {
  return openUnit<f64>(plan, l, i, 0, scratch);
}

export function unitRows_f32(plan: usize, l: i32, i: i32, from: i32, rows: i32, count: i32, panel: usize, scratch: usize): void {
  unitRows<f32>(plan, l, i, from, rows, count, panel, 0, scratch);
}

export function unitRows_f64(plan: usize, l: i32, i: i32, from: i32, rows: i32, count: i32, panel: usize, scratch: usize): void {
  unitRows<f64>(plan, l, i, from, rows, count, panel, 0, scratch);
}

export function cholesky_f32(n: i32, a: usize, ld: i32, scratch: usize): i32 {
  return cholesky<f32>(n, a, ld, scratch);
}

export function cholesky_f64(n: i32, a: usize, ld: i32, scratch: usize): i32 {
  return cholesky<f64>(n, a, ld, scratch);
}

export function choleskySolve_f32(n: i32, m: i32, u: usize, uRow: i32, uCol: i32, x: usize, ldx: i32, scratch: usize): void {
  choleskySolve<f32>(n, m, u, uRow, uCol, x, ldx, scratch);
}

export function choleskySolve_f64(n: i32, m: i32, u: usize, uRow: i32, uCol: i32, x: usize, ldx: i32, scratch: usize): void {
  choleskySolve<f64>(n, m, u, uRow, uCol, x, ldx, scratch);
}

export function ldlWork_f32(n: i32): i32 {
  return ldlWork(n);
}

export function ldlWork_f64(n: i32): i32 {
  return ldlWork(n);
}

export function ldl_f32(n: i32, a: usize, ld: i32, d: usize, e: usize, swaps: usize, work: usize, scratch: usize): i32 {
  return ldl<f32>(n, a, ld, d, e, swaps, work, scratch);
}

export function ldl_f64(n: i32, a: usize, ld: i32, d: usize, e: usize, swaps: usize, work: usize, scratch: usize): i32 {
  return ldl<f64>(n, a, ld, d, e, swaps, work, scratch);
}

export function ldlSolve_f32(
  n: i32, m: i32, u: usize, ldu: i32, d: usize, e: usize, swaps: usize, x: usize, ldx: i32, scratch: usize,
): void {
  ldlSolve<f32>(n, m, u, ldu, d, e, swaps, x, ldx, scratch);
}

export function ldlSolve_f64(
  n: i32, m: i32, u: usize, ldu: i32, d: usize, e: usize, swaps: usize, x: usize, ldx: i32, scratch: usize,
): void {
  ldlSolve<f64>(n, m, u, ldu, d, e, swaps, x, ldx, scratch);
}

export function eigenWorkBytes_f32(n: i32, vectors: bool): f64 {
  return eigenWorkBytes<f32>(n, vectors);
}

export function eigenWorkBytes_f64(n: i32, vectors: bool): f64 {
  return eigenWorkBytes<f64>(n, vectors);
}

export function eigen_f32(
  n: i32, a: usize, ld: i32, values: usize, q: usize, work: usize, scratch: usize, part: i32,
): i32 {
  return eigen<f32>(n, a, ld, values, q, work, scratch, part);
}

export function eigen_f64(
  n: i32, a: usize, ld: i32, values: usize, q: usize, work: usize, scratch: usize, part: i32,
): i32 {
  return eigen<f64>(n, a, ld, values, q, work, scratch, part);
}
