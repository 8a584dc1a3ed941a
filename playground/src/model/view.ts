import type { Pace } from "./protocol.ts";

export type Overlay = "output" | "regions";
export type CardName = "hessian" | "spectrum" | "surface" | "units" | "race" | "own" | "code";

/** What is shown of the run and how fast it goes; it changes no bit of the training. */
export interface View {
  readonly pace: Pace;
  readonly showTest: boolean;
  readonly discretize: boolean;
  readonly overlay: Overlay;
  readonly kinkLines: boolean;
  readonly logLoss: boolean;
  readonly open: readonly CardName[];
  /** Name of a guided scene, or nothing. */
  readonly scene: string;
  readonly act: number;
}

export const defaultView: View = {
  pace: 25,
  showTest: false,
  discretize: false,
  overlay: "output",
  kinkLines: false,
  logLoss: false,
  open: ["hessian", "surface", "units"],
  scene: "",
  act: 0,
};

/** Choices of pace: steps a picture. */
export const paces: readonly { readonly pace: Pace; readonly label: string }[] = [
  { pace: 1, label: "1 step a frame" },
  { pace: 5, label: "5 steps a frame" },
  { pace: 25, label: "25 steps a frame" },
  { pace: 250, label: "250 steps a frame" },
  { pace: "full", label: "Full speed" },
];
