import { signal } from "@preact/signals";
import type { Frame, TrailPoint } from "../model/protocol.ts";

const MOST = 1200;
/** Steps from the start on whose points all stay. */
const FIRST = 100;

/** Columns of the loss chart. */
export interface Curves {
  readonly step: number[];
  /** Passes over the data. */
  readonly epoch: number[];
  readonly train: number[];
  readonly test: number[];
}

const none = (): Curves => ({ step: [], epoch: [], train: [], test: [] });

let stride = 0;
export let curves: Curves = none();
/** Counts changes of `curves`, which is changed in place. */
export const curvesVersion = signal(0);

export function clearHistory(): void {
  showCurves(none());
}

/** The curves as they are, to be shown again. */
export function curvesNow(): Curves {
  const { step, epoch, train, test } = curves;
  return { step: step.slice(), epoch: epoch.slice(), train: train.slice(), test: test.slice() };
}

export function showCurves(other: Curves): void {
  curves = other;
  stride = 0;
  curvesVersion.value = curvesVersion.peek() + 1;
}

/** Adds a picture's losses and those on the way to it. */
export function remember(frame: Frame): void {
  for (const point of frame.trail) add(point);
  add(frame);
  curvesVersion.value = curvesVersion.peek() + 1;
}

/** Every second point after the first hundred steps goes when there are too many. */
function add({ step, passes, trainLoss, testLoss }: Omit<TrailPoint, "epoch">): void {
  const last = curves.step.at(-1) ?? -1;
  if (step < last) clearHistory();
  if (step === last) {
    curves.train[curves.train.length - 1] = trainLoss;
    curves.test[curves.test.length - 1] = testLoss;
  } else if (step <= FIRST || last < FIRST || step - last > stride) {
    curves.step.push(step);
    curves.epoch.push(passes);
    curves.train.push(trainLoss);
    curves.test.push(testLoss);
  }
  if (curves.step.length > MOST) thin();
}

function thin(): void {
  const first = curves.step.findIndex((step) => step > FIRST);
  const kept = (values: number[]): number[] => values.filter((_, i) => i < first || (i - first) % 2 === 0);
  const { step, epoch, train, test } = curves;
  curves = { step: kept(step), epoch: kept(epoch), train: kept(train), test: kept(test) };
  stride = Math.max(1, (2 * (step.at(-1) ?? 0)) / MOST);
}
