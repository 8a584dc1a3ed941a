import { bytesPer } from "../wasm/workspace.js";
import type { OutputLoss } from "./output-loss.js";
import { type BatchNormMode, isCoupled, type Propagation } from "./propagation.js";

/** The Hessian itself, or the generalised Gauss-Newton matrix Jᵀ∇²ℓJ. */
export type CurvatureKind = "exact" | "ggn";

/** R{·} of a layer: derivatives along the direction; units × stride each. */
interface TangentBuffers {
  /** R{a}, after batch norm; kept apart from R{h} only where the activation curves. */
  readonly ra: number;
  readonly rh: number;
  readonly rxhat: number;
  /** R{s}/s of batch norm's s = 1/√(variance + ε). */
  readonly ratio: number;
}

/**
 * Pearlmutter's R-operator over one chunk: the derivative along a direction v of a forward and a
 * backward pass, which gives H·v exactly, without H. Needs a propagation that keeps what its
 * backward pass met (Pearlmutter 1994; Schraudolph 2002 for G·v).
 */
export class Tangent {
  readonly #layers: readonly TangentBuffers[];
  /** R{δ} of the layers, in turn. */
  readonly #deltas: readonly [number, number];

  constructor(readonly propagation: Propagation) {
    const { workspace, spec, layout, stride } = propagation;
    const allocate = (rows: number): number => workspace.allocate(spec.dtype, rows * stride);
    const widest = Math.max(...layout.layers.map(({ units }) => units));
    this.#deltas = [allocate(widest), allocate(widest)];
    this.#layers = layout.layers.map(({ units, batchNorm }, l) => {
      const rh = allocate(units);
      return {
        ra: propagation.layers[l].curve ? allocate(units) : rh,
        rh,
        rxhat: batchNorm ? allocate(units) : 0,
        ratio: batchNorm ? workspace.allocate(spec.dtype, units) : 0,
      };
    });
  }

  /**
   * out = (H·v)·scale over the loaded samples, or += ; the penalty is not in it. `scale` must be
   * the backward pass's.
   */
  product(
    theta: number,
    v: number,
    out: number,
    kind: CurvatureKind,
    loss: OutputLoss,
    scale: number,
    accumulate: boolean,
    mode: BatchNormMode,
  ): void {
    const { layout } = this.propagation;
    const last = layout.layers.length - 1;
    for (let l = 0; l <= last; ++l) this.#forward(theta, v, l, mode);
    let [delta, next] = this.#deltas;
    loss.hessianProduct(this.#layers[last].rh, delta, scale);
    for (let l = last; l >= 0; --l) {
      this.#layerBackward(theta, v, out, l, delta, kind, accumulate, mode);
      if (l > 0) {
        this.#passDown(theta, v, l, delta, next, kind);
        [delta, next] = [next, delta];
      }
    }
  }

  /** R{a} = V·h + W·R{h} + v_b, through batch norm, and R{h} = φ′(a) ⊙ R{a}. */
  #forward(theta: number, v: number, l: number, mode: BatchNormMode): void {
    const { layout, products, below, columns, stride, kernels, layers } = this.propagation;
    const layer = layout.layers[l];
    const { ra, rh } = this.#layers[l];
    const bias = products.at(v, layer.bias);
    products.affine(layer, columns, products.at(v, layer.weight), bias, below[l], ra, false, -1, ra);
    if (l > 0) {
      const under = { at: this.#layers[l - 1].rh, row: stride, column: 1 };
      products.affine(layer, columns, products.at(theta, layer.weight), 0, under, ra, true, -1, ra);
    }
    if (layer.batchNorm) this.#normalise(theta, v, l, mode);
    const { slope } = layers[l];
    if (slope) kernels.multiplyElements(layer.units * stride, ra, slope, rh);
  }

  #normalise(theta: number, v: number, l: number, mode: BatchNormMode): void {
    const { layout, products, size, stride, kernels, layers, weights } = this.propagation;
    const { units, scale, shift } = layout.layers[l];
    const { xhat, invStd } = layers[l];
    const { ra, rxhat, ratio } = this.#layers[l];
    const gamma = products.at(theta, scale);
    kernels.batchNormTangent(
      ra,
      xhat,
      invStd,
      gamma,
      products.at(v, scale),
      products.at(v, shift),
      rxhat,
      ra,
      ratio,
      units,
      size,
      stride,
      isCoupled(layout.layers[l], mode) ? 1 : 0,
      weights,
    );
  }

  /** Turns R{∂loss/∂h} into R{δ}, in place, and that into the layer's part of the product. */
  #layerBackward(
    theta: number,
    v: number,
    out: number,
    l: number,
    delta: number,
    kind: CurvatureKind,
    accumulate: boolean,
    mode: BatchNormMode,
  ): void {
    const { layout, products, below, size, stride, kernels, layers } = this.propagation;
    const layer = layout.layers[l];
    const { slope, curve } = layers[l];
    const count = layer.units * stride;
    if (slope) kernels.multiplyElements(count, delta, slope, delta);
    if (curve && kind === "exact") kernels.addProducts(count, curve, this.#layers[l].ra, delta);
    if (layer.batchNorm) this.#normaliseBackward(theta, v, out, l, delta, kind, accumulate, mode);
    const weight = products.at(out, layer.weight);
    products.outer(layer, size, delta, below[l], weight, accumulate);
    if (l > 0 && kind === "exact") {
      const under = { at: this.#layers[l - 1].rh, row: stride, column: 1 };
      products.outer(layer, size, layers[l].delta, under, weight, true);
    }
    kernels.rowSums(delta, layer.units, size, stride, products.at(out, layer.bias), accumulate ? 1 : 0);
  }

  #normaliseBackward(
    theta: number,
    v: number,
    out: number,
    l: number,
    delta: number,
    kind: CurvatureKind,
    accumulate: boolean,
    mode: BatchNormMode,
  ): void {
    const { layout, products, size, stride, kernels, layers, weights } = this.propagation;
    const { units, scale, shift } = layout.layers[l];
    const { xhat, invStd, dy } = layers[l];
    const gamma = products.at(theta, scale);
    const dgamma = products.at(out, scale);
    const dbeta = products.at(out, shift);
    const add = accumulate ? 1 : 0;
    if (kind === "ggn") {
      const call = isCoupled(layout.layers[l], mode) ? kernels.batchNormBackward : kernels.batchNormBackwardRunning;
      call(xhat, invStd, gamma, delta, delta, dgamma, dbeta, units, size, stride, add, weights);
      return;
    }
    const { rxhat, ratio } = this.#layers[l];
    kernels.batchNormBackwardTangent(
      dy,
      delta,
      xhat,
      rxhat,
      invStd,
      ratio,
      gamma,
      products.at(v, scale),
      delta,
      dgamma,
      dbeta,
      units,
      size,
      stride,
      isCoupled(layout.layers[l], mode) ? 1 : 0,
      add,
      weights,
    );
  }

  /** R{∂loss/∂h} of the layer below: Wᵀ·R{δ} + Vᵀ·δ. */
  #passDown(theta: number, v: number, l: number, delta: number, next: number, kind: CurvatureKind): void {
    const { layout, products, columns, layers } = this.propagation;
    const layer = layout.layers[l];
    products.pull(layer, columns, products.at(theta, layer.weight), delta, next, false);
    if (kind === "exact") products.pull(layer, columns, products.at(v, layer.weight), layers[l].delta, next, true);
  }
}

/**
 * Bytes that a kept propagation and its tangent take a sample; an upper bound for choosing chunks.
 */
export function tangentBytesPerSample({ spec, layout }: Pick<Propagation, "spec" | "layout">): number {
  const units = layout.layers.reduce((sum, layer) => sum + layer.units * (layer.batchNorm ? 10 : 7), 0);
  const widest = Math.max(...layout.layers.map((layer) => layer.units));
  return (layout.inputs + layout.outputs + units + 2 * widest) * bytesPer(spec.dtype);
}
