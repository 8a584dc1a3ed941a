import { type Network, network } from "../network/network.js";
import type { NetworkSpec } from "../network/spec.js";

/** A network without the hidden units that nothing goes out from, with the same outputs; one unit stays in each layer. */
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
  const spec = net.spec as unknown as NetworkSpec;
  const small = network({
    ...spec,
    layers: spec.layers.map((layer, l) => ({ ...layer, units: kept[l].length })),
  });
  small.setParameters(parametersOf(net, kept));
  small.setRunningStatistics(statisticsOf(net, kept));
  return small;
}

function parametersOf(net: Network, kept: readonly (readonly number[])[]): number[] {
  const theta = net.getParameters();
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
