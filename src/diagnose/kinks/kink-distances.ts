import { hasKink, isPiecewiseLinear } from "../../network/activation-kinds.js";
import type { Dataset } from "../../network/dataset.js";
import { checkNetwork, type Network } from "../../network/network.js";
import type { PassOptions } from "../../network/pass.js";
import type { BatchNormMode } from "../../network/propagation.js";
import { type Probe, withProbe } from "../signals/probe.js";

/** How far a sample is from its nearest kink, in the space of inputs. */
export interface KinkDistance {
  /** min |a|/‖∂a/∂x‖; null where no unit with a kink depends on the input. */
  readonly distance: number | null;
  /** The unit it belongs to; −1 where there is none. */
  readonly layer: number;
  /** Index of the unit in its layer. */
  readonly unit: number;
}

/** What `kinkDistances` returns. */
export interface KinkDistances {
  /** Which statistics batch norm used. */
  readonly batchNorm: BatchNormMode;
  /** Sample by sample. */
  readonly samples: readonly KinkDistance[];
  /** Over the samples that have one; null if none has. */
  readonly minimum: number | null;
  /** Of all distances. */
  readonly median: number | null;
  /**
   * Whether the network is piecewise linear below its kinks, so that distances are exact; else they
   * are of first order.
   */
  readonly exact: boolean;
}

/**
 * The Euclidean distance from each sample to the nearest kink of the network's function: the
 * least |a|/‖∂a/∂x‖ over the units of relu, leaky-relu, elu and step.
 *
 * In a piecewise-linear network the distances are exact. Pre-activations are affine in the input as
 * long as none changes its sign, so |a|/‖∂a/∂x‖ is the distance to the plane a = 0. The least of
 * these distances leads to the border of the sample's region (Croce, Andriushchenko and Hein 2019).
 * With smooth activations below a kink the distance is that of the linearised network. Batch norm's
 * statistics stay fixed.
 *
 * @param options batchNorm: "batch" (default) or "running".
 * @returns plain data, owned by the caller. Cost: a forward pass, and up to 2·inputs·P flops per
 * sample in plain JavaScript; inactive units are skipped.
 * @throws TypeError or RangeError as `net.loss`.
 * @example
 * const net = network({ inputs: 2, layers: [{ units: 1, activation: "relu" }, { units: 1 }] });
 * net.setParameters([3, 4, 0, 1, 0]);
 * kinkDistances(net, dataset([[1, 1], [3, -1]], [0, 0])).samples.map(({ distance }) => distance); // [1.4, 1]
 */
export function kinkDistances(net: Network, data: Dataset, options: PassOptions = {}): KinkDistances {
  checkNetwork("kinkDistances", net);
  const mode = net.mode("kinkDistances", data, options);
  const { layers } = net.spec;
  const last = layers.findLastIndex(({ activation }) => hasKink(activation));
  const samples: KinkDistance[] = [];
  if (last < 0) {
    for (let i = 0; i < data.size; ++i) samples.push({ distance: null, layer: -1, unit: -1 });
  } else {
    withProbe(net, data, mode, {}, (probe) => {
      const jacobian = new Jacobian(net, probe, last);
      probe.visit(jacobian.theta, () => {
        jacobian.load();
        for (let i = 0; i < probe.propagation.size; ++i) samples.push(jacobian.nearest(i));
      });
    });
  }
  const found = samples.flatMap(({ distance }) => (distance === null ? [] : [distance])).sort((a, b) => a - b);
  return {
    batchNorm: mode,
    samples,
    minimum: found.length > 0 ? found[0] : null,
    median: found.length > 0 ? (found[(found.length - 1) >> 1] + found[found.length >> 1]) / 2 : null,
    exact: layers.slice(0, Math.max(0, last)).every(({ activation }) => isPiecewiseLinear(activation)),
  };
}

/** ∂a/∂x of one sample of the loaded chunk, layer by layer. */
class Jacobian {
  readonly theta: Float64Array;
  readonly #kinked: readonly boolean[];
  /** φ′(a) of every layer below the last, units × stride, in the probe's memory. */
  readonly #slopes: readonly number[];
  /**
   * ∂a/∂x of every layer, units × inputs; that of the first is the same for all samples of a chunk.
   */
  readonly #rows: readonly Float64Array[];
  /** ‖∂a/∂x‖ of the first layer's units. */
  readonly #firstNorms: Float64Array;

  constructor(
    readonly net: Network,
    readonly probe: Probe,
    readonly last: number,
  ) {
    const { layout, spec } = net;
    const { propagation, workspace } = probe;
    this.theta = Float64Array.from(net.current().parameters);
    this.#kinked = spec.layers.map(({ activation }) => hasKink(activation));
    const layers = layout.layers.slice(0, last + 1);
    this.#slopes = layers.slice(0, last).map(({ units }) => workspace.allocate("f64", units * propagation.stride));
    this.#rows = layers.map(({ units }) => new Float64Array(units * layout.inputs));
    this.#firstNorms = new Float64Array(layers[0].units);
  }

  /** Takes in the chunk that has just passed forward. */
  load(): void {
    const { propagation } = this.probe;
    const { layers } = this.net.layout;
    this.#slopes.forEach((slopes, l) => {
      const { kind, parameter, units } = layers[l];
      const { a, h } = propagation.layers[l];
      propagation.kernels.activationDerivative(kind, a, h, slopes, units * propagation.stride, parameter);
    });
    const { inputs, units, weight } = layers[0];
    for (let unit = 0; unit < units; ++unit) {
      const factor = this.#factor(0, unit);
      for (let j = 0; j < inputs; ++j) {
        this.#rows[0][unit * inputs + j] = factor * this.theta[weight + unit * inputs + j];
      }
      this.#firstNorms[unit] = normOf(this.#rows[0], unit * inputs, inputs);
    }
  }

  nearest(sample: number): KinkDistance {
    const { propagation, workspace } = this.probe;
    const view = workspace.view("f64");
    const { inputs, layers } = this.net.layout;
    let best = Infinity;
    let [layer, unit] = [-1, -1];
    for (let l = 0; l <= this.last; ++l) {
      if (l > 0) this.#descend(l, sample, view);
      for (let i = 0; this.#kinked[l] && i < layers[l].units; ++i) {
        const norm = l === 0 ? this.#firstNorms[i] : normOf(this.#rows[l], i * inputs, inputs);
        const distance = Math.abs(view[propagation.layers[l].a / 8 + i * propagation.stride + sample]) / norm;
        if (norm > 0 && distance < best) [best, layer, unit] = [distance, l, i];
      }
    }
    return { distance: best === Infinity ? null : best, layer, unit };
  }

  /** ∂a_l/∂x = diag(γ/σ)·W_l·diag(φ′)·∂a_{l−1}/∂x. */
  #descend(l: number, sample: number, view: ArrayLike<number>): void {
    const { inputs: width, layers } = this.net.layout;
    const { inputs, units, weight } = layers[l];
    const below = this.#rows[l - 1];
    const rows = this.#rows[l].fill(0);
    const { stride } = this.probe.propagation;
    for (let k = 0; k < inputs; ++k) {
      const slope = view[this.#slopes[l - 1] / 8 + k * stride + sample];
      if (slope === 0) continue;
      for (let i = 0; i < units; ++i) {
        const factor = this.theta[weight + i * inputs + k] * slope * this.#factor(l, i);
        for (let j = 0; j < width; ++j) rows[i * width + j] += factor * below[k * width + j];
      }
    }
  }

  /** γ/√(variance + ε), or 1 without batch norm. */
  #factor(l: number, unit: number): number {
    const { scale } = this.net.layout.layers[l];
    if (scale < 0) return 1;
    const { propagation, workspace } = this.probe;
    return this.theta[scale + unit] * workspace.view("f64")[propagation.layers[l].invStd / 8 + unit];
  }
}

function normOf(values: Float64Array, from: number, count: number): number {
  let sum = 0;
  for (let k = from; k < from + count; ++k) sum += values[k] * values[k];
  return Math.sqrt(sum);
}
