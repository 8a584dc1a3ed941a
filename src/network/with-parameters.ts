import { checkNetwork, type Network, network } from "./network.js";
import { chosenParameters, type ParameterMask, runsOf } from "./selection.js";
import type { LayerSpec, NetworkSpec } from "./spec.js";

/**
 * A copy of a network with all but the chosen parameters fixed: for fine-tuning, pruned networks
 * and last-layer methods.
 *
 * No optimizer changes fixed parameters, and weight decay does not either. They count in
 * `parameterCount`, and `net.gradient`, `net.hvp` and `net.hessian` are over all parameters. A
 * layer without a chosen parameter is frozen, as by `frozen: true`: its batch norm uses the running
 * statistics and leaves them unchanged, and its dropout is off. Chosen parameters that were fixed
 * before become free.
 *
 * @param net not changed.
 * @param mask the layers that are trained, counted from 0: one or several; or true or false (1 or
 * 0) for each parameter.
 * @returns a new network with copies of parameters and running statistics.
 * @throws TypeError or RangeError for what is no network, layer or mask, and for a mask that
 * chooses nothing.
 * @example
 * const net = network({ inputs: 2, layers: [{ units: 3, activation: "relu" }, { units: 1 }], seed: 1 });
 * const head = withParameters(net, 1);
 * head.spec.layers[0].frozen; // true
 */
export function withParameters(net: Network, mask: ParameterMask): Network {
  const where = "withParameters";
  checkNetwork(where, net);
  const chosen = chosenParameters(where, "mask", mask, net.layout);
  const among = new Set(chosen);
  const counts = net.layout.layers.map(({ weight, end }) => {
    let count = 0;
    for (let i = weight; i < end; ++i) if (among.has(i)) ++count;
    return count;
  });
  const layers = net.spec.layers.map(({ frozen: _, ...layer }, l): LayerSpec => {
    return counts[l] === 0 ? { ...layer, frozen: true } : layer;
  });
  const whole = net.layout.layers.every(({ weight, end }, l) => counts[l] === 0 || counts[l] === end - weight);
  const { trainable: _, ...spec } = net.spec;
  const copy = network({ ...spec, layers, ...(whole ? {} : { trainable: runsOf(chosen) }) } as NetworkSpec);
  copy.setParameters(net.getParameters());
  copy.setRunningStatistics(net.getRunningStatistics());
  return copy;
}
