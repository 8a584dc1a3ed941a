import { adadelta, adagrad, adam, adamw, type Optimizer, rmsprop, sgd } from "../../index.js";
import { badInput } from "../errors.js";

interface Given {
  learningRate: number;
  momentum?: number;
  weightDecay?: number;
}

/**
 * The methods, with learning rates that do well on standardised data in a few dozen epochs under a cosine: larger than the
 * library's defaults, which are PyTorch's.
 */
const methods = {
  sgd: { make: (given: Given): Optimizer => sgd(given), learningRate: 0.03, momentum: 0.9 },
  adagrad: { make: (given: Given): Optimizer => adagrad(given), learningRate: 0.05, momentum: null },
  adadelta: { make: (given: Given): Optimizer => adadelta(given), learningRate: 2, momentum: null },
  rmsprop: { make: (given: Given): Optimizer => rmsprop(given), learningRate: 0.003, momentum: 0 },
  adam: { make: (given: Given): Optimizer => adam(given), learningRate: 0.005, momentum: null },
  adamw: { make: (given: Given): Optimizer => adamw(given), learningRate: 0.005, momentum: null },
} as const;

export type Method = keyof typeof methods;
export const methodNames = Object.keys(methods) as Method[];

export interface Choice {
  readonly optimizer: Method;
  readonly learningRate?: number;
  readonly momentum?: number;
  readonly weightDecay?: number;
}

/** The optimizer that was asked for; what was left open is the table's or, for weight decay, the library's. */
export function makeOptimizer({ optimizer, learningRate, momentum, weightDecay }: Choice): Optimizer {
  const method = methods[optimizer];
  if (momentum !== undefined && method.momentum === null) {
    const able = methodNames.filter((name) => methods[name].momentum !== null).join(", ");
    badInput(`--momentum: expected an optimizer that has it (${able}), got ${optimizer}`);
  }
  return method.make({
    learningRate: learningRate ?? method.learningRate,
    ...(method.momentum === null ? {} : { momentum: momentum ?? method.momentum }),
    ...(weightDecay === undefined ? {} : { weightDecay }),
  });
}

/** For the help: each method's learning rate. */
export function usualRates(): string {
  return methodNames.map((name) => `${methods[name].learningRate} for ${name}`).join(", ");
}
