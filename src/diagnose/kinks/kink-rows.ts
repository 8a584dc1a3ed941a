import { hasKink } from "../../network/activation-kinds.js";
import type { Dataset } from "../../network/dataset.js";
import type { Network } from "../../network/network.js";
import { lossKinks, lossParameters } from "../../network/spec.js";
import { bytesPer, type FloatArray } from "../../wasm/workspace.js";
import type { Probe } from "../signals/probe.js";

/**
 * Something that has a kink where it is 0, for each sample: a unit's pre-activation, or an output's
 * residual less one at which the loss turns.
 */
export interface KinkRow {
  readonly layer: number;
  readonly unit: number;
  /**
   * Null for a unit; else the residual at which the loss turns: ±δ of huber, 0 of mae and quantile.
   */
  readonly residual: number | null;
}

/**
 * The values of all kinked quantities of a network on a data set, where a probe is: row by row, a
 * column a sample.
 */
export class KinkRows {
  readonly rows: readonly KinkRow[];
  readonly samples: number;
  readonly #targets: ArrayLike<number>;
  readonly #outputs: number;
  /** Outputs that share a target. */
  readonly #levels: number;
  readonly #last: number;

  constructor({ spec, layout }: Network, data: Dataset) {
    const units = spec.layers.flatMap(({ activation, units }, layer) =>
      hasKink(activation) ? Array.from({ length: units }, (_, unit) => ({ layer, unit, residual: null })) : [],
    );
    this.samples = data.size;
    this.#last = spec.layers.length - 1;
    this.#outputs = layout.outputs;
    this.#targets = "data" in data.targets ? data.targets.data : data.targets;
    this.#levels = lossParameters(spec.loss).length;
    const residuals = Array.from({ length: layout.outputs }, (_, unit) =>
      lossKinks(spec.loss).map((residual) => ({ layer: this.#last, unit, residual })),
    ).flat();
    this.rows = [...units, ...residuals];
  }

  /** Room for the values at one point. */
  room(): Float64Array {
    return new Float64Array(this.rows.length * this.samples);
  }

  /** Reads the values of the loaded samples, of which `from` is the first. */
  read({ propagation, workspace, dtype }: Probe, from: number, into: Float64Array): void {
    const { layers, stride, size } = propagation;
    const view = workspace.view(dtype);
    const bytes = bytesPer(dtype);
    this.rows.forEach(({ layer, unit, residual }, row) => {
      const source = (residual === null ? layers[layer].a : layers[layer].h) / bytes + unit * stride;
      const target = row * this.samples + from;
      if (residual === null) {
        into.set(view.subarray(source, source + size), target);
        return;
      }
      for (let i = 0; i < size; ++i) {
        const wanted = this.#target(from + i, unit);
        into[target + i] = view[source + i] - wanted - residual;
      }
    });
  }

  #target(sample: number, unit: number): number {
    return this.#targets[(sample * this.#outputs + unit - (unit % this.#levels)) / this.#levels];
  }

  /** How many values of the loaded samples are on another side of 0 than those given. */
  switches({ propagation, workspace }: Probe, from: number, before: Float64Array): number {
    const { layers, stride, size } = propagation;
    const view = workspace.view("f64");
    let count = 0;
    this.rows.forEach(({ layer, unit, residual }, row) => {
      const source = (residual === null ? layers[layer].a : layers[layer].h) / 8 + unit * stride;
      const target = row * this.samples + from;
      if (residual === null) count += differences(view, source, before, target, size);
      else {
        for (let i = 0; i < size; ++i) {
          const wanted = this.#target(from + i, unit);
          if (view[source + i] - wanted - residual > 0 !== before[target + i] > 0) ++count;
        }
      }
    });
    return count;
  }
}

/** A product tells most pairs apart without a branch that depends on the data. */
function differences(a: FloatArray, from: number, b: Float64Array, at: number, count: number): number {
  let found = 0;
  for (let i = 0; i < count; ++i) {
    const x = a[from + i];
    const y = b[at + i];
    if (!(x * y > 0) && x > 0 !== y > 0) ++found;
  }
  return found;
}
