/** H⁻¹ of what a network was trained on, from a factor or from products. */

import { conjugateGradients } from "../linalg/conjugate-gradients.js";
import type { Matrix } from "../linalg/matrix.js";
import { SymmetricMatrix } from "../linalg/symmetric.js";
import { backwardSolve, forwardSolve } from "../linalg/triangular.js";
import type { Dataset } from "../network/dataset.js";
import { penaltyOf } from "../network/layout.js";
import type { Network } from "../network/network.js";
import { hessianOperator } from "../network/operator.js";
import { spread } from "../network/selection.js";
import { curvatureBlock, gaussNewtonDiagonal } from "./curvature.js";
import { type Likelihood, termsOf } from "./likelihood.js";
import { transposed } from "./precision.js";

/**
 * Solves with H, the Gauss-Newton matrix of a summed likelihood with so much of the penalty, in the
 * chosen parameters.
 */
export interface Inverse {
  /** H⁻¹ of each row. */
  solve(rows: Matrix): Matrix;
  /** Solves so far that came to no end. */
  unsolved(): number;
  /** In words. */
  readonly how: string;
}

/**
 * From L·Lᵀ; null where there is none. `penalty`: by what l2 is multiplied; `damping`: a share of
 * each element of the diagonal that is added to it, or what is added.
 */
export function denseInverse(
  net: Network,
  data: Dataset,
  chosen: Uint32Array,
  penalty: number,
  damping: number | Float64Array,
): Inverse | null {
  const n = chosen.length;
  const A = curvatureBlock(net, data, "ggn", chosen);
  const added = addedDiagonal(net, chosen, penalty, damping, (i) => A[i * (n + 1)]);
  for (let i = 0; i < n; ++i) A[i * (n + 1)] += added[i];
  const { factor: lower } = new SymmetricMatrix(n, A).cholesky();
  if (!lower) return null;
  return {
    how: "from one factorization",
    unsolved: () => 0,
    solve: (rows) => transposed(backwardSolve(lower, forwardSolve(lower, transposed(rows)))),
  };
}

/** Largest ‖b − H·x‖ relative to ‖b‖, in the scale in which H's diagonal is 1. */
const TOLERANCE = 1e-8;
const MOST_STEPS = 2000;

/** From products alone, by conjugate gradients in the scale in which H's diagonal is 1. */
export function productInverse(
  net: Network,
  data: Dataset,
  likelihood: Likelihood,
  chosen: Uint32Array,
  penalty: number,
  damping: number | Float64Array,
): Inverse {
  const { parameterCount, spec } = net;
  const n = chosen.length;
  const diagonal = gaussNewtonDiagonal(net, data, likelihood, chosen);
  const added = addedDiagonal(net, chosen, penalty, damping, (i) => diagonal[i]);
  const d = diagonal.map((value, i) => 1 / Math.sqrt(value + added[i]));
  const G = hessianOperator(net, data, { kind: "ggn", batchNorm: "running" });
  // The operator is that of the mean loss and has its penalty already.
  const unit = termsOf(net, likelihood.count) / (spec.loss === "mse" ? 2 : 1);
  const penalised = penaltyAt(net, chosen);
  const rest = added.map((value, i) => value - unit * penalised[i]);
  const matvec = (v: ArrayLike<number>): Float64Array => {
    const x = d.map((value, i) => value * v[i]);
    const product = G.matvec(spread(x, chosen, parameterCount));
    return Float64Array.from(chosen, (place, i) => d[i] * (unit * product[place] + rest[i] * x[i]));
  };
  let unsolved = 0;
  return {
    how: "from products, by conjugate gradients",
    unsolved: () => unsolved,
    solve: ({ rows, columns, data: b }) => {
      const solved = new Float64Array(b.length);
      for (let r = 0; r < rows; ++r) {
        const right = d.map((value, i) => value * b[r * columns + i]);
        const { x, status } = conjugateGradients({ size: n, matvec }, right, {
          tolerance: TOLERANCE,
          maxSteps: MOST_STEPS,
        });
        if (status !== "converged") ++unsolved;
        for (let i = 0; i < n; ++i) solved[r * columns + i] = d[i] * x[i];
      }
      return { rows, columns, data: solved };
    },
  };
}

/** l2 of each chosen parameter, 0 where there is no penalty on it. */
function penaltyAt({ layout }: Network, chosen: Uint32Array): Float64Array {
  const all = penaltyOf(layout);
  return Float64Array.from(chosen, (i) => all[i]);
}

/**
 * The penalty, and the damping as a share of each element: no unit counts. What has no curvature at
 * all has no gradient either, and any number will do.
 */
function addedDiagonal(
  net: Network,
  chosen: Uint32Array,
  penalty: number,
  damping: number | Float64Array,
  diagonal: (i: number) => number,
): Float64Array {
  return penaltyAt(net, chosen).map((l2, i) => {
    const value = penalty * l2;
    const whole = value + (typeof damping === "number" ? damping * (diagonal(i) + value) : damping[i]);
    return diagonal(i) + whole > 0 ? whole : 1;
  });
}
