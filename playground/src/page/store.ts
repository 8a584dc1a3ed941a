import { computed, signal } from "@preact/signals";
import type { OwnData } from "../data/own.ts";
import type { Frame, FromTrainer, HessianPicture, Report, Scenery, Surface, ToTrainer } from "../model/protocol.ts";
import {
  type Change,
  type Course,
  currentSettings,
  defaults,
  isLive,
  type LiveSettings,
  type Settings,
  settingsAfter,
} from "../model/settings.ts";
import { defaultView, type View } from "../model/view.ts";
import { clearHistory, remember } from "./history.ts";

/** Where training started and what was done to it; `at` only says how far a link replays. */
export const course = signal<Course>({ start: defaults, log: [], at: 0 });
export const view = signal<View>(defaultView);
export const own = signal<OwnData | null>(null);
export const frame = signal<Frame | null>(null);
export const scenery = signal<Scenery | null>(null);
export const playing = signal(false);
/** Something that could not be done, in words. */
export const failure = signal("");
export const hessian = signal<HessianPicture | null>(null);
export const surface = signal<Surface | null>(null);
export const report = signal<Report | null>(null);
/** Counts the starts, so that what belongs to an earlier one is told from what is now. */
export const starts = signal(0);
/** What a screen reader is told. */
export const spoken = signal("");

/** How many changes have been made; a replay has others yet to make. */
const made = computed(() => {
  const { log, at } = course.value;
  const step = frame.value?.step ?? at;
  return log.reduce((sum, entry) => sum + (entry.step <= step ? 1 : 0), 0);
});

/** Settings as they are now: the same object until a change comes, so that no picture draws the page anew. */
export const settings = computed<Settings>(() => {
  const { start, log } = course.value;
  return currentSettings({ start, log: log.toSorted((a, b) => a.step - b.step).slice(0, made.value) });
});

/** Whether a course is being replayed. */
export const replaying = computed(() => (frame.value?.replayed ?? 1) < 1);

const trainer = new Worker(new URL("../engine/worker.ts", import.meta.url), { type: "module", name: "trainer" });
const send = (message: ToTrainer): void => trainer.postMessage(message);

let awaiting = false;
let odd = false;
let stale = true;
/** Answers to a load that has been overtaken are dropped: each load is answered by one scenery. */
let loading = 0;

trainer.onmessage = ({ data }: MessageEvent<FromTrainer>) => {
  if (data.type === "failed") {
    failure.value = data.message;
    playing.value = false;
    awaiting = false;
    if (loading > 0) --loading;
  } else if (data.type === "scenery") {
    --loading;
    if (loading === 0) scenery.value = data.scenery;
  } else if (data.type === "path") paths.shift()?.(data.path);
  else if (data.type === "saved") saves.shift()?.(data.text);
  else {
    awaiting = false;
    if (loading > 0) return;
    take(data.frame);
  }
};

function take(next: Frame): void {
  frame.value = next;
  const log = [...next.log, ...next.coming];
  const known = course.value.log;
  // A change that was just sent may not be in the picture yet.
  if (log.length >= known.length && log.some(({ step }, index) => step !== known[index]?.step)) {
    course.value = { ...course.value, log };
  }
  if (playing.value && !next.playing && next.replayed === 1) playing.value = false;
  if (next.replayed < 1) stale = true;
  remember(next);
}

const paths: ((path: readonly Float64Array[]) => void)[] = [];

/** Points that training has passed through, the first included. */
export function askPath(): Promise<readonly Float64Array[]> {
  return new Promise((resolve) => {
    paths.push(resolve);
    send({ type: "path" });
  });
}

const saves: ((text: string) => void)[] = [];

/** The network as the package's `fromJson` reads it. */
export function askSaved(): Promise<string> {
  return new Promise((resolve) => {
    saves.push(resolve);
    send({ type: "save" });
  });
}

/** Asks for the next picture once a frame, while there is something new to see. */
function animate(): void {
  requestAnimationFrame(animate);
  // At full speed every other frame is enough to see, and leaves the time to training.
  odd = !odd;
  if (odd && playing.value && view.value.pace === "full" && frame.value?.replayed === 1) return;
  if (awaiting || loading > 0 || !(playing.value || stale)) return;
  awaiting = true;
  stale = false;
  const { overlay, kinkLines } = view.value;
  send({ type: "frame", wants: { maps: true, kinks: kinkLines || overlay === "regions" } });
}
animate();

/** Asks for a picture though nothing trains. */
export function refresh(): void {
  stale = true;
}

/** Takes up training at a place: at its start, or replayed to `at`. */
export function load(next: Course): void {
  course.value = next;
  playing.value = false;
  failure.value = "";
  ++loading;
  awaiting = false;
  starts.value = starts.peek() + 1;
  clearHistory();
  send({ type: "load", course: next, own: own.value });
  refresh();
}

/** Back to the same start, with the settings of now. */
export function reset(): void {
  load({ start: startNow(), log: [], at: 0 });
  say("Reset to the start.");
}

export function play(until?: number, pace = view.value.pace): void {
  failure.value = "";
  playing.value = true;
  send({ type: "play", pace, ...(until === undefined ? {} : { until }) });
}

export function pause(): void {
  playing.value = false;
  send({ type: "pause" });
  refresh();
}

export function advance(by: "step" | "epoch"): void {
  if (playing.value) pause();
  send({ type: "advance", by });
  refresh();
}

/** Does something to the run where it is. */
export function change(what: Change): void {
  failure.value = "";
  const step = frame.value?.step ?? 0;
  course.value = { ...course.value, log: [...course.value.log, { step, change: what }] };
  send({ type: "change", change: what });
  refresh();
}

/** Changes settings: on the fly where that is possible and training has begun, else by starting anew. */
export function set(values: Partial<Settings>): void {
  const begun = (frame.value?.step ?? 0) > 0 || playing.value;
  if (begun && Object.keys(values).every(isLive)) change({ kind: "set", set: values as Partial<LiveSettings> });
  else load({ start: { ...startNow(), ...values }, log: [], at: 0 });
}

/** Settings to start anew with: those of now, but for layers that were changed by a rescue. */
export function startNow(): Settings {
  const { start, log } = course.value;
  const step = frame.value?.step ?? 0;
  const past = log.filter((entry) => entry.step <= step);
  return past.reduce((now, { change: past }) => (past.kind === "set" ? settingsAfter(now, past) : now), start);
}

export function show(values: Partial<View>): void {
  view.value = { ...view.value, ...values };
  if (values.pace !== undefined && playing.value) send({ type: "play", pace: values.pace });
  refresh();
}

export function say(text: string): void {
  spoken.value = text;
}
