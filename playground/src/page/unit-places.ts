import { signal } from "@preact/signals";

/** A unit: layer −1 are the inputs, the last one the outputs. */
export interface UnitPlace {
  readonly layer: number;
  readonly unit: number;
}

export const selected = signal<UnitPlace | null>(null);
/** The unit whose map is shown large. */
export const pointed = signal<UnitPlace | null>(null);
