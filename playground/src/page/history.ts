import { signal } from "@preact/signals";
import type { Frame, TrailPoint } from "../model/protocol.ts";

const MOST = 1200;

/** Columns of the loss chart. */
export interface Curves {
  readonly epoch: number[];
  readonly train: number[];
  readonly test: number[];
}

let stride = 0;
export let curves: Curves = { epoch: [], train: [], test: [] };
/** Counts changes of `curves`, which is changed in place. */
export const curvesVersion = signal(0);

export function clearHistory(): void {
  curves = { epoch: [], train: [], test: [] };
  stride = 0;
  curvesVersion.value = curvesVersion.peek() + 1;
}

/** Adds a picture's losses and those on the way to it. */
export function remember(frame: Frame): void {
  for (const point of frame.trail) add(point);
  add(frame);
  curvesVersion.value = curvesVersion.peek() + 1;
}

/** Every second point goes when there are too many. */
function add({ step, epoch, trainLoss, testLoss }: TrailPoint): void {
  const last = curves.epoch.at(-1) ?? -1;
  const now = Math.max(epoch, step > 0 ? epoch : 0);
  if (now < last) clearHistory();
  if (now === last) {
    curves.train[curves.train.length - 1] = trainLoss;
    curves.test[curves.test.length - 1] = testLoss;
  } else if (now - last > stride || last < 0) {
    curves.epoch.push(now);
    curves.train.push(trainLoss);
    curves.test.push(testLoss);
  }
  if (curves.epoch.length > MOST) {
    const even = (values: number[]): number[] => values.filter((_, index) => index % 2 === 0);
    curves = { epoch: even(curves.epoch), train: even(curves.train), test: even(curves.test) };
    stride = Math.max(1, (2 * (curves.epoch.at(-1) ?? 0)) / MOST);
  }
}
