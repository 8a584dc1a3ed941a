import { cosine, oneCycle, type Schedule, stepDecay, warmUp } from "../train/schedule.js";

/** Each schedule for a run of so many epochs and steps; undefined where the rate stays as it is. */
const schedules = {
  constant: () => undefined,
  /** Two decays to a tenth, at a third and two thirds. */
  step: (epochs: number) => stepDecay({ every: Math.max(1, Math.ceil(epochs / 3)) }),
  cosine: () => cosine(),
  /** Over the first twentieth. */
  "warm-up": (_: number, steps: number) => warmUp({ steps: Math.max(1, Math.round(steps / 20)) }),
  "one-cycle": () => oneCycle(),
} as const satisfies Record<ScheduleName, (epochs: number, steps: number) => Schedule | undefined>;

/** Name of a schedule. */
export type ScheduleName = "constant" | "step" | "cosine" | "warm-up" | "one-cycle";
export const scheduleNames = Object.keys(schedules) as ScheduleName[];

export function makeSchedule(name: ScheduleName, epochs: number, steps: number): Schedule | undefined {
  return schedules[name](epochs, steps);
}
