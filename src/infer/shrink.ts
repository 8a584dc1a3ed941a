import type { Matrix } from "../linalg/matrix.js";
import { visitActivations } from "../network/activations.js";
import type { Dataset } from "../network/dataset.js";
import { behindWeights, type LayerLayout } from "../network/layout.js";
import { type Network, network } from "../network/network.js";
import type { NetworkSpec } from "../network/spec.js";
import { withParameters } from "../network/with-parameters.js";
import { freeParameters } from "./curvature.js";

/**
 * A network without the hidden units that nothing goes out from, with the same outputs; one unit
 * stays in each layer.
 */
export function withoutIdleUnits(net: Network, mask: Uint8Array): Network {
  const { layers } = net.layout;
  const kept = layers.map(({ units }, l) => {
    const all = Array.from({ length: units }, (_, u) => u);
    if (l === layers.length - 1) return all;
    const next = layers[l + 1];
    const busy = all.filter((u) =>
      Array.from({ length: next.units }, (_, v) => mask[next.weight + v * next.inputs + u]).includes(1),
    );
    return busy.length > 0 ? busy : [0];
  });
  const { trainable: _, ...spec } = net.spec as unknown as NetworkSpec;
  const small = network({
    ...spec,
    layers: spec.layers.map(({ frozen: __, ...layer }, l) => ({ ...layer, units: kept[l].length })),
  });
  small.setParameters(keptOf(net, net.getParameters(), kept));
  small.setRunningStatistics(statisticsOf(net, kept));
  return fixedAt(small, keptOf(net, freeMarks(net, mask), kept));
}

/** The same network with what went, and what was fixed before, fixed. */
export function fixedWhereGone(net: Network, mask: Uint8Array): Network {
  return fixedAt(net, freeMarks(net, mask));
}

/** 1 for what is free and has not gone. */
function freeMarks(net: Network, mask: Uint8Array): Uint8Array {
  const marks = new Uint8Array(mask.length);
  for (const i of freeParameters(net)) marks[i] = mask[i];
  return marks;
}

function fixedAt(net: Network, marks: ArrayLike<number>): Network {
  const free = Array.from(marks).includes(1);
  return free && Array.from(marks).includes(0) ? withParameters(net, marks) : net;
}

/** What a vector over the parameters has at those of the units that are kept. */
function keptOf(net: Network, theta: ArrayLike<number>, kept: readonly (readonly number[])[]): number[] {
  return net.layout.layers.flatMap(({ weight, bias, scale, shift, inputs, batchNorm }, l) => {
    const columns = l > 0 ? kept[l - 1] : Array.from({ length: inputs }, (_, i) => i);
    const weights = kept[l].flatMap((u) => columns.map((i) => theta[weight + u * inputs + i]));
    const vectors = [bias, ...(batchNorm ? [scale, shift] : [])].flatMap((at) => kept[l].map((u) => theta[at + u]));
    return [...weights, ...vectors];
  });
}

function statisticsOf(net: Network, kept: readonly (readonly number[])[]): number[] {
  const values = net.getRunningStatistics();
  return net.layout.layers.flatMap(({ statistics, units }, l) =>
    statistics < 0 ? [] : [0, units].flatMap((half) => kept[l].map((u) => values[statistics + half + u])),
  );
}

/**
 * Parameters and mask after hidden units that nothing goes out from have lost what leads into them,
 * and units that nothing leads into have given their constant to the biases behind them. The
 * outputs stay as they are. Units with batch norm keep their constant.
 */
export function withoutDeadEnds(
  net: Network,
  data: Dataset,
  given: Uint8Array,
): { theta: Float64Array; mask: Uint8Array } {
  const { layers } = net.layout;
  const theta = Float64Array.from(net.getParameters());
  const mask = given.slice();
  const drop = (places: readonly number[]): void => {
    for (const i of places) [theta[i], mask[i]] = [0, 0];
  };
  const left = (places: readonly number[]): boolean => places.some((i) => mask[i] === 1);
  const free = new Set(freeParameters(net));
  layers.slice(0, -1).forEach((layer, l) => {
    for (let u = 0; u < layer.units; ++u) {
      const [out, next] = [outgoing(layers[l + 1], u), layers[l + 1].bias];
      if (!left(out) || layer.batchNorm || left(incoming(layer, u))) continue;
      if (out.some((i, v) => !free.has(i) || !free.has(next + v))) continue;
      const constant = constantOf(net, data, l, u);
      out.forEach((i, v) => {
        theta[next + v] += theta[i] * constant;
      });
      drop(out);
    }
  });
  for (let l = layers.length - 2; l >= 0; --l) {
    for (let u = 0; u < layers[l].units; ++u) {
      if (!left(outgoing(layers[l + 1], u))) drop([...incoming(layers[l], u), ...behindWeights(layers[l], u)]);
    }
  }
  return { theta, mask };
}

function incoming({ weight, inputs }: LayerLayout, unit: number): number[] {
  return Array.from({ length: inputs }, (_, i) => weight + unit * inputs + i);
}

/** Weights of the layer behind that take a unit's output. */
function outgoing({ weight, inputs, units }: LayerLayout, unit: number): number[] {
  return Array.from({ length: units }, (_, v) => weight + v * inputs + unit);
}

/** What a unit gives that no input reaches: the same for every row. */
function constantOf(net: Network, { inputs }: Dataset, layer: number, unit: number): number {
  const row = { rows: 1, columns: inputs.columns, data: inputs.data.slice(0, inputs.columns) as Matrix["data"] };
  let constant = 0;
  visitActivations(net, row, ({ activation }) => {
    [constant] = activation(layer, unit);
  });
  return constant;
}
