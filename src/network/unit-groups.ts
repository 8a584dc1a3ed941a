import type { Layout } from "./layout.js";
import { lowestLayer } from "./selection.js";

/**
 * Which parameters share a unit of measurement. The weights of one input column share 1 over its
 * unit; the parameters of one output share the output's unit. All others of a layer have no unit.
 * They form groups by kind: weights, biases, and batch norm's scales and shifts. Everything below
 * the lowest layer that takes steps is data, and the inputs of that layer are columns.
 *
 * @returns the number of its group for each parameter that takes steps.
 */
export function unitGroups(layout: Layout): Uint32Array {
  const { layers, parameterCount, free } = layout;
  const groups = new Uint32Array(parameterCount);
  const lowest = free ? lowestLayer(layout, free) : 0;
  let next = 0;
  layers.forEach(({ weight, bias, inputs, units, end }, l) => {
    const last = l === layers.length - 1;
    for (let i = weight; i < end; ++i) {
      const place = i < bias ? (i - weight) % inputs : inputs + Math.floor((i - bias) / units);
      const unit = i < bias ? Math.floor((i - weight) / inputs) : (i - bias) % units;
      const column = l === lowest ? place : Math.max(0, place - inputs + 1);
      groups[i] = next + column + (last ? unit * (inputs + 4) : 0);
    }
    next += (inputs + 4) * (last ? units : 1);
  });
  const chosen = free ? free.map((place) => groups[place]) : groups;
  // From 0 on without gaps, so that there are no more groups than parameters.
  const numbers = new Map<number, number>();
  return chosen.map((group) => {
    const number = numbers.get(group) ?? numbers.size;
    numbers.set(group, number);
    return number;
  });
}

/**
 * Whether each parameter that takes steps is a weight of the data: of the lowest layer that has
 * any.
 */
export function dataWeights(layout: Layout): boolean[] {
  const { layers, parameterCount, free } = layout;
  const { weight, bias } = layers[free ? lowestLayer(layout, free) : 0];
  const places = free ?? Uint32Array.from({ length: parameterCount }, (_, place) => place);
  return Array.from(places, (place) => place >= weight && place < bias);
}
