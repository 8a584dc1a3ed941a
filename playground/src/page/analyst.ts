import { effect, type Signal, signal } from "@preact/signals";
import { placeText } from "../model/place.ts";
import type { FromAnalyst, Point, Study, StudyRequest, SurfaceRequest, ToAnalyst } from "../model/protocol.ts";
import { spectra } from "./spectra.ts";
import { answers, course, frame, hessian, own, starts } from "./store.ts";

/**
 * The second worker, made when the first question comes; it looks at points of training without
 * holding it up.
 */
let worker: Worker | null = null;
let loaded = -1;
let next = 0;
const waiting = new Map<number, (answer: FromAnalyst | null) => void>();

export const analystFailure = signal("");

/** `ToAnalyst` without its number, for each kind. */
type Question = ToAnalyst extends infer T ? (T extends { readonly id: number } ? Omit<T, "id"> : never) : never;

function ask(question: Question): Promise<FromAnalyst | null> {
  worker ??= made();
  if (loaded !== starts.value) {
    loaded = starts.value;
    worker.postMessage({ type: "load", start: course.value.start, own: own.value } satisfies ToAnalyst);
  }
  const id = ++next;
  const start = starts.value;
  worker.postMessage({ ...question, id });
  return new Promise((resolve) => {
    waiting.set(id, (answer) => resolve(start === starts.value ? answer : null));
  });
}

function made(): Worker {
  const analyst = new Worker(new URL("../engine/worker.ts", import.meta.url), { type: "module", name: "analyst" });
  analyst.onmessage = ({ data }: MessageEvent<FromAnalyst>) => {
    analystFailure.value = data.type === "failed" ? data.message : "";
    const resolve = waiting.get(data.id);
    waiting.delete(data.id);
    resolve?.(data.type === "failed" ? null : data);
  };
  return analyst;
}

export function pointNow(): Point | null {
  const now = frame.value;
  if (!now) return null;
  const { place, settings, parameters, statistics, step, epoch } = now;
  return { place, settings, parameters, statistics, step, epoch };
}

type Kind = "hessian" | "diagnose";
const busy: Record<Kind, boolean> = { hessian: false, diagnose: false };
const seen: Record<Kind, string> = { hessian: "", diagnose: "" };
/** Between two looks at a run, in milliseconds. */
const PAUSE: Record<Kind, number> = { hessian: 120, diagnose: 400 };

/** Counts looks that are done: whoever else follows the same kind may take the next. */
const looked: Readonly<Record<Kind, Signal<number>>> = { hessian: signal(0), diagnose: signal(0) };

/**
 * Looks at the newest point whenever the last look is done, while `wanted` says so; several may
 * follow one kind.
 */
export function follow(kind: Kind, wanted: () => boolean): () => void {
  const look = async (): Promise<void> => {
    const point = pointNow();
    if (busy[kind] || !point || !wanted()) return;
    const mark = placeText(point.place);
    if (mark === seen[kind]) return;
    busy[kind] = true;
    seen[kind] = mark;
    const answer = await ask({ type: kind, point });
    if (answer?.type === "hessian") {
      answers.hessian.value = answer.picture;
      // Of another network by now: its column would stand among those of this one.
      if (hessian.value === answer.picture) spectra.add(answer.picture);
    }
    if (answer?.type === "diagnose") answers.report.value = answer.report;
    window.setTimeout(() => {
      busy[kind] = false;
      ++looked[kind].value;
    }, PAUSE[kind]);
  };
  return effect(() => {
    frame.value;
    looked[kind].value;
    wanted();
    void look();
  });
}

/** What the curvature decides at the newest point; null where that has been overtaken. */
export async function askStudy(request: StudyRequest): Promise<Study | null> {
  const point = pointNow();
  if (!point) return null;
  const answer = await ask({ type: "study", point, request });
  return answer?.type === "study" ? answer.study : null;
}

export async function askSurface(request: SurfaceRequest): Promise<void> {
  const point = pointNow();
  if (!point) return;
  const answer = await ask({ type: "surface", point, request });
  if (answer?.type === "surface") answers.surface.value = answer.surface;
}

effect(() => {
  starts.value;
  answers.hessian.value = null;
  answers.surface.value = null;
  answers.report.value = null;
  spectra.clear();
  analystFailure.value = "";
  seen.hessian = "";
  seen.diagnose = "";
});
