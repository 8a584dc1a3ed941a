import { signal } from "@preact/signals";
import type { FromFrame, ToFrame } from "../model/pair.ts";

/** Steps that both have taken, and their losses there. */
export const losses: { step: number[]; left: number[]; right: number[] } = { step: [], left: [], right: [] };
export const version = signal(0);
export const running = signal(false);
export const at = signal(0);
/** Steps a second. */
export const speed = signal(20);

const MOST = 2000;
let frames: readonly Window[] = [];
let answers: (FromFrame | null)[] = [null, null];
let arrived: (() => void) | null = null;

/** Takes charge of two frames. */
export function lead(windows: readonly Window[]): void {
  frames = windows;
}

window.addEventListener("message", ({ data, origin, source }: MessageEvent<FromFrame>) => {
  const index = frames.indexOf(source as Window);
  if (origin !== location.origin || index < 0 || data?.pair !== "at") return;
  answers[index] = data;
  if (answers.every(Boolean)) arrived?.();
});

function tell(message: ToFrame): void {
  for (const frame of frames) frame.postMessage(message, location.origin);
}

/** Brings both to a step; neither goes on before the other is there. */
export async function go(step: number): Promise<void> {
  answers = [null, null];
  const there = new Promise<void>((resolve) => {
    arrived = resolve;
  });
  tell({ pair: "to", step });
  await there;
  const [left, right] = answers as FromFrame[];
  at.value = step;
  losses.step.push(step);
  losses.left.push(left.loss);
  losses.right.push(right.loss);
  if (losses.step.length > MOST) for (const values of Object.values(losses)) values.splice(1, 1);
  ++version.value;
  if (left.halted && right.halted) running.value = false;
}

/** Goes on, so many steps a second, until it is paused. */
export async function run(): Promise<void> {
  if (running.value) return;
  running.value = true;
  while (running.value) {
    const began = performance.now();
    // Ten pictures a second at most: what is faster takes several steps for each.
    const stride = Math.max(1, Math.round(speed.value / 10));
    await go(at.value + stride);
    const left = (1000 * stride) / speed.value - (performance.now() - began);
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, left)));
  }
}

export function halt(): void {
  running.value = false;
}

export function restart(): void {
  running.value = false;
  at.value = 0;
  for (const values of Object.values(losses)) values.length = 0;
  ++version.value;
  tell({ pair: "reset" });
}
