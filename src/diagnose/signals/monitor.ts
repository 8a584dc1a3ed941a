import { checkFunction } from "../../check.js";
import type { Matrix } from "../../linalg/matrix.js";
import type { Dataset } from "../../network/dataset.js";
import { checkNetwork, type Network } from "../../network/network.js";
import type { PassOptions } from "../../network/pass.js";
import { type SignalChunk, visitSignals } from "../../network/signals.js";
import { type FloatArray, floatArray } from "../../wasm/workspace.js";
import { chosenLayers } from "./layers.js";

const WHERE = "monitor";

/**
 * What passes through one layer; each matrix has a row a sample and a column a unit, and belongs to
 * the callback.
 */
export interface LayerSignals<Record = unknown> {
  /** Index of the layer. */
  readonly layer: number;
  /** a, after batch norm. */
  readonly preActivations: Matrix;
  /** φ(a). */
  readonly activations: Matrix;
  /** ∂(mean loss)/∂a. */
  readonly errors: Matrix;
  /** What the monitor was called with: an epoch's or a step's record. */
  readonly record: Record | undefined;
}

/** What `monitor` takes beside network, data and callback. */
export interface MonitorOptions extends PassOptions {
  /** The layers to show. Default: all. */
  layers?: readonly number[];
}

/**
 * Shows a callback the signals of every layer, before and after its activation and on the way back:
 * what hooks are for elsewhere.
 *
 * The function that it returns passes a probe data set through the network as it is then, forward
 * and backward, and calls back for each layer, the first one first. It serves as `onEpoch` of
 * `fit`, or may be called at any time, between steps of `training` say.
 *
 * @param data what to pass through; samples × units numbers are copied a matrix, so a few hundred
 * samples are usual.
 * @param callback called with `LayerSignals`.
 * @param options layers: which; batchNorm: "batch" (default, as in training) or "running".
 * @returns a function that takes a record, or nothing. Cost of a call: a gradient over `data`.
 * @throws TypeError or RangeError for what is no network, data that does not fit it, or layers that
 * it does not have.
 * @example
 * const net = network({ inputs: 1, layers: [{ units: 2, activation: "relu" }, { units: 1 }] });
 * net.setParameters([1, -1, 0, 0, 1, 1, 0]);
 * const seen = [];
 * monitor(net, dataset([[3]], [1]), ({ activations }) => seen.push(Array.from(activations.data)))();
 * seen; // [[3, 0], [3]]
 */
export function monitor<Record>(
  net: Network,
  data: Dataset,
  callback: (signals: LayerSignals<Record>) => void,
  options: MonitorOptions = {},
): (record?: Record) => void {
  checkNetwork(WHERE, net);
  const mode = net.mode(WHERE, data, options, ["layers"]);
  checkFunction(WHERE, "callback", callback);
  const layers = chosenLayers(WHERE, net, options.layers);
  return (record) => {
    const { dtype } = net.spec;
    const collected = layers.map((layer) => {
      const columns = net.layout.layers[layer].units;
      const empty = (): Matrix => ({ rows: data.size, columns, data: floatArray(dtype, data.size * columns) });
      return { layer, preActivations: empty(), activations: empty(), errors: empty(), record };
    });
    visitSignals(net, data, mode, (chunk) => {
      for (const { layer, preActivations, activations, errors } of collected) {
        copyRows(chunk, preActivations, (unit) => chunk.preActivation(layer, unit));
        copyRows(chunk, activations, (unit) => chunk.activation(layer, unit));
        copyRows(chunk, errors, (unit) => chunk.error(layer, unit));
      }
    });
    for (const signals of collected) callback(signals);
  };
}

function copyRows({ from, size }: SignalChunk, { columns, data }: Matrix, column: (unit: number) => FloatArray): void {
  for (let unit = 0; unit < columns; ++unit) {
    const values = column(unit);
    for (let s = 0; s < size; ++s) data[(from + s) * columns + unit] = values[s];
  }
}
