import { norm2 } from "../../linalg/vector.js";
import { FIRST_STEP, type Model, type Proposal } from "../directions/direction.js";
import { type Local, lengthIn } from "../local.js";
import type { Memory } from "../memory.js";
import type { End } from "../optimizer.js";
import { extended, failed, type Move, type Search, scaled } from "./search.js";

/**
 * Gain ratios below which the radius shrinks and above which it grows (Conn, Gould and Toint 2000,
 * section 6.1).
 */
const POOR = 0.25;
const GOOD = 0.75;
const ACCEPTABLE = 1e-4;

/** Factor of a radius that was guessed, while the model holds, and how often at most. */
const LONGER = 10;
const MOST_WIDER = 30;

interface Trial {
  readonly proposal: Proposal;
  readonly value: number;
  readonly ratio: number;
}

export interface TrustRegionSettings {
  readonly initialRadius: number | null;
  readonly maxRadius: number;
}

/**
 * Minimises the model in a ball whose radius follows from how well the model predicted the last
 * fall.
 */
export class TrustRegionSearch implements Search {
  readonly scalars = ["radius"];

  constructor(readonly settings: TrustRegionSettings) {}

  find(local: Local, model: Model, memory: Memory): Move | End | "critical" {
    const { initialRadius, maxRadius } = this.settings;
    const within = model.within as NonNullable<Model["within"]>;
    const { scale } = model;
    const guessed = initialRadius === null && !memory.scalars.has("radius");
    let radius = Math.min(memory.scalar("radius", initialRadius ?? start(local, scale)), maxRadius);
    const least = 2 ** -52 * Math.max(lengthIn(local.theta, scale), Number.MIN_VALUE ** 0.5);
    let predicted = 0;
    for (;;) {
      const proposal = within.call(model, radius);
      predicted = Math.max(predicted, proposal.decrease);
      const whole = lengthIn(proposal.step, scale) < radius && local.settled(proposal.decrease, proposal.step, scale);
      if (whole || !(proposal.decrease > local.noise) || !(radius > least)) {
        if (whole || this.#exhausted(local, model)) return "critical";
        const reason = `the objective does not fall, however small the trust region (${radius.toExponential(1)})`;
        return failed(local, predicted, reason);
      }
      const value = local.valueAt(proposal.step);
      const length = lengthIn(proposal.step, scale);
      const ratio = (local.value - value) / proposal.decrease;
      const accepted = ratio >= ACCEPTABLE;
      const before = radius;
      if (!(ratio >= POOR)) radius = (accepted ? 0.5 : 0.25) * Math.min(length, radius);
      else if (ratio > GOOD && length >= 0.99 * radius) radius = Math.min(2 * radius, maxRadius);
      if (!accepted) continue;
      const met = ratio > GOOD && length >= 0.99 * Math.min(radius, before);
      if (met && guessed && LONGER * before <= maxRadius) {
        const wider = this.#wider(local, model, { proposal, value, ratio }, before);
        memory.scalars.set("radius", wider.radius);
        return {
          step: wider.proposal.step,
          value: wider.value,
          report: { gainRatio: wider.ratio, radius: wider.radius },
        };
      }
      const found = met ? longer(local, proposal, value, maxRadius / length) : { scale: 1, value };
      if (found.scale > 1) radius = Math.min(maxRadius, found.scale * length);
      memory.scalars.set("radius", radius);
      return { step: scaled(proposal.step, found.scale), value: found.value, report: { gainRatio: ratio, radius } };
    }
  }

  /** From a first radius that was a guess to one that the model holds in. */
  #wider(local: Local, model: Model, first: Trial, radius: number): Trial & { radius: number } {
    let best = first;
    for (let trial = 0; trial < MOST_WIDER && LONGER * radius <= this.settings.maxRadius; ++trial) {
      const proposal = model.within?.(LONGER * radius) as Proposal;
      const value = local.valueAt(proposal.step);
      const ratio = (local.value - value) / proposal.decrease;
      if (!(ratio > GOOD && value < best.value)) {
        return { ...best, radius, value: local.valueAt(best.proposal.step) };
      }
      radius *= LONGER;
      best = { proposal, value, ratio };
      if (lengthIn(proposal.step, model.scale) < 0.99 * radius) break;
    }
    return { ...best, radius };
  }

  /** Whether the whole model, and not only its part in a small region, has nothing left to fall. */
  #exhausted(local: Local, { whole, scale, open }: Model): boolean {
    return whole && !open ? local.settled(whole.decrease, whole.step, scale) : false;
  }
}

/**
 * A share of the parameters' length, as of every first step; where all are 0, of the length of as
 * many ones.
 */
function start(local: Local, scale?: Float64Array): number {
  return FIRST_STEP * (lengthIn(local.theta, scale) || (scale ? norm2(scale) : 1));
}

function longer(local: Local, { step, slope, decrease }: Proposal, value: number, most: number) {
  const curvature = 2 * (-slope - decrease);
  return extended(local, { step, slope, curvature }, { scale: 1, value }, most);
}
