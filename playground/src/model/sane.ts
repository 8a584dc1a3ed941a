import { featureNames } from "../data/features.ts";
import { chosen, type OptimizerOption, optimizerEntry, optimizers } from "./optimizers.ts";
import {
  activationNames,
  type Change,
  defaults,
  type HiddenLayer,
  isLive,
  type LiveSettings,
  type Logged,
  MOST_LAYERS,
  MOST_UNITS,
  type OptionValue,
  type Settings,
  settingRanges,
  settingWords,
  trainsUnder,
} from "./settings.ts";
import { MOST_RACERS, type Racer } from "./view.ts";

/**
 * What an address says is anybody's: here everything becomes what the page itself could have made.
 */
type Told = Readonly<Record<string, unknown>>;

function told(value: unknown): Told {
  return typeof value === "object" && value !== null ? (value as Told) : {};
}

function finite(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

function whole(value: unknown): value is number {
  return finite(value) && Number.isInteger(value) && value >= 0;
}

/** Whether a setting may have a value, where it is a word or a number. */
function mayBe(key: string, value: unknown): boolean {
  const choices = settingWords[key as keyof Settings];
  if (choices) return choices.includes(value as string);
  const range = settingRanges[key as keyof Settings];
  if (!range) return false;
  const { least, most = Number.POSITIVE_INFINITY, whole: entire = false } = range;
  return finite(value) && value >= least && value <= most && (!entire || Number.isInteger(value));
}

function optionMayBe({ value: usual, choices, min, max, whole: entire }: OptimizerOption, value: unknown): boolean {
  if (typeof value !== typeof usual) return false;
  if (choices) return choices.includes(value as OptionValue);
  if (typeof value !== "number") return true;
  return finite(value) && value >= (min ?? 0) && value <= (max ?? value) && (!entire || Number.isInteger(value));
}

/** The options that a method has, as far as their values are such as it takes. */
function saneOptions(optimizer: string, options: unknown): Record<string, OptionValue> {
  const values = told(options);
  const kept = optimizerEntry(optimizer).options.filter(
    (option) => Object.hasOwn(values, option.key) && optionMayBe(option, values[option.key]),
  );
  return Object.fromEntries(kept.map(({ key }) => [key, values[key] as OptionValue]));
}

export function saneLayer(layer: unknown): HiddenLayer {
  const { units, activation, batchNorm } = told(layer);
  return {
    units: Math.max(1, Math.min(MOST_UNITS, Math.round(Number(units)) || 1)),
    activation: activationNames.find((name) => name === activation) ?? "relu",
    batchNorm: batchNorm === true,
  };
}

/** Settings of which each is its default where it makes no sense. */
export function saneSettings(settings: unknown): Settings {
  const values = told(settings);
  const plain = Object.keys({ ...settingWords, ...settingRanges }).map((key) => [
    key,
    mayBe(key, values[key]) ? values[key] : defaults[key as keyof Settings],
  ]);
  const { layers, features } = values;
  const words: readonly unknown[] = Array.isArray(features) ? features : [];
  const known = featureNames.filter((name) => words.includes(name)).sort((a, b) => words.indexOf(a) - words.indexOf(b));
  const next = Object.fromEntries(plain) as unknown as Settings;
  const method = trainsUnder(next.loss, next.optimizer)
    ? { options: saneOptions(next.optimizer, values.options) }
    : chosen("adam");
  return {
    ...next,
    ...method,
    layers: Array.isArray(layers) ? layers.slice(0, MOST_LAYERS).map(saneLayer) : defaults.layers,
    features: known.length > 0 ? known : defaults.features,
  };
}

/** What may change while training runs, and makes sense. */
function saneLive(set: unknown, { loss }: Settings): Partial<LiveSettings> {
  const { optimizer: asked, ...others } = told(set);
  const values: Told = typeof asked === "string" && trainsUnder(loss, asked) ? { ...others, optimizer: asked } : others;
  const kept = Object.keys(values).filter((key) => isLive(key) && mayBe(key, values[key]));
  const { optimizer, options } = values;
  return {
    ...(Object.fromEntries(kept.map((key) => [key, values[key]])) as Partial<LiveSettings>),
    // Which method they are of may have been said before: the run takes those that it knows.
    ...(options === undefined
      ? {}
      : { options: typeof optimizer === "string" ? saneOptions(optimizer, options) : anyOptions(options) }),
  };
}

/** Options that some method has. */
function anyOptions(options: unknown): Record<string, OptionValue> {
  return Object.assign({}, ...optimizers.map(({ key }) => saneOptions(key, options)));
}

/** The change as it is; null for what the page could not have logged. */
function saneChange(change: unknown, start: Settings): Change | null {
  const layers = start.layers.length;
  const { kind, set, layer, values, what, value, activation, parameters, statistics } = told(change);
  const hidden = whole(layer) && layer < layers;
  if (kind === "set") return { kind, set: saneLive(set, start) };
  if (kind === "revive" || kind === "escape") return { kind };
  if (kind === "batch-norm" && hidden) return { kind, layer };
  if (kind === "activation" && hidden) {
    const known = activationNames.find((name) => name === activation);
    return known ? { kind, layer, activation: known } : null;
  }
  if (kind === "fill" && whole(layer) && layer <= layers && (what === "weight" || what === "bias") && finite(value))
    return { kind, layer, what, value };
  if (kind === "prune" && whole(parameters) && parameters > 0) return { kind, parameters };
  if (kind === "edit" && Array.isArray(values)) {
    const pair = (entry: unknown) => Array.isArray(entry) && entry.length === 2 && whole(entry[0]) && finite(entry[1]);
    return values.every(pair) ? { kind, values } : null;
  }
  if (kind === "back" && Array.isArray(parameters) && Array.isArray(statistics))
    return [...parameters, ...statistics].every(finite) ? { kind, parameters, statistics } : null;
  return null;
}

/** Of a log what the page could have written after such a start. */
export function saneLog(log: unknown, start: Settings): Logged[] {
  if (!Array.isArray(log)) return [];
  return log.flatMap((entry) => {
    const { step, change } = told(entry);
    const known = saneChange(change, start);
    return whole(step) && known ? [{ step, change: known }] : [];
  });
}

/** Racers that could run; null where there is none. */
export function saneRacers(racers: unknown): Racer[] | null {
  if (!Array.isArray(racers)) return null;
  const known = racers
    .map(told)
    .flatMap(({ optimizer, learningRate, options, batchSize }) =>
      mayBe("optimizer", optimizer) && mayBe("learningRate", learningRate) && mayBe("batchSize", batchSize)
        ? [{ optimizer, learningRate, batchSize, options: saneOptions(optimizer as string, options) } as Racer]
        : [],
    );
  return known.length > 0 ? known.slice(0, MOST_RACERS) : null;
}
