import { acquire, bytesPer, type FloatArray, floatArray, type Workspace } from "../wasm/workspace.js";
import { isPiecewiseLinear, slopeAbove, slopeBelow } from "./activation-kinds.js";
import type { Network } from "./network.js";
import type { BatchNorm, ResolvedSpec } from "./spec.js";

/** Parameters up to which a loop is over before a call into the core has begun. */
const SMALL = 1500;

/**
 * Units whose weights lie together, input by input, so that a row's products read memory from front
 * to back.
 */
const PANEL = 64;

/**
 * A layer as it serves inference: batch norm's running statistics are part of its weights and
 * biases.
 */
export interface FoldedLayer {
  readonly inputs: number;
  readonly units: number;
  /** units × inputs. */
  readonly weights: Float64Array;
  readonly biases: Float64Array;
  readonly activation: ResolvedSpec["layers"][number]["activation"];
}

/**
 * The layers with batch norm folded in: with scale γ, shift β, running mean μ and variance σ² a
 * unit computes f·(w·h + b − μ) + β, f = γ/√(σ² + ε).
 */
export function foldedLayers(net: Network): FoldedLayer[] {
  const theta = net.getParameters();
  const running = net.getRunningStatistics();
  return net.layout.layers.map(({ weight, bias, scale, shift, inputs, units, statistics, batchNorm }, l) => {
    const [weights, biases] = [new Float64Array(units * inputs), new Float64Array(units)];
    const { epsilon } = (batchNorm || { epsilon: 0 }) as Required<BatchNorm>;
    for (let u = 0; u < units; ++u) {
      const factor = batchNorm ? theta[scale + u] / Math.sqrt(running[statistics + units + u] + epsilon) : 1;
      for (let i = 0; i < inputs; ++i) weights[u * inputs + i] = factor * theta[weight + u * inputs + i];
      biases[u] = batchNorm ? factor * (theta[bias + u] - running[statistics + u]) + theta[shift + u] : theta[bias + u];
    }
    return { inputs, units, weights, biases, activation: net.spec.layers[l].activation };
  });
}

/**
 * Outputs of single rows, by weights that stay where they are used from row to row. It follows the
 * network's parameters.
 */
export interface RowPass {
  /**
   * The outputs for a row of as many finite numbers as the network has inputs; valid until the next
   * call.
   */
  outputs(row: ArrayLike<number>): FloatArray;
}

/**
 * By a loop where the network is small and its activations are straight lines, else in the core.
 */
export function rowPass(net: Network): RowPass {
  const straight = net.spec.layers.every(({ activation }) => isPiecewiseLinear(activation));
  return straight && net.parameterCount <= SMALL ? new LoopPass(net) : new CorePass(net);
}

class LoopPass implements RowPass {
  #version = -1;
  #layers: readonly (FoldedLayer & {
    readonly h: Float64Array;
    readonly below: number;
    readonly above: number;
    readonly step: boolean;
  })[] = [];
  readonly #out: FloatArray;

  constructor(readonly net: Network) {
    this.#out = floatArray(net.spec.dtype, net.layout.outputs);
  }

  outputs(row: ArrayLike<number>): FloatArray {
    if (this.#version !== this.net.version) this.#follow();
    let x = row;
    for (const { inputs, units, weights, biases, h, below, above, step } of this.#layers) {
      for (let u = 0, at = 0; u < units; ++u) {
        let sum = biases[u];
        for (let i = 0; i < inputs; ++i) sum += weights[at++] * x[i];
        h[u] = step ? Number(sum > 0) : sum * (sum > 0 ? above : below);
      }
      x = h;
    }
    this.#out.set(x);
    return this.#out;
  }

  #follow(): void {
    this.#version = this.net.version;
    this.#layers = foldedLayers(this.net).map((layer) => ({
      ...layer,
      h: new Float64Array(layer.units),
      below: slopeBelow(layer.activation),
      above: slopeAbove(layer.activation),
      step: layer.activation.type === "step",
    }));
  }
}

class CorePass implements RowPass {
  #version = -1;
  readonly #workspace: Workspace;
  readonly #x: number;
  /**
   * Addresses: weights in panels of inputs × `PANEL` units; biases; pre-activations and
   * activations.
   */
  readonly #layers: readonly {
    readonly weights: number;
    readonly biases: number;
    readonly a: number;
    readonly h: number;
  }[];
  readonly #out: FloatArray;

  constructor(readonly net: Network) {
    const { spec, layout } = net;
    const { dtype } = spec;
    this.#workspace = acquire(net.build);
    const allocate = (count: number): number => this.#workspace.allocate(dtype, count);
    this.#x = allocate(layout.inputs);
    this.#layers = layout.layers.map(({ inputs, units, kind }) => {
      const [weights, biases, a] = [allocate(inputs * units), allocate(units), allocate(units)];
      return { weights, biases, a, h: kind === 0 ? a : allocate(units) };
    });
    this.#out = floatArray(dtype, layout.outputs);
  }

  outputs(row: ArrayLike<number>): FloatArray {
    if (this.#version !== this.net.version) this.#follow();
    const { layout, spec } = this.net;
    const workspace = this.#workspace;
    const bytes = bytesPer(spec.dtype);
    const kernels = workspace.kernels(spec.dtype);
    const view = workspace.view(spec.dtype);
    for (let i = 0, at = this.#x / bytes; i < layout.inputs; ++i) view[at + i] = row[i];
    let below = this.#x;
    layout.layers.forEach(({ inputs, units, kind, parameter }, l) => {
      const { weights, biases, a, h } = this.#layers[l];
      view.copyWithin(a / bytes, biases / bytes, biases / bytes + units);
      for (let from = 0; from < units; from += PANEL) {
        const width = Math.min(PANEL, units - from);
        const [B, C] = [weights + from * inputs * bytes, a + from * bytes];
        // biome-ignore format: an operand a line
        kernels.product(
          1, width, inputs, 1,
          below, inputs, 1,
          B, width, 1,
          1, C, width, 0, -1, 0, C, workspace.scratch,
        );
      }
      if (h !== a) kernels.activate(kind, a, h, units, parameter);
      below = h;
    });
    for (let k = 0, at = below / bytes; k < layout.outputs; ++k) this.#out[k] = view[at + k];
    return this.#out;
  }

  #follow(): void {
    this.#version = this.net.version;
    const { dtype } = this.net.spec;
    const view = this.#workspace.view(dtype);
    foldedLayers(this.net).forEach(({ inputs, units, weights, biases }, l) => {
      const at = this.#layers[l].weights / bytesPer(dtype);
      for (let u = 0; u < units; ++u) {
        const first = u - (u % PANEL);
        const width = Math.min(PANEL, units - first);
        for (let i = 0; i < inputs; ++i) view[at + first * inputs + i * width + u - first] = weights[u * inputs + i];
      }
      this.#workspace.write(dtype, this.#layers[l].biases, biases);
    });
  }
}
