import { featureNames } from "../data/features.ts";
import { optimizers } from "./optimizers.ts";
import {
  activationNames,
  type Course,
  defaults,
  type HiddenLayer,
  type Logged,
  MOST_LAYERS,
  MOST_UNITS,
  type Settings,
  settingRanges,
  settingWords,
} from "./settings.ts";
import { snapshotIn, snapshotText } from "./snapshot-text.ts";
import { defaultView, MOST_RACERS, type Racer, type View, words } from "./view.ts";

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
    course: courseIn(parameters, sane(start)),
    view,
    own: text === null ? null : { text, target },
  };
}

function courseIn(parameters: URLSearchParams, start: Settings): Course {
  const run = parameters.get("run");
  const origin = run === null ? null : snapshotIn(run, start);
  if (origin) return { start, log: [], at: origin.step, origin: { ...origin, settings: sane(origin.settings) } };
  return { start, log: logIn(parameters.get("log")), at: whole(parameters.get("at")) ?? 0 };
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
  if (key === "pace") return text === "full" ? text : whole(text);
  if (key === "racers") return racersIn(text);
  if (Array.isArray(usual)) return text === "" ? [] : text.split(",");
  if (typeof usual === "boolean") return text === "1";
  if (typeof usual === "number") return Number.isFinite(Number(text)) ? Number(text) : null;
  if (typeof usual === "object") return objectIn(text);
  return text;
}

function layerIn(text: string): HiddenLayer {
  const [units, activation, batchNorm] = text.split(":");
  return {
    units: Math.max(1, Math.min(MOST_UNITS, Math.round(Number(units)) || 1)),
    activation: (activationNames as readonly string[]).includes(activation)
      ? (activation as HiddenLayer["activation"])
      : "relu",
    batchNorm: batchNorm === "bn",
  };
}

function racersIn(text: string): Racer[] | null {
  const racers = objectIn(text);
  if (!Array.isArray(racers)) return null;
  const known = racers.filter(
    (racer) =>
      optimizers.some(({ key }) => key === racer?.optimizer) &&
      racer.learningRate > 0 &&
      Number.isInteger(racer.batchSize) &&
      typeof racer.options === "object",
  );
  return known.length > 0 ? known.slice(0, MOST_RACERS) : null;
}

/** A view in which every word is one that there is. */
function shown(view: View): View {
  const usual = Object.entries(words).flatMap(([key, choices]) =>
    choices.includes(view[key as keyof View] as string) ? [] : [[key, defaultView[key as keyof View]]],
  );
  const { reach, raceEpochs } = view;
  return {
    ...view,
    ...Object.fromEntries(usual),
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

function logIn(text: string | null): Logged[] {
  const log = text === null ? [] : objectIn(text);
  return Array.isArray(log)
    ? log.filter((entry) => typeof entry?.step === "number" && typeof entry?.change?.kind === "string")
    : [];
}

function whole(text: string | null): number | null {
  const value = text === null ? Number.NaN : Number(text);
  return Number.isInteger(value) && value >= 0 ? value : null;
}

/** Settings in which everything is what the page itself could have set. */
function sane(settings: Settings): Settings {
  const known = (key: string, value: unknown): boolean => {
    const choices = settingWords[key as keyof Settings];
    const range = settingRanges[key as keyof Settings];
    if (choices) return choices.includes(value as string);
    if (!range) return true;
    const { least, most = Number.POSITIVE_INFINITY, whole: entire = false } = range;
    return Number(value) >= least && Number(value) <= most && (!entire || Number.isInteger(value));
  };
  const kept = Object.entries(settings).map(([key, value]) => [
    key,
    known(key, value) ? value : defaults[key as keyof Settings],
  ]);
  const features = [...new Set(settings.features)].filter((name) => featureNames.includes(name));
  return {
    ...(Object.fromEntries(kept) as Settings),
    layers: settings.layers.slice(0, MOST_LAYERS),
    features: features.length > 0 ? features : defaults.features,
  };
}
