import { drowned } from "../criticality.js";
import type { Model, Proposal } from "../directions/direction.js";
import { type Local, lengthIn } from "../local.js";
import type { Memory } from "../memory.js";
import type { End } from "../optimizer.js";
import { failed, type Move, type Search } from "./search.js";

/** The course of the damping, in units of the model's diagonal. */
export interface LevenbergSettings {
  /**
   * Damping of the first step; null for 10⁻³, or as much more
   * as keeps that step within three lengths of the parameters.
   */
  readonly start: number | null;
  /** Factor after a trial that did not fall; it is squared from one such trial to the next. */
  readonly increase: number;
  /** The least factor after a step. */
  readonly decrease: number;
  readonly most: number;
}

const START = 1e-3;
/** Lengths of the parameters that a first step may have (MINPACK's factor, 0.1 to 100). */
const REACH = 3;
/** Factor of a first damping that allows too long a step, and how often at most. */
const STRONGER = 10;
const MOST_STRONGER = 20;
/**
 * Share of the squared gradient that a last step may leave: residuals that are not small let it
 * fall slowly.
 */
const NEARER = 0.8;
/** Damping below which the scale that is remembered comes from too far away to be of use. */
const FORGOTTEN = 1e-6;
/** Damping below which it makes no difference in double precision. */
const LEAST = 1e-20;

/**
 * Levenberg and Marquardt's damping by the gain ratio (Nielsen 1999): more until the objective
 * falls, less where the model predicted the fall well. At the end, where rounding hides falls,
 * whole steps as long as the gradient falls by them.
 */
export class LevenbergSearch implements Search {
  readonly scalars = ["damping"];

  constructor(readonly settings: LevenbergSettings) {}

  find(local: Local, model: Model, memory: Memory): Move | End | "critical" {
    const { increase, most } = this.settings;
    let damping = memory.scalars.get("damping") ?? this.#first(local, model);
    for (let factor = increase; damping <= most; factor *= increase) {
      const proposal = model.damped(damping);
      if (proposal && local.settled(proposal.decrease, proposal.step, model.scale)) {
        const last = this.#last(local, model);
        if (last) return last;
        if (drowned(proposal.decrease, local.noise)) break;
      }
      const move = proposal && this.#tried(local, proposal, damping, memory);
      if (move) return move;
      damping = Math.max(LEAST, damping * factor);
    }
    const predicted = model.whole?.decrease ?? Number.NaN;
    if (!(predicted >= 0) && !local.problem.semidefinite) {
      const reason = `the curvature is not positive definite, even with its greatest damping of ${most}`;
      return { status: "not-positive-definite", reason };
    }
    const tried = damping > most ? `the damping has passed its maximum of ${most}: ` : "";
    return failed(
      local,
      predicted >= 0 ? predicted : Infinity,
      `${tried}the objective does not fall, however short the step`,
    );
  }

  /**
   * Weak, but so strong that the first step is no longer than what is known of the scale of the
   * parameters.
   */
  #first(local: Local, model: Model): number {
    const { start } = this.settings;
    if (start !== null) return start;
    const reach = REACH * lengthIn(local.theta, model.scale);
    let damping = START;
    for (let trial = 0; reach > 0 && trial < MOST_STRONGER; ++trial, damping *= STRONGER) {
      const proposal = model.damped(damping);
      if (proposal && lengthIn(proposal.step, model.scale) <= reach) break;
    }
    return damping;
  }

  #tried(local: Local, { step, decrease }: Proposal, damping: number, memory: Memory): Move | null {
    const value = local.valueAt(step);
    const ratio = (local.value - value) / decrease;
    if (!(ratio > 0)) return null;
    // A product, because engines round powers each in its own way.
    const t = 2 * ratio - 1;
    const next = Math.min(
      this.settings.most,
      Math.max(LEAST, damping * Math.max(this.settings.decrease, 1 - t * t * t)),
    );
    memory.scalars.set("damping", next);
    if (next < FORGOTTEN) memory.vectors.delete("scale");
    return { step, value, report: { gainRatio: ratio, damping: next } };
  }

  /**
   * Nothing is left to search for, if the whole model says so too: a whole step while that brings
   * the gradient nearer to 0.
   */
  #last(local: Local, model: Model): Move | "critical" | null {
    const { whole, scale } = model;
    if (!whole || !model.gauge || !local.settled(whole.decrease, whole.step, scale)) return null;
    const before = model.gauge(local.gradient);
    const { value, gradient } = local.gradientAt(whole.step);
    if (!(model.gauge(gradient) < NEARER * before) || !(value <= local.value + local.noise)) return "critical";
    return { step: whole.step, value, report: {} };
  }
}
