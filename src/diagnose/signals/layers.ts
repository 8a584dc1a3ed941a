import { wrongType, wrongValue } from "../../check.js";
import type { Network } from "../../network/network.js";

/** The layers asked for, or `usual` ones; refuses what the network does not have. */
export function chosenLayers(
  where: string,
  net: Network,
  layers: unknown,
  usual = net.spec.layers.map((_, l) => l),
): readonly number[] {
  if (layers === undefined) return usual;
  if (!Array.isArray(layers)) wrongType(where, "layers", "an array of layers' numbers", layers);
  const count = net.spec.layers.length;
  for (const layer of layers) {
    if (!Number.isInteger(layer) || layer < 0 || layer >= count) {
      wrongValue(where, "layers", `whole numbers from 0 to ${count - 1}`, String(layer));
    }
  }
  return layers;
}

/** All layers but the last. */
export function hiddenLayers(net: Network): number[] {
  return net.spec.layers.slice(0, -1).map((_, l) => l);
}
