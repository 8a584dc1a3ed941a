import { solveDefinite } from "../../linalg/factorization.js";
import type { SymmetricMatrix } from "../../linalg/symmetric.js";
import type { Local } from "../local.js";
import type { End } from "../optimizer.js";
import { converged, type Direction, isEnd, type Model, type Proposal, solved } from "./direction.js";
import { frozenOf } from "./frozen.js";
import { minus } from "./newton.js";
import { spectrumOf } from "./spectrum.js";

/** Eigenvalues below this share of the largest count as 0 where G is inverted without damping. */
const RANK_SHARE = 1e-12;

/** p = −G⁺·g with the generalised Gauss-Newton matrix G, which is never indefinite; the shortest such p where G is singular. */
export class GaussNewtonDirection implements Direction {
  readonly needs = { kind: "ggn", form: "dense" } as const;

  model(local: Local): Model | End {
    const matrix = local.hessian("ggn");
    if (!Number.isFinite(trace(matrix)))
      return { status: "non-finite", reason: "the Gauss-Newton matrix is not finite" };
    return new GaussNewtonModel(local, matrix);
  }

  critical(local: Local): End {
    return converged(local);
  }
}

function trace({ size, data }: SymmetricMatrix): number {
  let sum = 0;
  for (let i = 0; i < size; ++i) sum += data[i * (size + 1)];
  return sum;
}

class GaussNewtonModel implements Model {
  readonly frozen: readonly number[];

  constructor(
    readonly local: Local,
    readonly matrix: SymmetricMatrix,
  ) {
    this.frozen = frozenOf(local, matrix);
  }

  damped(damping: number): Proposal | null {
    const { local, matrix } = this;
    const shift = damping > 0 ? new Float64Array(local.size).fill(damping) : undefined;
    const step = minus(solveDefinite(matrix, local.gradient, shift));
    if (step) return solved(local, step, damping);
    return damping > 0 ? null : this.#shortest();
  }

  /** In the space that G acts on. */
  #shortest(): Proposal | null {
    const spectrum = spectrumOf(this.local, this.matrix);
    if (isEnd(spectrum)) return null;
    const { values, slopes } = spectrum;
    const least = RANK_SHARE * values[values.length - 1];
    const step = spectrum.combine(values.map((value, i) => (value > least ? -slopes[i] / value : 0)));
    return solved(this.local, step, 0);
  }
}
