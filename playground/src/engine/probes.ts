import { type Dataset, type Matrix, type Network, type NetworkSpec, network } from "hessia";
import { KINK_MAP, UNIT_MAP } from "../model/protocol.ts";
import type { ActivationName, Settings } from "../model/settings.ts";
import type { World } from "./world.ts";

const kinked: readonly ActivationName[] = ["relu", "leaky-relu"];

/** Shows what the units of a network do, by networks that end at their layer. */
export class Probes {
  readonly #world: World;
  readonly #settings: Settings;
  readonly #activations: Network[] = [];
  readonly #before: { readonly layer: number; readonly net: Network }[] = [];

  constructor(world: World, settings: Settings) {
    this.#world = world;
    this.#settings = settings;
    const spec = world.spec(settings);
    settings.layers.forEach(({ activation }, layer) => {
      this.#activations.push(network(cut(spec, layer, false)));
      if (kinked.includes(activation)) this.#before.push({ layer, net: network(cut(spec, layer, true)) });
    });
  }

  /**
   * Activations of every hidden unit over the plane, each divided by its largest absolute value.
   */
  unitMaps(net: Network): Float32Array[][] {
    const grid = this.#world.grid(UNIT_MAP);
    return this.#activations.map((probe) => columns(follow(probe, net).predict(grid)).map(scaled));
  }

  /** Pre-activations over the plane of the units that switch where these are 0. */
  kinkMaps(net: Network): { layer: number; maps: Float32Array[] }[] {
    const grid = this.#world.grid(KINK_MAP);
    return this.#before.map(({ layer, net: probe }) => ({ layer, maps: columns(follow(probe, net).predict(grid)) }));
  }

  /** On which side of its kink each unit is for each sample. */
  signs(net: Network, data: Dataset): Uint8Array {
    const parts = this.#before.map(({ net: probe }) => follow(probe, net).predict(data.inputs).data);
    const signs = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) for (const value of part) signs[at++] = value > 0 ? 1 : 0;
    return signs;
  }

  /** Whether these are still the network's layers. */
  fits(settings: Settings): boolean {
    return settings.layers === this.#settings.layers;
  }
}

function cut(spec: NetworkSpec, layer: number, before: boolean): NetworkSpec {
  const layers = spec.layers.slice(0, layer + 1);
  if (before) layers[layer] = { ...layers[layer], activation: "identity" };
  return { inputs: spec.inputs, layers, initializer: "zeros" };
}

function follow(probe: Network, net: Network): Network {
  probe.setParameters(net.getParameters().subarray(0, probe.parameterCount));
  const count = probe.getRunningStatistics().length;
  if (count > 0) probe.setRunningStatistics(net.getRunningStatistics().subarray(0, count));
  return probe;
}

function columns({ rows, columns: count, data }: Matrix): Float32Array[] {
  return Array.from({ length: count }, (_, j) => {
    const column = new Float32Array(rows);
    for (let i = 0; i < rows; ++i) column[i] = data[i * count + j];
    return column;
  });
}

/** Divided by the largest absolute value. */
export function scaled(values: Float32Array): Float32Array {
  let largest = 0;
  for (const value of values) largest = Math.max(largest, Math.abs(value));
  return largest > 0 ? values.map((value) => value / largest) : values;
}

/**
 * Regions of one sign pattern: a number for each point, the same where all units are on the same
 * sides.
 */
export function regions(maps: readonly Float32Array[]): { count: number; of: Uint32Array } {
  const size = maps[0]?.length ?? 0;
  const of = new Uint32Array(size);
  const known = new Map<string, number>();
  const pattern = new Array<string>(maps.length);
  for (let i = 0; i < size; ++i) {
    for (let m = 0; m < maps.length; ++m) pattern[m] = maps[m][i] > 0 ? "1" : "0";
    const key = pattern.join("");
    let number = known.get(key);
    if (number === undefined) {
      number = known.size;
      known.set(key, number);
    }
    of[i] = number;
  }
  return { count: known.size, of };
}
