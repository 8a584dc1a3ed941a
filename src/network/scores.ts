import { checkKeys, checkNumber, checkObject, wrongType } from "../check.js";
import type { Matrix } from "../linalg/matrix.js";
import type { ScalarMath } from "../wasm/kernels.js";
import { coreMath } from "../wasm/math.js";
import type { FloatArray } from "../wasm/workspace.js";
import { areaUnderCurve } from "./curves.js";
import { checkDataset, type Dataset, samplesWorth } from "./dataset.js";
import { checkNetwork, type Network } from "./network.js";
import { decide } from "./score.js";
import { decidesClasses, lossName, lossParameters, lossTraits } from "./spec.js";

/** Options of `scores`. */
export interface ScoresOptions {
  /**
   * The rows whose mean or shares of classes are the baseline. Default: the scored rows.
   */
  baseline?: Dataset;
  /** For two classes: rows count as the second from this probability on. Default: 0.5. */
  threshold?: number;
}

/** How one class is separated from the others. */
export interface ClassScores {
  /** Rows of this class. */
  readonly rows: number;
  /** Rows that the network predicts to be in it. */
  readonly predicted: number;
  /** Share of the predicted rows that are right; NaN where none is predicted. */
  readonly precision: number;
  /** Share of the class's rows that are found; NaN where it has none. */
  readonly recall: number;
  /** 2·precision·recall / (precision + recall); 0 where nothing is found. */
  readonly f1: number;
  /** Area under the ROC curve, this class against the others; NaN where either has no rows. */
  readonly auc: number;
}

/** Scores of class probabilities. */
export interface Classification {
  /** What is scored. */
  readonly task: "classification";
  /**
   * Rows scored; a whole-number weight counts a row so many times, and rows of weight 0 are left
   * out.
   */
  readonly rows: number;
  /** Share of rows that are classified correctly. */
  readonly accuracy: number;
  /** Mean of the classes' recalls, over the classes that have rows. */
  readonly balancedAccuracy: number;
  /** Mean of −ln p of the right class. */
  readonly logLoss: number;
  /**
   * Area under the ROC curve; with more than two classes the mean over classes against the rest.
   */
  readonly auc: number;
}

/** Scores of predicted values of one output. */
export interface Regression {
  /** What is scored. */
  readonly task: "regression";
  /**
   * Rows scored; a whole-number weight counts a row so many times, and rows of weight 0 are left
   * out.
   */
  readonly rows: number;
  /** √(mean squared error). */
  readonly rmse: number;
  /** Mean absolute error. */
  readonly mae: number;
  /** 1 − Σ(y − ŷ)² / Σ(y − ȳ)², ȳ being the mean of the scored rows; NaN where y does not vary. */
  readonly r2: number;
}

/** A comparison with the baseline, row by row. */
export interface Comparison {
  /**
   * "better" or "worse" where the mean difference of the rows' losses is outside of its 95 %
   * interval around 0. Of values the roots of the squared errors count too, where both have the
   * same sign: over few rows the squares hardly ever tell.
   */
  readonly verdict: "better" | "worse" | "unclear";
  /** The baseline's loss minus the model's, a mean over rows; squared error or −ln p. */
  readonly gain: number;
  /** Standard error of `gain`. */
  readonly standardError: number;
  /** Why, in words. */
  readonly reason: string;
}

/** What `scores` returns for class labels. */
export interface ClassificationScores extends Classification {
  /** One entry a class. */
  readonly classes: readonly ClassScores[];
  /** confusion[i][j]: rows of class i that are predicted as class j. */
  readonly confusion: readonly (readonly number[])[];
  /** Scores of the baseline on the same rows: the majority class and the classes' shares. */
  readonly baseline: Classification;
  /** Against that baseline. */
  readonly comparison: Comparison;
}

/** What `scores` returns for values. */
export interface RegressionScores extends Regression {
  /** One entry an output. */
  readonly outputs: readonly Regression[];
  /** Scores of the baseline, the mean, on the same rows. */
  readonly baseline: Regression;
  /** Against that baseline. */
  readonly comparison: Comparison;
}

/** What `scores` returns, by `task`. */
export type Scores = ClassificationScores | RegressionScores;

const WHERE = "scores";
/**
 * Standard errors beyond which a difference is not taken for chance: Student's t for 95 %,
 * two-sided, by Cornish and Fisher's expansion about the normal 1.96 (Abramowitz and Stegun
 * 26.7.5).
 */
function clearAt(freedom: number): number {
  return freedom > 0 ? 1.96 + 2.372 / freedom + 2.822 / freedom ** 2 : Infinity;
}

/**
 * Scores of a network on data, beside a baseline that needs no network: the majority class and the
 * classes' shares, or the mean. Samples count by their weights, as in the loss.
 *
 * @param net a network for class labels (a cross-entropy) or for values.
 * @param data rows to score; use rows that the network was not trained on.
 * @param options baseline: the rows whose mean or shares are the baseline, usually the training
 * rows; threshold.
 * @returns plain data. Cost: one `predict`, and a sort of the rows per class.
 * @throws TypeError or RangeError as `net.evaluate`, for unknown options and for several outputs
 * under binary cross-entropy.
 * @example
 * const net = network({ inputs: 1, layers: [{ units: 1 }], initializer: "zeros" });
 * scores(net, dataset([[1], [2], [3]], [1, 2, 3])).r2; // −6: below the mean, which scores 0
 */
export function scores(net: Network, data: Dataset, options: ScoresOptions = {}): Scores {
  checkNetwork(WHERE, net);
  checkObject(WHERE, "options", options);
  checkKeys(WHERE, options, ["baseline", "threshold"]);
  const { baseline = data, threshold = 0.5 } = options;
  checkDataset(WHERE, data, net);
  checkDataset(`${WHERE}: baseline`, baseline, net);
  checkNumber(WHERE, "threshold", threshold, "a probability in (0, 1)", (x) => x > 0 && x < 1);
  return scoreOutputs(net, net.predict(data.inputs), data, { baseline, threshold });
}

/** The scores of outputs that a network gave; of the data their targets and weights count. */
export function scoreOutputs(
  net: Network,
  outputs: Matrix,
  data: Dataset,
  { baseline = data, threshold = 0.5 }: ScoresOptions = {},
): Scores {
  const math = coreMath(net.build);
  if (!decidesClasses(net.spec.loss)) return scoreValues(valuesFrom(net, outputs), data, baseline);
  if (net.spec.loss === "binary-cross-entropy" && net.layout.outputs > 1) {
    wrongType(WHERE, "net", "one decision a row", net, "score each output of several decisions by itself");
  }
  return scoreClasses(logProbabilities(outputs, math), data, baseline, threshold, math);
}

/**
 * What the network predicts in the targets' unit: its outputs, their medians or, for counts, the
 * rates.
 */
function valuesFrom(net: Network, outputs: Matrix): Matrix {
  const { loss } = net.spec;
  const { outputs: kind } = lossTraits(loss);
  if (kind === "values") return outputs;
  if (kind === "rates") {
    const { exp } = coreMath(net.build);
    return { ...outputs, data: outputs.data.map((z) => exp(z)) as FloatArray };
  }
  const levels = lossParameters(loss);
  const median = levels.indexOf(0.5);
  if (kind === "custom" || median < 0) {
    const expected = "outputs to compare with targets: values, rates, logits, or quantiles with the level 0.5";
    wrongType(WHERE, "net", expected, lossName(loss), "use net.evaluate, which gives the loss");
  }
  const columns = outputs.columns / levels.length;
  const data = Float64Array.from(
    { length: outputs.rows * columns },
    (_, k) => outputs.data[k * levels.length + median],
  );
  return { rows: outputs.rows, columns, data };
}

/** ln p of each class: from one logit of two classes, or from a logit a class. */
export function logProbabilities({ rows, columns, data }: Matrix, math: ScalarMath): Matrix {
  const classes = Math.max(2, columns);
  const out = new Float64Array(rows * classes);
  for (let row = 0; row < rows; ++row) {
    const z: ArrayLike<number> = columns === 1 ? [0, data[row]] : data.subarray(row * columns, (row + 1) * columns);
    let largest = z[0];
    for (let c = 1; c < classes; ++c) largest = Math.max(largest, z[c]);
    let sum = 0;
    for (let c = 0; c < classes; ++c) sum += math.exp(z[c] - largest);
    const total = math.log(sum);
    for (let c = 0; c < classes; ++c) out[row * classes + c] = z[c] - largest - total;
  }
  return { rows, columns: classes, data: out };
}

/**
 * The class of each row: the label, the larger of two by a probability of one, or the largest of
 * the row.
 */
export function labelsOf({ targets, size }: Dataset): Int32Array {
  if (!("data" in targets)) return Int32Array.from(targets, (value) => Math.round(value));
  const { columns, data } = targets;
  if (columns === 1) return Int32Array.from(data, (value) => (value > 0.5 ? 1 : 0));
  return Int32Array.from({ length: size }, (_, row) => decide(data, row * columns, 1, columns));
}

function scoreClasses(
  logs: Matrix,
  data: Dataset,
  baseline: Dataset,
  threshold: number,
  math: ScalarMath,
): ClassificationScores {
  const labels = labelsOf(data);
  const weights = rowWeights(data);
  const chosen = decisions(logs, threshold, math);
  const shares = sharesOf(labelsOf(baseline), rowWeights(baseline), logs.columns);
  const classes = Array.from({ length: logs.columns }, (_, c) => classScores(c, logs, labels, chosen, weights));
  const majority = shares.indexOf(Math.max(...shares));
  const own = Array.from(labels, (label, row) => -logs.data[row * logs.columns + label]);
  const floor = Array.from(labels, (label) => -math.log(shares[label]));
  return {
    task: "classification",
    rows: rowsIn(labels.length, weights),
    accuracy: mean(
      labels.map((label, row) => Number(label === chosen[row])),
      weights,
    ),
    balancedAccuracy: meanOf(classes.map(({ recall }) => recall)),
    logLoss: mean(own, weights),
    auc: logs.columns === 2 ? classes[1].auc : meanOf(classes.map(({ auc }) => auc)),
    classes,
    confusion: confusionOf(labels, chosen, weights, logs.columns),
    baseline: {
      task: "classification",
      rows: rowsIn(labels.length, weights),
      accuracy: mean(
        labels.map((label) => Number(label === majority)),
        weights,
      ),
      balancedAccuracy: 1 / classes.filter(({ rows }) => rows > 0).length,
      logLoss: mean(floor, weights),
      auc: 0.5,
    },
    comparison: compare(floor, own, weights, "the classes' shares"),
  };
}

/** Scores of predicted values, whatever predicted them. */
export function scoreValues(predicted: Matrix, data: Dataset, baseline: Dataset): RegressionScores {
  const weights = rowWeights(data);
  const targets = valuesOf(data);
  const { rows, columns } = predicted;
  const means = columnMeans(valuesOf(baseline), rowWeights(baseline));
  const constant = { rows, columns, data: Float64Array.from(predicted.data, (_, i) => means[i % columns]) };
  const outputs = Array.from({ length: columns }, (_, j) => valueScores(predicted, targets, j, weights));
  const floors = Array.from({ length: columns }, (_, j) => valueScores(constant, targets, j, weights));
  return {
    ...together(outputs),
    outputs,
    baseline: together(floors),
    comparison: compareSquares(rowErrors(constant, targets), rowErrors(predicted, targets), weights, "the mean"),
  };
}

function valueScores(predicted: Matrix, targets: Matrix, j: number, weights: Weights): Regression {
  const { rows, columns } = targets;
  const y = Float64Array.from({ length: rows }, (_, row) => targets.data[row * columns + j]);
  const errors = y.map((value, row) => value - predicted.data[row * columns + j]);
  const centre = mean(y, weights);
  const squared = mean(
    errors.map((e) => e * e),
    weights,
  );
  const variance = mean(
    y.map((value) => (value - centre) ** 2),
    weights,
  );
  return {
    task: "regression",
    rows: rowsIn(rows, weights),
    rmse: Math.sqrt(squared),
    mae: mean(errors.map(Math.abs), weights),
    r2: variance > 0 ? 1 - squared / variance : Number.NaN,
  };
}

/**
 * Several outputs: errors over all of them, and the mean of their R², whose units do not matter.
 */
function together(outputs: readonly Regression[]): Regression {
  if (outputs.length === 1) return outputs[0];
  return {
    task: "regression",
    rows: outputs[0].rows,
    rmse: Math.sqrt(meanOf(outputs.map(({ rmse }) => rmse ** 2))),
    mae: meanOf(outputs.map(({ mae }) => mae)),
    r2: meanOf(outputs.map(({ r2 }) => r2)),
  };
}

function classScores(c: number, logs: Matrix, labels: Int32Array, chosen: Int32Array, weights: Weights): ClassScores {
  let [rows, predicted, hits] = [0, 0, 0];
  labels.forEach((label, row) => {
    const weight = weights ? weights[row] : 1;
    if (label === c) rows += weight;
    if (chosen[row] === c) predicted += weight;
    if (label === c && chosen[row] === c) hits += weight;
  });
  const marks = Float64Array.from(labels, (_, row) => logs.data[row * logs.columns + c]);
  return {
    rows,
    predicted,
    precision: predicted > 0 ? hits / predicted : Number.NaN,
    recall: rows > 0 ? hits / rows : Number.NaN,
    f1: rows + predicted > 0 ? (2 * hits) / (rows + predicted) : 0,
    auc: areaUnderCurve(
      marks,
      Uint8Array.from(labels, (label) => Number(label === c)),
      weights,
    ),
  };
}

function decisions(logs: Matrix, threshold: number, math: ScalarMath): Int32Array {
  const { rows, columns, data } = logs;
  const cut = math.log(threshold);
  return Int32Array.from({ length: rows }, (_, row) =>
    columns === 2 ? Number(data[row * 2 + 1] > cut) : decide(data, row * columns, 1, columns),
  );
}

function confusionOf(labels: Int32Array, chosen: Int32Array, weights: Weights, classes: number): number[][] {
  const counts = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  labels.forEach((label, row) => {
    counts[label][chosen[row]] += weights ? weights[row] : 1;
  });
  return counts;
}

type Weights = Float64Array | null;

/**
 * Whole numbers as they are, because they count repeated rows; others as multiples of their mean.
 */
function rowWeights({ weights, meanWeight }: Dataset): Weights {
  if (!weights || weights.every(Number.isInteger)) return weights;
  return weights.map((weight) => weight / meanWeight);
}

/** How many rows count. */
function rowsIn(rows: number, weights: Weights): number {
  if (!weights) return rows;
  return weights.every(Number.isInteger) ? samplesWorth(weights) : weights.filter((weight) => weight > 0).length;
}

/**
 * Shares with one row more for each class, so that a class that was not there is unlikely, not
 * impossible.
 */
function sharesOf(labels: Int32Array, weights: Weights, classes: number): number[] {
  const counts = new Array<number>(classes).fill(1);
  labels.forEach((label, row) => {
    counts[label] += weights ? weights[row] : 1;
  });
  const total = counts.reduce((sum, count) => sum + count, 0);
  return counts.map((count) => count / total);
}

function valuesOf({ targets, size }: Dataset): Matrix {
  return "data" in targets ? targets : { rows: size, columns: 1, data: targets };
}

function columnMeans(values: Matrix, weights: Weights): number[] {
  const { rows, columns, data } = values;
  return Array.from({ length: columns }, (_, j) =>
    mean(
      Float64Array.from({ length: rows }, (_, row) => data[row * columns + j]),
      weights,
    ),
  );
}

function rowErrors(predicted: Matrix, targets: Matrix): number[] {
  const { rows, columns } = targets;
  return Array.from({ length: rows }, (_, row) => {
    let sum = 0;
    for (let j = 0; j < columns; ++j) {
      sum += (targets.data[row * columns + j] - predicted.data[row * columns + j]) ** 2;
    }
    return sum / columns;
  });
}

/** Paired by rows, which takes out what is hard for both. */
function compare(floor: ArrayLike<number>, own: ArrayLike<number>, weights: Weights, what: string): Comparison {
  const { mean: gain, standardError, clear } = paired(floor, own, weights);
  return comparison(gain, standardError, clear, floor, weights, what);
}

/**
 * Of squared errors also by their roots: squares have so long a tail that a few rows never tell,
 * however good a model is.
 */
function compareSquares(floor: number[], own: number[], weights: Weights, what: string): Comparison {
  const { mean: gain, standardError, clear } = paired(floor, own, weights);
  const roots = paired(floor.map(Math.sqrt), own.map(Math.sqrt), weights);
  const agreed = clear || (roots.clear && roots.mean > 0 === gain > 0);
  return comparison(gain, standardError, agreed, floor, weights, what);
}

/** The mean of the rows' differences, and whether it is outside of its 95 % interval around 0. */
function paired(
  floor: ArrayLike<number>,
  own: ArrayLike<number>,
  weights: Weights,
): { mean: number; standardError: number; clear: boolean } {
  const gains = Float64Array.from(own, (loss, row) => floor[row] - loss);
  const gain = mean(gains, weights);
  const rows = weights ? samplesWorth(weights) : gains.length;
  const spread = mean(
    gains.map((value) => (value - gain) ** 2),
    weights,
  );
  const standardError = rows > 1 ? Math.sqrt(spread / (rows - 1)) : Infinity;
  return { mean: gain, standardError, clear: Math.abs(gain) > clearAt(rows - 1) * standardError };
}

function comparison(
  gain: number,
  standardError: number,
  clear: boolean,
  floor: ArrayLike<number>,
  weights: Weights,
  what: string,
): Comparison {
  // A comparison with NaN is false, so that a network of NaN is not better.
  const verdict = clear && gain > 0 ? "better" : clear && gain < 0 ? "worse" : "unclear";
  const share = (gain / mean(floor, weights)) * 100;
  const reason =
    verdict === "better"
      ? `the loss is ${share.toFixed(0)} % below that of ${what}`
      : verdict === "worse"
        ? `the loss is ${(-share).toFixed(0)} % above that of ${what}: worse than no model`
        : `not clearly better than ${what}: over ${rowsIn(floor.length, weights)} rows the difference may be chance`;
  return { verdict, gain, standardError, reason };
}

function mean(values: ArrayLike<number>, weights: Weights): number {
  let [sum, total] = [0, 0];
  for (let i = 0; i < values.length; ++i) {
    const weight = weights ? weights[i] : 1;
    sum += weight * values[i];
    total += weight;
  }
  return sum / total;
}

/** Of those that are numbers. */
function meanOf(values: readonly number[]): number {
  const known = values.filter((value) => !Number.isNaN(value));
  return known.reduce((sum, value) => sum + value, 0) / known.length;
}
