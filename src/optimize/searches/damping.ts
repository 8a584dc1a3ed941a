import { dot, norm2 } from "../../linalg/vector.js";
import type { Model, Proposal } from "../directions/direction.js";
import type { Local } from "../local.js";
import type { Memory } from "../memory.js";
import type { End } from "../optimizer.js";
import { failed, type Move, type Search } from "./search.js";

export const UNSEEN = "damped until it falls, the step is too short for the fall to be seen";

export interface DampingSettings {
  readonly start: number;
  /** Factor after a trial that did not fall. */
  readonly increase: number;
  /** Whether the factor itself grows by as much from one such trial to the next. */
  readonly compounding: boolean;
  /** Factor after a step with a gain ratio. */
  after(gainRatio: number): number;
  readonly least: number;
  readonly most: number;
  /**
   * Whether a step goes for the minimum of its own batch's model: on a batch among others a rise on
   * the next one then asks for more damping too.
   */
  readonly solvesBatch?: boolean;
}

/**
 * Damping by 3/2 up where the model predicted the fall badly, by 2/3 down where well (Martens 2010,
 * section 4.1).
 */
export const MARTENS = {
  increase: 3 / 2,
  compounding: false,
  after: (gainRatio: number): number => (gainRatio > 0.75 ? 2 / 3 : gainRatio < 0.25 ? 3 / 2 : 1),
  least: 1e-12,
  most: 1e12,
} as const;

/**
 * The damping to begin a step with. On a batch among others the last step is judged here, on rows
 * that it was not made for: on its own rows a model predicts its fall too well. More damping where
 * the objective of these rows changed otherwise than their gradient and the model's curvature
 * predict: 1 − |actual − predicted|/(½·sᵀGs) takes the place of the gain ratio, which it is for a
 * whole step on the same rows. A fall smaller than predicted by another batch's gradient is the
 * gradient's noise and not the damping's to cure.
 */
export function dampingAt(
  { start, least, most, after, solvesBatch }: DampingSettings,
  local: Local,
  memory: Memory,
): number {
  const last = memory.scalar("damping", start);
  const step = memory.vector("judged");
  memory.vectors.delete("judged");
  if (!step) return last;
  const half = memory.scalar("bend", 0);
  const actual = local.valueAt(step, -1) - local.value;
  const predicted = half - dot(local.gradient, step);
  const ratio = solvesBatch && actual < 0 ? -1 : 1 - Math.abs(actual - predicted) / half;
  return within(last * after(Number.isNaN(ratio) ? -1 : ratio), least, most);
}

/**
 * Remembers the damping that a step was taken with, changed by its gain ratio; on a batch among
 * others the ratio is that of the next one.
 */
export function judged(
  { least, most, after }: DampingSettings,
  { local, memory, damping, ratio, step, predicted }: Taken,
): number {
  const { stochastic } = local.problem;
  const next = stochastic ? damping : within(damping * after(Number.isNaN(ratio) ? -1 : ratio), least, most);
  memory.scalars.set("damping", next);
  if (stochastic) {
    memory.vectors.set("judged", step.slice());
    memory.scalars.set("bend", -dot(local.gradient, step) - predicted);
  }
  return next;
}

/** A step that is to be taken, and what the model predicts of it. */
export interface Taken {
  readonly local: Local;
  readonly memory: Memory;
  readonly damping: number;
  readonly ratio: number;
  readonly step: Float64Array;
  readonly predicted: number;
}

/** What both searches by damping keep of a step that is still to be judged. */
export function lengthOfJudged(name: string, size: number): number | undefined {
  return name === "judged" ? size : undefined;
}

function within(damping: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, damping));
}

/**
 * Under much damping every predicted fall is small: with as little as the method started from it
 * may not be.
 */
export function atLeast(predicted: number, model: Model, damping: number, start: number): number {
  return damping > start ? Math.max(predicted, model.damped(start)?.decrease ?? 0) : predicted;
}

/**
 * Levenberg and Marquardt's damping by gain ratio: adds damping to the curvature until the
 * objective falls, and takes some away where the model predicted the fall well.
 */
export class DampingSearch implements Search {
  readonly scalars = ["damping", "bend"];

  constructor(readonly settings: DampingSettings) {}

  vectorLength(name: string, size: number): number | undefined {
    return lengthOfJudged(name, size);
  }

  displaced(memory: Memory): void {
    memory.vectors.delete("judged");
  }

  find(local: Local, model: Model, memory: Memory): Move | End | "critical" {
    const { settings } = this;
    const { start, increase, compounding, least, most } = settings;
    let damping = dampingAt(settings, local, memory);
    let proposal: Proposal | null = null;
    let predicted = 0;
    let factor = increase;
    for (;;) {
      proposal = model.damped(damping);
      predicted = Math.max(predicted, proposal?.decrease ?? 0);
      if (proposal && !(proposal.decrease > local.noise)) {
        return failed(local, atLeast(predicted, model, damping, start), UNSEEN);
      }
      const value = proposal ? local.valueAt(proposal.step) : Number.NaN;
      const ratio = proposal ? (local.value - value) / proposal.decrease : Number.NaN;
      if (proposal && ratio > 0) {
        const { step, decrease } = proposal;
        damping = judged(settings, { local, memory, damping, ratio, step, predicted: decrease });
        return { step, value, report: { gainRatio: ratio, damping } };
      }
      damping = Math.max(least, damping * factor);
      if (compounding) factor *= increase;
      if (damping > most) {
        if (!proposal) {
          const reason = `the curvature is not positive definite, even with its greatest damping of ${most}`;
          return { status: "not-positive-definite", reason };
        }
        const length = norm2(proposal.step).toExponential(1);
        const reason = `the damping has passed its maximum of ${most}: no step as long as ${length} lets the objective fall`;
        return failed(local, atLeast(predicted, model, damping, start), reason);
      }
      memory.scalars.set("damping", damping);
    }
  }
}
