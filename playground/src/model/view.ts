import type { DirectionName, Pace, RaceBy } from "./protocol.ts";
import type { Settings } from "./settings.ts";

export type Overlay = "output" | "regions";
export const cardNames = ["hessian", "spectrum", "surface", "units", "race", "own", "code"] as const;
export type CardName = (typeof cardNames)[number];

export type MatrixKind = "exact" | "ggn" | "difference";
export type Model = "none" | "first" | "exact" | "ggn";

/** What a racer brings of its own; everything else is the same for all. */
export type Racer = Pick<Settings, "optimizer" | "learningRate" | "options" | "batchSize">;

/** What is shown of the run and how fast it goes; it changes no bit of the training. */
export interface View {
  readonly pace: Pace;
  readonly showTest: boolean;
  readonly discretize: boolean;
  readonly overlay: Overlay;
  readonly kinkLines: boolean;
  readonly logLoss: boolean;
  readonly open: readonly CardName[];
  /** Which matrix the Hessian's card shows. */
  readonly matrix: MatrixKind;
  /** Directions of the loss surface, half its side, and the Taylor model over it. */
  readonly across: DirectionName;
  readonly up: DirectionName;
  readonly reach: number;
  readonly model: Model;
  readonly racers: readonly Racer[];
  readonly raceBy: RaceBy;
  readonly raceEpochs: number;
  /** Name of a guided scene, or nothing. */
  readonly scene: string;
  readonly act: number;
}

const directionNames: readonly DirectionName[] = [
  "gradient",
  "last step",
  "most negative",
  "most positive",
  "random 1",
  "random 2",
];

export const defaultView: View = {
  pace: 25,
  showTest: false,
  discretize: false,
  overlay: "output",
  kinkLines: false,
  logLoss: false,
  open: ["hessian", "surface", "units"],
  matrix: "exact",
  across: "gradient",
  up: "most negative",
  reach: 1,
  model: "exact",
  racers: [
    { optimizer: "sgd", learningRate: 0.03, options: {}, batchSize: 10 },
    { optimizer: "sgd", learningRate: 0.03, options: { momentum: 0.9 }, batchSize: 10 },
    { optimizer: "adam", learningRate: 0.01, options: {}, batchSize: 10 },
  ],
  raceBy: "steps",
  raceEpochs: 200,
  scene: "",
  act: 0,
};

/** What a link may say for each of these. */
export const words: Partial<Record<keyof View, readonly string[]>> = {
  overlay: ["output", "regions"],
  matrix: ["exact", "ggn", "difference"],
  across: directionNames,
  up: directionNames,
  model: ["none", "first", "exact", "ggn"],
  raceBy: ["steps", "evaluations", "seconds"],
};

export const MOST_RACERS = 6;

/** Choices of pace: steps a picture. */
export const paces: readonly { readonly pace: Pace; readonly label: string }[] = [
  { pace: 1, label: "1 step a frame" },
  { pace: 5, label: "5 steps a frame" },
  { pace: 25, label: "25 steps a frame" },
  { pace: 250, label: "250 steps a frame" },
  { pace: "full", label: "Full speed" },
];
