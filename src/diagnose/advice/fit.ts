import type { ClassScore } from "../signals/score.js";
import { figure, percent, type Row, type Signs } from "./table.js";

/** Share of a class beside the one that classes of equal size would have. */
const RARE = 0.2;
/** Of a class's samples: the network is wrong about more of them than it is right about. */
const RECALL = 0.5;
/**
 * Share of the majority from which on a network that says nothing else has learned the imbalance
 * alone.
 */
const MAJORITY = 0.8;
/** Share of the constant's loss that a network has to have removed to have learned something. */
const LEARNED = 0.02;
/**
 * Rows whose own label the network holds for four times less likely than another, and their share
 * of all wrong decisions. Near a border of classes odds are small.
 */
const ODDS = 1.386; // ln 4
const NOISE_SHARE = 0.04;
const NOISE_OF_ERRORS = 0.5;
/**
 * Between the shares of error that are left: the difference has to be a tenth of what a constant
 * has, and the ratio two.
 */
const GAP = 0.1;
const RATIO = 2;
/**
 * The difference in standard errors: one in 160 by chance; where new data are predicted worse than
 * by a constant, one in seven is enough.
 */
const SIGNIFICANT = 2.5;
const BLATANT = 1;
/**
 * Cosine between the gradients of penalty and data, and what a step along the data's would take off
 * the loss. Or the penalty is larger than the loss, as at MacKay's (1992) best one only with more
 * parameters than half the samples.
 */
const AGAINST = -0.7;
const TAKEN = 0.2;
/** Share of a constant's loss below which nothing much is left. */
const TAKEN_OF_CONSTANT = 0.02;
/** ‖penalty's gradient‖ over ‖data's‖. */
const HALF = 0.5;
/** Of a fresh network's spread of outputs: the penalty has left nothing. */
const COLLAPSED = 0.01;
/**
 * Share of a constant's loss that a network adds to it; and times a constant's loss that no draw of
 * weights for scaled inputs has.
 */
const WORSE = -0.1;
const FAR_WORSE = 100;

export const classRows: readonly Row[] = [
  {
    code: "label-noise",
    remedy:
      "look at these rows' labels; train on the others, or with probabilities as targets that leave room for doubt",
    source: "Northcutt, Jiang and Chuang 2021, Confident learning",
    behind: ["diverged", "conflicting-rows"],
    find: ({ judged: { report, errors, odds }, drawn }) => {
      // A network that is right about most rows: twice the majority's errors removed.
      const skilled = 1 - report.score < 0.5 * (1 - report.baselineScore) && report.skill > 0;
      if (drawn.untouched || !odds || !skilled) return [];
      const rows = Array.from(odds.keys()).filter((i) => odds[i] >= ODDS);
      const wrong = errors.reduce((count, error) => count + (error > 0 ? 1 : 0), 0);
      if (rows.length < NOISE_SHARE * odds.length || rows.length < NOISE_OF_ERRORS * wrong) return [];
      rows.sort((a, b) => odds[b] - odds[a]);
      const message = `the network clearly contradicts the labels of ${rows.length} samples (${percent(rows.length / odds.length)}), sample ${rows[0]} most`;
      return [{ message, evidence: { share: rows.length / odds.length, samples: rows.slice(0, 20) } }];
    },
  },
  {
    code: "imbalanced-classes",
    remedy: "repeat the rare classes' rows until classes weigh the same, and judge by recall a class",
    source: "He and Garcia 2009, Learning from imbalanced data",
    find: (signs) =>
      missed(signs)
        .filter(({ rare, predicted, recall }) => rare && predicted > 0 && (recall ?? 1) < RECALL)
        .map(({ output, label, share, recall }) => ({
          message: `class ${label}${of(signs, output)} has ${percent(share)} of the samples, and the network finds ${percent(recall ?? 0)} of them`,
          evidence: { output, label, share, recall: recall ?? 0 },
        })),
  },
  {
    code: "class-never-predicted",
    remedy: "repeat that class's rows until classes weigh the same, or move the threshold of the decision",
    source: "He and Garcia 2009, Learning from imbalanced data",
    behind: ["diverged", "dead-layer"],
    find: (signs) => {
      const { score, baselineScore, skill } = signs.judged.report;
      const majority = score >= baselineScore && baselineScore >= MAJORITY;
      if (!(skill > LEARNED || majority || signs.drawn.trained || settled(signs))) return [];
      return missed(signs)
        .filter(({ predicted, count }) => predicted === 0 && count > 1)
        .map(({ output, label, share, count }) => ({
          message: `the network never predicts class ${label}${of(signs, output)}, which ${count} samples have`,
          evidence: { output, label, share, count },
        }));
    },
  },
];

export const penaltyRows: readonly Row[] = [
  {
    code: "penalty-too-strong",
    remedy: "divide the penalty, or the weight decay, by 10; then choose it on validation data",
    source: "Krogh and Hertz 1991, A simple weight decay can improve generalization",
    find: ({ penalty, fits, judged: { report }, drawn }) => {
      if (!penalty || fits || drawn.untouched) return [];
      const { cosine, ratio, value, fall, left, from } = penalty;
      const loss = report.loss - report.floor;
      const avoidable = report.baselineLoss - report.floor;
      const worth = (fall > TAKEN * loss || value > loss) && loss > TAKEN_OF_CONSTANT * avoidable;
      const cancels = cosine < AGAINST && ratio > HALF && worth;
      const collapsed = left < COLLAPSED && Math.abs(report.skill) < LEARNED && ratio > HALF;
      if (!cancels && !collapsed) return [];
      const what = from === "penalty" ? "the penalty's gradient" : "the weight decay";
      const message = collapsed
        ? `${what} has shrunk the outputs' spread to ${figure(left)} of a fresh network's`
        : `${what} cancels the data's: their cosine is ${cosine.toFixed(2)}; it adds ${figure(value)} to a loss of ${figure(report.loss)}, of which one step along the data's alone would take off ${percent(fall / report.loss)}`;
      return [{ message, evidence: { cosine, ratio, value, fall, left } }];
    },
  },
];

export const generalRows: readonly Row[] = [
  {
    code: "overfitting",
    remedy: "more data, fewer units, a penalty: { l2 }, or earlyStopping on the validation data",
    source: "Geman, Bienenstock and Doursat 1992, Neural networks and the bias/variance dilemma",
    behind: ["diverged"],
    find: ({ judgedAsUsed: judged, validation }) => {
      if (!validation) return [];
      const [here, there] = [judged.report, validation.report];
      const [trainShare, validationShare] = [left(here), left(there)];
      const apart = difference(judged.errors, validation.errors);
      const wider =
        validationShare - trainShare > GAP &&
        validationShare > RATIO * trainShare &&
        apart > (validationShare > 1 ? BLATANT : SIGNIFICANT);
      // Classes that are right may still be said with far too much confidence.
      const certain = here.kind === "classes" && here.skill > 0.5 && there.skill < 0;
      if (!wider && !certain) return [];
      const name = here.kind === "classes" ? "accuracy" : "R²";
      const words = wider
        ? `${name} is ${figure(here.score)} on the training data and ${figure(there.score)} on the validation data`
        : `the loss is ${figure(here.loss)} on the training data and ${figure(there.loss)} on the validation data, where the classes' shares alone have ${figure(there.baselineLoss)}`;
      return [
        {
          message: words,
          evidence: {
            training: here.score,
            validation: there.score,
            trainingLoss: here.loss,
            validationLoss: there.loss,
          },
        },
      ];
    },
  },
];

export const lastRows: readonly Row[] = [
  {
    code: "worse-than-baseline",
    remedy: "reinitialize(net, { seed }), a lower learning rate, more epochs; the mean or the majority does better",
    source: "the definition; scikit-learn's DummyRegressor and DummyClassifier",
    find: (signs) => {
      const { judged, drawn } = signs;
      const { loss, baselineLoss, skill, score, kind } = judged.report;
      if (drawn.untouched || !(skill < WORSE)) return [];
      // What nobody has trained yet may be worse.
      const seen = drawn.trained || settled(signs) || loss > FAR_WORSE * baselineLoss;
      if (!seen) return [];
      const constant = kind === "values" ? "the mean alone" : "the classes' shares alone";
      const message = `the loss is ${figure(loss)}, where ${constant} has ${figure(baselineLoss)}`;
      return [{ message, evidence: { loss, baselineLoss, score } }];
    },
  },
];

/** Classes, each with whether it is rare, of a network that has been trained and does not fit. */
function missed({ judged, fits, drawn }: Signs): (ClassScore & { rare: boolean })[] {
  if (fits || drawn.untouched) return [];
  const { classes } = judged.report;
  return classes.map((one) => {
    const present = classes.filter(({ output, count }) => output === one.output && count > 0).length;
    return { ...one, rare: one.count > 0 && one.share < RARE / Math.max(1, present) };
  });
}

function of({ judged }: Signs, output: number): string {
  return judged.report.classes.some((one) => one.output > 0) ? ` of output ${output + 1}` : "";
}

/** The gradient has vanished: training has ended here. */
function settled({ point }: Signs): boolean {
  return point !== null && point.kind !== "not-critical";
}

/** Share of a constant's error that is left. */
function left({ kind, score, baselineScore }: Signs["judged"]["report"]): number {
  if (kind === "values") return 1 - score;
  return baselineScore < 1 ? (1 - score) / (1 - baselineScore) : 1 - score;
}

/** Between the means of two samples, in its standard error. */
function difference(a: Float64Array, b: Float64Array): number {
  const moments = (values: Float64Array): [number, number] => {
    const mean = values.reduce((sum, one) => sum + one / values.length, 0);
    const variance = values.reduce((sum, one) => sum + (one - mean) ** 2, 0) / Math.max(1, values.length - 1);
    return [mean, variance / values.length];
  };
  const [meanA, errorA] = moments(a);
  const [meanB, errorB] = moments(b);
  const error = Math.sqrt(errorA + errorB);
  return error > 0 ? (meanB - meanA) / error : meanB > meanA ? Infinity : 0;
}
