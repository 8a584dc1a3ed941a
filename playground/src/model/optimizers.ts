import type { OptionValue, Settings } from "./settings.ts";

/** An option of an optimizer as the page offers it. */
export interface OptimizerOption {
  readonly key: string;
  readonly label: string;
  readonly value: OptionValue;
  readonly choices?: readonly OptionValue[];
  readonly min?: number;
  readonly max?: number;
  /** Whether it counts something. */
  readonly whole?: boolean;
}

export interface OptimizerEntry {
  readonly key: string;
  readonly label: string;
  readonly order: 1 | 2;
  /** What it starts from here; null where the method takes none. */
  readonly learningRate: number | null;
  readonly options: readonly OptimizerOption[];
  /** Wants every sample in every step. */
  readonly fullBatch?: boolean;
  readonly says: string;
}

const weightDecay: OptimizerOption = { key: "weightDecay", label: "Weight decay", value: 0, min: 0, max: 1 };

const search: OptimizerOption = {
  key: "search",
  label: "Line search",
  value: "armijo",
  choices: ["armijo", "wolfe", "fixed"],
};
const damping: OptimizerOption = { key: "damping", label: "Damping", value: 0, min: 0, max: 1e6 };

/** One row a method; `engine/makers.ts` has the factories. */
export const optimizers: readonly OptimizerEntry[] = [
  {
    key: "sgd",
    label: "SGD",
    order: 1,
    learningRate: 0.05,
    options: [
      { key: "momentum", label: "Momentum", value: 0, min: 0, max: 0.999 },
      { key: "nesterov", label: "Nesterov", value: false },
      weightDecay,
    ],
    says: "A step against the gradient, with momentum if asked for.",
  },
  {
    key: "adagrad",
    label: "Adagrad",
    order: 1,
    learningRate: 0.1,
    options: [weightDecay],
    says: "Each parameter's step shrinks with the gradients it has seen.",
  },
  {
    key: "adadelta",
    label: "Adadelta",
    order: 1,
    learningRate: 2,
    options: [{ key: "rho", label: "ρ", value: 0.9, min: 0, max: 0.999 }, weightDecay],
    says: "Steps in the units of the parameters, from running means.",
  },
  {
    key: "rmsprop",
    label: "RMSprop",
    order: 1,
    learningRate: 0.01,
    options: [
      { key: "decay", label: "Decay", value: 0.99, min: 0, max: 0.9999 },
      { key: "momentum", label: "Momentum", value: 0, min: 0, max: 0.999 },
      { key: "centered", label: "Centered", value: false },
    ],
    says: "Gradients divided by their running root mean square.",
  },
  {
    key: "adam",
    label: "Adam",
    order: 1,
    learningRate: 0.01,
    options: [{ key: "amsgrad", label: "AMSGrad", value: false }, weightDecay],
    says: "Momentum over a running root mean square, both corrected for their start.",
  },
  {
    key: "adamw",
    label: "AdamW",
    order: 1,
    learningRate: 0.01,
    options: [
      { key: "amsgrad", label: "AMSGrad", value: false },
      { ...weightDecay, value: 0.01 },
    ],
    says: "Adam with weight decay apart from the gradient.",
  },
  {
    key: "newton",
    label: "Newton",
    order: 2,
    learningRate: 1,
    fullBatch: true,
    options: [
      {
        key: "indefinite",
        label: "Where H is indefinite",
        value: "abs",
        choices: ["abs", "shift", "clip", "gradient", "error"],
      },
      search,
      damping,
    ],
    says: "Down to where the exact second-order model has its bottom, with a line search.",
  },
  {
    key: "saddleFreeNewton",
    label: "Saddle-free Newton",
    order: 2,
    learningRate: 1,
    fullBatch: true,
    options: [search, damping],
    says: "Newton's method with the absolute values of the eigenvalues: saddles repel it.",
  },
  {
    key: "trustRegion",
    label: "Trust region",
    order: 2,
    learningRate: null,
    fullBatch: true,
    options: [{ key: "products", label: "Products only", value: false }],
    says: "The exact model's lowest point within a radius that grows and shrinks with its success.",
  },
  {
    key: "gaussNewton",
    label: "Gauss-Newton",
    order: 2,
    learningRate: 1,
    fullBatch: true,
    options: [search, { ...damping, value: 0.001 }],
    says: "Newton's method with the Gauss-Newton matrix, which has no negative curvature.",
  },
  {
    key: "levenbergMarquardt",
    label: "Levenberg-Marquardt",
    order: 2,
    learningRate: null,
    fullBatch: true,
    options: [{ key: "mu", label: "First damping μ", value: 0.001, min: 1e-12, max: 1e6 }],
    says: "Gauss-Newton with a damping that grows until the loss falls.",
  },
  {
    key: "hessianFree",
    label: "Hessian-free",
    order: 2,
    learningRate: null,
    fullBatch: true,
    options: [
      { ...damping, label: "First damping λ", value: 0.1, min: 1e-12 },
      { key: "maxProducts", label: "Most products a step", value: 250, min: 1, max: 1000, whole: true },
      { key: "preconditioner", label: "Preconditioner", value: true },
    ],
    says: "Gauss-Newton by conjugate gradients, from products alone.",
  },
  {
    key: "kfac",
    label: "K-FAC",
    order: 2,
    learningRate: null,
    fullBatch: true,
    options: [
      { ...damping, label: "First damping", value: 0.1, min: 1e-12 },
      { key: "decay", label: "Decay", value: 0.95, min: 0, max: 0.999 },
      { key: "momentum", label: "Momentum", value: true },
    ],
    says: "The Fisher matrix as a product of two small factors a layer.",
  },
  {
    key: "lbfgs",
    label: "L-BFGS",
    order: 2,
    learningRate: 1,
    fullBatch: true,
    options: [{ key: "history", label: "Pairs kept", value: 10, min: 1, max: 100, whole: true }],
    says: "Curvature from the last few gradients.",
  },
];

export function optimizerEntry(key: string): OptimizerEntry {
  return optimizers.find((entry) => entry.key === key) ?? optimizers[0];
}

/** The settings that go with a method when it is chosen. */
export function chosen(key: string): Pick<Settings, "optimizer" | "learningRate" | "options"> {
  const entry = optimizerEntry(key);
  return { optimizer: entry.key, learningRate: entry.learningRate ?? 1, options: {} };
}

/** Every option of a method with the value that holds. */
export function optionValues({
  optimizer,
  options,
}: Pick<Settings, "optimizer" | "options">): Record<string, OptionValue> {
  const values: Record<string, OptionValue> = {};
  for (const { key, value } of optimizerEntry(optimizer).options) values[key] = options[key] ?? value;
  return values;
}
