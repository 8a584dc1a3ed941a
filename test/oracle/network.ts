/** Forward pass, objective and gradient by plain loops over samples, units and inputs. */

import { activation } from "./activations.js";
import { dataLoss, lossName, targetRows } from "./losses.js";
import {
  batchNormOf,
  initialRunning,
  layout,
  type NetworkSpec,
  type Options,
  parameterCount,
  penalised,
  type RunningStatistics,
  type Targets,
} from "./spec.js";

type Parameters = ArrayLike<number>;

/** All that one layer computes, samples × units unless said otherwise. */
export interface LayerTrace {
  /** h of the layer before, samples × inputs. */
  inputs: number[][];
  /** W h + b. */
  linear: number[][];
  /** Per unit, what batch norm subtracts; null without batch norm, as the next three. */
  mean: number[] | null;
  /** Per unit, biased in "batch" mode. */
  variance: number[] | null;
  /** Per unit, 1/√(variance + ε). */
  inverseDeviation: number[] | null;
  /** (linear − mean)·inverseDeviation. */
  normalized: number[][] | null;
  /** What the activation sees. */
  preactivations: number[][];
  outputs: number[][];
}

function zeros(rows: number, columns: number): number[][] {
  return Array.from({ length: rows }, () => new Array(columns).fill(0));
}

/** Every layer's trace, first layer first. */
export function layerTraces(spec: NetworkSpec, θ: Parameters, X: number[][], options: Options = {}): LayerTrace[] {
  if (θ.length !== parameterCount(spec))
    throw new RangeError(`expected ${parameterCount(spec)} parameters, got ${θ.length}`);
  const samples = X.length;
  const running = options.running ?? initialRunning(spec);
  const traces: LayerTrace[] = [];
  let inputs = X;
  layout(spec).forEach((at, l) => {
    const { units } = at;
    const linear = zeros(samples, units);
    for (let n = 0; n < samples; n++) {
      for (let i = 0; i < units; i++) {
        let sum = θ[at.bias + i];
        for (let j = 0; j < at.inputs; j++) sum += θ[at.weight + i * at.inputs + j] * inputs[n][j];
        linear[n][i] = sum;
      }
    }

    const norm = batchNormOf(spec.layers[l]);
    const layer: LayerTrace = {
      inputs,
      linear,
      mean: null,
      variance: null,
      inverseDeviation: null,
      normalized: null,
      preactivations: linear,
      outputs: [],
    };
    if (norm) {
      const statistics = (options.mode ?? "batch") === "batch" ? batchStatistics(linear) : running[l];
      if (!statistics) throw new RangeError(`running: layer ${l} has none`);
      const { mean, variance } = statistics;
      const inverseDeviation = variance.map((v) => 1 / Math.sqrt(v + norm.epsilon));
      const normalized = linear.map((row) => row.map((a, i) => (a - mean[i]) * inverseDeviation[i]));
      layer.mean = mean;
      layer.variance = variance;
      layer.inverseDeviation = inverseDeviation;
      layer.normalized = normalized;
      layer.preactivations = normalized.map((row) => row.map((x, i) => θ[at.scale + i] * x + θ[at.shift + i]));
    }

    const φ = activation(spec.layers[l].activation);
    layer.outputs = layer.preactivations.map((row) => row.map((z) => φ.value(z)));
    traces.push(layer);
    inputs = layer.outputs;
  });
  return traces;
}

/** Per unit, the mean and the biased variance over the samples. */
function batchStatistics(rows: number[][]): { mean: number[]; variance: number[] } {
  const samples = rows.length;
  if (samples < 2) throw new RangeError("batch norm needs two rows or more");
  const mean = rows[0].map((_, i) => rows.reduce((sum, row) => sum + row[i], 0) / samples);
  const variance = mean.map((m, i) => rows.reduce((sum, row) => sum + (row[i] - m) ** 2, 0) / samples);
  return { mean, variance };
}

/** What the last activation gives, samples × outputs. */
export function forward(spec: NetworkSpec, θ: Parameters, X: number[][], options: Options = {}): number[][] {
  return layerTraces(spec, θ, X, options)[spec.layers.length - 1].outputs;
}

/**
 * The running statistics after one training batch: (1 − m)·old + m·new, the new variance unbiased.
 */
export function updateRunning(
  spec: NetworkSpec,
  θ: Parameters,
  X: number[][],
  running: RunningStatistics = initialRunning(spec),
): RunningStatistics {
  return layerTraces(spec, θ, X, { mode: "batch" }).map(({ mean, variance }, l) => {
    const old = running[l];
    const norm = batchNormOf(spec.layers[l]);
    if (!norm || !old || !mean || !variance) return null;
    const m = norm.momentum;
    const unbiased = X.length / (X.length - 1);
    return {
      mean: old.mean.map((value, i) => (1 - m) * value + m * mean[i]),
      variance: old.variance.map((value, i) => (1 - m) * value + m * unbiased * variance[i]),
    };
  });
}

/** l1·Σ|θ| + ½·l2·Σθ² over the parameters that the penalty counts. */
export function penalty(spec: NetworkSpec, θ: Parameters): number {
  const { l1 = 0, l2 = 0 } = spec.penalty ?? {};
  return penalised(spec).reduce((sum, on, k) => (on ? sum + l1 * Math.abs(θ[k]) + (l2 / 2) * θ[k] ** 2 : sum), 0);
}

/** The training objective: mean loss plus penalty. */
export function loss(spec: NetworkSpec, θ: Parameters, X: number[][], Y: Targets, options: Options = {}): number {
  return dataLoss(spec.loss, forward(spec, θ, X, options), Y).value + penalty(spec, θ);
}

/** The objective's gradient by backpropagation. */
export function gradient(spec: NetworkSpec, θ: Parameters, X: number[][], Y: Targets, options: Options = {}): number[] {
  const parts = contributions(spec, θ, X, Y, options);
  const result = parts.reduce((sum, part) => sum.map((value, k) => value + part[k]), new Array(θ.length).fill(0));
  const { l1 = 0, l2 = 0 } = spec.penalty ?? {};
  penalised(spec).forEach((on, k) => {
    if (on) result[k] += l1 * Math.sign(θ[k]) + l2 * θ[k];
  });
  return result;
}

/**
 * The gradient without the penalty, as the sum of what each sample's pre-activations (under batch
 * norm: what it normalises, and what comes of that) contribute.
 */
export function contributions(
  spec: NetworkSpec,
  θ: Parameters,
  X: number[][],
  Y: Targets,
  options: Options = {},
): number[][] {
  const samples = X.length;
  const traces = layerTraces(spec, θ, X, options);
  const places = layout(spec);
  const parts = zeros(samples, θ.length);

  let dOutputs = dataLoss(spec.loss, traces[traces.length - 1].outputs, Y).gradient;
  for (let l = traces.length - 1; l >= 0; l--) {
    const at = places[l];
    const layer = traces[l];
    const φ = activation(spec.layers[l].activation);
    let dLinear = dOutputs.map((row, n) => row.map((d, i) => d * φ.first(layer.preactivations[n][i])));

    if (layer.normalized && layer.inverseDeviation) {
      const dPreactivations = dLinear;
      dLinear = zeros(samples, at.units);
      for (let i = 0; i < at.units; i++) {
        const x = layer.normalized.map((row) => row[i]);
        const dScaled = dPreactivations.map((row) => row[i]);
        const dShift = dScaled.reduce((sum, d) => sum + d, 0);
        const dScale = dScaled.reduce((sum, d, n) => sum + d * x[n], 0);
        for (let n = 0; n < samples; n++) {
          parts[n][at.scale + i] += dScaled[n] * x[n];
          parts[n][at.shift + i] += dScaled[n];
        }
        const factor = θ[at.scale + i] * layer.inverseDeviation[i];
        for (let n = 0; n < samples; n++) {
          const coupling = (options.mode ?? "batch") === "batch" ? (dShift + x[n] * dScale) / samples : 0;
          dLinear[n][i] = factor * (dScaled[n] - coupling);
        }
      }
    }

    dOutputs = zeros(samples, at.inputs);
    for (let n = 0; n < samples; n++) {
      for (let i = 0; i < at.units; i++) {
        parts[n][at.bias + i] += dLinear[n][i];
        for (let j = 0; j < at.inputs; j++) {
          const k = at.weight + i * at.inputs + j;
          parts[n][k] += dLinear[n][i] * layer.inputs[n][j];
          dOutputs[n][j] += dLinear[n][i] * θ[k];
        }
      }
    }
  }
  return parts;
}

/**
 * The smallest distance of any pre-activation to a kink of its activation, or of a residual to the
 * loss's; Infinity without kinks.
 */
export function kinkDistance(
  spec: NetworkSpec,
  θ: Parameters,
  X: number[][],
  Y: Targets,
  options: Options = {},
): number {
  let distance = Number.POSITIVE_INFINITY;
  const traces = layerTraces(spec, θ, X, options);
  traces.forEach(({ preactivations }, l) => {
    if (!activation(spec.layers[l].activation).kinked) return;
    for (const row of preactivations) for (const z of row) distance = Math.min(distance, Math.abs(z));
  });
  const name = lossName(spec.loss);
  const each = typeof spec.loss === "object" && spec.loss.type === "quantile" ? spec.loss.at.length : 1;
  if (name === "huber" || name === "mae" || name === "quantile") {
    const turn = name === "huber" ? (typeof spec.loss === "object" && "delta" in spec.loss ? spec.loss.delta : 1) : 0;
    const outputs = traces[traces.length - 1].outputs;
    const rows = targetRows(name, outputs[0].length, Y);
    outputs.forEach((row, n) => {
      row.forEach((f, k) => {
        distance = Math.min(distance, Math.abs(Math.abs(f - rows[n][Math.floor(k / each)]) - turn));
      });
    });
  }
  return distance;
}
