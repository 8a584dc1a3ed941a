import type { Dtype, Kernels } from "../wasm/kernels.js";
import { bytesPer, type Workspace } from "../wasm/workspace.js";
import type { LayerLayout } from "./layout.js";
import type { Propagation } from "./propagation.js";

/**
 * What batch norm under running statistics adds to a layer of the Hessian's assembly, sample by sample. With u = W·h + b,
 * x̂ = s·(u − mean), s = 1/√(variance + ε) and a = γ·x̂ + β, the pre-activation of unit i moves with the unit's parameters by
 *
 *   ∂a_i/∂(W_i, b_i, γ_i, β_i) = (γ_i·s_i·h, γ_i·s_i, x̂_i, 1),
 *
 * which takes the place of (h, 1); and since a is bilinear in (W_i, b_i) and γ_i, ∂ℓ/∂a_i·s_i·(h, 1) joins their block.
 */
export class NormRows {
  /** ∂a_i/∂(W_i, b_i, γ_i, β_i) of the unit at hand, a row a sample, as far apart as the layer's inputs. */
  readonly moves: number;
  /** R{∂ℓ/∂γ} of the listed samples. */
  readonly rscale: number;
  /** x̂, ∂ℓ/∂a, and R{x̂} of the listed samples. */
  readonly #xhat: number;
  readonly #da: number;
  readonly #rxhat: number;
  /** γ ⊙ s. */
  readonly #factor: number;
  /** What each sample's (h, 1, 1, 1) is multiplied by. */
  readonly #multipliers: number;
  readonly #kernels: Kernels;
  readonly #width: number;
  #gamma = 0;
  #invStd = 0;

  constructor(
    readonly workspace: Workspace,
    readonly dtype: Dtype,
    readonly layer: LayerLayout,
    /** Leading dimensions of what has a column a unit, and of the layer's inputs. */
    readonly stride: number,
    readonly featureStride: number,
    /** Gives memory for rows of that width. */
    matrix: (width: number) => number,
  ) {
    this.#kernels = workspace.kernels(dtype);
    this.#width = layer.inputs + 3;
    this.moves = matrix(featureStride);
    this.rscale = matrix(stride);
    this.#xhat = matrix(stride);
    this.#da = matrix(stride);
    this.#rxhat = matrix(stride);
    this.#factor = workspace.allocate(dtype, stride);
    this.#multipliers = workspace.allocate(dtype, featureStride);
  }

  /** Takes over what passes through `count` samples have left of layer l. */
  spread(theta: number, { layers, stride }: Propagation, l: number, count: number): void {
    const { units, scale } = this.layer;
    const { xhat, dy, invStd } = layers[l];
    this.#gamma = theta + scale * bytesPer(this.dtype);
    this.#invStd = invStd;
    this.#kernels.multiplyElements(units, this.#gamma, invStd, this.#factor);
    this.#kernels.transpose(xhat, units, count, stride, this.#xhat, this.stride);
    this.#kernels.transpose(dy, units, count, stride, this.#da, this.stride);
  }

  /** Fills `moves` for unit i, from rows of (h, 1, 1, 1); `list` has room for as many numbers. */
  open(i: number, list: number, features: number, count: number): void {
    const { inputs } = this.layer;
    const bytes = bytesPer(this.dtype);
    const view = this.workspace.view(this.dtype);
    const multipliers = this.#multipliers / bytes;
    view.fill(view[this.#factor / bytes + i], multipliers, multipliers + inputs + 1);
    view[multipliers + inputs + 1] = 0;
    view[multipliers + inputs + 2] = 1;
    this.#scaleColumns(list, count, this.#multipliers, this.#width, features, this.moves, this.featureStride);
    const at = this.moves / bytes + inputs + 1;
    const xhat = this.#xhat / bytes + i;
    for (let s = 0; s < count; ++s) view[at + s * this.featureStride] = view[xhat + s * this.stride];
  }

  /** Turns R{u} into R{a} = γ·R{x̂}, in place. */
  forward(list: number, count: number, ra: number): void {
    const { units } = this.layer;
    this.#scaleColumns(list, count, this.#invStd, units, ra, this.#rxhat, this.stride);
    this.#scaleColumns(list, count, this.#gamma, units, this.#rxhat, ra, this.stride);
  }

  /** R{∂ℓ/∂u} = γ·s·R{∂ℓ/∂a} and R{∂ℓ/∂γ} = R{∂ℓ/∂a}·x̂, plus ∂ℓ/∂a·R{x̂} where `moved` says that x̂ moves. */
  backward(list: number, count: number, rda: number, rdelta: number, moved: boolean): void {
    const { units } = this.layer;
    const { stride } = this;
    this.#scaleColumns(list, count, this.#factor, units, rda, rdelta, stride);
    this.#kernels.multiplyRows(list, count, this.#xhat, stride, units, rda, this.rscale, stride, 0);
    if (moved) this.#kernels.multiplyRows(list, count, this.#da, stride, units, this.#rxhat, this.rscale, stride, 1);
  }

  /** Adds Σ ∂ℓ/∂a_i·s_i·(h, 1), columns `from` … of it, to a column of numbers ld apart. */
  addBilinear(i: number, features: number, from: number, rows: number, count: number, out: number, ld: number): void {
    const bytes = bytesPer(this.dtype);
    const s = this.workspace.view(this.dtype)[this.#invStd / bytes + i];
    const [h, da] = [features + from * bytes, this.#da + i * bytes];
    const { scratch } = this.workspace;
    const m = Math.min(rows, this.layer.inputs + 1 - from);
    this.#kernels.product(
      m,
      1,
      count,
      s,
      h,
      1,
      this.featureStride,
      da,
      this.stride,
      1,
      1,
      out,
      ld,
      0,
      -1,
      0,
      0,
      scratch,
    );
  }

  /** out = v with its columns multiplied by `row`. */
  #scaleColumns(list: number, count: number, row: number, width: number, v: number, out: number, stride: number): void {
    this.#kernels.multiplyRows(list, count, row, 0, width, v, out, stride, 0);
  }
}
