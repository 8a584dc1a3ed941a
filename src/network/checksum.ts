import type { Dataset } from "./dataset.js";

/**
 * FNV-1a over the bits of all of the data's values as doubles, word by word: changes with any of
 * them. Cost: a pass over the data.
 */
export function checksum({ inputs, targets, weights }: Dataset): string {
  const shape = [inputs.rows, inputs.columns, "data" in targets ? targets.columns : 0];
  const value = new Float64Array(1);
  const words = new Uint32Array(value.buffer);
  let [a, b] = [0x811c9dc5, 0x9747b28c];
  for (const values of [shape, inputs.data, "data" in targets ? targets.data : targets, weights ?? []]) {
    for (let i = 0; i < values.length; ++i) {
      value[0] = values[i];
      a = Math.imul(a ^ words[0], 0x01000193);
      a = Math.imul(a ^ words[1], 0x01000193);
      b = Math.imul(b ^ words[1], 0x85ebca6b) ^ (a >>> 15);
    }
  }
  return ((a >>> 0).toString(16) + (b >>> 0).toString(16)).padStart(16, "0");
}
