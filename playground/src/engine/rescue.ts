import { type Network, network } from "hessia";
import type { Change, Settings } from "../model/settings.ts";
import type { World } from "./world.ts";

/** The same parameters under other settings: a layer with another activation, with batch norm, or another penalty. */
export function moved(world: World, net: Network, before: Settings, after: Settings): Network {
  const next = network(world.spec(after));
  const old = net.getParameters();
  const parameters = next.getParameters();
  const from = world.places(before);
  world.places(after).forEach((to, layer) => {
    const { weight, bias, units, end } = from[layer];
    parameters.set(old.subarray(weight, bias + units), to.weight);
    if (from[layer].scale >= 0) parameters.set(old.subarray(bias + units, end), to.scale);
  });
  next.setParameters(parameters);
  if (next.getRunningStatistics().length === net.getRunningStatistics().length) {
    next.setRunningStatistics(net.getRunningStatistics());
  }
  return next;
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
