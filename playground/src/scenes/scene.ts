import type { Frame, HessianPicture, Study, StudyRequest } from "../model/protocol.ts";
import {
  type ActivationName,
  type Change,
  type Course,
  defaults,
  type HiddenLayer,
  type LiveSettings,
  type Logged,
  type Settings,
} from "../model/settings.ts";
import type { View } from "../model/view.ts";
import type { pictures } from "./pictures.ts";

/** Parts of the screen that an act may frame. */
export type FramedPart = "plane" | "network" | "loss" | "hessian" | "spectrum" | "sentence" | "study";

/** What is asked before it is shown; `right` is the place of the answer that will be seen. */
export interface Guess {
  readonly question: string;
  readonly options: readonly string[];
  readonly right: number;
}

/** What an act's claims are held against, at its end. */
export interface Evidence {
  readonly frame: Frame;
  /** Of the same step; null where the act needs none. */
  readonly hessian: HessianPicture | null;
  /** What the act asked the curvature, at the same step. */
  readonly study: Study | null;
}

export interface Claim {
  readonly text: string;
  readonly test: (evidence: Evidence) => boolean;
  /** Whether it takes the Hessian. */
  readonly hessian?: boolean;
  /** Whether it takes the act's study. */
  readonly study?: boolean;
}

/** Pictures of the gallery, by name. */
export type PictureName = keyof typeof pictures;

/** A course of training with something to see in it. */
export interface Act {
  readonly title: string;
  /** Acts of one group stand together. */
  readonly group?: string;
  readonly text: string;
  /** Where to look. */
  readonly frame: FramedPart;
  readonly ask: Guess;
  /** What was seen, said at the end. */
  readonly seen: string;
  /** What the curvature is asked at the end. */
  readonly study?: StudyRequest;
  /** Whether the page shows an instrument of the study's kind, to go on with by hand. */
  readonly instrument?: Instrument;
  readonly settings?: Partial<Settings>;
  readonly log?: readonly Logged[];
  /** What the act is about: it stops there, with a note beside the picture. */
  readonly event?: ActEvent;
  /** Replayed to here at once, played from here on. */
  readonly from?: number;
  readonly to: number;
  readonly claims: readonly Claim[];
}

/** A step at which something happens for the first time. */
export interface ActEvent {
  readonly at: number;
  readonly says: string;
  /** Holds at this step, and not at the one before it. */
  readonly claim: Claim;
}

export type Instrument = "uncertainty" | "suspects" | "along" | "prune" | "edge";

export interface Scene {
  readonly key: string;
  /** The question that people ask. */
  readonly question: string;
  readonly level: "easy" | "medium" | "deep";
  readonly minutes: number;
  /** Name of its picture in the gallery. */
  readonly picture: PictureName;
  readonly title: string;
  readonly teaser: string;
  readonly text: string;
  readonly settings: Partial<Settings>;
  readonly view?: Partial<View>;
  readonly acts: readonly Act[];
}

export function courseOf(scene: Scene, act: Act): Course {
  return { start: { ...defaults, ...scene.settings, ...act.settings }, log: act.log ?? [], at: act.from ?? 0 };
}

export function layersOf(activation: ActivationName, ...units: readonly number[]): HiddenLayer[] {
  return units.map((count) => ({ units: count, activation, batchNorm: false }));
}

export function after(step: number, ...changes: readonly Change[]): Logged[] {
  return changes.map((change) => ({ step, change }));
}

export function setting(set: Partial<LiveSettings>): Change {
  return { kind: "set", set };
}

export function lossBelow(limit: number): Claim {
  return { text: `The training loss is below ${limit}.`, test: ({ frame }) => frame.trainLoss < limit };
}

export function lossAbove(limit: number): Claim {
  return { text: `The training loss is still above ${limit}.`, test: ({ frame }) => frame.trainLoss > limit };
}

/** What an act's study must show. */
export function studied<K extends Study["kind"]>(
  kind: K,
  text: string,
  test: (study: Extract<Study, { kind: K }>, evidence: Evidence) => boolean,
): Claim {
  return {
    text,
    study: true,
    test: (evidence) => evidence.study?.kind === kind && test(evidence.study as Extract<Study, { kind: K }>, evidence),
  };
}

/** Layers count from 1 here. */
export function allDead(layer: number): Claim {
  return {
    text: `Every unit of layer ${layer} is dead.`,
    test: ({ frame }) => frame.dead[layer - 1].length === frame.settings.layers[layer - 1].units,
  };
}

export function alive(layer: number): Claim {
  return {
    text: `Layer ${layer} has units that are alive.`,
    test: ({ frame }) => frame.dead[layer - 1].length < frame.settings.layers[layer - 1].units,
  };
}
