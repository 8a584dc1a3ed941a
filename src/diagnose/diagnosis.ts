import type { BatchNormMode } from "../network/propagation.js";
import type { ActivationName } from "../network/spec.js";
import type { Dtype } from "../wasm/kernels.js";
import type { Advice } from "./advice/table.js";
import type { CurvatureChoice } from "./point/cost.js";
import type { CriticalPoint } from "./point/critical.js";
import type { SignalGrowth } from "./signals/gradient-flow.js";
import type { InputScale } from "./signals/inputs.js";
import type { FitScore } from "./signals/score.js";
import type { BlockedLayer, Moments } from "./units/activation-statistics.js";

/** A layer over all of the data. Shares are in [0, 1]. */
export interface LayerDiagnosis {
  /** Index of the layer. */
  readonly layer: number;
  /** Its activation. */
  readonly type: ActivationName;
  /** Number of units. */
  readonly units: number;
  /** Whether it has batch norm. */
  readonly batchNorm: boolean;
  /** Number of parameters. */
  readonly parameters: number;
  /** Units that give 0 for every sample (relu). */
  readonly deadUnits: number[];
  /** Groups of units with the same incoming parameters, dead ones aside. */
  readonly duplicates: number[][];
  /** Units whose gradients are all exactly 0. */
  readonly frozenUnits: number[];
  /** Share of positive pre-activations. */
  readonly active: number;
  /** Share of activations that are exactly 0. */
  readonly sparsity: number;
  /** Share of saturated activations; null where there is no such thing. */
  readonly saturated: number | null;
  /** Pre-activations that are exactly 0. */
  readonly exactZeros: number;
  /** What the activations see. */
  readonly preActivation: Moments;
  /** What they give. */
  readonly activation: Moments;
  /** ‖∂L/∂θ‖ over the layer, without penalty. */
  readonly gradientNorm: number;
  /** ‖θ‖ over the layer. */
  readonly parameterNorm: number;
  /** ‖∂L/∂a‖ over the layer and all samples. */
  readonly signal: number;
}

/** As `CriticalPoint`, with plain arrays. */
export interface PointDiagnosis extends Omit<CriticalPoint, "escape"> {
  /** A unit vector that leads down, where one is known; else null. */
  readonly escape: number[] | null;
}

/**
 * What `diagnose` finds: plain data, but for `toString()`, which JSON and structured cloning leave
 * out.
 */
export interface Diagnosis {
  /** P. */
  readonly parameters: number;
  /** N. */
  readonly samples: number;
  /** Precision of the network's parameters. */
  readonly dtype: Dtype;
  /** Which statistics batch norm used. */
  readonly batchNorm: BatchNormMode;
  /** The training objective, penalty included. */
  readonly loss: number;
  /** ‖g‖ of the objective. */
  readonly gradientNorm: number;
  /** Share classified correctly, or 1 − (mean squared error) / (variance of the targets). */
  readonly fit: number;
  /** The fit against the best constant, by output and by class. */
  readonly score: FitScore;
  /**
   * The same on the validation data, against the constant of the data; null where there are none.
   */
  readonly validation: FitScore | null;
  /** The layers in order, the first hidden layer first. */
  readonly layers: LayerDiagnosis[];
  /** Layers that let no gradient through. */
  readonly blocked: readonly BlockedLayer[];
  /** How it grows or shrinks from layer to layer. */
  readonly signal: SignalGrowth;
  /** How large they are. */
  readonly inputs: InputScale;
  /** What kind of point this is; null with curvature "none". */
  readonly point: PointDiagnosis | null;
  /** How much of the curvature was computed. */
  readonly curvature: CurvatureChoice;
  /** Why this choice. */
  readonly curvatureReason: string;
  /** What is wrong and what helps; empty where nothing is. */
  readonly advice: Advice[];
  /** For a terminal. */
  toString(): string;
}
