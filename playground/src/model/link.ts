import { saneLayer, saneLog, saneRacers, saneSettings } from "./sane.ts";
import { type Course, defaults, type HiddenLayer, type Settings } from "./settings.ts";
import { snapshotIn, snapshotText } from "./snapshot-text.ts";
import { cardNames, defaultView, paces, type View, words } from "./view.ts";

/** What an address holds: where training is and what is shown of it. */
export interface Linked {
  readonly course: Course;
  readonly view: View;
  /** A table of the user's own, as text, and the column that is its target. */
  readonly own: { readonly text: string; readonly target: number | null } | null;
}

/** Writes everything that differs from the defaults. */
export function toHash({ course, view, own }: Linked): string {
  const parameters = new URLSearchParams();
  write(parameters, course.start, defaults);
  write(parameters, view, defaultView);
  if (course.origin) parameters.set("run", snapshotText(course.origin, course.start));
  if (course.log.length > 0) parameters.set("log", JSON.stringify(course.log));
  if (course.at > 0) parameters.set("at", String(course.at));
  if (own) parameters.set("table", own.text);
  if (own && own.target !== null) parameters.set("target", String(own.target));
  return parameters.toString();
}

/** Reads what `toHash` wrote; whatever makes no sense is left at its default. */
export function fromHash(hash: string): Linked {
  const parameters = new URLSearchParams(hash.replace(/^#/, ""));
  const start = read(parameters, defaults) as Settings;
  const view = shown(read(parameters, defaultView) as View);
  const target = whole(parameters.get("target"));
  const text = parameters.get("table");
  return {
    course: courseIn(parameters, saneSettings(start)),
    view,
    own: text === null ? null : { text, target },
  };
}

function courseIn(parameters: URLSearchParams, start: Settings): Course {
  const run = parameters.get("run");
  const origin = run === null ? null : snapshotIn(run, start);
  if (origin)
    return { start, log: [], at: origin.step, origin: { ...origin, settings: saneSettings(origin.settings) } };
  const log = saneLog(objectIn(parameters.get("log") ?? "[]"), start);
  return { start, log, at: whole(parameters.get("at")) ?? 0 };
}

function write(parameters: URLSearchParams, values: object, usual: object): void {
  for (const [key, value] of Object.entries(values)) {
    const text = textOf(key, value);
    if (text !== textOf(key, (usual as Record<string, unknown>)[key])) parameters.set(key, text);
  }
}

function textOf(key: string, value: unknown): string {
  if (key === "layers")
    return (value as HiddenLayer[])
      .map(({ units, activation, batchNorm }) => `${units}:${activation}${batchNorm ? ":bn" : ""}`)
      .join(",");
  if (key === "racers") return JSON.stringify(value);
  if (Array.isArray(value)) return value.join(",");
  if (typeof value === "boolean") return value ? "1" : "0";
  if (typeof value === "object") return JSON.stringify(value);
  return String(value);
}

function read(parameters: URLSearchParams, usual: object): object {
  const values: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(usual)) {
    const text = parameters.get(key);
    values[key] = text === null ? value : (parsed(key, text, value) ?? value);
  }
  return values;
}

function parsed(key: string, text: string, usual: unknown): unknown {
  if (key === "layers") return text === "" ? [] : text.split(",").map(layerIn);
  if (key === "pace") return paces.find(({ pace }) => String(pace) === text)?.pace;
  if (key === "racers") return saneRacers(objectIn(text));
  if (Array.isArray(usual)) return text === "" ? [] : text.split(",");
  if (typeof usual === "boolean") return text === "1";
  if (typeof usual === "number") return Number.isFinite(Number(text)) ? Number(text) : null;
  if (typeof usual === "object") return objectIn(text);
  return text;
}

function layerIn(text: string): HiddenLayer {
  const [units, activation, batchNorm] = text.split(":");
  return saneLayer({ units, activation, batchNorm: batchNorm === "bn" });
}

/** A view in which every word is one that there is. */
function shown(view: View): View {
  const usual = Object.entries(words).flatMap(([key, choices]) =>
    choices.includes(view[key as keyof View] as string) ? [] : [[key, defaultView[key as keyof View]]],
  );
  const { reach, raceEpochs, open, act } = view;
  return {
    ...view,
    ...Object.fromEntries(usual),
    open: cardNames.filter((name) => open.includes(name)).sort((a, b) => open.indexOf(a) - open.indexOf(b)),
    act: Number.isInteger(act) && act >= 0 ? act : defaultView.act,
    reach: reach > 0 ? reach : defaultView.reach,
    raceEpochs: raceEpochs >= 1 ? Math.round(raceEpochs) : defaultView.raceEpochs,
  };
}

function objectIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function whole(text: string | null): number | null {
  const value = text === null ? Number.NaN : Number(text);
  return Number.isSafeInteger(value) && value >= 0 ? value : null;
}
