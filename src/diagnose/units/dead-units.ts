import { checkObject } from "../../check.js";
import type { Dataset } from "../../network/dataset.js";
import { checkNetwork, type Network } from "../../network/network.js";
import type { PassOptions } from "../../network/pass.js";
import { activationStatistics } from "./activation-statistics.js";

/**
 * The units that no sample reaches: units of relu layers, or of leaky-relu layers with slope 0,
 * whose pre-activation is at most 0 for all of the data. Such a unit passes nothing on and gets no
 * gradient (unless relu's `atZero` is positive and the pre-activation exactly 0).
 *
 * @param options batchNorm: whether batch norm takes its statistics from the data ("batch", as
 * `diagnose` does) or the running ones. Default: "running".
 * @returns for each layer the indices of its dead units, ascending; empty for layers with other
 * activations, which cannot die this way. Cost: a forward pass.
 * @throws TypeError or RangeError for data that does not fit the network, and for unknown options.
 */
export function deadUnits(net: Network, data: Dataset, options: PassOptions = {}): number[][] {
  const where = "deadUnits";
  checkNetwork(where, net);
  checkObject(where, "options", options);
  const { batchNorm: asked = "running" } = options as PassOptions;
  const batchNorm = net.mode(where, data, { ...options, batchNorm: asked });
  return activationStatistics(net, data, { batchNorm }).layers.map(({ dead }) => dead.slice());
}
