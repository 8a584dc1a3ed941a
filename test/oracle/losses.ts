/**
 * Losses with their gradients and Hessians with respect to the network's outputs, reduced as
 * PyTorch reduces them.
 */

import type { LossName, LossSpec, Targets } from "./spec.js";

export interface LossDerivatives {
  value: number;
  /** ∂value/∂outputs, samples × outputs; the mean is already in it. */
  gradient: number[][];
  /** ∂²value/∂outputs of each sample, outputs × outputs; different samples do not interact. */
  hessian: number[][][];
}

/**
 * One scalar term with its first two derivatives with respect to the output f; p is Huber's δ or
 * the quantile's level.
 */
type Pointwise = (f: number, y: number, p: number) => [value: number, first: number, second: number];

const pointwise: Record<Exclude<LossName, "cross-entropy">, Pointwise> = {
  mse: (f, y) => [(f - y) ** 2, 2 * (f - y), 2],
  huber: (f, y, δ) => {
    const r = f - y;
    return Math.abs(r) < δ ? [(r * r) / 2, r, 1] : [δ * (Math.abs(r) - δ / 2), δ * Math.sign(r), 0];
  },
  "log-cosh": (f, y) => {
    const size = Math.abs(f - y);
    const small = Math.exp(-2 * size); // so that nothing overflows
    const value = size < 1 ? Math.log(Math.cosh(size)) : size + Math.log1p(small) - Math.LN2;
    return [value, Math.tanh(f - y), (4 * small) / (1 + small) ** 2];
  },
  mae: (f, y) => [Math.abs(f - y), Math.sign(f - y), 0],
  quantile: (f, y, level) => [
    Math.max(level * (y - f), (level - 1) * (y - f)),
    f < y ? -level : f > y ? 1 - level : 0,
    0,
  ],
  poisson: (f, y) => [Math.exp(f) - y * f, Math.exp(f) - y, Math.exp(f)],
  "binary-cross-entropy": (f, y) => {
    const small = Math.exp(-Math.abs(f)); // so that nothing overflows
    const p = f >= 0 ? 1 / (1 + small) : small / (1 + small);
    return [Math.max(f, 0) - f * y + Math.log1p(small), p - y, small / (1 + small) ** 2];
  },
};

/** Targets as one row per sample: columns, class probabilities, or labels made one-hot. */
export function targetRows(name: LossName, outputs: number, targets: Targets): number[][] {
  return targets.map((target) => {
    if (typeof target !== "number") return target;
    if (name !== "cross-entropy") return [target];
    return Array.from({ length: outputs }, (_, k) => (k === target ? 1 : 0));
  });
}

export function softmax(logits: number[]): number[] {
  const largest = Math.max(...logits);
  const powers = logits.map((f) => Math.exp(f - largest));
  const sum = powers.reduce((s, e) => s + e, 0);
  return powers.map((e) => e / sum);
}

/**
 * −Σ y_k log softmax(f)_k; with s = softmax(f) and t = Σ y_k: gradient t·s − y, Hessian t·(diag s −
 * s sᵀ).
 */
function crossEntropyOfSample(f: number[], y: number[]) {
  const largest = Math.max(...f);
  const logSum = largest + Math.log(f.reduce((sum, v) => sum + Math.exp(v - largest), 0));
  const s = softmax(f);
  const total = y.reduce((sum, v) => sum + v, 0);
  return {
    value: f.reduce((sum, v, k) => sum + y[k] * (logSum - v), 0),
    gradient: s.map((p, k) => total * p - y[k]),
    hessian: s.map((p, i) => s.map((q, j) => total * ((i === j ? p : 0) - p * q))),
  };
}

export function lossName(loss: LossSpec): LossName {
  return typeof loss === "string" ? loss : loss.type;
}

/** δ, or the levels, of which each target has an output in turn. */
function parameters(loss: LossSpec): number[] {
  if (typeof loss === "object") return loss.type === "huber" ? [loss.delta] : loss.at;
  return [loss === "quantile" ? 0.5 : 1];
}

export function dataLoss(loss: LossSpec, outputs: number[][], targets: Targets): LossDerivatives {
  const name = lossName(loss);
  const each = parameters(loss);
  const samples = outputs.length;
  const width = outputs[0].length;
  const rows = targetRows(name, width, targets);
  const result: LossDerivatives = { value: 0, gradient: [], hessian: [] };
  for (let n = 0; n < samples; n++) {
    if (name === "cross-entropy") {
      const term = crossEntropyOfSample(outputs[n], rows[n]);
      result.value += term.value / samples;
      result.gradient.push(term.gradient.map((g) => g / samples));
      result.hessian.push(term.hessian.map((row) => row.map((h) => h / samples)));
    } else {
      const terms = outputs[n].map((f, k) =>
        pointwise[name](f, rows[n][Math.floor(k / each.length)], each[k % each.length]),
      );
      const count = samples * width;
      for (const [value] of terms) result.value += value / count;
      result.gradient.push(terms.map(([, first]) => first / count));
      result.hessian.push(terms.map(([, , second], i) => terms.map((_, j) => (i === j ? second / count : 0))));
    }
  }
  return result;
}
