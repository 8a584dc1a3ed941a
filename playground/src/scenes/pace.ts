import type { Act } from "./scene.ts";

/** Seconds that the stretch around the event takes, and each stretch before and after it. */
const SLOW = 2.5;
const QUICK = 2;
/** Steps that are played slowly around the event, or from the start of an act that has none. */
const EVENT = 30;
const FRAMES = 60;

interface Stretch {
  readonly until: number;
  readonly pace: number;
  /** Whether the act stops at its end, until whoever looks goes on. */
  readonly stop?: boolean;
}

/** Slowly around what happens, quickly before and after; none where there is nothing to train. */
export function stretchesOf({ from = 0, to, event }: Pick<Act, "from" | "to" | "event">): Stretch[] {
  const middle = event?.at ?? from;
  const marks = [
    { until: middle - EVENT / 2, seconds: QUICK },
    { until: event ? middle : from, seconds: SLOW, stop: true },
    { until: middle + (event ? EVENT / 2 : EVENT), seconds: SLOW },
    { until: to, seconds: QUICK },
  ];
  let at = from;
  const stretches: Stretch[] = [];
  for (const { until, seconds, stop = false } of marks) {
    const end = Math.min(until, to);
    if (end <= at) continue;
    stretches.push({ until: end, pace: (end - at) / (seconds * FRAMES), ...(stop ? { stop } : {}) });
    at = end;
  }
  return stretches;
}
