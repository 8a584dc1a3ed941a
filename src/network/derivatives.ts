import type { Matrix } from "../linalg/matrix.js";
import { bytesPer, type FloatArray, type Workspace } from "../wasm/workspace.js";
import type { LayerLayout, Layout } from "./layout.js";
import { forwardChunks } from "./objective.js";
import type { Propagation } from "./propagation.js";
import { lowestLayer } from "./selection.js";
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
 * Derivatives of every output by every parameter, or by chosen ones, under running statistics, in
 * double precision: row s·outputs + c is ∂f_c(x_s)/∂θ. A backward pass an output and chunk leaves
 * δ = ∂f_c/∂a of each layer; then ∂f_c/∂W = δ·hᵀ, ∂f_c/∂b = δ and, through batch norm,
 * ∂f_c/∂γ = δ ⊙ x̂. Passes stop at the lowest layer that has one of the chosen parameters.
 */
export function jacobianOf(net: Resident, inputs: Matrix, places: Uint32Array | null): Matrix {
  const { outputs, layers, parameterCount } = net.layout;
  const columns = places?.length ?? parameterCount;
  const data = new Float64Array(inputs.rows * outputs * columns);
  const visit: OnLayer = (propagation, l, view, from, c) => {
    const { weight, end } = layers[l];
    const first = places ? places.findIndex((place) => place >= weight) : 0;
    if (first < 0) return;
    layerRows(layers[l], propagation, l, view, (row, s) => {
      const at = ((from + s) * outputs + c) * columns;
      if (!places) data.set(row, at + weight);
      else for (let k = first; places[k] < end; ++k) data[at + k] = row[places[k] - weight];
    });
  };
  pulled(net, inputs, visit, places ? lowestLayer(net.layout, places) : 0);
  return { rows: inputs.rows * outputs, columns, data };
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

/**
 * Pulls each output back alone, down to the lowest layer that is wanted; `visit` is called when a
 * layer's δ of an output is ready.
 */
function pulled(
  { workspace, spec, layout, theta, statistics }: Resident,
  inputs: Matrix,
  visit: OnLayer,
  lowest = 0,
): void {
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
      propagation.lowest = lowest;
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

/** Calls `take` with a layer's derivatives of each sample, in the order of its parameters. */
function layerRows(
  { inputs, units, weight, end, batchNorm }: LayerLayout,
  { layers, below, stride, size, spec }: Propagation,
  l: number,
  view: FloatArray,
  take: (row: Float64Array, sample: number) => void,
): void {
  const index = (address: number): number => address / bytesPer(spec.dtype);
  const [delta, dy, xhat] = [layers[l].delta, layers[l].dy, layers[l].xhat].map(index);
  // Biases, and batch norm's scales and shifts.
  const bias = units * inputs;
  const [scale, shift] = [bias + units, bias + 2 * units];
  const features = below[l];
  const h = new Float64Array(inputs);
  const row = new Float64Array(end - weight);
  for (let s = 0; s < size; ++s) {
    const at = index(features.at) + s * features.column;
    for (let i = 0; i < inputs; ++i) h[i] = view[at + i * features.row];
    for (let u = 0; u < units; ++u) {
      const factor = view[delta + u * stride + s];
      row[bias + u] = factor;
      if (batchNorm) {
        row[shift + u] = view[dy + u * stride + s];
        row[scale + u] = row[shift + u] * view[xhat + u * stride + s];
      }
      const to = u * inputs;
      // An inactive unit's weights do nothing.
      if (factor === 0) row.fill(0, to, to + inputs);
      else for (let i = 0; i < inputs; ++i) row[to + i] = factor * h[i];
    }
    take(row, s);
  }
}
