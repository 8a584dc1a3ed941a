import { hasKink } from "../../network/activation-kinds.js";
import type { Dataset } from "../../network/dataset.js";
import { checkNetwork, type Network } from "../../network/network.js";
import { Objective, wholeBatch } from "../../network/objective.js";
import type { PassOptions } from "../../network/pass.js";
import type { BatchNormMode } from "../../network/propagation.js";
import { bytesPer } from "../../wasm/workspace.js";

/** Patterns of the units of one layer alone. */
export interface LayerPatterns {
  /** Index of the layer. */
  readonly layer: number;
  /** Units of relu, leaky-relu, elu or step; 0 for layers with other activations. */
  readonly units: number;
  /** Different patterns among the samples. */
  readonly distinct: number;
}

/** What `activationPatterns` returns. */
export interface ActivationPatterns {
  /** N. */
  readonly samples: number;
  /** Which statistics batch norm used. */
  readonly batchNorm: BatchNormMode;
  /** Units that have a kink. */
  readonly units: number;
  /** Different patterns among the samples: pieces of the network's function that the data touch. */
  readonly distinct: number;
  /** Samples that share their pattern with no other. */
  readonly alone: number;
  /** Samples that share the most frequent pattern. */
  readonly most: number;
  /** The first one first. */
  readonly layers: readonly LayerPatterns[];
}

/** A string holds this many units a character. */
const BITS = 16;

/**
 * The activation patterns of the data: which units of relu, leaky-relu, elu and step have a
 * positive pre-activation. Samples with the same pattern lie in the same linear region of a
 * piecewise-linear network (Montúfar et al. 2014), so that for them it is one affine map.
 *
 * @param options batchNorm: "batch" (default) or "running".
 * @returns counts; a network without kinks has one pattern. Cost: a forward pass and an operation a
 * unit and sample.
 * @throws TypeError or RangeError as `net.loss`.
 * @example
 * const net = network({ inputs: 1, layers: [{ units: 2, activation: "relu" }, { units: 1 }] });
 * net.setParameters([1, 1, 0, -1, 1, 1, 0]);
 * activationPatterns(net, dataset([[-2], [-1], [0.5], [3]], [0, 0, 0, 0])); // { distinct: 3, alone: 2, most: 2 }
 */
export function activationPatterns(net: Network, data: Dataset, options: PassOptions = {}): ActivationPatterns {
  checkNetwork("activationPatterns", net);
  const mode = net.mode("activationPatterns", data, options);
  const { spec, layout } = net;
  const kinked = spec.layers.map(({ activation, units }) => (hasKink(activation) ? units : 0));
  const codes = kinked.map((units) => new Uint16Array(Math.ceil(units / BITS) * data.size));
  net.resident((workspace, theta, statistics) => {
    const objective = new Objective(workspace, spec, layout, data, mode, { capacity: data.size, gradients: "none" });
    const { propagation } = objective;
    objective.dataLoss(theta, statistics, wholeBatch(data), (from) => {
      const view = workspace.view(spec.dtype);
      codes.forEach((code, l) => {
        for (let unit = 0; unit < kinked[l]; ++unit) {
          const row = propagation.layers[l].a / bytesPer(spec.dtype) + unit * propagation.stride;
          const at = Math.floor(unit / BITS) * data.size + from;
          const bit = unit % BITS;
          for (let i = 0; i < propagation.size; ++i) code[at + i] |= +(view[row + i] > 0) << bit;
        }
      });
    });
  });
  const words = codes.map((code) =>
    Array.from({ length: data.size }, (_, n) => {
      let word = "";
      for (let at = n; at < code.length; at += data.size) word += String.fromCharCode(code[at]);
      return word;
    }),
  );
  const whole = tally(Array.from({ length: data.size }, (_, n) => words.map((layer) => layer[n]).join("")));
  return {
    samples: data.size,
    batchNorm: mode,
    units: kinked.reduce((sum, units) => sum + units, 0),
    distinct: whole.length,
    alone: whole.filter((count) => count === 1).length,
    most: whole.reduce((most, count) => Math.max(most, count), 0),
    layers: words.map((layer, l) => ({ layer: l, units: kinked[l], distinct: tally(layer).length })),
  };
}

/** How often each word occurs. */
function tally(words: readonly string[]): number[] {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts.values()];
}
