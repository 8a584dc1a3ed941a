import { computed, effect, signal } from "@preact/signals";
import type { Frame, Study, StudyRequest } from "../model/protocol.ts";
import { defaultView, type View } from "../model/view.ts";
import { stretchesOf } from "../scenes/pace.ts";
import { type Act, courseOf, type Scene } from "../scenes/scene.ts";
import { askStudy } from "./analyst.ts";
import { course, frame, load, play, playing, replaying, show, starts, view } from "./store.ts";

/** The guess that was made in the act at hand, −1 before. */
export const guess = signal(-1);
/** Counts the acts that were opened, so that one that has been left plays no further. */
const runs = signal(0);
/** What the curvature was asked, and the step it belongs to. */
export const study = signal<Study | null>(null);

export function viewOf(scene: Scene, act: number): View {
  return { ...defaultView, ...scene.view, scene: scene.key, act };
}

export function openAct(scene: Scene, index: number): void {
  ++runs.value;
  guess.value = -1;
  study.value = null;
  show(viewOf(scene, index));
  load(courseOf(scene, scene.acts[index]));
}

/** Whether what is on the page is still the act's own course, or something else has been made of it. */
export function isOf(act: Act, scene: Scene): boolean {
  const { start, log } = course.value;
  const own = courseOf(scene, act);
  return JSON.stringify([start, log]) === JSON.stringify([own.start, own.log]);
}

/** The last picture of the start before: it stays on the page until the first one of this start comes. */
let before: Frame | null = null;
effect(() => {
  starts.value;
  before = frame.peek();
});

/** Whether the act's end is on the page. */
export function reached(act: Act, now: Frame | null): boolean {
  return (
    now !== null && now !== before && now.replayed === 1 && !now.playing && (now.step >= act.to || now.halt !== null)
  );
}

/** Resolves when this holds. */
function until(holds: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const stop = effect(() => {
      if (!holds()) return;
      queueMicrotask(() => stop());
      resolve();
    });
  });
}

/** Plays an act from its start, at a speed that one can follow. */
export async function runAct(scene: Scene, index: number): Promise<void> {
  const act = scene.acts[index];
  const guessed = guess.value;
  openAct(scene, index);
  guess.value = guessed;
  const mine = runs.peek();
  const full = view.peek().pace === "full";
  await until(() => runs.value !== mine || (frame.value !== before && !replaying.value));
  for (const stretch of full ? [{ until: act.to, pace: "full" as const }] : stretchesOf(act)) {
    if (runs.peek() !== mine || (frame.peek()?.halt ?? null) !== null) return;
    play(stretch.until, stretch.pace);
    await until(() => runs.value !== mine || !playing.value);
    // Somebody paused it: what goes on from here is up to them.
    if ((frame.peek()?.step ?? 0) < stretch.until) return;
  }
}

/** Asks the curvature at the step at hand. */
export async function look(request: StudyRequest): Promise<void> {
  const start = starts.peek();
  const found = await askStudy(request);
  if (found && start === starts.peek()) study.value = found;
}

/** What was asked, as long as the network is where it was asked. */
export const studyHere = computed(() =>
  study.value && frame.value && study.value.step === frame.value.step && view.value.scene !== "" ? study.value : null,
);

// Another start has other parameters.
effect(() => {
  starts.value;
  study.value = null;
});

/** The act that is open. */
const opened = computed(() => `${view.value.scene}.${view.value.act}`);

// Each act asks anew, however it was come to.
effect(() => {
  opened.value;
  guess.value = -1;
});
