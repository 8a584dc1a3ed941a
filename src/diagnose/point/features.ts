import { multiply } from "../../linalg/matrix.js";
import { symmetric } from "../../linalg/symmetric.js";
import { normalize } from "../../linalg/vector.js";
import type { Dataset } from "../../network/dataset.js";
import type { Network } from "../../network/network.js";
import type { BatchNormMode } from "../../network/propagation.js";
import { type SignalChunk, visitSignals } from "../../network/signals.js";
import type { FloatArray } from "../../wasm/workspace.js";

/** What a unit does over all of the data. */
export interface UnitFacts {
  /** Samples with a pre-activation above, exactly at, and below 0. */
  positive: number;
  atZero: number;
  negative: number;
  /** Units with the same number are active on the same samples. */
  pattern: string;
  /** Whether φ′ is exactly 0 on all samples. */
  flat: boolean;
  /** Whether φ is the same on all samples, and what. */
  constant: boolean;
  value: number;
}

/**
 * What a layer works on: sums over samples of products of its inputs, the constant 1 being the
 * last.
 */
export interface Features {
  /** (n + 1)². */
  readonly gram: Float64Array;
  readonly count: number;
  /** Of each input, whether it is the same in all samples; the last entry is the 1. */
  readonly constant: readonly boolean[];
  readonly first: Float64Array;
}

export interface Facts {
  readonly units: readonly (readonly UnitFacts[])[];
  readonly features: readonly Features[];
  readonly loss: number;
  readonly gradient: FloatArray;
  /** Of each layer with batch norm, what it divides by. */
  readonly deviations: readonly Float64Array[];
}

/**
 * One pass forward and backward over the data that notes everything the search for invariances asks
 * for.
 */
export function gatherFacts(net: Network, data: Dataset, mode: BatchNormMode): Facts {
  const { layers } = net.layout;
  const units = layers.map(({ units: count }) => Array.from({ length: count }, () => new UnitNotes()));
  const features = layers.map(({ inputs }) => new FeatureNotes(inputs));
  const deviations = layers.map(({ units: count }) => new Float64Array(count).fill(1));
  const { loss, gradient } = visitSignals(net, data, mode, (chunk) => {
    layers.forEach(({ units: count, inputs }, l) => {
      for (let unit = 0; unit < count; ++unit) {
        units[l][unit].add(chunk, l, unit);
        deviations[l][unit] = chunk.deviation(l, unit);
      }
      const input = l === 0 ? inputColumns(data, chunk) : (unit: number) => chunk.activation(l - 1, unit);
      features[l].add(input, inputs, chunk.size);
    });
  });
  return {
    units: units.map((layer) => layer.map((notes) => notes.facts())),
    features: features.map((notes) => notes.facts()),
    loss,
    gradient,
    deviations,
  };
}

function inputColumns({ inputs: { data, columns } }: Dataset, { from, size }: SignalChunk): (j: number) => FloatArray {
  return (j) => Float64Array.from({ length: size }, (_, i) => data[(from + i) * columns + j]);
}

class UnitNotes {
  #positive = 0;
  #atZero = 0;
  #negative = 0;
  #a = 0x811c9dc5;
  #b = 0x9e3779b9;
  #flat = true;
  #constant = true;
  #value = Number.NaN;

  add(chunk: SignalChunk, layer: number, unit: number): void {
    const a = chunk.preActivation(layer, unit);
    const h = chunk.activation(layer, unit);
    const slope = chunk.slope(layer, unit);
    if (chunk.from === 0) this.#value = h[0];
    for (let s = 0; s < a.length; ++s) {
      const sign = a[s] > 0 ? 1 : a[s] === 0 ? 2 : 3;
      if (sign === 1) this.#positive += 1;
      else if (sign === 2) this.#atZero += 1;
      else this.#negative += 1;
      // Two hashes of 32 bits; two patterns agree by chance with a probability of 2⁻⁶⁴.
      this.#a = Math.imul(this.#a ^ sign, 0x01000193);
      this.#b = Math.imul(this.#b + sign, 0x85ebca6b) ^ (this.#b >>> 15);
      if (h[s] !== this.#value) this.#constant = false;
      if (slope === null || slope[s] !== 0) this.#flat = false;
    }
  }

  facts(): UnitFacts {
    return {
      positive: this.#positive,
      atZero: this.#atZero,
      negative: this.#negative,
      pattern: `${this.#a >>> 0}/${this.#b >>> 0}`,
      flat: this.#flat,
      constant: this.#constant,
      value: this.#value,
    };
  }
}

class FeatureNotes {
  readonly #gram: Float64Array;
  readonly #constant: boolean[];
  readonly #first: Float64Array;
  #count = 0;

  constructor(inputs: number) {
    this.#gram = new Float64Array((inputs + 1) ** 2);
    this.#constant = new Array(inputs + 1).fill(true);
    this.#first = new Float64Array(inputs + 1).fill(1);
  }

  add(column: (j: number) => FloatArray, inputs: number, size: number): void {
    const rows = inputs + 1;
    const block = { rows, columns: size, data: new Float64Array(rows * size).fill(1) };
    for (let j = 0; j < inputs; ++j) {
      const values = column(j);
      block.data.set(values, j * size);
      if (this.#count === 0) this.#first[j] = values[0];
      if (this.#constant[j]) this.#constant[j] = values.every((value) => value === this.#first[j]);
    }
    const products = multiply(block, block, { transposeB: true }).data;
    for (let k = 0; k < products.length; ++k) this.#gram[k] += products[k];
    this.#count += size;
  }

  facts(): Features {
    return { gram: this.#gram, count: this.#count, constant: this.#constant, first: this.#first };
  }
}

/**
 * Orthonormal vectors c with h̃·c = 0 for all samples (or, `centred`, h̃·c the same for all
 * samples), over the inputs in `among` and the constant 1 that comes last. Directions in which the
 * inputs vary by less than √(n·ε) of their size count.
 */
export function nullVectors(
  { gram, count, constant }: Features,
  among: readonly number[],
  centred: boolean,
): Float64Array[] {
  const width = constant.length;
  const one = width - 1;
  const chosen = centred ? among.slice() : [...among, one];
  const n = chosen.length;
  if (n === 0) return [];
  const element = (i: number, j: number): number =>
    gram[i * width + j] - (centred ? (gram[i * width + one] * gram[j * width + one]) / count : 0);
  const scales = chosen.map((j) => Math.sqrt(gram[j * width + j]) || 1);
  const rows = chosen.map((i, p) => chosen.map((j, q) => element(i, j) / (scales[p] * scales[q])));
  const { values, vectors } = symmetric(symmetrised(rows)).eigen();
  const limit = 16 * n * Number.EPSILON * values[n - 1];
  const found: Float64Array[] = [];
  for (let k = 0; k < n && values[k] <= limit; ++k) {
    const c = new Float64Array(width);
    chosen.forEach((j, p) => {
      c[j] = vectors.data[p * n + k] / scales[p];
    });
    normalize(c);
    found.push(c);
  }
  return found;
}

function symmetrised(rows: number[][]): number[][] {
  return rows.map((row, i) => row.map((value, j) => (value + rows[j][i]) / 2));
}
