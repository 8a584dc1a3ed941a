import type { StepReport } from "../optimize/optimizer.js";
import type { Evaluations } from "../optimize/problem.js";
import type { Checkpoint, EpochRecord } from "./checkpoint.js";

/** Why a run ended. */
export type Status =
  | "completed"
  | "converged"
  | "early-stopped"
  | "stalled"
  | "unbounded"
  | "non-finite"
  | "not-positive-definite"
  | "aborted";

/** One step of training; second-order methods add what they know of it. */
export interface StepRecord extends Partial<StepReport> {
  /** Number of the step in the whole run, from 1. */
  readonly step: number;
  /** Number of the epoch, from 1. */
  readonly epoch: number;
  /** The batch's objective before the step. */
  readonly loss: number;
  /** Euclidean norm of its gradient, before clipping. */
  readonly gradientNorm: number;
  /** Learning rate of the step, by the schedule. */
  readonly learningRate: number;
  /** Samples in the batch. */
  readonly samples: number;
  /** Values, gradients, products and matrices computed so far in this run, trials included. */
  readonly evaluations: Evaluations;
  /** The epoch that this step ended, or null. */
  readonly epochRecord: EpochRecord | null;
  /**
   * Everything needed to resume from here. Takes a copy of the parameters and the optimizer's
   * memory as they are when called.
   */
  checkpoint(): Checkpoint;
}

/** Where a value first ceased to be finite. */
export interface NonFinite {
  /** Number of the step, from 1. */
  readonly step: number;
  /** Number of the epoch, from 1. */
  readonly epoch: number;
  /** Index of the layer, or −1 where it was not in a layer. */
  readonly layer: number;
  /** The kind of value. */
  readonly quantity: "pre-activation" | "loss" | "gradient" | "parameter";
}

/** How a run went. */
export interface History {
  /** How the run ended; see `fit`. */
  readonly status: Status;
  /** Why the run ended, in words. */
  readonly reason: string;
  /** One record per epoch, those before a resumed checkpoint included. */
  readonly epochs: readonly EpochRecord[];
  /** Steps taken. */
  readonly steps: number;
  /** Values, gradients, products and matrices computed in this run. */
  readonly evaluations: Evaluations;
  /** Remarks on method and run, in words; often none. */
  readonly notes: readonly string[];
  /** With status "non-finite". */
  readonly nonFinite?: NonFinite;
  /** The run's state at its end, to resume from. */
  readonly checkpoint: Checkpoint;
}

/** What a callback may do to the run that calls it. */
export interface RunHandle {
  /** Everything needed to resume from here. */
  checkpoint(): Checkpoint;
}
