/** What the tables of advice are made of. */
import type { CriticalPoint } from "../point/critical.js";
import type { GuardFinding } from "../run/guard.js";
import type { RateFacts } from "../run/rates.js";
import type { Conflicts } from "../signals/conflicts.js";
import type { GradientFlow } from "../signals/gradient-flow.js";
import type { InputScale } from "../signals/inputs.js";
import type { PenaltyFacts } from "../signals/penalty.js";
import type { Judged } from "../signals/score.js";
import type { TargetFacts } from "../signals/targets.js";
import type { ActivationStatistics } from "../units/activation-statistics.js";

/** Kinds of advice; docs/diagnostics.md explains each. */
export type AdviceCode =
  | "non-finite"
  | "diverged"
  | "dead-layer"
  | "step-activation"
  | "dead-units"
  | "saturated-units"
  | "duplicated-units"
  | "linear-layer"
  | "vanishing-gradients"
  | "exploding-gradients"
  | "underflow"
  | "unscaled-inputs"
  | "shifted-inputs"
  | "tiny-inputs"
  | "constant-inputs"
  | "targets-far-off"
  | "targets-of-another-size"
  | "unreachable-targets"
  | "outlying-targets"
  | "skewed-targets"
  | "conflicting-rows"
  | "label-noise"
  | "imbalanced-classes"
  | "class-never-predicted"
  | "penalty-too-strong"
  | "learning-rate-too-high"
  | "learning-rate-too-low"
  | "overfitting"
  | "saddle"
  | "maximum"
  | "degenerate-point"
  | "zero-gradient"
  | "worse-than-baseline";

/** A cause for trouble, with what shows it and what helps. */
export interface Advice {
  /** Its kind. */
  readonly code: AdviceCode;
  /** What is the matter, in words. Layers, units, inputs and outputs are counted from 1 here. */
  readonly message: string;
  /** Index of the layer that it is about, from 0; null where it is about none. */
  readonly layer: number | null;
  /** Indices of the units that it is about, from 0; empty where it is about none. */
  readonly units: readonly number[];
  /** The numbers behind it; layers, units, inputs, outputs and samples are indices from 0. */
  readonly evidence: Readonly<Record<string, number | string | readonly number[]>>;
  /** What to do, as code where code can do it. */
  readonly remedy: string;
  /** Where that is from. */
  readonly source: string;
}

/** What the advice is drawn from. */
export interface Signs {
  readonly statistics: ActivationStatistics;
  readonly flow: GradientFlow;
  /**
   * How the signal grows on its way down, over the hidden layers: rate a layer, and in all; null
   * where there are fewer than two.
   */
  readonly growth: Growth | null;
  readonly inputs: InputScale;
  /** Groups of units of each layer with the same incoming parameters. */
  readonly duplicates: readonly (readonly (readonly number[])[])[];
  readonly point: CriticalPoint | null;
  readonly offence: GuardFinding | null;
  /**
   * The fit against a constant, and whether it is so good that nothing can be wrong with what gets
   * to the outputs.
   */
  readonly judged: Judged;
  /** Under running statistics, as validation data are. */
  readonly judgedAsUsed: Judged;
  readonly validation: Judged | null;
  readonly fits: boolean;
  readonly targets: readonly TargetFacts[];
  readonly conflicts: Conflicts;
  readonly rates: RateFacts | null;
  readonly penalty: PenaltyFacts | null;
  readonly drawn: Drawn;
  readonly batchNorm: readonly boolean[];
  /** Whether no layer has an activation but the identity. */
  readonly affine: boolean;
}

/** Growth of ∂L/∂a from the last hidden layer to the first. */
export interface Growth {
  readonly rate: number;
  readonly total: number;
}

/** The network beside one that is as its specification draws it. */
export interface Drawn {
  /** Whether the parameters are still those that were drawn. */
  readonly untouched: boolean;
  /** Whether the optimizer that was given has taken steps. */
  readonly trained: boolean;
  /**
   * Root mean square of the outputs, of those of the network as drawn, and of the targets (1 for
   * logits).
   */
  readonly outputs: number;
  readonly asDrawn: number;
  readonly targets: number;
}

/** One case of an advice: its words and numbers, and where in the network it is. */
export interface Case extends Pick<Advice, "message" | "evidence"> {
  readonly layer?: number;
  readonly units?: readonly number[];
}

export interface Row {
  readonly code: AdviceCode;
  readonly remedy: string;
  readonly source: string;
  /** Codes that explain this one: where one of them is advised, this one is not. */
  readonly behind?: readonly AdviceCode[];
  /** Each case of it. */
  find(signs: Signs): Case[];
}

export function percent(share: number): string {
  return `${Number((100 * share).toPrecision(2))} %`;
}

/** A number in a sentence. */
export function figure(value: number): string {
  const size = Math.abs(value);
  return size === 0 || (size >= 1e-3 && size < 1e5) ? String(Number(value.toPrecision(3))) : value.toExponential(1);
}

/** Indices as a person counts them. */
export function counted(indices: readonly number[]): string {
  const shown = indices.slice(0, 10).map((index) => index + 1);
  return `${shown.join(", ")}${indices.length > shown.length ? ` and ${indices.length - shown.length} more` : ""}`;
}
