import type { Frame, HessianPicture } from "../model/protocol.ts";
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

/** What an act's claims are held against, at its end. */
export interface Evidence {
  readonly frame: Frame;
  /** Of the same step; null where the act needs none. */
  readonly hessian: HessianPicture | null;
}

export interface Claim {
  readonly text: string;
  readonly test: (evidence: Evidence) => boolean;
  /** Whether it takes the Hessian. */
  readonly hessian?: boolean;
}

/** A course of training with something to see in it. */
export interface Act {
  readonly title: string;
  readonly text: string;
  readonly settings?: Partial<Settings>;
  readonly log?: readonly Logged[];
  /** Replayed to here at once, played from here on. */
  readonly from?: number;
  readonly to: number;
  readonly claims: readonly Claim[];
}

export interface Scene {
  readonly key: string;
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
