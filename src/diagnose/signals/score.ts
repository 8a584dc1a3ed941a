/**
 * How good a fit is, held against the best constant: the mean, the majority, the shares of the
 * classes.
 */
import type { Dataset } from "../../network/dataset.js";
import type { Network } from "../../network/network.js";
import { decide } from "../../network/score.js";
import { decidesClasses, lossName, lossParameters, type ResolvedLoss } from "../../network/spec.js";
import type { ScalarMath } from "../../wasm/kernels.js";
import { coreMath } from "../../wasm/math.js";
import { type Outputs, sampleWeights } from "./outputs.js";

/** An output of values. */
export interface OutputScore {
  /** Index of the output. */
  readonly output: number;
  /** Mean squared error. */
  readonly error: number;
  /** Mean squared error of the best constant: the variance of the targets. */
  readonly baseline: number;
  /** 1 − error/baseline, R²; null for targets that are all the same. */
  readonly score: number | null;
  /** Of the targets. */
  readonly mean: number;
  /** Of the targets, of the population. */
  readonly deviation: number;
  /** Of what the network gives. */
  readonly outputMean: number;
  /** Of what the network gives. */
  readonly outputDeviation: number;
}

/** A class. */
export interface ClassScore {
  /** The output that it belongs to where there are several yes-or-no outputs; else 0. */
  readonly output: number;
  /** Its label; 0 and 1 for a yes-or-no output. */
  readonly label: number;
  /** Samples of it. */
  readonly count: number;
  /** Their share of the weight of all samples. */
  readonly share: number;
  /** Samples that the network takes for it. */
  readonly predicted: number;
  /** Share of its samples that the network takes for it; null where it has none. */
  readonly recall: number | null;
}

/** A fit against what a constant would score. */
export interface FitScore {
  /** "values" for mse, huber and their kin, "classes" for the cross-entropies. */
  readonly kind: "values" | "classes";
  /** R² over all outputs, or the share classified correctly. */
  readonly score: number;
  /** The same of the best constant: 0, or the share of the majority. */
  readonly baselineScore: number;
  /** Mean loss without penalty. */
  readonly loss: number;
  /** Mean loss of the constant: the mean, or each class's share. */
  readonly baselineLoss: number;
  /**
   * Least mean loss that the targets allow: their own entropy where they are probabilities; else 0.
   */
  readonly floor: number;
  /**
   * Share of the avoidable loss of the best constant that the network avoids: 1 is perfect, 0 as
   * good as the constant, below 0 worse.
   */
  readonly skill: number;
  /** One by one; empty for classes. */
  readonly outputs: readonly OutputScore[];
  /** One by one; empty for values. */
  readonly classes: readonly ClassScore[];
}

/** A score with what it is made of, sample by sample. */
export interface Judged {
  readonly report: FitScore;
  /** Whether nothing is left to improve that advice is about. */
  readonly fits: boolean;
  /** Squared errors in units of the variance, or 1 for a wrong decision; mean over outputs. */
  readonly errors: Float64Array;
  /** For classes: the probability of the given label over that of the likeliest. */
  readonly odds: Float64Array | null;
}

/** What a constant knows of the training data, for judging other data by. */
export interface Constant {
  readonly means: readonly number[];
  readonly variances: readonly number[];
}

/**
 * Share of the constant's squared error, or of the majority's wrong decisions, that may be left of
 * a fit that is well.
 */
const FITS = 0.98;
const FITS_CLASSES = 0.95;

/**
 * Holds outputs against the targets; `constant`: that of the training data where these are others.
 */
export function judge(net: Network, data: Dataset, outputs: Outputs, constant?: Constant): Judged {
  return decidesClasses(net.spec.loss)
    ? judgeClasses(net, data, outputs, constant)
    : judgeValues(net, data, outputs, constant);
}

/** Target values, samples × outputs; labels become rows of 0 and 1. */
export function targetRows(net: Network, { targets, size }: Dataset): ArrayLike<number> {
  const { spec, layout } = net;
  if ("data" in targets) return targets.data;
  if (spec.loss !== "cross-entropy") return targets;
  const rows = new Float64Array(size * layout.outputs);
  for (let i = 0; i < size; ++i) rows[i * layout.outputs + targets[i]] = 1;
  return rows;
}

/** The mean of each output's targets, and the variance about it. */
export function constantOf(net: Network, data: Dataset): Constant {
  const rows = targetRows(net, data);
  const width = net.layout.outputs;
  const weights = sampleWeights(data);
  const total = sum(weights);
  const means = Array.from({ length: width }, (_, j) => {
    let of = 0;
    for (let i = 0; i < data.size; ++i) of += weights[i] * (rows[i * width + j] / total);
    return of;
  });
  const variances = means.map((mean, j) => {
    let of = 0;
    for (let i = 0; i < data.size; ++i) of += (weights[i] / total) * (rows[i * width + j] - mean) ** 2;
    return of;
  });
  return { means, variances };
}

function judgeValues(net: Network, data: Dataset, { values, width, loss }: Outputs, constant?: Constant): Judged {
  const rows = targetRows(net, data);
  const weights = sampleWeights(data);
  const total = sum(weights);
  const own = constantOf(net, data);
  const reference = constant ?? own;
  const errors = new Float64Array(data.size);
  const outputs = own.means.map((mean, j): OutputScore => {
    let error = 0;
    let baseline = 0;
    let outputMean = 0;
    for (let i = 0; i < data.size; ++i) {
      const share = weights[i] / total;
      outputMean += share * values[i * width + j];
      error += share * (values[i * width + j] - rows[i * width + j]) ** 2;
      baseline += share * (rows[i * width + j] - reference.means[j]) ** 2;
    }
    let spread = 0;
    for (let i = 0; i < data.size; ++i) spread += (weights[i] / total) * (values[i * width + j] - outputMean) ** 2;
    // Rounding of the mean of constants is no variance.
    const flat = !(baseline > 1e-24 * mean * mean);
    const unit = reference.variances[j] > 0 ? reference.variances[j] : baseline;
    for (let i = 0; i < data.size && unit > 0; ++i) {
      errors[i] += (values[i * width + j] - rows[i * width + j]) ** 2 / (unit * width);
    }
    return {
      output: j,
      error,
      baseline,
      score: flat ? null : 1 - error / baseline,
      mean,
      deviation: Math.sqrt(own.variances[j]),
      outputMean,
      outputDeviation: Math.sqrt(spread),
    };
  });
  const sumOf = (of: (output: OutputScore) => number): number => outputs.reduce((all, one) => all + of(one), 0);
  const [error, baseline] = [sumOf((one) => one.error), sumOf((one) => one.baseline)];
  const score = baseline > 0 ? 1 - error / baseline : error === 0 ? 1 : 0;
  const baselineLoss = constantLoss(net, rows, weights, reference.means);
  const report: FitScore = {
    kind: "values",
    score,
    baselineScore: 0,
    loss,
    baselineLoss,
    floor: 0,
    skill: baselineLoss > 0 ? 1 - loss / baselineLoss : loss === 0 ? 1 : 0,
    outputs,
    classes: [],
  };
  const fits = outputs.every(({ score: one, error: rest, mean }) =>
    one === null ? rest <= (1 - FITS) * mean * mean : one >= FITS,
  );
  return { report, fits, errors, odds: null };
}

/** The mean loss of a constant output. */
function constantLoss(
  { spec, build }: Network,
  rows: ArrayLike<number>,
  weights: Float64Array,
  means: readonly number[],
): number {
  const math = coreMath(build);
  const width = means.length;
  const total = sum(weights) * width;
  let loss = 0;
  for (let k = 0; k < rows.length; ++k) {
    const r = Math.abs(rows[k] - means[k % width]);
    const one = pointLoss(spec.loss, r, math);
    loss += (weights[Math.floor(k / width)] / total) * one;
  }
  return loss;
}

/** The loss of values at a residual of size r. */
function pointLoss(loss: ResolvedLoss, r: number, { exp, log }: ScalarMath): number {
  const [delta] = lossParameters(loss);
  switch (lossName(loss)) {
    case "huber":
      return r <= delta ? 0.5 * r * r : delta * (r - 0.5 * delta);
    case "mae":
      return r;
    case "log-cosh":
      return r + log((1 + exp(-2 * r)) / 2);
    default:
      return r * r;
  }
}

function judgeClasses(net: Network, data: Dataset, { values, width, loss }: Outputs, constant?: Constant): Judged {
  const rows = targetRows(net, data);
  const weights = sampleWeights(data);
  const total = sum(weights);
  const shared = net.spec.loss === "cross-entropy";
  const { means } = constant ?? constantOf(net, data);
  const errors = new Float64Array(data.size);
  const odds = new Float64Array(data.size);
  // One decision among all outputs, or one of yes or no an output.
  const decisions = shared ? 1 : width;
  const classes: ClassScore[] = [];
  let majority = 0;
  let accurate = 0;
  for (let j = 0; j < decisions; ++j) {
    const count = shared ? width : 2;
    const tallies = Array.from({ length: count }, () => ({ count: 0, weight: 0, predicted: 0, right: 0 }));
    for (let i = 0; i < data.size; ++i) {
      const at = i * width + j;
      const wanted = shared ? decide(rows, i * width, 1, width) : rows[at] > 0.5 ? 1 : 0;
      const given = shared ? decide(values, i * width, 1, width) : values[at] > 0 ? 1 : 0;
      tallies[wanted].count += 1;
      tallies[wanted].weight += weights[i];
      tallies[given].predicted += 1;
      if (given !== wanted) errors[i] += 1 / decisions;
      else {
        tallies[wanted].right += 1;
        accurate += weights[i];
      }
      const behind = shared ? values[i * width + given] - values[i * width + wanted] : Math.abs(values[at]);
      if (given !== wanted) odds[i] = Math.max(odds[i], behind);
    }
    tallies.forEach(({ count: of, weight, predicted, right }, label) => {
      const recall = of > 0 ? right / of : null;
      classes.push({ output: j, label, count: of, share: weight / total, predicted, recall });
    });
    const guess = shared ? decide(means, 0, 1, width) : means[j] > 0.5 ? 1 : 0;
    majority += tallies[guess].weight / total / decisions;
  }
  const accuracy = accurate / (total * decisions);
  const { baselineLoss, floor } = entropies(rows, weights, means, shared, coreMath(net.build));
  const avoidable = baselineLoss - floor;
  const report: FitScore = {
    kind: "classes",
    score: accuracy,
    baselineScore: majority,
    loss,
    baselineLoss,
    floor,
    skill: avoidable > 0 ? (baselineLoss - loss) / avoidable : accuracy === 1 ? 1 : 0,
    outputs: [],
    classes,
  };
  return { report, fits: fitsClasses(report, accuracy, majority), errors, odds };
}

function fitsClasses({ floor, baselineLoss, skill, classes }: FitScore, accuracy: number, majority: number): boolean {
  // Probabilities near a half have no right decision: their fit is that of the loss.
  if (floor > (1 - FITS) * baselineLoss) return skill >= FITS;
  const most = (1 - FITS_CLASSES) * (1 - majority);
  return 1 - accuracy <= most && classes.every(({ recall }) => recall === null || recall >= 0.5);
}

/**
 * The loss of the constant that gives each class its share, and the entropy of the targets
 * themselves; means as the losses take them.
 */
function entropies(
  rows: ArrayLike<number>,
  weights: Float64Array,
  means: readonly number[],
  shared: boolean,
  { log }: ScalarMath,
): { baselineLoss: number; floor: number } {
  const width = means.length;
  const total = sum(weights) * (shared ? 1 : width);
  const rare = 0.5 / (weights.length + 1);
  const cross = (p: number, q: number): number => (p === 0 ? 0 : -p * log(Math.max(q, rare)));
  const own = (p: number): number => (p === 0 ? 0 : -p * log(p));
  let baselineLoss = 0;
  let floor = 0;
  for (let k = 0; k < rows.length; ++k) {
    const share = weights[Math.floor(k / width)] / total;
    const [p, q] = [rows[k], means[k % width]];
    baselineLoss += share * (cross(p, q) + (shared ? 0 : cross(1 - p, 1 - q)));
    floor += share * (own(p) + (shared ? 0 : own(1 - p)));
  }
  return { baselineLoss, floor };
}

function sum(values: Float64Array): number {
  let of = 0;
  for (const value of values) of += value;
  return of;
}
