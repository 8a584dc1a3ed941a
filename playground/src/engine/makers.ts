import {
  adadelta,
  adagrad,
  adam,
  adamw,
  gaussNewton,
  hessianFree,
  kfac,
  lbfgs,
  levenbergMarquardt,
  newton,
  type Optimizer,
  rmsprop,
  saddleFreeNewton,
  sgd,
  trustRegion,
} from "hessia";
import { optimizerEntry, optionValues } from "../model/optimizers.ts";
import type { Settings } from "../model/settings.ts";

type Factory = (options: Record<string, unknown>) => Optimizer;

const factories: Record<string, Factory> = {
  sgd,
  adagrad,
  adadelta,
  rmsprop,
  adam,
  adamw,
  newton,
  saddleFreeNewton,
  trustRegion,
  gaussNewton,
  levenbergMarquardt,
  hessianFree,
  kfac,
  lbfgs,
};

export function makeOptimizer(settings: Pick<Settings, "optimizer" | "learningRate" | "options">): Optimizer {
  const { nesterov, ...options } = optionValues(settings);
  // Nesterov's look-ahead means nothing without momentum, and is refused there.
  if (nesterov !== undefined) options.nesterov = nesterov && Number(options.momentum) > 0;
  const { key, learningRate } = optimizerEntry(settings.optimizer);
  return factories[key](learningRate === null ? options : { ...options, learningRate: settings.learningRate });
}
