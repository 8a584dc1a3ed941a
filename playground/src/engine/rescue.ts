import { type Network, network, prune, reviveUnits, withActivation, withBatchNorm } from "hessia";
import type { Change, Settings } from "../model/settings.ts";
import { activationOf, type World } from "./world.ts";

/** The same parameters under another penalty. */
export function repenalised(world: World, net: Network, settings: Settings): Network {
  const next = network(world.spec(settings));
  next.setParameters(net.getParameters());
  next.setRunningStatistics(net.getRunningStatistics());
  return next;
}

/** The network that a rescue makes of this one, by the package's remedies. */
export function rescued(world: World, net: Network, settings: Settings, change: Change): Network {
  if (change.kind === "activation") {
    const activation = activationOf(change.activation, settings);
    return withActivation(net, activation, { layers: [change.layer] }).network;
  }
  if (change.kind === "batch-norm") return withBatchNorm(net, world.train, { layers: [change.layer] }).network;
  if (change.kind === "revive") return reviveUnits(net, world.train, { seed: settings.seed }).network;
  if (change.kind === "prune") return prune(net, world.train, { until: { parameters: change.parameters } }).masked;
  return net;
}

/** Values that a change gives to parameters, by index. */
export function edits(world: World, settings: Settings, change: Change): readonly (readonly [number, number])[] {
  if (change.kind === "edit") return change.values;
  if (change.kind !== "fill") return [];
  const place = world.places(settings)[change.layer];
  if (!place) return [];
  const [from, to] = change.what === "weight" ? [place.weight, place.bias] : [place.bias, place.bias + place.units];
  return Array.from({ length: to - from }, (_, i) => [from + i, change.value] as const);
}
