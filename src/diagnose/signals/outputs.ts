import type { Dataset } from "../../network/dataset.js";
import type { Network } from "../../network/network.js";
import type { BatchNormMode } from "../../network/propagation.js";
import { bytesPer } from "../../wasm/workspace.js";
import { withProbe } from "./probe.js";

/** What a network gives for each sample, with its mean loss without penalty. */
export interface Outputs {
  /** Samples × outputs. */
  readonly values: Float64Array;
  readonly width: number;
  readonly loss: number;
}

/** The outputs on all of the data, in double precision. */
export function outputsOf(net: Network, data: Dataset, mode: BatchNormMode): Outputs {
  const width = net.layout.outputs;
  const values = new Float64Array(data.size * width);
  return withProbe(net, data, mode, { penalty: false }, (probe) => {
    const { propagation, workspace } = probe;
    const loss = probe.visit(net.current().parameters, (from) => {
      const view = workspace.view("f64");
      const at = propagation.output / bytesPer("f64");
      for (let j = 0; j < width; ++j) {
        const row = at + j * propagation.stride;
        for (let i = 0; i < propagation.size; ++i) values[(from + i) * width + j] = view[row + i];
      }
    });
    return { values, width, loss };
  });
}

/** Weights of the samples: all 1 where the data set has none. */
export function sampleWeights({ weights, size }: Dataset): Float64Array {
  return weights ?? new Float64Array(size).fill(1);
}
