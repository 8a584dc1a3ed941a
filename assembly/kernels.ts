/**
 * The kernels: each is exported for f32 and for f64, under its name with that suffix. What this
 * list names, scripts/kernels.mjs reads; it writes the exports that the core is compiled from, and
 * their types in TypeScript. Parameters with a default are not exported.
 */
export { activate, activationDerivative, activationSecondDerivative, backpropActivation } from "./network/activation";
export { loss, lossHessianProduct, lossCurvature } from "./network/loss";
export {
  batchNormForward, batchNormRunning, batchNormBackward, batchNormBackwardRunning, updateRunning,
} from "./network/batchnorm";
export { dot, sumSquares, sumAbs, maxAbs, firstNonFinite, rowSums } from "./vector/reduce";
export { axpy, scale, penaltyGradient, clipValue, multiplyElements, addProducts } from "./vector/elementwise";
export { transpose } from "./vector/transpose";
export { sgd } from "./vector/updates-sgd";
export { adagrad, adadelta, rmsprop } from "./vector/updates-adaptive";
export { adam } from "./vector/updates-adam";
export { product } from "./matmul/product";
export { batchNormTangent, batchNormBackwardTangent } from "./network/batchnorm-tangent";
export { openUnit, unitRows } from "./network/unit";
export { cholesky, choleskySolve } from "./factor/cholesky";
export { ldlWork, ldl, ldlSolve } from "./factor/ldl";
export { eigenWorkBytes, eigen } from "./factor/eigen";
