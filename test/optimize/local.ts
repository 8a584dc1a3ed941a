/** What directions and searches are given, made from a function. */

import type { LeastSquares, SmoothFunction } from "../../src/index.js";
import { FunctionProblem } from "../../src/optimize/function-problem.js";
import { Local } from "../../src/optimize/local.js";
import { currentBuild } from "../../src/wasm/load.js";
import { acquire } from "../../src/wasm/workspace.js";
import { inner, type Rows, times } from "../oracle/spectra.js";

export function localAt(f: SmoothFunction | LeastSquares, x: ArrayLike<number>, weightDecay = 0): Local {
  const workspace = acquire(currentBuild());
  const problem = new FunctionProblem(workspace, f, Float64Array.from(x));
  return new Local(problem, workspace.allocate("f64", x.length), weightDecay);
}

/** gᵀx + ½xᵀHx, around 0. */
export function quadratic(H: Rows, g: ArrayLike<number>): SmoothFunction {
  return {
    value: (x) => inner(g, x) + 0.5 * inner(x, times(H, x)),
    gradient: (x) => times(H, x).map((value, i) => value + g[i]),
    hessian: () => H,
  };
}
