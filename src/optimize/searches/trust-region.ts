import { norm2 } from "../../linalg/vector.js";
import type { Model } from "../directions/direction.js";
import type { Local } from "../local.js";
import type { Memory } from "../memory.js";
import type { End } from "../optimizer.js";
import { failed, type Move, type Search } from "./search.js";

/** Gain ratios below which the radius shrinks and above which it grows (Conn, Gould and Toint 2000, section 6.1). */
const POOR = 0.25;
const GOOD = 0.75;
const ACCEPTABLE = 1e-4;

export interface TrustRegionSettings {
  readonly initialRadius: number | null;
  readonly maxRadius: number;
}

/** Minimises the model in a ball whose radius follows from how well the model foretold the last fall. */
export class TrustRegionSearch implements Search {
  readonly scalars = ["radius"];

  constructor(readonly settings: TrustRegionSettings) {}

  find(local: Local, model: Model, memory: Memory): Move | End | "critical" {
    const { initialRadius, maxRadius } = this.settings;
    const within = model.within as NonNullable<Model["within"]>;
    const start = initialRadius ?? Math.max(1, norm2(local.theta));
    let radius = Math.min(memory.scalar("radius", start), maxRadius);
    const least = 2 ** -52 * Math.max(norm2(local.theta), Number.MIN_VALUE ** 0.5);
    let foretold = 0;
    for (;;) {
      const proposal = within.call(model, radius);
      foretold = Math.max(foretold, proposal.decrease);
      if (!(proposal.decrease > local.noise) || !(radius > least)) {
        const reason = `the objective does not fall, however small the trust region (${radius.toExponential(1)})`;
        return failed(local, foretold, reason);
      }
      const value = local.valueAt(proposal.step);
      const length = norm2(proposal.step);
      const ratio = (local.value - value) / proposal.decrease;
      const accepted = ratio >= ACCEPTABLE;
      if (!(ratio >= POOR)) radius = (accepted ? 0.5 : 0.25) * Math.min(length, radius);
      else if (ratio > GOOD && length >= 0.99 * radius) radius = Math.min(2 * radius, maxRadius);
      if (accepted) {
        memory.scalars.set("radius", radius);
        return { step: proposal.step, value, report: { gainRatio: ratio, radius } };
      }
    }
  }
}
