import { counted, figure, percent, type Row, type Signs } from "./table.js";
import { driven } from "./units.js";

/**
 * Root mean square of an input. The curvature of its weights grows with its square: 400 times the
 * bias's, or a millionth.
 */
const INPUT_MOST = 20;
const INPUT_LEAST = 1e-3;
/**
 * Deviations between the targets' mean and the outputs': the error is then 25 times that of a
 * constant, and nearly all of it is the distance.
 */
const FAR_OFF = 5;
/**
 * Of the targets' mean in their deviations: the first errors are so many times those that matter,
 * and so are the first steps of all weights.
 */
const TARGETS_MOST = 20;
/** Share of a constant's loss that a fit has to take away to count as better than it. */
const HARDLY = 0.1;
/**
 * Between the outputs' deviation and the targets', in a network that fits worse than a constant or
 * hardly better.
 */
const ANOTHER_SIZE = 1000;
/**
 * Of the targets, beyond the range of the last activation: rounding and a stray sample are less.
 */
const UNREACHABLE = 0.05;
/**
 * Of Σ(y − median)², in the farthest hundredth of the samples (normal targets: a tenth): they
 * outweigh all others together.
 */
const OUTLYING = 0.5;
/**
 * Third moment of the targets, and of their logarithms (an exponential distribution has 2, a
 * lognormal of unit size 6.2 and 0).
 */
const SKEWED = 3;
const SYMMETRIC = 1;
/** Samples below which a moment or a hundredth says nothing. */
const ENOUGH = 30;
/** Of the targets' variance, between rows with the same inputs: no network removes it. */
const CONFLICTING = 0.05;

export const inputRows: readonly Row[] = [
  {
    code: "unscaled-inputs",
    remedy:
      "give each input mean 0 and deviation 1 before dataset(inputs, targets), or withBatchNorm(net, data, { layers: [0] })",
    source: "LeCun, Bottou, Orr and Müller 1998, Efficient BackProp, section 4.3",
    find: (signs) => {
      if (signs.batchNorm[0] || asGoodAsItGets(signs)) return [];
      const { largest, column } = signs.inputs;
      if (largest === 0 || (largest <= INPUT_MOST && largest >= INPUT_LEAST)) return [];
      const message = `input ${column + 1} has a root mean square of ${largest.toPrecision(3)}, the largest of all`;
      return [{ message, evidence: { column, rootMeanSquare: largest } }];
    },
  },
  {
    code: "shifted-inputs",
    remedy: "subtract each input's mean before dataset(inputs, targets), or withBatchNorm(net, data, { layers: [0] })",
    source: "LeCun, Bottou, Orr and Müller 1998, Efficient BackProp, section 4.3",
    behind: ["unscaled-inputs"],
    find: (signs) => {
      const { shifted } = signs.inputs;
      if (signs.batchNorm[0] || asGoodAsItGets(signs) || shifted.length === 0) return [];
      const message = `${named(shifted)} far from 0 beside ${shifted.length > 1 ? "their deviations" : "its deviation"}`;
      return [{ message, evidence: { columns: shifted } }];
    },
  },
  {
    code: "tiny-inputs",
    remedy: "give each input mean 0 and deviation 1 before dataset(inputs, targets)",
    source: "LeCun, Bottou, Orr and Müller 1998, Efficient BackProp, section 4.3",
    behind: ["unscaled-inputs"],
    find: (signs) => {
      const { tiny } = signs.inputs;
      if (asGoodAsItGets(signs) || tiny.length === 0) return [];
      const message = `${named(tiny)} next to nothing beside the largest input: the network does not see ${tiny.length > 1 ? "them" : "it"}`;
      return [{ message, evidence: { columns: tiny } }];
    },
  },
  {
    code: "constant-inputs",
    remedy: "leave these columns out: a bias does what they do",
    source: "the definition; scikit-learn's VarianceThreshold does so",
    find: (signs) => {
      const { constant } = signs.inputs;
      if (asGoodAsItGets(signs) || constant.length === 0) return [];
      return [{ message: `${named(constant)} the same for every sample`, evidence: { columns: constant } }];
    },
  },
];

export const targetRows: readonly Row[] = [
  {
    code: "targets-far-off",
    remedy: "subtract the targets' mean before dataset(inputs, targets), and add it to what the network predicts",
    source: "Bishop 1995, Neural Networks for Pattern Recognition, section 8.2 (preprocessing)",
    behind: ["diverged", "exploding-gradients", "unreachable-targets"],
    find: (signs) =>
      signs.judged.report.outputs
        .filter(({ output, score, mean, deviation, outputMean, error }) => {
          const distance = Math.abs(mean - outputMean);
          if (score === null) return false;
          const far = signs.targets[output]?.unbounded && Math.abs(mean) > TARGETS_MOST * deviation;
          // The outputs may be there, and the way has cost the hidden units.
          if (far && !signs.drawn.untouched && !asGoodAsItGets(signs) && driven(signs)) return true;
          // Most of the error is the distance, and the targets lie farther from 0 than the outputs.
          return distance > FAR_OFF * deviation && distance ** 2 > 0.5 * error && Math.abs(mean) > Math.abs(outputMean);
        })
        .map(({ output, mean, deviation, outputMean }) => ({
          message: `the targets of output ${output + 1} have mean ${figure(mean)} and deviation ${figure(deviation)}, and the outputs have mean ${figure(outputMean)}`,
          evidence: { output, mean, deviation, outputMean },
        })),
  },
  {
    code: "targets-of-another-size",
    remedy:
      "give the targets mean 0 and deviation 1 before dataset(inputs, targets), and undo that in what the network predicts",
    source: "Bishop 1995, Neural Networks for Pattern Recognition, section 8.2 (preprocessing)",
    behind: [
      "diverged",
      "dead-layer",
      "exploding-gradients",
      "vanishing-gradients",
      "unscaled-inputs",
      "unreachable-targets",
      "targets-far-off",
      "penalty-too-strong",
    ],
    find: ({ judged }) =>
      judged.report.outputs
        .filter(({ score, deviation, outputDeviation }) => {
          if (score === null || score > HARDLY || outputDeviation === 0) return false;
          return deviation > ANOTHER_SIZE * outputDeviation || outputDeviation > ANOTHER_SIZE * deviation;
        })
        .map(({ output, deviation, outputDeviation }) => ({
          message: `the targets of output ${output + 1} have deviation ${figure(deviation)}, and the outputs have deviation ${figure(outputDeviation)}`,
          evidence: { output, deviation, outputDeviation },
        })),
  },
  {
    code: "unreachable-targets",
    remedy: 'activation: "identity" in the last layer, or targets scaled into its range',
    source: "Bishop 1995, Neural Networks for Pattern Recognition, section 6.6 (output units)",
    behind: ["dead-layer"],
    find: ({ targets, fits }) =>
      fits
        ? []
        : targets
            .filter(({ unreachable }) => unreachable >= UNREACHABLE)
            .map(({ output, unreachable }) => ({
              message: `${percent(unreachable)} of the targets of output ${output + 1} lie beyond what the last layer's activation can give`,
              evidence: { output, unreachable },
            })),
  },
  {
    code: "outlying-targets",
    remedy: 'look at these samples; loss: "huber" on standardised targets, which weighs them less',
    source: "Huber 1964, Robust estimation of a location parameter",
    find: ({ targets, fits, statistics: { samples } }) =>
      fits || samples < ENOUGH
        ? []
        : targets
            .filter(({ farthest }) => farthest !== null && farthest >= OUTLYING)
            .map(({ output, farthest, farthestSamples }) => ({
              message: `${percent(farthest ?? 0)} of the spread of output ${output + 1}'s targets is that of ${farthestSamples.length} of the ${samples} samples`,
              evidence: { output, share: farthest ?? 0, samples: farthestSamples },
            })),
  },
  {
    code: "skewed-targets",
    remedy: "train on the logarithms of the targets, and take the exponential of what the network predicts",
    source: "Box and Cox 1964, An analysis of transformations",
    behind: ["outlying-targets"],
    find: ({ targets, fits, statistics: { samples } }) =>
      fits || samples < ENOUGH
        ? []
        : targets
            .filter(
              ({ skewness, logSkewness }) =>
                Math.abs(skewness ?? 0) >= SKEWED && logSkewness !== null && Math.abs(logSkewness) <= SYMMETRIC,
            )
            .map(({ output, skewness, logSkewness }) => ({
              message: `the targets of output ${output + 1} have skewness ${figure(skewness ?? 0)}, their logarithms ${figure(logSkewness ?? 0)}`,
              evidence: { output, skewness: skewness ?? 0, logSkewness: logSkewness ?? 0 },
            })),
  },
  {
    code: "conflicting-rows",
    remedy: "add the inputs that tell these rows apart, or correct the targets: no network can fit both",
    source: "Draper and Smith 1998, Applied Regression Analysis, section 2.1 (pure error)",
    find: ({ conflicts: { samples, pair, floor }, fits }) => {
      if (fits || floor < CONFLICTING) return [];
      const message = `${samples} samples have the same inputs as another with another target, as samples ${pair.join(" and ")} have: at least ${percent(floor)} of the targets' variance stays`;
      return [{ message, evidence: { samples, pair, floor } }];
    },
  },
];

/**
 * Whether other units of the data cannot help: the fit is good, or the network sits at a minimum.
 * Of an affine network that is the best there is. Of others one that beats no constant is not.
 */
function asGoodAsItGets({ fits, point, affine, judged }: Signs): boolean {
  return fits || (point?.kind === "minimum" && (affine || judged.report.skill > HARDLY));
}

function named(columns: readonly number[]): string {
  return columns.length > 1 ? `inputs ${counted(columns)} are` : `input ${counted(columns)} is`;
}
