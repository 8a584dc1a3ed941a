import { dot } from "../../linalg/vector.js";
import type { Model, Proposal } from "../directions/direction.js";
import type { Local } from "../local.js";
import type { Memory } from "../memory.js";
import type { End } from "../optimizer.js";
import { atLeast, type DampingSettings, dampingAt, judged, lengthOfJudged, UNSEEN } from "./damping.js";
import { failed, fallsTo, type Move, type Search, scaled } from "./search.js";

/**
 * Line search: share of the slope, factor of the step, most trials (Martens and Sutskever 2012,
 * section 20.8.8).
 */
const SUFFICIENT = 1e-2;
const SHORTER = 0.8;
const MOST_SHORTER = 60;
/** Solves with more and more damping before a step is given up. */
const MOST_SOLVES = 20;

interface Chosen {
  readonly step: Float64Array;
  readonly decrease: number;
  readonly value: number;
}

/**
 * Takes the best of a solve's iterates, from the last one back while the objective falls, and
 * shortens it where needed. The gain ratio sets the damping, as Levenberg and Marquardt have it
 * (Martens 2010, sections 4.1 and 4.6).
 */
export class IteratesSearch implements Search {
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
    const { start, increase, most } = settings;
    let damping = dampingAt(settings, local, memory);
    let predicted = 0;
    for (let solve = 0; solve < MOST_SOLVES; ++solve) {
      const proposal = model.damped(damping);
      predicted = Math.max(predicted, proposal?.decrease ?? 0);
      if (proposal && local.verdict(proposal.decrease, proposal.step)) return "critical";
      if (proposal && !(proposal.decrease > local.noise)) {
        return failed(local, atLeast(predicted, model, damping, start), UNSEEN);
      }
      const chosen = proposal && choose(local, proposal);
      const ratio = chosen ? (local.value - chosen.value) / chosen.decrease : Number.NaN;
      const taken = chosen && shorten(local, chosen);
      if (taken) {
        const { step, value } = taken;
        damping = judged(settings, { local, memory, damping, ratio, step, predicted: taken.decrease });
        return { step, value, report: { gainRatio: ratio, damping } };
      }
      // A step that is no fall at any length has come from a model that holds nowhere near so far.
      damping = Math.min(most, damping * settings.after(-1) * increase ** 3);
      memory.scalars.set("damping", damping);
    }
    return failed(
      local,
      atLeast(predicted, model, damping, start),
      `no step lets the objective fall, up to a damping of ${damping.toPrecision(3)}`,
    );
  }
}

/** Back from the last iterate as long as that makes the objective less. */
function choose(local: Local, { step, decrease, iterates = [] }: Proposal): Chosen {
  let best: Chosen = { step, decrease, value: local.valueAt(step) };
  for (let i = iterates.length - 2; i >= 0; --i) {
    const value = local.valueAt(iterates[i].x);
    if (value >= best.value) break;
    best = { step: iterates[i].x, decrease: iterates[i].decrease, value };
  }
  return best;
}

function shorten(local: Local, { step, decrease }: Chosen): Chosen | null {
  const slope = Math.min(0, dot(local.gradient, step));
  for (let k = 0, scale = 1; k < MOST_SHORTER; ++k, scale *= SHORTER) {
    const value = local.valueAt(step, scale);
    if (fallsTo(value, local.value + SUFFICIENT * scale * slope) && value < local.value) {
      // What the quadratic model has for the shorter step.
      const predicted = -scale * slope + scale * scale * (slope + decrease);
      return { step: scaled(step, scale), value, decrease: predicted };
    }
  }
  return null;
}
