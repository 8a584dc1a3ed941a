import { checkChoice, wrongValue } from "../../check.js";
import { type Network, network } from "../../network/network.js";
import {
  type Activation,
  decidesClasses,
  type LayerSpec,
  type Loss,
  lossNames,
  resolveSpec,
} from "../../network/spec.js";
import type { Dtype } from "../../wasm/kernels.js";
import type { Budget, Ending, Norm, Stage } from "./stages.js";

/** Options that all importers take. */
export interface ImportOptions {
  /**
   * The loss to train and score with. Default: by the model's last layer ("cross-entropy" for
   * softmax, "binary-cross-entropy" for sigmoid), otherwise "mse".
   */
  loss?: Loss;
  /**
   * Precision of the network. Default: the file's; "f64" where a scaling became part of the
   * weights, which single precision would blur.
   */
  dtype?: Dtype;
}

/** A network that another program trained; owned by the caller. */
export interface Imported {
  /**
   * The network; it takes rows as the file's model does. Where the model ends in a softmax or a
   * sigmoid, the network's outputs are logits, and `probabilities` returns the model's outputs.
   */
  readonly network: Network;
  /**
   * Class labels in the order of the outputs, where the file has them. With one output for two
   * classes, the first label is that of negative logits.
   */
  readonly classes: readonly (string | number)[] | null;
}

/** A layer on its way. */
interface Layer {
  readonly inputs: number;
  readonly units: number;
  readonly weights: Float64Array;
  readonly biases: Float64Array;
  norm?: Norm;
  activation?: Activation;
  dropout?: number;
}

/** Factors and shifts that wait for the affine map which they become part of. */
type Pending = { readonly factor: Float64Array; readonly shift: Float64Array } | null;

/**
 * Layers of stages: scalings become part of the affine maps beside them, batch norm stays one where
 * it stands between map and activation.
 */
export class Assembly {
  readonly #layers: Layer[] = [];
  #pending: Pending = null;
  /** Whether a scaling became part of the weights behind it. */
  scaled = false;

  constructor(
    readonly where: string,
    readonly inputs: number,
    readonly budget: Budget,
    stages: readonly Stage[],
  ) {
    for (const stage of stages) this.#add(stage);
    if (this.#pending) this.#diagonal();
    if (this.#layers.length === 0) wrongValue(where, "model", "at least one layer with weights", "none");
  }

  get width(): number {
    return this.#layers.at(-1)?.units ?? this.inputs;
  }

  #add(stage: Stage): void {
    if (stage.kind === "affine") this.#affine(stage);
    else if (stage.kind === "scale") this.#scale(stage.factor, stage.shift);
    else if (stage.kind === "norm") this.#norm(stage);
    else if (stage.kind === "activation") this.#activate(stage.activation);
    else if (this.#layers.length > 0) (this.#layers.at(-1) as Layer).dropout = stage.share;
  }

  /** W·(factor·x + shift) + b = (W·diag(factor))·x + (W·shift + b). */
  #affine({ inputs, units, weights, biases }: Omit<Layer, "norm">): void {
    if (inputs !== this.width) {
      wrongValue(this.where, "model", `weights for ${this.width} features, as come in`, `weights for ${inputs}`);
    }
    this.budget.take(units * inputs);
    const layer = { inputs, units, weights: weights.slice(), biases: biases.slice() };
    const { factor, shift } = this.#pending ?? {};
    if (factor && shift) {
      this.scaled = true;
      for (let u = 0; u < units; ++u) {
        for (let i = 0; i < inputs; ++i) {
          const weight = layer.weights[u * inputs + i];
          layer.biases[u] += weight * shift[i];
          layer.weights[u * inputs + i] = weight * factor[i];
        }
      }
    }
    this.#pending = null;
    this.#layers.push(layer);
  }

  #scale(factor: Float64Array, shift: Float64Array): void {
    const { width } = this;
    for (const { length } of [factor, shift]) {
      if (length !== 1 && length !== width) {
        wrongValue(this.where, "model", `a scaling of ${width} features, as come in`, `one of ${length}`);
      }
    }
    const [f, s] = [spread(factor, width), spread(shift, width)];
    const layer = this.#layers.at(-1);
    if (this.#open(layer)) this.#scaleLayer(layer, f, s);
    else {
      const before = this.#pending ?? { factor: new Float64Array(width).fill(1), shift: new Float64Array(width) };
      this.#pending = {
        factor: f.map((x, i) => x * before.factor[i]),
        shift: s.map((x, i) => f[i] * before.shift[i] + x),
      };
    }
  }

  /** Into the map, or into the batch norm behind it. */
  #scaleLayer(layer: Layer, factor: Float64Array, shift: Float64Array): void {
    const { norm, inputs } = layer;
    if (norm) {
      layer.norm = {
        ...norm,
        scale: norm.scale.map((x, u) => x * factor[u]),
        shift: norm.shift.map((x, u) => x * factor[u] + shift[u]),
      };
      return;
    }
    factor.forEach((x, u) => {
      layer.biases[u] = layer.biases[u] * x + shift[u];
      for (let i = 0; i < inputs; ++i) layer.weights[u * inputs + i] *= x;
    });
  }

  #norm(norm: Norm): void {
    const { scale, shift, mean, variance, epsilon } = norm;
    const layer = this.#layers.at(-1);
    const { width } = this;
    for (const part of [scale, shift, mean, variance]) {
      if (part.length !== width) {
        wrongValue(this.where, "model", `batch norm of ${width} features, as come in`, `one of ${part.length}`);
      }
    }
    if (this.#open(layer) && !layer.norm && epsilon > 0 && variance.every((v) => v >= 0)) layer.norm = norm;
    else {
      const factor = scale.map((x, u) => x / Math.sqrt(variance[u] + epsilon));
      this.#scale(
        factor,
        shift.map((x, u) => x - factor[u] * mean[u]),
      );
    }
  }

  #activate(activation: Activation): void {
    if (!this.#open(this.#layers.at(-1))) this.#diagonal();
    (this.#layers.at(-1) as Layer).activation = activation;
  }

  /** Whether a layer still takes what comes behind its map. */
  #open(layer: Layer | undefined): layer is Layer {
    return layer !== undefined && layer.activation === undefined && layer.dropout === undefined;
  }

  /** A layer of its own for what stands between two activations. */
  #diagonal(): void {
    const { width } = this;
    this.budget.take(width * width);
    const weights = new Float64Array(width * width);
    const { factor = new Float64Array(width).fill(1), shift = new Float64Array(width) } = this.#pending ?? {};
    for (let u = 0; u < width; ++u) weights[u * width + u] = factor[u];
    this.#pending = null;
    this.#layers.push({ inputs: width, units: width, weights, biases: shift });
  }

  /** The network. An ending that the loss does not include stays an activation. */
  network(ending: Ending, classes: number, options: ImportOptions, stored: Dtype): Network {
    const { where } = this;
    const { loss = lossOf(ending, classes, this.width), dtype = this.scaled ? "f64" : stored } = options;
    const logits = this.#logits(ending, loss);
    const last = this.#layers.at(-1) as Layer;
    if (ending === "sigmoid" && !logits) this.#activate({ type: "sigmoid" });
    delete last.dropout;
    const spec = { inputs: this.inputs, layers: this.#layers.map(specOf), loss, dtype };
    refuseUnfit(where, spec);
    const net = network(spec);
    net.setParameters(checked(where, dtype, this.#parameters()));
    net.setRunningStatistics(
      checked(
        where,
        dtype,
        this.#layers.flatMap(({ norm }) => (norm ? [norm.mean, norm.variance] : [])),
      ),
    );
    return net;
  }

  #logits(ending: Ending, loss: Loss): boolean {
    const name = typeof loss === "string" ? loss : "type" in loss ? loss.type : "custom";
    if (ending === "softmax" && name !== "cross-entropy") {
      wrongValue(this.where, "loss", '"cross-entropy", which goes with the softmax at the end', `"${name}"`);
    }
    return lossNames.includes(name as never) && decidesClasses(name as never);
  }

  #parameters(): Float64Array[] {
    return this.#layers.flatMap(({ weights, biases, norm }) =>
      norm ? [weights, biases, norm.scale, norm.shift] : [weights, biases],
    );
  }
}

/** Refuses options that are not those of an import. */
export function checkImport(where: string, { dtype }: ImportOptions): void {
  if (dtype !== undefined) checkChoice(where, "dtype", dtype, ["f64", "f32"]);
}

function lossOf(ending: Ending, classes: number, width: number): Loss {
  if (ending === "sigmoid") return "binary-cross-entropy";
  if (ending === "softmax" || (classes > 1 && classes === width)) return "cross-entropy";
  return "mse";
}

function specOf({ units, activation = { type: "identity" }, norm, dropout }: Layer): LayerSpec {
  return {
    units,
    activation,
    ...(norm ? { batchNorm: { epsilon: norm.epsilon, momentum: norm.momentum } } : {}),
    ...(dropout ? { dropout } : {}),
  };
}

function spread(values: Float64Array, width: number): Float64Array {
  return values.length === width ? values : new Float64Array(width).fill(values[0]);
}

/** In the network's precision, all finite. */
function checked(where: string, dtype: Dtype, parts: readonly Float64Array[]): Float64Array {
  const values = new Float64Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    values.set(part, at);
    at += part.length;
  }
  const reach = dtype === "f32" ? Math.fround : Number;
  const bad = values.findIndex((x) => !Number.isFinite(reach(x)));
  if (bad >= 0) wrongValue(where, "model", `parameters that are finite numbers in ${dtype}`, String(values[bad]));
  return values;
}

/** Says of which file a refused specification is. */
function refuseUnfit(where: string, spec: unknown): void {
  try {
    resolveSpec(spec);
  } catch (error) {
    const { message } = error as Error;
    wrongValue(where, "model", "layers and a loss that network(...) takes", `what it refuses: ${message}`);
  }
}
