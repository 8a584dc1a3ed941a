import type { Dtype, Kernels } from "../wasm/kernels.js";
import { bytesPer, type Workspace } from "../wasm/workspace.js";
import type { LayerLayout } from "./layout.js";

/**
 * Activations in memory: element (feature, sample) at address `at` + feature·row + sample·column
 * elements.
 */
export interface Features {
  readonly at: number;
  readonly row: number;
  readonly column: number;
}

/**
 * The three matrix products of a layer, on activations that lie feature by feature (units ×
 * stride), of which `columns` samples are worked on. `weight` is the address of a units × inputs
 * matrix: the layer's weights, their gradient or a direction.
 */
export class LayerProducts {
  readonly #kernels: Kernels;
  readonly #scratch: number;

  constructor(
    workspace: Workspace,
    readonly dtype: Dtype,
    readonly stride: number,
  ) {
    this.#kernels = workspace.kernels(dtype);
    this.#scratch = workspace.scratch;
  }

  /**
   * out = W·below + b, or out += W·below where `bias` is 0 and `accumulate` set; then h = φ(out) if
   * `kind` ≥ 0.
   */
  affine(
    { inputs, units, parameter }: LayerLayout,
    columns: number,
    weight: number,
    bias: number,
    below: Features,
    out: number,
    accumulate: boolean,
    kind: number,
    h: number,
  ): void {
    // biome-ignore format: an operand a line
    this.#kernels.product(
      units, columns, inputs, 1,
      weight, inputs, 1,
      below.at, below.row, below.column,
      accumulate ? 1 : 0, out, this.stride, bias, kind, parameter, h, this.#scratch,
    );
  }

  /**
   * weight = δ·belowᵀ, or += : the gradient of a layer's weights. Summed over the samples alone:
   * padding need not be finite.
   */
  outer(
    { inputs, units }: LayerLayout,
    samples: number,
    delta: number,
    below: Features,
    weight: number,
    accumulate: boolean,
  ): void {
    // biome-ignore format: an operand a line
    this.#kernels.product(
      units, inputs, samples, 1,
      delta, this.stride, 1,
      below.at, below.column, below.row,
      accumulate ? 1 : 0, weight, inputs, 0, -1, 0, weight, this.#scratch,
    );
  }

  /** out = Wᵀ·δ, or += : what a layer passes down. */
  pull(
    { inputs, units }: LayerLayout,
    columns: number,
    weight: number,
    delta: number,
    out: number,
    accumulate: boolean,
  ): void {
    // biome-ignore format: an operand a line
    this.#kernels.product(
      inputs, columns, units, 1,
      weight, 1, inputs,
      delta, this.stride, 1,
      accumulate ? 1 : 0, out, this.stride, 0, -1, 0, out, this.#scratch,
    );
  }

  /** Address of an element of a vector. */
  at(base: number, offset: number): number {
    return base + offset * bytesPer(this.dtype);
  }
}
