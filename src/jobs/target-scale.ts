import type { Matrix } from "../linalg/matrix.js";
import { type Dataset, dataset } from "../network/dataset.js";

/**
 * Targets by their logarithm, ln(1 + |y|/u) with the sign of y, for values that range over several
 * sizes. y = z − zero, with z the targets of the data. u is the median of |y|. No unit counts.
 */
export interface LogScale {
  readonly zero: number;
  readonly unit: number;
  /** Mean and deviation of the logarithms. */
  readonly mean: number;
  readonly deviation: number;
}

/** The scale of some rows' targets. */
export function logScaleOf({ targets }: Dataset, zero: number): LogScale {
  const values = Float64Array.from(valuesOf(targets), (z) => z - zero);
  const sizes = values
    .map(Math.abs)
    .filter((size) => size > 0)
    .sort();
  const unit = sizes[sizes.length >> 1] ?? 1;
  const logs = values.map((y) => logOf(y, unit));
  const mean = logs.reduce((sum, t) => sum + t, 0) / logs.length;
  const variance = logs.reduce((sum, t) => sum + (t - mean) ** 2, 0) / logs.length;
  return { zero, unit, mean, deviation: Math.sqrt(variance) || 1 };
}

/** The data with its targets' logarithms, at mean 0 and deviation 1. */
export function withLogs(data: Dataset, { zero, unit, mean, deviation }: LogScale): Dataset {
  return dataset(
    data.inputs,
    Float64Array.from(valuesOf(data.targets), (z) => (logOf(z - zero, unit) - mean) / deviation),
  );
}

/** Predicted logarithms as values again. */
export function fromLogs(predicted: Matrix, { zero, unit, mean, deviation }: LogScale): Matrix {
  const data = Float64Array.from(predicted.data, (p) => {
    const t = mean + deviation * p;
    return zero + Math.sign(t) * unit * Math.expm1(Math.abs(t));
  });
  return { ...predicted, data };
}

function logOf(y: number, unit: number): number {
  return Math.sign(y) * Math.log1p(Math.abs(y) / unit);
}

function valuesOf(targets: Dataset["targets"]): ArrayLike<number> {
  return "data" in targets ? targets.data : targets;
}
