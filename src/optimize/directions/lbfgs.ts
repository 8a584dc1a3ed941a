import { axpy, dot, norm2, scale } from "../../linalg/vector.js";
import type { Local } from "../local.js";
import type { Memory } from "../memory.js";
import type { End } from "../optimizer.js";
import { converged, type Direction, firstLength, type Model, type Proposal, solved } from "./direction.js";

/**
 * A pair shows positive curvature if yᵀs exceeds this share of ‖y‖·‖s‖. The test is relative
 * because a small loss has small gradients and still curves.
 */
const LEAST_COSINE = 1e-10;

/**
 * −H·g with H made of the last steps and the changes of the gradient over them (Nocedal and Wright,
 * algorithm 7.4).
 */
export class LbfgsDirection implements Direction {
  readonly needs = null;
  readonly scalars = ["pairs"];

  constructor(readonly history: number) {}

  vectorLength(name: string, size: number): number | undefined {
    const [, kind, index] = /^(s|y)(\d+)$/.exec(name) ?? [];
    if (kind) return Number(index) < this.history ? size : undefined;
    return name === "gradient" || name === "step" ? size : undefined;
  }

  model(local: Local, memory: Memory): Model {
    this.#learn(local, memory);
    const step = this.#direction(local, memory);
    const proposal = dot(step, local.gradient) < 0 ? solved(local, step, 0) : this.#restart(local, memory);
    const known = memory.scalar("pairs", 0) > 0;
    return {
      damped: () => proposal,
      exact: false,
      whole: known ? proposal : null,
      gauge: (gradient) => dot(gradient, this.#inverse(gradient, memory)),
    };
  }

  critical(local: Local): End {
    return converged(local);
  }

  /** The change of the gradient is known at the next step. */
  taken(local: Local, step: Float64Array, memory: Memory): void {
    memory.vectors.set("step", step.slice());
    memory.vectors.set("gradient", local.gradient.slice());
  }

  /** The change of the gradient then belongs to another way than the step. */
  displaced(memory: Memory): void {
    memory.vectors.delete("step");
    memory.vectors.delete("gradient");
  }

  #learn({ gradient }: Local, memory: Memory): void {
    const s = memory.vector("step");
    const before = memory.vector("gradient");
    if (!s || !before) return;
    memory.vectors.delete("step");
    memory.vectors.delete("gradient");
    const y = gradient.slice();
    axpy(-1, before, y);
    if (!(dot(s, y) > LEAST_COSINE * norm2(s) * norm2(y))) return;
    const pairs = memory.scalar("pairs", 0);
    const place = pairs % this.history;
    memory.vectors.set(`s${place}`, s);
    memory.vectors.set(`y${place}`, y);
    memory.scalars.set("pairs", pairs + 1);
  }

  #direction(local: Local, memory: Memory): Float64Array {
    if (memory.scalar("pairs", 0) === 0) return this.#first(local);
    const step = this.#inverse(local.gradient, memory);
    scale(-1, step);
    return step;
  }

  /** H·v. */
  #inverse(v: Float64Array, memory: Memory): Float64Array {
    const pairs = memory.scalar("pairs", 0);
    const count = Math.min(pairs, this.history);
    const q = v.slice();
    if (count === 0) return q;
    const weights = new Float64Array(count);
    const pair = (k: number): [Float64Array, Float64Array] => {
      const place = (pairs - 1 - k) % this.history;
      return [memory.vector(`s${place}`) as Float64Array, memory.vector(`y${place}`) as Float64Array];
    };
    for (let k = 0; k < count; ++k) {
      const [s, y] = pair(k);
      weights[k] = dot(s, q) / dot(s, y);
      axpy(-weights[k], y, q);
    }
    const [s, y] = pair(0);
    scale(dot(s, y) / dot(y, y), q);
    for (let k = count - 1; k >= 0; --k) {
      const [s, y] = pair(k);
      axpy(weights[k] - dot(y, q) / dot(s, y), s, q);
    }
    return q;
  }

  #first(local: Local): Float64Array {
    const step = local.gradient.slice();
    scale(-firstLength(local) / local.gradientNorm, step);
    return step;
  }

  /** The pairs have lost their sense: without them it is the gradient. */
  #restart(local: Local, memory: Memory): Proposal {
    memory.scalars.set("pairs", 0);
    return solved(local, this.#first(local), 0);
  }
}
