import type { OwnData } from "../data/own.ts";
import { type Settings, type StartSettings, startKeys } from "./settings.ts";

/** What the page of two says to its frames. */
export type ToFrame =
  | { readonly pair: "to"; readonly step: number }
  | { readonly pair: "reset" }
  /** Asks for the way that training has gone. */
  | { readonly pair: "path" };

/** What a frame says. */
export type FromFrame =
  /** It is there. */
  | {
      readonly pair: "at";
      readonly step: number;
      readonly loss: number;
      /** Whether it cannot go on. */
      readonly halted: boolean;
    }
  /** It begins anew, with other settings. */
  | { readonly pair: "anew" }
  /** Its page is so high, in CSS pixels. */
  | { readonly pair: "size"; readonly height: number }
  | ({ readonly pair: "path" } & Way);

/** The way that training has gone, and what it goes over. */
export interface Way {
  readonly start: Settings;
  readonly settings: Settings;
  readonly own: OwnData | null;
  readonly statistics: Float64Array;
  readonly path: readonly Float64Array[];
}

/** Settings that say where on a surface training begins, not which surface it is. */
const begins: readonly (keyof StartSettings)[] = ["seed", "initializer", "bias"];
/** Settings besides those that training starts from that change the surface. */
const penalties = ["l1", "l2", "penaltyOn"] as const;

/** Whether two runs go over one surface: the same data, network, loss and penalties. */
export function oneSurface(left: Way, right: Way): boolean {
  const surfaceOf = ({ settings, own }: Way): string =>
    JSON.stringify([
      [...startKeys.filter((key) => !begins.includes(key)), ...penalties].map((key) => settings[key]),
      settings.data === "own" ? [own?.text, own?.target] : null,
    ]);
  return surfaceOf(left) === surfaceOf(right) && left.path[0].length === right.path[0].length;
}
