import { type Dataset, dataset, type Matrix, type Network, type Scores, scores } from "../../index.js";
import { scoreValues } from "../../network/scores.js";
import type { Columns } from "../../tables/index.js";

/** How well a network does on a part of the data, beside what needs no network. */
export interface Score {
  readonly rows: number;
  /** Of the network's own loss, in its scaled units. */
  readonly loss: number;
  /** In classification. */
  readonly accuracy?: number;
  readonly balancedAccuracy?: number;
  readonly auc?: number;
  readonly logLoss?: number;
  /** In regression: the root of the mean squared error, in the target's units; that of several targets in their deviations. */
  readonly rmse?: number;
  readonly mae?: number;
  /** In regression: the share of the target's variance that is explained. Absent where the target does not vary. */
  readonly r2?: number;
  /** What the majority class or the mean of the training rows scores on the same rows. */
  readonly baseline?: Partial<Omit<Score, "rows" | "loss" | "baseline">>;
  /** Whether the network is better than that, or whether the difference may be chance. */
  readonly verdict?: "better" | "worse" | "unclear";
}

/** Measures a network on encoded rows; `training`: the rows that the baseline is taken from. */
export function scoreOf(net: Network, data: Dataset, columns: Columns, training: Dataset = data): Score {
  const { loss } = net.evaluate(data);
  const found = columns.learnsLogs
    ? scoreValues(inUnits(net.predict(data.inputs), columns), unscaled(data, columns), unscaled(training, columns))
    : scores(net, data, {
        baseline: training,
        ...(columns.classes?.length === 2 ? { threshold: columns.data.threshold } : {}),
      });
  const { verdict } = found.comparison;
  return { rows: data.size, loss, ...measures(found, columns), baseline: measures(found.baseline, columns), verdict };
}

function measures(found: Scores | Scores["baseline"], columns: Columns): Partial<Score> {
  if (found.task === "classification") {
    const { accuracy, balancedAccuracy, auc, logLoss } = found;
    return { accuracy, balancedAccuracy, logLoss, ...(Number.isNaN(auc) ? {} : { auc }) };
  }
  const { rmse, mae, r2 } = found;
  const scaled = columns.targetNames.length === 1 && !columns.learnsLogs;
  const [deviation] = scaled ? (columns.data.targetScale?.deviation ?? [1]) : [1];
  return { rmse: rmse * deviation, mae: mae * deviation, ...(Number.isNaN(r2) ? {} : { r2 }) };
}

function inUnits({ rows, columns: count, data }: Matrix, columns: Columns): Matrix {
  return { rows, columns: count, data: Float64Array.from(data, (value, i) => columns.inUnits(value, i % count)) };
}

function unscaled(data: Dataset, columns: Columns): Dataset {
  const { targets } = data;
  if ("data" in targets) return dataset(data.inputs, inUnits(targets, columns));
  return dataset(
    data.inputs,
    Float64Array.from(targets, (value) => columns.inUnits(value)),
  );
}
