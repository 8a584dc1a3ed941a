import { computed, effect, signal } from "@preact/signals";
import { type Place, samePlace } from "../model/place.ts";
import type { Frame, Study, StudyRequest } from "../model/protocol.ts";
import { defaultView, type View } from "../model/view.ts";
import { stretchesOf } from "../scenes/pace.ts";
import { type Act, courseOf, type Scene } from "../scenes/scene.ts";
import { askStudy } from "./analyst.ts";
import { frame, load, place, play, playing, replaying, show, starts, view } from "./store.ts";

/** The guess that was made in the act at hand, −1 before. */
export const guess = signal(-1);
/** Counts the acts that were opened, so that one that has been left plays no further. */
const runs = signal(0);
/** Whether the act at hand has stopped at its event. */
export const stopped = signal(false);
/** The last that the curvature was asked, and the network it was asked of. */
export const study = signal<(Study & { readonly place: Place }) | null>(null);

export function viewOf(scene: Scene, act: number): View {
  return { ...defaultView, ...scene.view, scene: scene.key, act };
}

export function openAct(scene: Scene, index: number): void {
  ++runs.value;
  guess.value = -1;
  stopped.value = false;
  study.value = null;
  show(viewOf(scene, index));
  load(courseOf(scene, scene.acts[index]));
}

/** Whether the act's end is on the page. */
export function reached(act: Act, now: Frame | null): boolean {
  return now !== null && now.replayed === 1 && !now.playing && (now.step >= act.to || now.halt !== null);
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
  const start = starts.peek();
  const left = (): boolean => runs.value !== mine || starts.value !== start || view.value.scene !== scene.key;
  const full = view.peek().pace === "full";
  await until(() => left() || (frame.value !== null && !replaying.value));
  for (const stretch of full ? [{ until: act.to, pace: "full" as const }] : stretchesOf(act)) {
    if (left() || (frame.peek()?.halt ?? null) !== null) return;
    play(stretch.until, stretch.pace);
    await until(() => left() || !playing.value);
    // Somebody paused it: what goes on from here is up to them.
    if ((frame.peek()?.step ?? 0) < stretch.until) return;
    if ("stop" in stretch && stretch.stop) {
      stopped.value = true;
      await until(() => left() || !stopped.value || playing.value);
      stopped.value = false;
    }
  }
}

/** Asks the curvature at the network at hand. */
export async function look(request: StudyRequest): Promise<void> {
  const here = place.peek();
  const found = await askStudy(request);
  if (found && here) study.value = { ...found, place: here };
}

/** What was asked, as long as the network is the one that it was asked of. */
export const studyHere = computed(() =>
  study.value && view.value.scene !== "" && samePlace(study.value.place, place.value) ? study.value : null,
);

/** The act that is open. */
const opened = computed(() => `${view.value.scene}.${view.value.act}`);

// Each act asks anew, however it was come to.
effect(() => {
  opened.value;
  guess.value = -1;
});
