import type { Act } from "./scene.ts";

/** Seconds that the stretch around the event takes, and each stretch before and after it. */
const SLOW = 2.5;
const QUICK = 2;
/** Steps that are played slowly after an act has begun: what it is about happens then. */
const EVENT = 30;
const FRAMES = 60;

interface Stretch {
  readonly until: number;
  readonly pace: number;
}

/** Slowly through the first steps, then to the end; none where there is nothing to train. */
export function stretchesOf({ from = 0, to }: Act): Stretch[] {
  if (to <= from) return [];
  const slow = Math.min(EVENT, to - from);
  const stretches = [{ until: from + slow, pace: slow / (SLOW * FRAMES) }];
  if (from + slow < to) stretches.push({ until: to, pace: (to - from - slow) / (QUICK * FRAMES) });
  return stretches;
}
