import type { Sample } from "../data/generators.ts";
import type { OwnData } from "../data/own.ts";
import type { Place } from "./place.ts";
import type { Change, Course, Halt, LiveSettings, Logged, Problem, Settings, Snapshot } from "./settings.ts";

/**
 * How fast to train: so many steps for each picture, below 1 a step every few pictures; or as fast
 * as it goes.
 */
export type Pace = number | "full";

/** What the next picture needs. */
export interface Wants {
  /** Maps of the units, and of the output. */
  readonly maps: boolean;
  /** Signs of the pre-activations over the plane: kinks and regions. */
  readonly kinks: boolean;
}

export interface Confusion {
  /** counts[actual][said]. */
  readonly train: readonly (readonly number[])[];
  readonly test: readonly (readonly number[])[];
}

/** What a picture shows of the data; sent once for each start. */
export interface Scenery {
  readonly problem: Problem;
  readonly classes: readonly string[];
  readonly train: readonly Sample[];
  readonly test: readonly Sample[];
  /** What the network is trained on, row by row. */
  readonly rows: readonly (readonly number[])[];
  readonly targets: readonly number[];
  readonly inputs: readonly string[];
  /** Whether the inputs are the columns of a table of more than two, not features of the plane. */
  readonly wide: boolean;
  readonly outputs: number;
  /** Maps of the inputs, each scaled to [−1, 1]. */
  readonly inputMaps: readonly Float32Array[];
  readonly stepsPerEpoch: number;
  /** What the network computes its loss by, in the library's words. */
  readonly loss: string;
  /** Whether classes are told by the sign of an output in (−1, 1). */
  readonly signed: boolean;
}

export interface TrailPoint {
  readonly step: number;
  readonly epoch: number;
  /** Passes over the data: epochs with the part of the one at hand. */
  readonly passes: number;
  readonly trainLoss: number;
  readonly testLoss: number;
}

export interface Frame {
  readonly place: Place;
  readonly passes: number;
  /** All that this run is, where replaying its course would take long; else null. */
  readonly snapshot: Snapshot | null;
  readonly step: number;
  readonly epoch: number;
  readonly trainLoss: number;
  readonly testLoss: number;
  readonly trainAccuracy: number | null;
  readonly testAccuracy: number | null;
  readonly gradientNorm: number | null;
  readonly learningRate: number;
  readonly parameters: Float64Array;
  readonly statistics: Float64Array;
  readonly confusion: Confusion | null;
  /**
   * Layer by layer, unit by unit: activations over the plane, scaled to [−1, 1] by the activation's
   * own range.
   */
  readonly unitMaps: readonly (readonly Float32Array[])[] | null;
  /**
   * Output over the plane: in [−1, 1], or with several classes `class + probability` (0 to below
   * 1).
   */
  readonly outputMap: Float32Array | null;
  /** With several classes, the probability of each over the plane, as `class + probability`. */
  readonly classMaps: readonly Float32Array[] | null;
  /**
   * Where every unit of the layers that have kinks switches: segments x₀ y₀ x₁ y₁ in units of a
   * raster of `KINK_MAP` points a side.
   */
  readonly kinks: readonly { readonly layer: number; readonly lines: readonly Float32Array[] }[] | null;
  /** Number of regions of one sign pattern, and the region of each point of the raster. */
  readonly regions: { readonly count: number; readonly of: Uint32Array } | null;
  /** Indices of dead units, layer by layer. */
  readonly dead: readonly (readonly number[])[];
  /** Signs of pre-activations of training samples that changed since the start. */
  readonly crossings: number;
  readonly settings: Settings;
  /** Changes made so far, and those that a replay has yet to make. */
  readonly log: readonly Logged[];
  readonly coming: readonly Logged[];
  readonly playing: boolean;
  /** The last start of playing that the trainer had heard of. */
  readonly plays: number;
  readonly halt: Halt | null;
  /** Losses at places that a replay has passed since the last picture. */
  readonly trail: readonly TrailPoint[];
  /** Share of a replay that is done; 1 when nothing is being replayed. */
  readonly replayed: number;
  /** Epochs a second, measured. */
  readonly speed: number;
  /** What the optimizer tells of its last step, by name. */
  readonly notes: Readonly<Record<string, number>>;
}

export const UNIT_MAP = 24;
export const OUTPUT_MAP = 80;
export const KINK_MAP = 96;

export type ToTrainer =
  /** `keep`: the run that there was comes back as a snapshot. */
  | {
      readonly type: "load";
      readonly start: number;
      readonly course: Course;
      readonly own: OwnData | null;
      readonly keep: boolean;
    }
  | { readonly type: "play"; readonly plays: number; readonly pace: Pace; readonly until?: number }
  | { readonly type: "pause" }
  | { readonly type: "advance"; readonly by: "step" | "epoch" }
  | { readonly type: "change"; readonly change: Change }
  /** Back to the last sane parameters, with other settings from there on. */
  | { readonly type: "rescue"; readonly set: Partial<LiveSettings> }
  /** A replay ends where it is. */
  | { readonly type: "stop" }
  | { readonly type: "frame"; readonly wants: Wants }
  | { readonly type: "path" }
  | { readonly type: "save" };

export type FromTrainer =
  | { readonly type: "scenery"; readonly start: number; readonly scenery: Scenery }
  | { readonly type: "frame"; readonly frame: Frame }
  | { readonly type: "failed"; readonly start: number; readonly message: string }
  /** The run before a change or a start; null where there was none. */
  | { readonly type: "kept"; readonly snapshot: Snapshot | null }
  | { readonly type: "path"; readonly path: readonly Float64Array[] }
  /** As `fromJson` reads it. */
  | { readonly type: "saved"; readonly text: string };

/** A point of training, as the analyst gets it. */
export interface Point {
  readonly place: Place;
  readonly settings: Settings;
  readonly parameters: Float64Array;
  readonly statistics: Float64Array;
  readonly step: number;
  readonly epoch: number;
}

export type Verdict = "minimum" | "saddle" | "maximum" | "degenerate" | "gradient-flat" | "not-critical";

export interface HessianPicture {
  readonly place: Place;
  readonly size: number;
  /** Row by row; null where the network is too large for a matrix. */
  readonly matrices: { readonly exact: Float32Array; readonly ggn: Float32Array } | null;
  /** Where the layers' blocks begin and end. */
  readonly blocks: readonly { readonly from: number; readonly to: number }[];
  /** Ascending; of the exact Hessian, all of them or the extreme ones. */
  readonly eigenvalues: Float64Array;
  readonly complete: boolean;
  readonly positive: number;
  readonly negative: number;
  readonly zero: number;
  /** What kind of point it is. */
  readonly point: { readonly kind: Verdict; readonly index: number; readonly reason: string } | null;
  readonly norms: { readonly exact: number; readonly ggn: number; readonly difference: number } | null;
  readonly seconds: number;
  readonly step: number;
  readonly epoch: number;
}

export type DirectionName = "gradient" | "most negative" | "most positive" | "random 1" | "random 2" | "last step";

export interface SurfaceRequest {
  readonly directions: readonly [DirectionName, DirectionName];
  /** Half the side of the square, in units of length of the parameters. */
  readonly radius: number;
  readonly path: readonly Float64Array[];
}

export interface Surface {
  readonly place: Place;
  readonly size: number;
  readonly radius: number;
  /** Loss over the plane, row by row from the top left corner. */
  readonly loss: Float64Array;
  /** Loss, slope and curvature in the plane: the second-order Taylor model's numbers. */
  readonly value: number;
  readonly slope: readonly [number, number];
  readonly exact: readonly [number, number, number];
  readonly ggn: readonly [number, number, number];
  /** The path, in coordinates of the plane. */
  readonly path: readonly (readonly [number, number])[];
  /** Which of the directions could not be had, in words. */
  readonly note: string;
  readonly slice: { readonly t: Float64Array; readonly loss: Float64Array };
}

/** The loss in a plane with two paths on it, in coordinates from its middle. */
export interface SharedSurface {
  readonly size: number;
  readonly radius: number;
  readonly loss: Float64Array;
  readonly paths: readonly (readonly (readonly [number, number])[])[];
}

export type ToAnalyst =
  | { readonly type: "load"; readonly start: Settings; readonly own: OwnData | null }
  | { readonly type: "hessian"; readonly id: number; readonly point: Point }
  | { readonly type: "surface"; readonly id: number; readonly point: Point; readonly request: SurfaceRequest }
  | { readonly type: "diagnose"; readonly id: number; readonly point: Point }
  /** Two paths of networks of one shape, each of one point at least. */
  | {
      readonly type: "shared";
      readonly id: number;
      readonly point: Pick<Point, "settings" | "parameters" | "statistics">;
      readonly paths: readonly (readonly Float64Array[])[];
    }
  | { readonly type: "study"; readonly id: number; readonly point: Point; readonly request: StudyRequest };

/** What the curvature is asked to decide. */
export type StudyRequest =
  /** How unsure the outputs are, over the plane, and which prior the evidence prefers. */
  | { readonly kind: "uncertainty" }
  /** Which training samples the others contradict. */
  | { readonly kind: "suspects" }
  /** What the network says at a distance along an eigenvector of the Hessian. */
  | { readonly kind: "along"; readonly end: "lowest" | "highest"; readonly length: number };

/** Points a side of the maps of studies. */
export const STUDY_MAP = 48;

export interface Uncertainty {
  readonly kind: "uncertainty";
  /**
   * Standard deviation of the output over the plane, in its own units: logits, where classes are
   * told.
   */
  readonly deviation: Float32Array;
  /** Median deviation where the training data are, and in the corners of the plane. */
  readonly atData: number;
  readonly inCorners: number;
  /** How many parameters the data determine. */
  readonly effective: number;
  /** Log evidence by the precision of one prior for all parameters. */
  readonly evidence: readonly { readonly prior: number; readonly logEvidence: number }[];
  /** The precision that the evidence chooses. */
  readonly best: number;
  readonly status: string;
}

export interface Suspects {
  readonly kind: "suspects";
  /** Training samples, the most suspect first, and whether their label was flipped. */
  readonly rows: readonly { readonly row: number; readonly score: number; readonly flipped: boolean }[];
  /** How many labels were flipped. */
  readonly flipped: number;
  readonly status: string;
}

export interface Along {
  readonly kind: "along";
  readonly outputMap: Float32Array;
  readonly length: number;
  readonly eigenvalue: number;
  /** Loss there and here, and what the second-order model foretells. */
  readonly loss: number;
  readonly here: number;
  readonly foretold: number;
}

/** Of the step that it was asked at. */
export type Study = (Uncertainty | Suspects | Along) & { readonly step: number };

export interface Advice {
  readonly code: string;
  /** The layer that it is about, from 0; null where it is about none. */
  readonly layer: number | null;
  readonly message: string;
  /** Names and values. */
  readonly evidence: readonly (readonly [string, string])[];
  readonly source: string;
}

export interface LayerReport {
  readonly deadUnits: readonly number[];
  /** Share of activations that are 0. */
  readonly sparsity: number | null;
  /** Of the gradient with respect to the layer's parameters. */
  readonly saturated: number | null;
  readonly gradientNorm: number | null;
  readonly parameterNorm: number | null;
  /** Of the gradient with respect to the layer's pre-activations. */
  readonly signal: number | null;
}

export interface Report {
  readonly place: Place;
  readonly layers: readonly LayerReport[];
  /** How the gradient fares on its way down. */
  readonly flow: "steady" | "vanishing" | "exploding" | "blocked";
  readonly loss: number;
  readonly fit: number;
  readonly advice: readonly Advice[];
  readonly step: number;
  readonly epoch: number;
}

export type FromAnalyst =
  | { readonly type: "hessian"; readonly id: number; readonly picture: HessianPicture }
  | { readonly type: "surface"; readonly id: number; readonly surface: Surface }
  | { readonly type: "diagnose"; readonly id: number; readonly report: Report }
  | { readonly type: "study"; readonly id: number; readonly study: Study }
  | { readonly type: "shared"; readonly id: number; readonly surface: SharedSurface }
  | { readonly type: "failed"; readonly id: number; readonly message: string };

export interface Lane {
  readonly name: string;
  readonly settings: Settings;
}

export type RaceBy = "steps" | "evaluations" | "seconds";

export type ToReferee =
  | {
      readonly type: "race";
      readonly start: Settings;
      readonly own: OwnData | null;
      readonly lanes: readonly Lane[];
      readonly epochs: number;
      readonly by: RaceBy;
    }
  | { readonly type: "stop" };

/** How far a racer is. */
export interface Standing {
  readonly steps: readonly number[];
  readonly evaluations: readonly number[];
  readonly seconds: readonly number[];
  readonly loss: readonly number[];
  readonly halt: string | null;
}

export type FromReferee =
  | { readonly type: "standings"; readonly standings: readonly Standing[]; readonly over: boolean }
  | { readonly type: "failed"; readonly message: string };
