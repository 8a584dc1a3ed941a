// Compiled with exactOptionalPropertyTypes: settings that may be undefined are passed on as they are.
import { adam, type Dataset, dataset, diagnose, fit, lbfgs, minimize, network, sgd, split } from "hessia";
import { crossValidate } from "hessia/jobs";
import { describe } from "hessia/tables";

interface Settings {
  seed?: number;
  rate?: number;
  validation?: Dataset;
}

export async function train(settings: Settings, data: Dataset): Promise<number | undefined> {
  const net = network({
    inputs: 2,
    layers: [{ units: 4, activation: undefined, batchNorm: undefined }, { units: 2 }],
    loss: "cross-entropy",
    penalty: undefined,
    seed: settings.seed,
  });
  const optimizer = adam({ learningRate: settings.rate });
  const history = await fit(net, data, { optimizer, epochs: 1, validation: settings.validation, seed: settings.seed });
  diagnose(net, data, { validation: settings.validation });
  split(data, { test: 0.5, seed: settings.seed });
  return history.epochs.at(-1)?.loss;
}

export const data: Dataset = dataset(
  [
    [1, 2],
    [2, 1],
  ],
  [0, 1],
  { weights: undefined },
);
export const optimizers = [sgd({ momentum: undefined, learningRate: 0.1 }), lbfgs({ history: undefined })];
const square = { value: ([x = 0]: Float64Array) => x * x, gradient: ([x = 0]: Float64Array) => [2 * x] };
export const least = minimize(square, [1], { optimizer: lbfgs(), maxSteps: undefined });
export const table = describe(
  [
    { a: 1, b: 2 },
    { a: 2, b: 4 },
  ],
  { target: "b", types: undefined },
);
export { crossValidate };
