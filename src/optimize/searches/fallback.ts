import { isEnd, type Model } from "../directions/direction.js";
import type { Local } from "../local.js";
import type { Memory } from "../memory.js";
import type { End } from "../optimizer.js";
import { LevenbergSearch } from "./levenberg.js";
import type { Move, Search } from "./search.js";

const DAMPED = new LevenbergSearch({ start: null, increase: 3, decrease: 0.1, most: 1e20 });

/** A line search; where that finds no fall along the model's own step, steps of a damped model. */
export class FallbackSearch implements Search {
  readonly rated?: boolean;
  readonly scalars: readonly string[];

  constructor(readonly first: Search) {
    if (first.rated !== undefined) this.rated = first.rated;
    this.scalars = [...(first.scalars ?? []), ...DAMPED.scalars];
  }

  find(local: Local, model: Model, memory: Memory, learningRate: number): Move | End | "critical" {
    const found = this.first.find(local, model, memory, learningRate);
    const lost = found === "critical" ? model.failure != null : isEnd(found) && found.status === "stalled";
    if (!lost || !model.relative) return found;
    const damped = DAMPED.find(local, model.relative(memory), memory);
    return damped === "critical" || isEnd(damped) ? found : damped;
  }

  vectorLength(name: string, size: number): number | undefined {
    return this.first.vectorLength?.(name, size);
  }
}
