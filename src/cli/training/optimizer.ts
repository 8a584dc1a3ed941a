import {
  adadelta,
  adagrad,
  adam,
  adamw,
  gaussNewton,
  hessianFree,
  kfac,
  lbfgs,
  levenbergMarquardt,
  newton,
  type Optimizer,
  rmsprop,
  saddleFreeNewton,
  sgd,
  trustRegion,
} from "../../index.js";
import { badInput, refusals } from "../errors.js";
import { suggestion } from "../nearest.js";
import { nonNegative, oneOf, type Parser, positive, positiveInteger, share, shares, trueOrFalse } from "../options.js";
import { quote } from "../output/format.js";

type Value = number | string | boolean | readonly number[];

/**
 * Options of optimizers by the library's names, as they are given after `--optimizer` or in
 * `--optimizers`.
 */
export type OptimizerOptions = Readonly<Record<string, Value>>;

/** A method and what was asked of it. */
export interface Choice {
  readonly method: Method;
  readonly options: OptimizerOptions;
}

interface Option {
  readonly flags: string;
  readonly description: string;
  readonly parse: Parser<Value>;
}

/** What can be set, by the library's names. */
export const optimizerOptions: Readonly<Record<string, Option>> = {
  learningRate: { flags: "--learning-rate <rate>", description: "step length", parse: positive },
  momentum: { flags: "--momentum <share>", description: "share of the last step that is kept", parse: share },
  nesterov: { flags: "--nesterov <yes>", description: "look ahead along the momentum", parse: trueOrFalse },
  betas: { flags: "--betas <shares>", description: "decays of the two averages, as in 0.9,0.999", parse: shares },
  weightDecay: { flags: "--weight-decay <factor>", description: "the optimizer's own", parse: nonNegative },
  damping: { flags: "--damping <number>", description: "added to the curvature's diagonal", parse: nonNegative },
  lineSearch: {
    flags: "--line-search <name>",
    description: "how long a step is: fixed, armijo, wolfe",
    parse: oneOf(["fixed", "armijo", "wolfe"]),
  },
  indefinite: {
    flags: "--indefinite <what>",
    description: "where the Hessian is not positive definite: shift, abs, clip, gradient, error",
    parse: oneOf(["shift", "abs", "clip", "gradient", "error"]),
  },
  initialRadius: { flags: "--initial-radius <length>", description: "of the trust region", parse: positive },
  products: {
    flags: "--products <yes>",
    description: "products with the Hessian instead of the matrix",
    parse: trueOrFalse,
  },
  maxProducts: {
    flags: "--max-products <number>",
    description: "products a step takes at most",
    parse: positiveInteger,
  },
  curvatureShare: {
    flags: "--curvature-share <share>",
    description: "share of the batch for curvature",
    parse: positive,
  },
  progress: {
    flags: "--progress <share>",
    description: "share of the model's fall that a product has to bring",
    parse: share,
  },
  refresh: { flags: "--refresh <steps>", description: "steps between decompositions", parse: positiveInteger },
  history: { flags: "--history <pairs>", description: "steps that are remembered", parse: positiveInteger },
};

interface Row {
  // biome-ignore lint/suspicious/noExplicitAny: each factory checks its own options
  readonly make: (options: any) => Optimizer;
  /** What it takes, by the library's names. */
  readonly takes: readonly string[];
  /** Names of the library's that are called otherwise here. */
  readonly renamed?: Readonly<Record<string, string>>;
}

const first = ["weightDecay"] as const;
/** `--no-search` is something else. */
const searches = { lineSearch: "search" };
const line = ["damping", "lineSearch", "learningRate", "weightDecay"] as const;
const rated = ["learningRate", ...first] as const;

/** The methods, with the library's defaults. */
const methods = {
  sgd: { make: sgd, takes: ["learningRate", "momentum", "nesterov", ...first] },
  adagrad: { make: adagrad, takes: rated },
  adadelta: { make: adadelta, takes: rated },
  rmsprop: { make: rmsprop, takes: ["learningRate", "momentum", ...first] },
  adam: { make: adam, takes: ["learningRate", "betas", ...first] },
  adamw: { make: adamw, takes: ["learningRate", "betas", ...first] },
  newton: { make: newton, takes: ["indefinite", ...line], renamed: searches },
  "saddle-free-newton": { make: saddleFreeNewton, takes: line, renamed: searches },
  "trust-region": { make: trustRegion, takes: ["initialRadius", "products", "maxProducts", ...first] },
  "gauss-newton": { make: gaussNewton, takes: line, renamed: searches },
  "levenberg-marquardt": { make: levenbergMarquardt, takes: ["damping", ...first], renamed: { damping: "mu" } },
  "hessian-free": { make: hessianFree, takes: ["damping", "maxProducts", "progress", "curvatureShare", ...first] },
  kfac: { make: kfac, takes: ["damping", "refresh", ...first] },
  lbfgs: { make: lbfgs, takes: ["learningRate", "history", ...first] },
} as const satisfies Record<string, Row>;

export type Method = keyof typeof methods;
export const methodNames = Object.keys(methods) as Method[];

function rowOf(method: Method): Row {
  return methods[method];
}

/** A method's name, in the library's spelling too: `trustRegion` is `trust-region`. */
export const method: Parser<Method> = (option, text) =>
  oneOf(methodNames)(
    option,
    text.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`),
  );

/**
 * Several methods with commas between, each with its options:
 * `adam,sgd:momentum=0.5:learning-rate=0.1`.
 */
export const choices: Parser<readonly Choice[]> = (option, text) => {
  const found = text.split(",").map((part) => choiceOf(option, part.trim()));
  const labels = found.map(labelOf);
  const twice = labels.find((label, i) => labels.indexOf(label) < i);
  if (twice !== undefined) badInput(`${option}: expected each optimizer once, got ${quote(twice)} twice`);
  return found;
};

function choiceOf(option: string, text: string): Choice {
  const [name, ...settings] = text.split(":");
  const chosen = method(option, name);
  const options: Record<string, Value> = {};
  for (const setting of settings) {
    const [key, value, ...rest] = setting.split("=");
    const known = camel(key);
    const names = rowOf(chosen).takes;
    if (!names.includes(known) || value === undefined || rest.length > 0) {
      const expected = `settings of ${chosen} after colons, as in ${chosen}:${kebab(names[0])}=…`;
      badInput(`${option}: expected ${expected}, got ${quote(setting)}${suggestion(key, names.map(kebab))}`);
    }
    options[known] = optimizerOptions[known].parse(`${option} ${chosen}:${key}`, value.replaceAll("/", ","));
  }
  return { method: chosen, options };
}

/** A method with what was set of it: how reports call it. */
export function labelOf({ method: name, options }: Choice): string {
  const settings = Object.entries(options).map(([key, value]) => `${kebab(key)} ${value}`);
  return settings.length > 0 ? `${name} (${settings.join(", ")})` : name;
}

/** The options that were given on the command line for a method, out of all settings. */
export function optionsFor(name: Method, settings: Readonly<Record<string, unknown>>): OptimizerOptions {
  const given: Record<string, Value> = {};
  for (const [key, { flags }] of Object.entries(optimizerOptions)) {
    const value = settings[key];
    if (value === undefined) continue;
    if (!rowOf(name).takes.includes(key)) {
      const able = methodNames.filter((other) => rowOf(other).takes.includes(key)).join(", ");
      badInput(`${flags.split(" ")[0]}: expected an optimizer that has it (${able}), got ${name}`);
    }
    given[key] = value as Value;
  }
  return given;
}

/** The optimizer that was asked for; what was left open is the library's. */
export function makeOptimizer({ method: name, options }: Choice): Optimizer {
  const { make, takes, renamed = {} } = rowOf(name);
  const all: Record<string, Value> = {};
  for (const key of takes) if (options[key] !== undefined) all[renamed[key] ?? key] = options[key];
  return refusals(() => make(all));
}

/**
 * Whether a method's steps use all rows unless a batch size is given, as second-order methods do.
 */
export function takesWholeData(name: Method): boolean {
  return rowOf(name).make({}).defaultBatch === Number.POSITIVE_INFINITY;
}

/** For the help: each first-order method's learning rate. */
export function usualRates(): string {
  return methodNames
    .filter((name) => rowOf(name).takes.includes("learningRate") && !takesWholeData(name))
    .map((name) => `${rowOf(name).make({}).learningRate} for ${name}`)
    .join(", ");
}

/** For the help: which methods take an option. */
export function takersOf(key: string): string {
  return methodNames.filter((name) => rowOf(name).takes.includes(key)).join(", ");
}

function kebab(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

function camel(name: string): string {
  return name.replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
