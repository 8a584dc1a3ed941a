import { visitActivations } from "../network/activations.js";
import { type Dataset, totalWeight } from "../network/dataset.js";
import type { Network } from "../network/network.js";
import { eachRoot } from "./curvature.js";
import type { Likelihood } from "./likelihood.js";
import { KroneckerCurvature } from "./precision.js";

/**
 * The Kronecker-factored Gauss-Newton matrix (Martens and Grosse 2015): for each layer (Σ δ·δᵀ) ⊗
 * (mean of h̃·h̃ᵀ), h̃ being the layer's inputs with a 1 behind them and δ the rows of R·∂f/∂u.
 * What batch norm's parameters have is their diagonal.
 */
export function kroneckerCurvature(
  net: Network,
  data: Dataset,
  likelihood: Likelihood,
  chosen: Uint32Array,
): KroneckerCurvature {
  const layers = net.layout.layers.map(({ inputs, units, weight, bias }) => ({
    ...{ units, width: inputs + 1, weight: chosen.indexOf(weight), bias: chosen.indexOf(bias) },
    inputs: new Float64Array((inputs + 1) ** 2),
    outputs: new Float64Array(units ** 2),
  }));
  const diagonal = new Float64Array(chosen.length);
  addInputs(net, data, layers);
  const free = layers.filter(({ bias }) => bias >= 0);
  eachRoot(net, data, likelihood, chosen, ({ rows, columns, data: roots }) => {
    for (let i = 0; i < roots.length; ++i) diagonal[i % columns] += roots[i] ** 2;
    for (const { units, bias, outputs } of free) {
      for (let r = 0; r < rows; ++r) addOuter(roots as Float64Array, r * columns + bias, units, outputs);
    }
  });
  return new KroneckerCurvature(free, diagonal);
}

/** Whether each layer is free or fixed whole, so that its block is a product. */
export function hasWholeLayers({ layout }: Network, chosen: Uint32Array): boolean {
  return layout.layers.every(({ weight, bias, units }) => {
    const count = chosen.filter((i) => i >= weight && i < bias + units).length;
    return count === 0 || count === bias + units - weight;
  });
}

function addInputs(net: Network, data: Dataset, factors: readonly { readonly inputs: Float64Array }[]): void {
  const { layers, inputs: width } = net.layout;
  const { weights } = data;
  visitActivations(net, data.inputs, ({ from, size, activation }) => {
    layers.forEach(({ inputs }, l) => {
      const h = new Float64Array(inputs + 1).fill(1);
      const rows = l > 0 ? Array.from({ length: inputs }, (_, i) => activation(l - 1, i)) : [];
      for (let s = 0; s < size; ++s) {
        for (let i = 0; i < inputs; ++i) h[i] = l > 0 ? rows[i][s] : data.inputs.data[(from + s) * width + i];
        addOuter(h, 0, inputs + 1, factors[l].inputs, weights ? weights[from + s] : 1);
      }
    });
  });
  for (const { inputs } of factors) for (let i = 0; i < inputs.length; ++i) inputs[i] /= totalWeight(data);
}

/** sum += weight·v·vᵀ. */
function addOuter(v: Float64Array, at: number, n: number, sum: Float64Array, weight = 1): void {
  for (let i = 0; i < n; ++i) {
    const factor = weight * v[at + i];
    if (factor === 0) continue;
    for (let j = 0; j < n; ++j) sum[i * n + j] += factor * v[at + j];
  }
}
