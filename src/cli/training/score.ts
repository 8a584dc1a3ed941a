import type { Dataset, Network } from "../../index.js";
import type { Scales } from "./prepare.js";

/** How well a network does on a part of the data. */
export interface Score {
  readonly rows: number;
  readonly loss: number;
  /** In classification. */
  readonly accuracy?: number;
  /** In regression: the root of the mean squared error, in the target's units. */
  readonly rmse?: number;
  /** In regression: the share of the target's variance that is explained. Absent where the target does not vary. */
  readonly r2?: number;
}

/** Measures a network on standardised data. */
export function scoreOf(net: Network, data: Dataset, { targetScale }: Pick<Scales, "targetScale">): Score {
  const { loss, accuracy, rmse } = net.evaluate(data);
  if (targetScale === null || rmse === undefined)
    return { rows: data.size, loss, ...(accuracy === undefined ? {} : { accuracy }) };
  const variance = varianceOf(data.targets as Float64Array);
  const inUnits = rmse * targetScale.deviation[0];
  return { rows: data.size, loss, rmse: inUnits, ...(variance > 0 ? { r2: 1 - rmse ** 2 / variance } : {}) };
}

function varianceOf(values: Float64Array): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
}
