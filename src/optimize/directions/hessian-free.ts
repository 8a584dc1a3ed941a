import { conjugateGradientsInParts } from "../../linalg/conjugate-gradients.js";
import type { LinearOperator } from "../../linalg/operator.js";
import { dot, norm2, scale } from "../../linalg/vector.js";
import { SecondMoments } from "../../network/fisher.js";
import { Random } from "../../random.js";
import type { Local } from "../local.js";
import type { Memory } from "../memory.js";
import type { End } from "../optimizer.js";
import { converged, type Direction, type Model, NON_FINITE, type Proposal } from "./direction.js";

export interface HessianFreeSettings {
  /** Products a solve takes at most. */
  readonly maxProducts: number;
  /** Share of the last step that conjugate gradients start from. */
  readonly warmStart: number;
  /** Share of the batch that products are taken over. */
  readonly curvatureShare: number;
  readonly preconditioner: boolean;
  /**
   * Stop where the model falls by less than this share of itself a step (Martens 2010, section
   * 4.4).
   */
  readonly progress: number;
}

/** Exponent of the preconditioner (Martens 2010, section 4.7). */
const EXPONENT = 0.75;
/** Of the signs that a function's curvature is probed with. */
const STREAM = 11;

/**
 * Minimises the model with the Gauss-Newton matrix by truncated conjugate gradients, from products
 * alone (Martens 2010; Martens and Sutskever 2012). A solve starts from a share of the last step,
 * is preconditioned by an estimate of the diagonal, and keeps its iterates.
 */
export class HessianFreeDirection implements Direction {
  readonly needs = { kind: "ggn", form: "products" } as const;

  constructor(readonly settings: HessianFreeSettings) {}

  vectorLength(name: string, size: number): number | undefined {
    return name === "solution" ? size : undefined;
  }

  model(local: Local, memory: Memory): Model {
    const entries = this.settings.preconditioner
      ? local.once(() => local.problem.curvatureDiagonal(SecondMoments))
      : null;
    const products = (): LinearOperator => local.products("ggn", 0, this.settings.curvatureShare);
    const unit = entries ? meanOf(entries) : local.once(() => probed(products()));
    return new HessianFreeModel(local, memory, this.settings, entries, unit > 0 && Number.isFinite(unit) ? unit : 1);
  }

  critical(local: Local): End {
    return converged(local);
  }
}

class HessianFreeModel implements Model {
  failure: End | null = null;

  constructor(
    readonly local: Local,
    readonly memory: Memory,
    readonly settings: HessianFreeSettings,
    readonly entries: Float64Array | null,
    /** Mean of G's diagonal, in units of which damping is given. */
    readonly unit: number,
  ) {}

  damped(share: number): Proposal | null {
    const damping = share * this.unit;
    const start = this.memory.vector("solution")?.slice();
    if (start) scale(this.settings.warmStart, start);
    const warm = start && this.#solve(damping, start);
    // Cut short, a solve may not come back from a start that is worse than none.
    const proposal = warm && warm.decrease > 0 ? warm : this.#solve(damping);
    if (proposal) this.memory.vectors.set("solution", proposal.step.slice());
    return proposal;
  }

  #solve(damping: number, start?: Float64Array): Proposal | null {
    const { local, settings, entries } = this;
    const { gradient, size } = local;
    const options = {
      tolerance: 1e-12,
      maxSteps: Math.min(settings.maxProducts, 2 * size),
      progress: settings.progress,
      keepIterates: true,
      ...(start ? { x0: start } : {}),
      ...(entries ? { preconditioner: diagonal(local, entries, damping) } : {}),
    };
    const {
      x,
      status,
      iterates = [],
    } = local.inParts(() =>
      conjugateGradientsInParts(
        local.products("ggn", damping, settings.curvatureShare),
        gradient.map((value) => -value),
        options,
      ),
    );
    this.failure = status === "non-finite" ? NON_FINITE : null;
    if (!(norm2(x) > 0)) return null;
    // The damping is not part of what the model predicts.
    const fall = (p: Float64Array, model: number): number => -model + 0.5 * damping * dot(p, p);
    const kept = iterates.map((iterate) => ({ x: iterate.x, decrease: fall(iterate.x, iterate.model) }));
    const last = kept.at(-1) ?? { x, decrease: -dot(gradient, x) / 2 };
    return { step: last.x, slope: dot(gradient, last.x), decrease: last.decrease, iterates: kept };
  }
}

function meanOf(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/**
 * The mean of a matrix's diagonal, estimated by one product with random signs (Hutchinson 1990).
 */
function probed({ size, matvec }: LinearOperator): number {
  const random = new Random(0, STREAM);
  const signs = Float64Array.from({ length: size }, () => (random.uniform() < 0.5 ? -1 : 1));
  return dot(signs, matvec(signs) as Float64Array) / size;
}

/** M⁻¹ with M = (diag G + damping)^¾. */
function diagonal({ size, weightDecay, problem }: Local, entries: Float64Array, damping: number): LinearOperator {
  const { pow } = problem.workspace.math;
  const inverse = entries.map((entry) => 1 / pow(entry + damping + weightDecay || 1, EXPONENT));
  return { size, matvec: (v) => Float64Array.from(v, (value, i) => value * inverse[i]) };
}
