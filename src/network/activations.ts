import type { Matrix } from "../linalg/matrix.js";
import { bytesPer, type FloatArray } from "../wasm/workspace.js";
import type { Network } from "./network.js";
import { forwardChunks } from "./objective.js";

/**
 * Samples `from` to `from + size` as they passed through the network; a vector over them for each
 * unit.
 */
export interface ActivationChunk {
  readonly from: number;
  readonly size: number;
  preActivation(layer: number, unit: number): FloatArray;
  activation(layer: number, unit: number): FloatArray;
}

/**
 * Shows the activations of every layer, chunk by chunk, under running statistics. What a visit is
 * given is valid during it.
 */
export function visitActivations(net: Network, inputs: Matrix, visit: (chunk: ActivationChunk) => void): void {
  const { dtype } = net.spec;
  net.resident((workspace, theta, statistics) => {
    forwardChunks(workspace, net.spec, net.layout, inputs, theta, statistics, ({ layers, stride, size }, from) => {
      const row = (at: number, unit: number): FloatArray =>
        workspace.slice(dtype, at + unit * stride * bytesPer(dtype), size);
      visit({
        from,
        size,
        preActivation: (layer, unit) => row(layers[layer].a, unit),
        activation: (layer, unit) => row(layers[layer].h, unit),
      });
    });
  });
}
