import { dot } from "../../linalg/vector.js";
import type { Network } from "../../network/network.js";

/** A cosine between successive updates below this is a reversal. */
const REVERSAL = -0.7;
/** The share of a window's updates that have to be reversals. */
const NEARLY_ALL = 0.9;
/** Updates of this share of the parameters are rounding. */
const ROUNDING = { f64: 1e-13, f32: 1e-6 } as const;

interface Turn {
  readonly cosine: number;
  /** Share of the parameters that move whose update has changed its sign. */
  readonly flips: number;
  /** ‖θ_t − θ_{t−2}‖ / ‖θ_t − θ_{t−1}‖ */
  readonly ratio: number;
}

/** An oscillation: means over its turns, and the last update. */
export interface Oscillation extends Turn {
  readonly update: Float64Array;
}

/** How the parameters of a network move from record to record. */
export class Movement {
  #point: Float64Array;
  #update: Float64Array | null = null;
  readonly #turns: Turn[] = [];
  readonly #losses: number[] = [];
  #bestBefore = Infinity;

  constructor(
    readonly net: Network,
    readonly window: number,
    readonly improvement: number,
  ) {
    this.#point = Float64Array.from(net.current().parameters);
  }

  /**
   * Means over the window, where nearly all updates in it are reversals and the loss has not
   * improved.
   */
  observe(loss: number): Oscillation | null {
    const point = Float64Array.from(this.net.current().parameters);
    const update = point.map((value, i) => value - this.#point[i]);
    const small = ROUNDING[this.net.spec.dtype] ** 2 * dot(point, point);
    const moved = dot(update, update) > small;
    if (moved && this.#update) this.#turns.push(turn(this.#update, update));
    else if (!moved) this.#turns.length = 0;
    this.#point = point;
    this.#update = moved ? update : null;
    this.#losses.push(loss);
    if (this.#turns.length > this.window) this.#turns.shift();
    if (this.#losses.length > this.window)
      this.#bestBefore = Math.min(this.#bestBefore, this.#losses.shift() as number);
    const turns = this.#oscillation();
    return turns && { ...turns, update };
  }

  #oscillation(): Turn | null {
    const { window } = this;
    const turns = this.#turns;
    if (turns.length < window) return null;
    if (turns.filter(({ cosine }) => cosine < REVERSAL).length < NEARLY_ALL * window) return null;
    // Reversals that lead downhill are narrow valleys, and no fault.
    if (Math.min(...this.#losses) < (1 - this.improvement) * this.#bestBefore) return null;
    const mean = (of: (turn: Turn) => number): number => turns.reduce((sum, one) => sum + of(one), 0) / window;
    return { cosine: mean((one) => one.cosine), flips: mean((one) => one.flips), ratio: mean((one) => one.ratio) };
  }
}

function turn(before: Float64Array, now: Float64Array): Turn {
  let flipped = 0;
  let moving = 0;
  let back = 0;
  for (let i = 0; i < now.length; ++i) {
    back += (now[i] + before[i]) ** 2;
    if (now[i] === 0 && before[i] === 0) continue;
    moving += 1;
    if (now[i] * before[i] < 0) flipped += 1;
  }
  const length = Math.sqrt(dot(now, now));
  return {
    cosine: dot(before, now) / (length * Math.sqrt(dot(before, before))),
    flips: moving > 0 ? flipped / moving : 0,
    ratio: Math.sqrt(back) / length,
  };
}
