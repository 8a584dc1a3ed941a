import { norm2 } from "../../linalg/vector.js";
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
}

/** Damping by 3/2 up where the model predicted the fall badly, by 2/3 down where well (Martens 2010, section 4.1). */
export const MARTENS = {
  increase: 3 / 2,
  compounding: false,
  after: (gainRatio: number): number => (gainRatio > 0.75 ? 2 / 3 : gainRatio < 0.25 ? 3 / 2 : 1),
  least: 1e-12,
  most: 1e12,
} as const;

/** Under much damping every fall predicted is small: with as little as the method started from it may not be. */
export function atLeast(predicted: number, model: Model, damping: number, start: number): number {
  return damping > start ? Math.max(predicted, model.damped(start)?.decrease ?? 0) : predicted;
}

/**
 * Levenberg and Marquardt's damping by gain ratio: adds damping to the curvature until the objective falls, and takes some away where
 * the model predicted the fall well.
 */
export class DampingSearch implements Search {
  readonly scalars = ["damping"];

  constructor(readonly settings: DampingSettings) {}

  find(local: Local, model: Model, memory: Memory): Move | End | "critical" {
    const { settings } = this;
    const { start, increase, compounding, least, most } = settings;
    let damping = memory.scalar("damping", start);
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
        damping = Math.min(most, Math.max(least, damping * settings.after(ratio)));
        memory.scalars.set("damping", damping);
        return { step: proposal.step, value, report: { gainRatio: ratio, damping } };
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
