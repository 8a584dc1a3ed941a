import type { Matrix } from "../linalg/matrix.js";
import { bytesPer, type FloatArray, type Workspace } from "../wasm/workspace.js";
import type { LayerLayout, Layout } from "./layout.js";
import { forwardChunks } from "./objective.js";
import type { Propagation } from "./propagation.js";
import type { ResolvedSpec } from "./spec.js";

/** A network with its parameters in the memory of a workspace. */
export interface Resident {
  readonly workspace: Workspace;
  readonly spec: ResolvedSpec;
  readonly layout: Layout;
  readonly theta: number;
  readonly statistics: number;
}

/**
 * Derivatives of every output by every parameter under running statistics, in double precision: row
 * s·outputs + c is ∂f_c(x_s)/∂θ. A backward pass an output and chunk leaves δ = ∂f_c/∂a of each
 * layer; then ∂f_c/∂W = δ·hᵀ, ∂f_c/∂b = δ and, through batch norm, ∂f_c/∂γ = δ ⊙ x̂.
 */
export function jacobianOf(net: Resident, inputs: Matrix): Matrix {
  const { outputs, parameterCount } = net.layout;
  const data = new Float64Array(inputs.rows * outputs * parameterCount);
  pulled(net, inputs, (propagation, l, view, from, c) => {
    layerRows(net.layout.layers[l], propagation, l, view, (s) =>
      data.subarray(((from + s) * outputs + c) * parameterCount, ((from + s) * outputs + c + 1) * parameterCount),
    );
  });
  return { rows: inputs.rows * outputs, columns: parameterCount, data };
}

/**
 * Derivatives of every output by every input under running statistics: row s·outputs + c is
 * ∂f_c(x_s)/∂x.
 */
export function sensitivityOf(net: Resident, inputs: Matrix): Matrix {
  const { outputs, inputs: width, layers } = net.layout;
  const data = new Float64Array(inputs.rows * outputs * width);
  const [{ units, weight }] = layers;
  pulled(net, inputs, (propagation, l, view, from, c) => {
    if (l > 0) return;
    const [delta, w] = [propagation.layers[0].delta, net.theta].map((at) => at / bytesPer(net.spec.dtype));
    for (let s = 0; s < propagation.size; ++s) {
      const row = ((from + s) * outputs + c) * width;
      for (let u = 0; u < units; ++u) {
        const factor = view[delta + u * propagation.stride + s];
        for (let i = 0; factor !== 0 && i < width; ++i) data[row + i] += factor * view[w + weight + u * width + i];
      }
    }
  });
  return { rows: inputs.rows * outputs, columns: width, data };
}

type OnLayer = (propagation: Propagation, layer: number, view: FloatArray, from: number, output: number) => void;

/** Pulls each output back alone; `visit` is called when a layer's δ of an output is ready. */
export function pulled({ workspace, spec, layout, theta, statistics }: Resident, inputs: Matrix, visit: OnLayer): void {
  const { outputs } = layout;
  forwardChunks(
    workspace,
    spec,
    layout,
    inputs,
    theta,
    statistics,
    (propagation, from) => {
      const { stride, size } = propagation;
      for (let c = 0; c < outputs; ++c) {
        const view = workspace.view(spec.dtype);
        const to = propagation.cotangent / bytesPer(spec.dtype);
        view.fill(0, to, to + outputs * stride);
        view.fill(1, to + c * stride, to + c * stride + size);
        propagation.pullBack(theta, 0, false, "running", (l) => visit(propagation, l, view, from, c));
      }
    },
    "kept",
  );
}

/** Writes a layer's derivatives into each sample's row, from where the layout says on. */
export function layerRows(
  { inputs, units, weight, bias, batchNorm, scale, shift }: LayerLayout,
  { layers, below, stride, size, spec }: Propagation,
  l: number,
  view: FloatArray,
  rowOf: (sample: number) => Float64Array,
): void {
  const index = (address: number): number => address / bytesPer(spec.dtype);
  const [delta, dy, xhat] = [layers[l].delta, layers[l].dy, layers[l].xhat].map(index);
  const features = below[l];
  const h = new Float64Array(inputs);
  for (let s = 0; s < size; ++s) {
    const row = rowOf(s);
    const at = index(features.at) + s * features.column;
    for (let i = 0; i < inputs; ++i) h[i] = view[at + i * features.row];
    for (let u = 0; u < units; ++u) {
      const factor = view[delta + u * stride + s];
      row[bias + u] = factor;
      if (batchNorm) {
        row[shift + u] = view[dy + u * stride + s];
        row[scale + u] = row[shift + u] * view[xhat + u * stride + s];
      }
      // An inactive unit's weights do nothing.
      if (factor === 0) continue;
      for (let i = 0, to = weight + u * inputs; i < inputs; ++i, ++to) row[to] = factor * h[i];
    }
  }
}
