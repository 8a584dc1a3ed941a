import { adadelta, adagrad, adam, adamw, type Optimizer, rmsprop, sgd } from "hessia";
import { optionValues } from "../model/optimizers.ts";
import type { Settings } from "../model/settings.ts";

type Factory = (options: Record<string, unknown>) => Optimizer;

const factories: Record<string, Factory> = { sgd, adagrad, adadelta, rmsprop, adam, adamw };

export function makeOptimizer(settings: Pick<Settings, "optimizer" | "learningRate" | "options">): Optimizer {
  const { nesterov, ...options } = optionValues(settings);
  // Nesterov's look-ahead means nothing without momentum, and is refused there.
  if (nesterov !== undefined) options.nesterov = nesterov && Number(options.momentum) > 0;
  return factories[settings.optimizer]({ ...options, learningRate: settings.learningRate });
}
