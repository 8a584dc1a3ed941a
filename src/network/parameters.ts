import { checkVector, wrongValue } from "../check.js";
import { Random } from "../random.js";
import type { Build } from "../wasm/load.js";
import { coreMath } from "../wasm/math.js";
import { type FloatArray, floatArray } from "../wasm/workspace.js";
import { initialize } from "./initializer.js";
import type { Layout } from "./layout.js";
import type { ResolvedSpec } from "./spec.js";

/** Holds the newest parameters of a network while a run trains it in memory of its own. */
export interface ParameterHolder {
  download(parameters: FloatArray, statistics: FloatArray): void;
}

/**
 * The values of a network's parameters and running statistics, who is ahead of them, and a number
 * that counts their changes.
 */
export class ParameterStore {
  readonly #parameters: FloatArray;
  readonly #statistics: FloatArray;
  /** A run that has trained further than the arrays here. */
  #holder: ParameterHolder | null = null;
  #version = 0;

  /** Initialised as the specification says; running means 0 and variances 1. */
  constructor(
    { dtype, initializer, seed }: ResolvedSpec,
    { layers, parameterCount, statisticsCount }: Layout,
    build: Build,
  ) {
    this.#parameters = floatArray(dtype, parameterCount);
    this.#statistics = floatArray(dtype, statisticsCount);
    initialize(this.#parameters, layers, initializer, new Random(seed), coreMath(build));
    for (const { statistics, units } of layers) {
      if (statistics >= 0) this.#statistics.fill(1, statistics + units, statistics + 2 * units);
    }
  }

  /** The newest values; not copies. */
  current(): { parameters: FloatArray; statistics: FloatArray } {
    this.#holder?.download(this.#parameters, this.#statistics);
    this.#holder = null;
    return { parameters: this.#parameters, statistics: this.#statistics };
  }

  /** Replaces some of the values. */
  write({
    parameters = [],
    statistics = [],
  }: {
    parameters?: ArrayLike<number>;
    statistics?: ArrayLike<number>;
  }): void {
    const now = this.current();
    now.parameters.set(parameters);
    now.statistics.set(statistics);
    ++this.#version;
  }

  /** Counts every change; a run compares it to see changes made by others. */
  get version(): number {
    return this.#version;
  }

  /** Says that a run has gone further; the values here are refreshed from it when next needed. */
  heldBy(holder: ParameterHolder): number {
    this.#holder = holder;
    return ++this.#version;
  }
}

/** What values are checked against. */
interface Checked {
  readonly spec: ResolvedSpec;
  readonly layout: Layout;
}

/** Refuses what cannot be a network's parameters. */
export function checkParameters(where: string, name: string, values: unknown, { spec, layout }: Checked): void {
  checkVector(where, name, values, layout.parameterCount, spec.dtype);
}

/** Refuses what cannot be its running statistics. */
export function checkStatistics(where: string, name: string, values: unknown, { spec, layout }: Checked): void {
  const checked = checkVector(where, name, values, layout.statisticsCount, spec.dtype);
  for (const { statistics, units } of layout.layers) {
    for (let unit = 0; statistics >= 0 && unit < units; ++unit) {
      const variance = checked[statistics + units + unit];
      if (variance < 0) wrongValue(where, name, "variances of at least 0", String(variance));
    }
  }
}
