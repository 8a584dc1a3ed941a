import { checkChoice, isObject, wrongType } from "../check.js";
import { adadelta } from "../optimize/adadelta.js";
import { adagrad } from "../optimize/adagrad.js";
import { adam, adamw } from "../optimize/adam.js";
import { gaussNewton } from "../optimize/gauss-newton.js";
import { hessianFree } from "../optimize/hessian-free.js";
import { kfac } from "../optimize/kfac.js";
import { lbfgs } from "../optimize/lbfgs.js";
import { levenbergMarquardt } from "../optimize/levenberg-marquardt.js";
import { newton } from "../optimize/newton.js";
import type { Optimizer } from "../optimize/optimizer.js";
import { rmsprop } from "../optimize/rmsprop.js";
import { saddleFreeNewton } from "../optimize/saddle-free-newton.js";
import { sgd } from "../optimize/sgd.js";
import { trustRegion } from "../optimize/trust-region.js";

/** The optimizers by name, for whoever keeps or sends them as plain data. */
export const optimizers = {
  sgd,
  adagrad,
  adadelta,
  rmsprop,
  adam,
  adamw,
  newton,
  "saddle-free-newton": saddleFreeNewton,
  "trust-region": trustRegion,
  "gauss-newton": gaussNewton,
  "levenberg-marquardt": levenbergMarquardt,
  "hessian-free": hessianFree,
  kfac,
  lbfgs,
} as const satisfies Record<OptimizerName, unknown>;

/** Name of an optimizer. */
export type OptimizerName =
  | "sgd"
  | "adagrad"
  | "adadelta"
  | "rmsprop"
  | "adam"
  | "adamw"
  | "newton"
  | "saddle-free-newton"
  | "trust-region"
  | "gauss-newton"
  | "levenberg-marquardt"
  | "hessian-free"
  | "kfac"
  | "lbfgs";

/** An optimizer as plain data: its name, or its name with the options of its function. */
export type OptimizerSetting =
  | OptimizerName
  | {
      /** Its name. */
      readonly type: OptimizerName;
      /** Options of its function. */
      readonly [option: string]: unknown;
    };

/** A new optimizer. The options are checked by its function. */
export function makeOptimizer(where: string, setting: unknown): Optimizer {
  const { type, ...options } = isObject(setting) ? setting : { type: setting };
  if (typeof type !== "string") wrongType(where, "optimizer", "the name of an optimizer", type);
  checkChoice(where, "optimizer", type, Object.keys(optimizers) as OptimizerName[]);
  const make = optimizers[type] as (options: Record<string, unknown>) => Optimizer;
  return make(options);
}
