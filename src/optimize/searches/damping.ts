import { norm2 } from "../../linalg/vector.js";
import type { Model, Proposal } from "../directions/direction.js";
import type { Local } from "../local.js";
import type { Memory } from "../memory.js";
import type { End } from "../optimizer.js";
import { failed, type Move, type Search } from "./search.js";

export const UNSEEN = "damped until it falls, the step is too short for the fall to be seen";

export interface DampingSettings {
  readonly start: number;
  /** Factors after a step that did worse than the model, and after one that did as well. */
  readonly increase: number;
  readonly decrease: number;
  /** Gain ratios of steps taken below which damping still grows, and above which it shrinks. */
  readonly poor: number;
  readonly good: number;
  readonly least: number;
  readonly most: number;
}

/**
 * Levenberg and Marquardt's damping by gain ratio: adds damping to the curvature until the objective falls, and takes some away where
 * the model foretold the fall well.
 */
export class DampingSearch implements Search {
  readonly scalars = ["damping"];

  constructor(readonly settings: DampingSettings) {}

  find(local: Local, model: Model, memory: Memory): Move | End | "critical" {
    const { start, increase, decrease, poor, good, least, most } = this.settings;
    let damping = memory.scalar("damping", start);
    let proposal: Proposal | null = null;
    let foretold = 0;
    for (;;) {
      proposal = model.damped(damping);
      foretold = Math.max(foretold, proposal?.decrease ?? 0);
      if (proposal && !(proposal.decrease > local.noise)) return failed(local, foretold, UNSEEN);
      const value = proposal ? local.valueAt(proposal.step) : Number.NaN;
      const ratio = proposal ? (local.value - value) / proposal.decrease : Number.NaN;
      if (proposal && ratio > 0) {
        if (ratio > good) damping = Math.max(least, damping * decrease);
        else if (ratio < poor) damping = Math.min(most, damping * increase);
        memory.scalars.set("damping", damping);
        return { step: proposal.step, value, report: { gainRatio: ratio, damping } };
      }
      damping = Math.max(least, damping * increase);
      if (damping > most) {
        const length = proposal ? norm2(proposal.step).toExponential(1) : "0";
        const reason = `the damping has passed its maximum of ${most}: no step as long as ${length} lets the objective fall`;
        return failed(local, foretold, reason);
      }
      memory.scalars.set("damping", damping);
    }
  }
}
