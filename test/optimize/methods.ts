/** The second-order methods, each in the forms that differ in what they compute. */

import {
  gaussNewton,
  hessianFree,
  kfac,
  lbfgs,
  levenbergMarquardt,
  newton,
  type Optimizer,
  saddleFreeNewton,
  trustRegion,
} from "../../src/index.js";

export interface Method {
  name: string;
  make(options?: { weightDecay?: number; damping?: number }): Optimizer;
  /** Sound on full batches only. */
  fullBatch: boolean;
  /** Needs a P × P matrix. */
  dense: boolean;
  /** Serves any smooth function, not networks alone. */
  functions: boolean;
  /** Stands on residuals: without them, on the Hessian in their place. */
  squares: boolean;
}

const traits = { fullBatch: true, dense: true, functions: true, squares: false };

export const methods: Method[] = [
  { ...traits, name: "newton", make: newton },
  { ...traits, name: "newton, shift", make: (options) => newton({ ...options, indefinite: "shift" }) },
  { ...traits, name: "newton, clip", make: (options) => newton({ ...options, indefinite: "clip" }) },
  { ...traits, name: "newton, gradient", make: (options) => newton({ ...options, indefinite: "gradient" }) },
  { ...traits, name: "newton, wolfe", make: (options) => newton({ ...options, search: "wolfe" }) },
  {
    ...traits,
    name: "newton, fixed and damped",
    make: (options) => newton({ ...options, search: "fixed", damping: 0.1, learningRate: 0.5 }),
  },
  { ...traits, name: "saddleFreeNewton", make: saddleFreeNewton },
  { ...traits, name: "trustRegion", make: trustRegion },
  {
    ...traits,
    name: "trustRegion, products",
    make: (options) => trustRegion({ ...options, products: true }),
    dense: false,
  },
  { ...traits, name: "gaussNewton", make: gaussNewton, squares: true },
  { ...traits, name: "levenbergMarquardt", make: levenbergMarquardt, squares: true },
  {
    ...traits,
    name: "levenbergMarquardt, straight",
    make: (options) => levenbergMarquardt({ ...options, acceleration: false }),
    squares: true,
  },
  { ...traits, name: "hessianFree", make: hessianFree, fullBatch: false, dense: false, squares: true },
  {
    ...traits,
    name: "hessianFree, plain, half of the curvature",
    make: (options) => hessianFree({ ...options, preconditioner: false, curvatureShare: 0.5 }),
    fullBatch: false,
    dense: false,
    squares: true,
  },
  { ...traits, name: "kfac", make: kfac, fullBatch: false, dense: false, functions: false },
  {
    ...traits,
    name: "kfac, no momentum",
    make: (options) => kfac({ ...options, momentum: false, refresh: 2 }),
    fullBatch: false,
    dense: false,
    functions: false,
  },
  { ...traits, name: "lbfgs", make: lbfgs, dense: false },
  { ...traits, name: "lbfgs, history 2", make: (options) => lbfgs({ ...options, history: 2 }), dense: false },
];

export const forFunctions = methods.filter(({ functions }) => functions);
