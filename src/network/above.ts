import { bytesPer, floatArray, type Workspace } from "../wasm/workspace.js";
import { type Dataset, withInputs } from "./dataset.js";
import { type Layout, layoutOf } from "./layout.js";
import { Objective, wholeBatch } from "./objective.js";
import type { BatchNormMode } from "./propagation.js";
import { lowestLayer } from "./selection.js";
import type { ResolvedSpec } from "./spec.js";

/** A network with its data and the addresses of its parameters and running statistics. */
export interface Part {
  readonly spec: ResolvedSpec;
  readonly layout: Layout;
  readonly data: Dataset;
  readonly theta: number;
  readonly statistics: number;
}

/** Layers as a network of their own, in the place of the whole one's parameters. */
export interface Above extends Part {
  /** Places of the chosen parameters among these layers'; null where they are all of them. */
  readonly places: Uint32Array | null;
  /** Computes what the layers below give with the parameters as they are now. */
  refresh(): void;
}

/**
 * The layers from the lowest on that has one of the chosen parameters, or all layers. Their data is
 * the output of the layers below, once `refresh` has been called.
 */
export function above(workspace: Workspace, whole: Part, mode: BatchNormMode, chosen: Uint32Array | null): Above {
  const { spec, layout, data, theta, statistics } = whole;
  const lowest = chosen ? lowestLayer(layout, chosen) : 0;
  const first = layout.layers[lowest].weight;
  const all = !chosen || chosen.length === layout.parameterCount - first;
  const places = all ? null : chosen.map((place) => place - first);
  if (lowest === 0) return { ...whole, places, refresh() {} };
  const upper = upperSpec(whole, lowest);
  const made = layoutOf(upper);
  const { inputs: units, dtype } = upper;
  const bytes = bytesPer(dtype);
  const to = floatArray(dtype, data.size * units);
  // Passes through the layers below, and all above.
  const below = new Objective(workspace, spec, layout, data, mode, { capacity: data.size, gradients: "none" });
  return {
    places,
    spec: upper,
    layout: made,
    data: withInputs(data, { rows: data.size, columns: units, data: to }),
    theta: theta + first * bytes,
    statistics: statistics + (layout.statisticsCount - made.statisticsCount) * bytes,
    refresh() {
      below.dataLoss(theta, statistics, wholeBatch(data), (first) => {
        const { size, stride, layers } = below.propagation;
        const h = workspace.slice(dtype, layers[lowest - 1].h, units * stride);
        for (let s = 0; s < size; ++s) for (let u = 0; u < units; ++u) to[(first + s) * units + u] = h[u * stride + s];
      });
    },
  };
}

/** Each layer keeps its own l2. */
function upperSpec({ spec, layout }: Part, lowest: number): ResolvedSpec {
  const { trainable: _, penalty, ...rest } = spec;
  const l2 = typeof penalty.l2 === "number" ? penalty.l2 : penalty.l2.slice(lowest);
  const inputs = layout.layers[lowest].inputs;
  return { ...rest, inputs, layers: spec.layers.slice(lowest), penalty: { ...penalty, l2 } };
}
