import { bytesPer, floatArray, type Workspace } from "../wasm/workspace.js";
import { type Dataset, withInputs } from "./dataset.js";
import { type Layout, layoutOf } from "./layout.js";
import { Objective, wholeBatch } from "./objective.js";
import type { BatchNormMode } from "./propagation.js";
import type { ResolvedSpec } from "./spec.js";

/** A network with its data and the addresses of its parameters and running statistics. */
export interface Part {
  readonly spec: ResolvedSpec;
  readonly layout: Layout;
  readonly data: Dataset;
  readonly theta: number;
  readonly statistics: number;
}

/**
 * The layers from one on as a network of their own, in the place of the whole one's parameters. Its
 * data is what the layers below give, once `refresh` has been called. From the first layer on, it
 * is the whole network with its own data.
 */
export class Above implements Part {
  readonly spec: ResolvedSpec;
  readonly layout: Layout;
  readonly data: Dataset;
  readonly theta: number;
  readonly statistics: number;
  readonly #whole: Part;
  /** Passes through the layers below, and all above. */
  readonly #below: Objective | null;

  constructor(
    workspace: Workspace,
    whole: Part,
    mode: BatchNormMode,
    readonly lowest: number,
  ) {
    const { spec, layout, data, theta, statistics } = whole;
    this.#whole = whole;
    this.spec = lowest === 0 ? spec : upperSpec(whole, lowest);
    this.layout = lowest === 0 ? layout : layoutOf(this.spec);
    const bytes = bytesPer(spec.dtype);
    this.theta = theta + layout.layers[lowest].weight * bytes;
    this.statistics = statistics + (layout.statisticsCount - this.layout.statisticsCount) * bytes;
    const { inputs } = this.spec;
    const features = { rows: data.size, columns: inputs, data: floatArray(spec.dtype, lowest && data.size * inputs) };
    this.data = lowest === 0 ? data : withInputs(data, features);
    const needs = { capacity: data.size, gradients: "none" } as const;
    this.#below = lowest === 0 ? null : new Objective(workspace, spec, layout, data, mode, needs);
  }

  /** Computes what the layers below give with the parameters as they are now. */
  refresh(): void {
    const { propagation, workspace } = this.#below ?? {};
    if (!this.#below || !propagation || !workspace) return;
    const { theta, statistics, data } = this.#whole;
    const { inputs: units, dtype } = this.spec;
    const { data: to } = this.data.inputs;
    this.#below.dataLoss(theta, statistics, wholeBatch(data), (first) => {
      const { size, stride, layers } = propagation;
      const h = workspace.slice(dtype, layers[this.lowest - 1].h, units * stride);
      for (let s = 0; s < size; ++s) for (let u = 0; u < units; ++u) to[(first + s) * units + u] = h[u * stride + s];
    });
  }
}

/** Each layer keeps its own l2. */
function upperSpec({ spec, layout }: Part, lowest: number): ResolvedSpec {
  const { trainable: _, penalty, ...rest } = spec;
  const l2 = typeof penalty.l2 === "number" ? penalty.l2 : penalty.l2.slice(lowest);
  const inputs = layout.layers[lowest].inputs;
  return { ...rest, inputs, layers: spec.layers.slice(lowest), penalty: { ...penalty, l2 } };
}
