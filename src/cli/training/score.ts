import { type Dataset, dataset, type Matrix, matrix, type Network, type Scores } from "../../index.js";
import { scoreOutputs, scoreValues } from "../../network/scores.js";
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
  /**
   * In regression: the root of the mean squared error, in the target's units; that of several
   * targets in their deviations.
   */
  readonly rmse?: number;
  readonly mae?: number;
  /**
   * In regression: the share of the target's variance that is explained. Absent where the target
   * does not vary.
   */
  readonly r2?: number;
  /** What the majority class or the mean of the training rows scores on the same rows. */
  readonly baseline?: Partial<Omit<Score, "rows" | "loss" | "baseline">>;
  /** Whether the network is better than that, or whether the difference may be chance. */
  readonly verdict?: "better" | "worse" | "unclear";
}

/** Measures a network on encoded rows; `training`: the rows that the baseline is taken from. */
export function scoreOf(net: Network, data: Dataset, columns: Columns, training: Dataset = data): Score {
  return scored(net, net.predict(data.inputs), data, { columns, training, loss: net.evaluate(data).loss });
}

/** Outputs and targets that are kept for a score. */
const MOST_KEPT = 1 << 21;

interface Batch {
  readonly outputs: Float64Array;
  readonly targets: Float64Array;
  readonly rows: number;
  readonly loss: number;
}

/**
 * Measures a network on rows that come in batches. Of them it keeps outputs and targets alone; of
 * very many rows those of every second, fourth, eighth batch, so that memory does not grow with
 * them.
 */
export class Scorer {
  #batches: Batch[] = [];
  #stride = 1;
  #seen = 0;
  /** Rows whose target is known. */
  rows = 0;

  constructor(
    private readonly net: Network,
    private readonly columns: Columns,
  ) {}

  add(data: Dataset): void {
    this.rows += data.size;
    if (this.#seen++ % this.#stride > 0) return;
    const targets = Float64Array.from("data" in data.targets ? data.targets.data : data.targets);
    const outputs = Float64Array.from(this.net.predict(data.inputs).data);
    this.#batches.push({ outputs, targets, rows: data.size, loss: this.net.evaluate(data).loss });
    const kept = this.#batches.reduce((sum, batch) => sum + batch.outputs.length + batch.targets.length, 0);
    if (kept <= MOST_KEPT) return;
    this.#batches = this.#batches.filter((_, i) => i % 2 === 0);
    this.#stride *= 2;
  }

  /** Of the rows that were kept; null where there were none. */
  score(): Score | null {
    if (this.rows === 0) return null;
    const rows = this.#batches.reduce((sum, batch) => sum + batch.rows, 0);
    const loss = this.#batches.reduce((sum, batch) => sum + (batch.loss * batch.rows) / rows, 0);
    const count = this.columns.targetNames.length;
    const outputs = joined(this.#batches.map((batch) => batch.outputs));
    const targets = joined(this.#batches.map((batch) => batch.targets));
    // Inputs are no part of a score.
    const nothing = matrix(rows, 1, new Float64Array(rows));
    const data = dataset(nothing, count > 1 ? matrix(rows, count, targets) : targets);
    const given = matrix(rows, outputs.length / rows, outputs);
    return scored(this.net, given, data, { columns: this.columns, training: data, loss });
  }
}

function joined(parts: readonly Float64Array[]): Float64Array {
  const all = new Float64Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

function scored(
  net: Network,
  outputs: Matrix,
  data: Dataset,
  { columns, training, loss }: { columns: Columns; training: Dataset; loss: number },
): Score {
  const found = columns.learnsLogs
    ? scoreValues(inUnits(outputs, columns), unscaled(data, columns), unscaled(training, columns))
    : scoreOutputs(net, outputs, data, {
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
