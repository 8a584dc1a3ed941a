import { signal } from "@preact/signals";

/** A unit: layer −1 are the inputs, the last one the outputs. */
export interface UnitPlace {
  readonly layer: number;
  readonly unit: number;
}

export const selected = signal<UnitPlace | null>(null);
/** The unit whose map is shown large. */
export const pointed = signal<UnitPlace | null>(null);

/** With several outputs each speaks for a class. */
export function outputName(unit: number, outputs: number, classes: readonly string[]): string {
  return outputs === 1 ? "Output" : `Output for ${classes[unit] ?? unit + 1}`;
}
