import { batch, computed, signal } from "@preact/signals";
import type { OwnData } from "../data/own.ts";
import { type Place, sameNetwork } from "../model/place.ts";
import type { Frame, FromTrainer, HessianPicture, Report, Scenery, Surface, ToTrainer } from "../model/protocol.ts";
import {
  type Change,
  type Course,
  currentSettings,
  defaults,
  isLive,
  type LiveSettings,
  type Settings,
  type Snapshot,
  settingsAfter,
} from "../model/settings.ts";
import { defaultView, type View } from "../model/view.ts";
import { type Curves, clearHistory, curvesNow, remember, showCurves } from "./history.ts";

/** Where training started and what was done to it; `at` only says how far a link replays. */
export const course = signal<Course>({ start: defaults, log: [], at: 0 });
export const view = signal<View>(defaultView);
export const own = signal<OwnData | null>(null);
export const frame = signal<Frame | null>(null);
export const scenery = signal<Scenery | null>(null);
export const playing = signal(false);
/** Something that could not be done, in words. */
export const failure = signal("");
/** The last answers of the analyst, of whatever network they are. */
export const answers = {
  hessian: signal<HessianPicture | null>(null),
  surface: signal<Surface | null>(null),
  report: signal<Report | null>(null),
};
/** Counts the starts, so that what belongs to an earlier one is told from what is now. */
export const starts = signal(0);
/** Of the picture that is shown; null until there is one of this start. */
export const place = computed<Place | null>(() => frame.value?.place ?? null);
/** Those answers that belong to the network that is shown. */
export const hessian = computed(() => belonging(answers.hessian.value));
export const surface = computed(() => belonging(answers.surface.value));
export const report = computed(() => belonging(answers.report.value));

function belonging<T extends { readonly place: Place }>(answer: T | null): T | null {
  return sameNetwork(answer?.place, place.value) ? answer : null;
}

/**
 * Whether the run is no longer that of the scene's act: it was reset, or other settings were
 * chosen.
 */
export const strayed = signal(false);
/** What a screen reader is told. */
export const spoken = signal("");

/** How many changes have been made; a replay has others yet to make. */
const made = computed(() => {
  const { log, at } = course.value;
  const step = frame.value?.step ?? at;
  return log.reduce((sum, entry) => sum + (entry.step <= step ? 1 : 0), 0);
});

/**
 * Settings as they are now: the same object until a change comes, so that no picture draws the page
 * anew.
 */
export const settings = computed<Settings>(() => {
  const { log, ...rest } = course.value;
  return currentSettings({ ...rest, log: log.toSorted((a, b) => a.step - b.step).slice(0, made.value) });
});

/** Whether a course is being replayed. */
export const replaying = computed(() => (frame.value?.replayed ?? 1) < 1);

const trainer = new Worker(new URL("../engine/worker.ts", import.meta.url), { type: "module", name: "trainer" });
const send = (message: ToTrainer): void => trainer.postMessage(message);

let awaiting = false;
let odd = false;
let stale = true;
/** Of this start, to be shown together with its first picture. */
let scene: Scenery | null = null;

trainer.onmessage = ({ data }: MessageEvent<FromTrainer>) => {
  if (data.type === "failed") {
    if (data.start !== starts.value) return;
    failure.value = data.message;
    playing.value = false;
    awaiting = false;
  } else if (data.type === "scenery") {
    if (data.start === starts.value) scene = data.scenery;
  } else if (data.type === "kept") kept(data.snapshot);
  else if (data.type === "path") paths.shift()?.(data.path);
  else if (data.type === "saved") saves.shift()?.(data.text);
  else {
    // What was asked of an earlier start comes late.
    if (data.frame.place.start !== starts.value) return;
    awaiting = false;
    take(data.frame);
  }
};

function take(next: Frame): void {
  batch(() => {
    if (scene) scenery.value = scene;
    frame.value = next;
  });
  const log = [...next.log, ...next.coming];
  const known = course.value.log;
  // A change that was just sent may not be in the picture yet.
  if (log.length >= known.length && log.some(({ step }, index) => step !== known[index]?.step)) {
    course.value = { ...course.value, log };
  }
  // A picture that was made before the trainer heard of playing does not end it.
  if (playing.value && !next.playing && next.replayed === 1 && next.plays === plays) playing.value = false;
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
  if (awaiting || !(playing.value || stale)) return;
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

/** Takes up training at a place: at its start, replayed to `at`, or at a snapshot. */
export function load(next: Course, { keep = false, table = own.value } = {}): void {
  if (keep) expectKept();
  batch(() => {
    own.value = table;
    course.value = next;
    playing.value = false;
    failure.value = "";
    frame.value = null;
    strayed.value = false;
    starts.value = starts.peek() + 1;
  });
  scene = null;
  awaiting = false;
  clearHistory();
  send({ type: "load", start: starts.peek(), course: next, own: table, keep });
  refresh();
}

/** Starts anew with these settings, and with this table; the run that was there can be had back. */
export function startAnew(start: Settings, table = own.value): void {
  load({ start, log: [], at: 0 }, { keep: true, table });
  strayed.value = true;
}

/** Back to the same start, with the settings of now. */
export function reset(): void {
  startAnew(startNow());
  say("Reset to the start.");
}

/** How often playing has begun. */
let plays = 0;
/** The step that training goes to, where there is one. */
let goal: number | undefined;

export function play(until?: number, pace = view.value.pace): void {
  goal = until;
  failure.value = "";
  playing.value = true;
  send({ type: "play", plays: ++plays, pace, ...(until === undefined ? {} : { until }) });
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
  expectKept();
  const step = frame.value?.step ?? 0;
  course.value = { ...course.value, log: [...course.value.log, { step, change: what }] };
  send({ type: "change", change: what });
  refresh();
}

/**
 * Changes settings: on the fly where that is possible and training has begun, else by starting
 * anew.
 */
export function set(values: Partial<Settings>): void {
  const begun = (frame.value?.step ?? 0) > 0 || playing.value;
  if (begun && Object.keys(values).every(isLive)) change({ kind: "set", set: values as Partial<LiveSettings> });
  else startAnew({ ...startNow(), ...values });
}

/** Back to the last parameters that were sane, and on from there with other settings. */
export function rescue(values: Partial<LiveSettings>): void {
  failure.value = "";
  expectKept();
  send({ type: "rescue", set: values });
  refresh();
}

/** Ends a replay where it is. */
export function stopReplay(): void {
  send({ type: "stop" });
  refresh();
}

interface Before {
  readonly course: Course;
  readonly own: OwnData | null;
  readonly curves: Curves;
  readonly strayed: boolean;
}

/** As many steps back as are remembered. */
const MOST_UNDONE = 50;
const expected: Before[] = [];
const undone: (Before & { readonly snapshot: Snapshot })[] = [];
/** How often one can go back. */
export const undoable = signal(0);

/** What goes with the snapshot that the trainer sends before it makes a change. */
function expectKept(): void {
  expected.push({ course: course.peek(), own: own.peek(), curves: curvesNow(), strayed: strayed.peek() });
}

function kept(snapshot: Snapshot | null): void {
  const before = expected.shift();
  if (!before || !snapshot) return;
  undone.push({ ...before, snapshot });
  if (undone.length > MOST_UNDONE) undone.shift();
  undoable.value = undone.length;
}

/** Takes back the last change, restart or reset, to the bit. */
export function undo(): void {
  const last = undone.pop();
  if (!last) return;
  undoable.value = undone.length;
  const { course: before, own: table, curves, snapshot } = last;
  const { step: at, log } = snapshot;
  load({ start: before.start, log, at, origin: snapshot }, { table });
  strayed.value = last.strayed;
  showCurves(curves);
  say("Undone.");
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
  if (values.pace !== undefined && playing.value)
    send({ type: "play", plays, pace: values.pace, ...(goal === undefined ? {} : { until: goal }) });
  refresh();
}

export function say(text: string): void {
  spoken.value = text;
}
