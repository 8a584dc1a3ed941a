import { multiply } from "../../linalg/matrix.js";
import { SymmetricMatrix } from "../../linalg/symmetric.js";
import type { LayerFactors } from "../../network/fisher.js";
import type { LayerLayout } from "../../network/layout.js";

interface Factor {
  readonly values: Float64Array;
  /** n × n, eigenvectors in columns. */
  readonly vectors: Float64Array;
  readonly size: number;
  /** Mean eigenvalue. */
  readonly mean: number;
}

interface Block {
  readonly layer: LayerLayout;
  readonly inputs: Factor;
  readonly outputs: Factor;
  readonly norm: Float64Array;
}

/**
 * The block-diagonal matrix with blocks A ⊗ G, in the eigenvectors of its factors, so that any
 * damping is added at once.
 */
export class KroneckerInverse {
  readonly #blocks: readonly Block[];

  constructor(layers: readonly LayerLayout[], factors: readonly LayerFactors[]) {
    this.#blocks = layers.map((layer, l) => ({
      layer,
      inputs: decompose(factors[l].inputs, layer.inputs + 1),
      outputs: decompose(factors[l].outputs, layer.units),
      norm: factors[l].norm,
    }));
  }

  get finite(): boolean {
    return this.#blocks.every(({ inputs, outputs }) => Number.isFinite(inputs.mean + outputs.mean));
  }

  /** The mean of the matrix's diagonal: what damping is measured in. */
  get meanDiagonal(): number {
    let [sum, count] = [0, 0];
    for (const { inputs, outputs, norm } of this.#blocks) {
      sum += inputs.mean * inputs.size * outputs.mean * outputs.size + norm.reduce((a, b) => a + b, 0);
      count += inputs.size * outputs.size + norm.length;
    }
    return sum / count;
  }

  /**
   * x with (A + πγ·I) ⊗ (G + γ/π·I)·x = b, block by block; π² = mean(A) / mean(G) (Martens and
   * Grosse 2015, section 6.3).
   */
  solve(b: Float64Array, gamma: number): Float64Array {
    const x = new Float64Array(b.length);
    for (const block of this.#blocks) {
      this.#solveBlock(block, b, gamma, x);
      const { layer, norm } = block;
      for (let i = 0; i < norm.length; ++i) x[layer.scale + i] = b[layer.scale + i] / (norm[i] + gamma * gamma);
    }
    return x;
  }

  #solveBlock({ layer, inputs, outputs }: Block, b: Float64Array, gamma: number, x: Float64Array): void {
    const { units, weight, bias } = layer;
    const width = layer.inputs + 1;
    const pi = inputs.mean > 0 && outputs.mean > 0 ? Math.sqrt(inputs.mean / outputs.mean) : 1;
    const rows = new Float64Array(units * width);
    for (let u = 0; u < units; ++u) {
      rows.set(b.subarray(weight + u * layer.inputs, weight + (u + 1) * layer.inputs), u * width);
      rows[u * width + layer.inputs] = b[bias + u];
    }
    const turned = rotate(outputs, { rows: units, columns: width, data: rows }, inputs, true);
    for (let u = 0, at = 0; u < units; ++u) {
      const left = Math.max(outputs.values[u], 0) + gamma / pi;
      for (let j = 0; j < width; ++j, ++at) turned.data[at] /= left * (Math.max(inputs.values[j], 0) + gamma * pi);
    }
    const solved = rotate(outputs, turned, inputs, false).data;
    for (let u = 0; u < units; ++u) {
      for (let j = 0; j < layer.inputs; ++j) x[weight + u * layer.inputs + j] = solved[u * width + j];
      x[bias + u] = solved[u * width + layer.inputs];
    }
  }
}

type Rows = { rows: number; columns: number; data: Float64Array };

/** Uᵀ·M·V into the eigenvectors' basis, or U·M·Vᵀ out of it. */
function rotate(outputs: Factor, M: Rows, inputs: Factor, into: boolean): Rows {
  const U = { rows: outputs.size, columns: outputs.size, data: outputs.vectors };
  const V = { rows: inputs.size, columns: inputs.size, data: inputs.vectors };
  const half = multiply(U, M, { transposeA: into });
  return multiply(half, V, { transposeB: !into }) as Rows;
}

function decompose(data: Float64Array, size: number): Factor {
  const { values, vectors } = new SymmetricMatrix(size, data).eigen();
  const mean = values.reduce((sum, value) => sum + value, 0) / size;
  return { values, vectors: vectors.data as Float64Array, size, mean };
}
