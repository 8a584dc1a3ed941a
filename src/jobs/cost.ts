import { isObject } from "../check.js";
import type { NetworkSpec } from "../network/spec.js";
import type { OptimizerName } from "./optimizers.js";
import { optimizerOf, type Setting } from "./setting.js";

/**
 * A step costs so many flops beside its products: calls, the update, short vectors. Measured on
 * networks of 10² to 10⁴ weights.
 */
const FLOPS_PER_STEP = 1e5;
/**
 * Factorizations, each P³/3, and assemblies, each N·C·P², that a step of a dense method takes on
 * average.
 */
const FACTORIZATIONS = 2;
/** Evaluations of the gradient, each 6·N·P, of a step with a line search. */
const EVALUATIONS = 1.3;
/** Products with the curvature, each 12·N·P, of a Hessian-free step. */
const PRODUCTS = 50;

const DENSE: readonly OptimizerName[] = [
  ...(["newton", "saddle-free-newton", "trust-region", "gauss-newton", "levenberg-marquardt"] as const),
];

/**
 * About how many floating-point operations a fit takes. It depends on sizes alone, so that a search
 * that is limited by it tries the same settings on every machine.
 */
export function flopsOfFit(setting: Setting, spec: NetworkSpec, rows: number): number {
  const { epochs = 60, batchSize } = setting;
  const name = nameOf(setting);
  const [size, outputs] = [parametersOf(spec), spec.layers[spec.layers.length - 1].units];
  const gradient = 6 * rows * size;
  if (DENSE.includes(name)) {
    const step = gradient + rows * outputs * size ** 2 + (FACTORIZATIONS * size ** 3) / 3;
    return epochs * (step + FLOPS_PER_STEP);
  }
  if (name === "lbfgs") return epochs * (EVALUATIONS * gradient + FLOPS_PER_STEP);
  if (name === "hessian-free") return epochs * (gradient + 2 * PRODUCTS * gradient + FLOPS_PER_STEP);
  const steps = Math.ceil(rows / (batchSize ?? 32));
  return epochs * (gradient + steps * FLOPS_PER_STEP);
}

/** Whether a step makes a matrix of P × P. */
export function isDense(setting: Setting): boolean {
  return DENSE.includes(nameOf(setting));
}

function nameOf(setting: Setting): OptimizerName {
  const optimizer = optimizerOf(setting);
  return isObject(optimizer) ? (optimizer.type as OptimizerName) : (optimizer as OptimizerName);
}

/** Weights and biases; batch norm's scales and shifts are few. */
export function parametersOf({ inputs, layers }: NetworkSpec): number {
  let [size, width] = [0, inputs];
  for (const { units } of layers) {
    size += units * (width + 1);
    width = units;
  }
  return size;
}
