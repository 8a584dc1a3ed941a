import { type Network, network } from "../../network/network.js";
import type { NetworkSpec } from "../../network/spec.js";

/**
 * Another network with the same parameters and running statistics, in a specification that differs
 * where `changes` says.
 */
export function copyOf(net: Network, changes: Partial<NetworkSpec> = {}): Network {
  const copy = network({ ...net.spec, ...changes });
  const { parameters, statistics } = net.current();
  if (copy.parameterCount === parameters.length) copy.setParameters(parameters);
  if (copy.layout.statisticsCount === statistics.length) copy.setRunningStatistics(statistics);
  return copy;
}

/**
 * The network in double precision: a point of single precision is one of double precision, but its
 * curvature is too coarse.
 */
export function inDouble(net: Network): Network {
  return net.spec.dtype === "f64" ? net : copyOf(net, { dtype: "f64", initializer: "zeros" });
}
