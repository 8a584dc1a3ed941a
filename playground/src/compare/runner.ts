import { signal } from "@preact/signals";
import type { FromFrame, ToFrame, Way } from "../model/pair.ts";
import { shared, showWays } from "./shared.ts";

/** Steps that both have taken, and their losses there. */
export const losses: { step: number[]; left: number[]; right: number[] } = { step: [], left: [], right: [] };
export const version = signal(0);
export const running = signal(false);
export const at = signal(0);
/** Steps a second. */
export const speed = signal(20);

const MOST = 2000;
let frames: readonly Window[] = [];
type At = Extract<FromFrame, { pair: "at" }>;
let answers: (At | null)[] = [null, null];
let arrived: (() => void) | null = null;
/** Heights of the frames' pages. */
export const heights = [signal(760), signal(760)] as const;
const ways: (Way | null)[] = [null, null];

/** Takes charge of two frames. */
export function lead(windows: readonly Window[]): void {
  frames = windows;
}

window.addEventListener("message", ({ data, origin, source }: MessageEvent<FromFrame>) => {
  const index = frames.indexOf(source as Window);
  if (origin !== location.origin || index < 0) return;
  if (data?.pair === "at") {
    answers[index] = data;
    if (answers.every(Boolean)) arrived?.();
  } else if (data?.pair === "size") heights[index].value = data.height;
  else if (data?.pair === "anew" && at.value > 0) restart();
  else if (data?.pair === "path") {
    ways[index] = data;
    const [left, right] = ways;
    if (left && right) showWays(left, right);
  }
});

/** Asks both for the way that they have gone; what they answer is drawn. */
function askWays(): void {
  ways.fill(null);
  tell({ pair: "path" });
}

// A look at the surface takes a moment: the next one waits for a while.
const AGAIN = 700;
let asked = 0;

function askSometimes(): void {
  if (performance.now() - asked < AGAIN) return;
  asked = performance.now();
  askWays();
}

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
  const [left, right] = answers as At[];
  // A run that was linked at a later step, or that has come to its end, is elsewhere.
  at.value = Math.max(left.step, right.step);
  losses.step.push(at.value);
  losses.left.push(left.loss);
  losses.right.push(right.loss);
  if (losses.step.length > MOST) for (const values of Object.values(losses)) values.splice(1, 1);
  ++version.value;
  if (left.halted && right.halted) running.value = false;
  if (running.value) askSometimes();
  else askWays();
}

/** Goes on from here; the curves begin where training does. */
export async function further(steps: number): Promise<void> {
  if (losses.step.length === 0) await go(at.value);
  await go(at.value + steps);
}

/** Goes on, so many steps a second, until it is paused. */
export async function run(): Promise<void> {
  if (running.value) return;
  running.value = true;
  while (running.value) {
    const began = performance.now();
    // Ten pictures a second at most: what is faster takes several steps for each.
    const stride = Math.max(1, Math.round(speed.value / 10));
    await further(stride);
    const left = (1000 * stride) / speed.value - (performance.now() - began);
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, left)));
  }
  askWays();
}

export function halt(): void {
  running.value = false;
}

export function restart(): void {
  running.value = false;
  at.value = 0;
  for (const values of Object.values(losses)) values.length = 0;
  ++version.value;
  shared.value = null;
  tell({ pair: "reset" });
}
