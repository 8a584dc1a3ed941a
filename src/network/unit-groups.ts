import type { Layout } from "./layout.js";

/**
 * Which parameters share a unit of measurement: the weights of one input column, as 1/its unit; the parameters of one output,
 * as its own; all others of a layer have none and stand together, weights, biases and each of batch norm's by themselves.
 *
 * @returns the number of its group for each parameter.
 */
export function unitGroups({ layers, parameterCount }: Layout): Uint32Array {
  const groups = new Uint32Array(parameterCount);
  let next = 0;
  layers.forEach(({ weight, bias, inputs, units, end }, l) => {
    const last = l === layers.length - 1;
    for (let i = weight; i < end; ++i) {
      const place = i < bias ? (i - weight) % inputs : inputs + Math.floor((i - bias) / units);
      const unit = i < bias ? Math.floor((i - weight) / inputs) : (i - bias) % units;
      const column = l === 0 ? place : Math.max(0, place - inputs + 1);
      groups[i] = next + column + (last ? unit * (inputs + 4) : 0);
    }
    next += (inputs + 4) * (last ? units : 1);
  });
  return groups;
}
