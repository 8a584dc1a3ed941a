/** What passes through a network, forward and backward, for those who look at it. */
import { bytesPer, type FloatArray } from "../wasm/workspace.js";
import type { Dataset } from "./dataset.js";
import type { Network } from "./network.js";
import { Objective, wholeBatch } from "./objective.js";
import type { BatchNormMode } from "./propagation.js";

/**
 * Samples `from` to `from + size` as they passed through a network; a vector over them for each
 * unit, valid during the visit.
 */
export interface SignalChunk {
  readonly from: number;
  readonly size: number;
  /** a, after batch norm. */
  preActivation(layer: number, unit: number): FloatArray;
  /** φ(a). */
  activation(layer: number, unit: number): FloatArray;
  /** φ′(a), or null where it is 1 throughout (identity). */
  slope(layer: number, unit: number): FloatArray | null;
  /** The derivative of the mean loss with respect to a. */
  error(layer: number, unit: number): FloatArray;
  /** What batch norm divides by, √(variance + ε); 1 without batch norm. */
  deviation(layer: number, unit: number): number;
}

/**
 * Passes forward and backward over the data, chunk by chunk, and shows each chunk; gives the
 * objective and its gradient.
 */
export function visitSignals(
  net: Network,
  data: Dataset,
  mode: BatchNormMode,
  visit: (chunk: SignalChunk) => void,
): { loss: number; gradient: FloatArray } {
  const { dtype } = net.spec;
  const size = bytesPer(dtype);
  return net.resident((workspace, theta, statistics) => {
    const needs = { capacity: data.size, gradients: "kept" } as const;
    const objective = new Objective(workspace, net.spec, net.layout, data, mode, needs);
    const gradient = workspace.allocate(dtype, net.parameterCount);
    const { layers, stride } = objective.propagation;
    const row = (base: number, unit: number): FloatArray =>
      workspace.slice(dtype, base + unit * stride * size, objective.propagation.size);
    const loss = objective.valueAndGradient(theta, statistics, wholeBatch(data), gradient, (from) =>
      visit({
        from,
        size: objective.propagation.size,
        preActivation: (layer, unit) => row(layers[layer].a, unit),
        activation: (layer, unit) => row(layers[layer].h, unit),
        slope: (layer, unit) => (layers[layer].slope ? row(layers[layer].slope, unit) : null),
        error: (layer, unit) => row(layers[layer].dy, unit),
        deviation: (layer, unit) =>
          layers[layer].invStd ? 1 / workspace.read(dtype, layers[layer].invStd + unit * size, 1)[0] : 1,
      }),
    );
    return { loss, gradient: workspace.read(dtype, gradient, net.parameterCount) };
  });
}

/**
 * The data's own mean and unbiased variance before each batch norm, laid out as running statistics;
 * of frozen layers the running ones.
 */
export function batchStatistics(net: Network, data: Dataset): FloatArray {
  const { dtype } = net.spec;
  const result = net.getRunningStatistics();
  if (!net.layout.batchNorm) return result;
  net.resident((workspace, theta, running) => {
    const needs = { capacity: data.size, gradients: "none" } as const;
    const objective = new Objective(workspace, net.spec, net.layout, data, "batch", needs);
    objective.value(theta, running, wholeBatch(data));
    net.layout.layers.forEach(({ statistics, frozen, units }, l) => {
      if (statistics < 0 || frozen) return;
      const { mean, variance } = objective.propagation.layers[l];
      result.set(workspace.read(dtype, mean, units), statistics);
      const { worth } = objective.propagation;
      const unbiased = worth / (worth - 1);
      result.set(
        workspace.read(dtype, variance, units).map((value) => value * unbiased),
        statistics + units,
      );
    });
  });
  return result;
}

/**
 * The mean of g² over gradients g of so many batches of an order, one after another, wrapping
 * round.
 */
export function squaredGradients(
  net: Network,
  data: Dataset,
  mode: BatchNormMode,
  order: Uint32Array,
  batchSize: number,
  batches: number,
): Float64Array {
  const { dtype } = net.spec;
  const mean = new Float64Array(net.parameterCount);
  net.resident((workspace, theta, statistics) => {
    const needs = { capacity: batchSize, gradients: "transient" } as const;
    const objective = new Objective(workspace, net.spec, net.layout, data, mode, needs);
    const gradient = workspace.allocate(dtype, net.parameterCount);
    const perPass = Math.max(1, Math.floor(order.length / batchSize));
    for (let batch = 0; batch < batches; ++batch) {
      const from = (batch % perPass) * batchSize;
      const count = Math.min(batchSize, order.length - from);
      objective.valueAndGradient(theta, statistics, { order, from, count }, gradient);
      const g = workspace.slice(dtype, gradient, net.parameterCount);
      for (let i = 0; i < g.length; ++i) mean[i] += g[i] * g[i];
    }
  });
  for (let i = 0; i < mean.length; ++i) mean[i] /= batches;
  return mean;
}

/**
 * The loss of each sample by itself, without penalty; for networks whose samples are not coupled.
 */
export function sampleLosses(net: Network, data: Dataset): Float64Array {
  return net.resident((workspace, theta, statistics) => {
    const objective = new Objective(workspace, net.spec, net.layout, data, "running", {
      capacity: 1,
      gradients: "none",
    });
    return Float64Array.from({ length: data.size }, (_, from) =>
      objective.dataLoss(theta, statistics, { order: null, from, count: 1 }),
    );
  });
}
