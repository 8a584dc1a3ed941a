import type { Advice, Diagnosis } from "../../index.js";

/**
 * What helps, in the command line's own words: options of `hessia train`. A record, so that the
 * compiler sees to it that none is left out.
 */
const remedies: Record<Advice["code"], string> = {
  "dead-layer": "train again with another --seed, a lower --learning-rate, or --activation leaky-relu",
  "step-activation": "train again with --activation sigmoid, since a step lets no gradient through",
  "dead-units": "train again with --activation leaky-relu, or a lower --learning-rate",
  "saturated-units": "train again with a lower --learning-rate, --batch-norm, or --activation relu",
  "duplicated-units": "train again with another --seed: units that begin alike and count alike stay alike",
  "linear-layer":
    "train again with another --seed, or with --batch-norm: where no unit ever switches, a layer is linear",
  "non-finite": "train again with a lower --learning-rate, or with --clip 1",
  diverged: "train again with a tenth of the --learning-rate, or with --clip 1",
  "vanishing-gradients": "train again with --activation relu, --batch-norm, or fewer layers in --hidden",
  "exploding-gradients": "train again with --batch-norm, --clip 1, or a lower --learning-rate",
  underflow: "train again with --dtype f64",
  "learning-rate-too-high": "lower --learning-rate below the edge that the evidence names, half of it being safe",
  "learning-rate-too-low": "raise --learning-rate, or leave it out and let the search choose",
  "unscaled-inputs": "train again on this data: hessia train scales every column by its training rows",
  "shifted-inputs": "train again on this data: hessia train takes each column's mean off",
  "tiny-inputs": "train again on this data: hessia train scales every column by its training rows",
  "constant-inputs": "leave these columns out with --ignore: a bias does what they do",
  "targets-far-off": "train again on this data: hessia train takes the target's mean off",
  "targets-of-another-size": "train again on this data: hessia train scales the target by its training rows",
  "unreachable-targets": "train again on this data: the last layer of hessia train reaches every value",
  "outlying-targets": "look at these rows: hessia audit lists rows that may be wrong",
  "skewed-targets": "train again with --target-scale log",
  "conflicting-rows": "add columns that tell these rows apart, or correct the targets: no network can fit both",
  "label-noise": "look at the rows that hessia audit lists, and correct or leave out those that are wrong",
  "imbalanced-classes":
    "with two classes --threshold balanced finds both; judge by the recall of each class, which --report shows",
  "class-never-predicted": "with two classes --threshold balanced; else more rows of that class",
  "penalty-too-strong": "divide --l2 (or --weight-decay) by 10, or leave it out and let the search choose",
  overfitting: "more rows, fewer units in --hidden, a larger --l2, or --early-stopping 20",
  saddle: "train on with --resume and more --epochs, or again with --optimizer saddle-free-newton",
  maximum: "train again with another --seed: any step leads down from here",
  "degenerate-point": "train on with --resume and more --epochs, or again with another --seed",
  "zero-gradient": "--curvature lanczos shows what kind of point this is; another --seed starts elsewhere",
  "worse-than-baseline":
    "more --epochs, a lower --learning-rate, another --seed; or leave options out and let the search choose",
};

/** A diagnosis whose remedies are options. */
export function inOptions(diagnosis: Diagnosis): Diagnosis {
  const advice = diagnosis.advice.map((one) => ({ ...one, remedy: remedies[one.code] }));
  return { ...diagnosis, advice };
}
