import type { Settings } from "./settings.ts";

/**
 * Where a layer's parameters lie in the flat vector: weight (units × inputs), bias, then batch
 * norm's scale and shift.
 */
export interface LayerPlaces {
  readonly inputs: number;
  readonly units: number;
  readonly weight: number;
  readonly bias: number;
  /** −1 without batch norm. */
  readonly scale: number;
  readonly shift: number;
  readonly end: number;
}

/** Places of the hidden layers and of the output layer. */
export function placesOf(inputs: number, layers: Settings["layers"], outputs: number): LayerPlaces[] {
  const places: LayerPlaces[] = [];
  let offset = 0;
  for (const { units, batchNorm } of [...layers, { units: outputs, batchNorm: false }]) {
    const bias = offset + units * inputs;
    const end = bias + units * (batchNorm ? 3 : 1);
    places.push({
      inputs,
      units,
      weight: offset,
      bias,
      scale: batchNorm ? bias + units : -1,
      shift: batchNorm ? bias + 2 * units : -1,
      end,
    });
    inputs = units;
    offset = end;
  }
  return places;
}

/** A parameter's name in words. */
export function parameterName(places: readonly LayerPlaces[], index: number): string {
  const layer = places.findIndex(({ end }) => index < end);
  const { inputs, weight, bias, scale, shift } = places[layer];
  const where = layer === places.length - 1 ? "output" : `layer ${layer + 1}`;
  if (shift >= 0 && index >= shift) return `${where}, shift of unit ${index - shift + 1}`;
  if (scale >= 0 && index >= scale) return `${where}, scale of unit ${index - scale + 1}`;
  if (index >= bias) return `${where}, bias of unit ${index - bias + 1}`;
  const unit = Math.floor((index - weight) / inputs);
  return `${where}, weight of unit ${unit + 1} from input ${index - weight - unit * inputs + 1}`;
}
