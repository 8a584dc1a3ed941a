import { checkChoice, checkInteger, checkKeys, checkObject, isObject, show, wrongType, wrongValue } from "../check.js";
import { isFloatArray } from "../linalg/matrix.js";
import { type Layout, layoutOf } from "../network/layout.js";
import { checkNetwork, type Network, network } from "../network/network.js";
import { checkParameters, checkStatistics } from "../network/parameters.js";
import { lossName, type NetworkSpec, type ResolvedSpec, resolveSpec } from "../network/spec.js";
import { type Checkpoint, checkPoint, checkProgress } from "../train/checkpoint.js";
import type { Build } from "../wasm/load.js";
import { type FloatArray, floatArray } from "../wasm/workspace.js";
import { clip, decode, encode } from "./plain.js";
import { countOf, type Tensor, type TensorShelf } from "./tensors.js";

/** Options of `toSafetensors`, `toJson` and `saveNetwork`. */
export interface SaveOptions {
  /**
   * The run that the network is in, as `checkpoint()` returns it, so that training can resume.
   * Default: none.
   */
  checkpoint?: Checkpoint;
  /**
   * Anything else that belongs to the network, such as the scaling of its inputs or the names of
   * its classes: numbers, strings, booleans, null, arrays, objects, Float64Array and Float32Array.
   * Default: none.
   */
  metadata?: Readonly<Record<string, unknown>>;
}

/** What a file held. All of it belongs to the caller. */
export interface Saved {
  /** A new network with the specification, parameters and running statistics that were saved. */
  readonly network: Network;
  /** The checkpoint, for `resume`; null where none was saved. */
  readonly checkpoint: Checkpoint | null;
  /** The metadata as it was given, {} where none was; undefined properties are left out. */
  readonly metadata: Readonly<Record<string, unknown>>;
  /**
   * The build that the saved network ran on. A resumed run gives the same bits on the same build:
   * see `init`.
   */
  readonly build: Build;
}

/** What the formats write, each in its way: named tensors, and a header for all else. */
export interface Document {
  readonly header: Header;
  readonly tensors: Map<string, Tensor>;
}

/** Its values are for JSON. */
export interface Header {
  readonly format: "hessia";
  readonly version: number;
  readonly build: Build;
  readonly spec: unknown;
  readonly checkpoint?: unknown;
  readonly metadata?: unknown;
}

/** Every property that a header may have. */
export const HEADER = ["format", "version", "build", "spec", "checkpoint", "metadata"] as const;

const FORMAT = "hessia";
const VERSION = 1;

/**
 * Stands in for a function, which no file can hold. The parameters that it made are saved, so
 * nothing is drawn with it unless asked.
 */
const STAND_IN = "he-normal";

export function pack(where: string, net: unknown, options: unknown): Document {
  checkNetwork(where, net);
  checkObject(where, "options", options);
  checkKeys(where, options, ["checkpoint", "metadata"]);
  const { checkpoint, metadata } = options;
  const tensors = new Map<string, Tensor>();
  const parameters = net.getParameters();
  const statistics = net.getRunningStatistics();
  for (const { name, shape, of, from, to } of partsOf(net.layout)) {
    const data = (of === "parameters" ? parameters : statistics).subarray(from, to) as FloatArray;
    tensors.set(name, { shape, data });
  }
  const keep = (path: string, data: FloatArray): string => {
    let name = path;
    for (let i = 2; tensors.has(name); ++i) name = `${path}~${i}`;
    tensors.set(name, { shape: [data.length], data });
    return name;
  };
  const header: Header = {
    format: FORMAT,
    version: VERSION,
    build: net.build,
    spec: writableSpec(where, net.spec),
    ...(checkpoint === undefined ? {} : { checkpoint: packCheckpoint(where, checkpoint, net, keep) }),
    ...(metadata === undefined ? {} : { metadata: packMetadata(where, metadata, keep) }),
  };
  return { header, tensors };
}

/** Parameters that the network has, too, are not saved twice. */
function packCheckpoint(
  where: string,
  checkpoint: unknown,
  net: Network,
  keep: (path: string, data: FloatArray) => string,
): unknown {
  checkSaved(where, checkpoint, net);
  const rest: Record<string, unknown> = { ...checkpoint };
  if (sameBits(checkpoint.parameters, net.getParameters())) delete rest.parameters;
  if (sameBits(checkpoint.statistics, net.getRunningStatistics())) delete rest.statistics;
  return encode(where, "checkpoint", rest, keep);
}

function packMetadata(where: string, metadata: unknown, keep: (path: string, data: FloatArray) => string): unknown {
  checkObject(where, "metadata", metadata);
  return encode(where, "metadata", metadata, keep);
}

/**
 * Makes what was saved of a header, whose values come from JSON, and the tensors beside it. Nothing
 * larger than these is allocated.
 */
export function unpack(where: string, header: Record<string, unknown>, shelf: TensorShelf): Saved {
  checkHeader(where, header);
  const spec = readSpec(where, header.spec, shelf.size);
  const layout = readLayout(where, spec);
  const parts = partsOf(layout);
  for (const { name, shape } of parts) shelf.check(name, spec.dtype, shape);
  const parameters = floatArray(spec.dtype, layout.parameterCount);
  const statistics = floatArray(spec.dtype, layout.statisticsCount);
  for (const { name, of, from } of parts) {
    (of === "parameters" ? parameters : statistics).set(shelf.take(name), from);
  }
  const net = network(spec as NetworkSpec);
  checkParameters(where, "layers", parameters, net);
  checkStatistics(where, "layers", statistics, net);
  net.setParameters(parameters);
  net.setRunningStatistics(statistics);
  const take = (tensor: string): FloatArray => shelf.take(tensor);
  const metadata = decode(where, "metadata", header.metadata ?? {}, take);
  checkObject(where, "metadata", metadata);
  const { checkpoint = null, build } = header;
  return {
    network: net,
    checkpoint:
      checkpoint === null ? null : unpackCheckpoint(where, decode(where, "checkpoint", checkpoint, take), net),
    metadata,
    build: build as Build,
  };
}

function unpackCheckpoint(where: string, given: unknown, net: Network): Checkpoint {
  checkObject(where, "checkpoint", given);
  const {
    parameters = net.getParameters(),
    statistics = net.getRunningStatistics(),
    optimizer,
    progress,
    ...more
  } = given;
  const checkpoint: unknown = { parameters, statistics, optimizer, progress, ...more };
  checkSaved(where, checkpoint, net);
  return checkpoint;
}

/**
 * What can be said of a checkpoint without the optimizer and the data of its run; `resume` sees to
 * the rest.
 */
function checkSaved(where: string, value: unknown, net: Network): asserts value is Checkpoint {
  const name = "checkpoint";
  checkObject(where, name, value);
  checkPoint(where, name, value.parameters, value.statistics, net);
  const { optimizer } = value;
  checkObject(where, `${name}.optimizer`, optimizer);
  if (typeof optimizer.name !== "string") wrongType(where, `${name}.optimizer.name`, "a name", optimizer.name);
  checkInteger(where, `${name}.optimizer.step`, optimizer.step, 0);
  checkObject(where, `${name}.optimizer.vectors`, optimizer.vectors);
  for (const [key, vector] of Object.entries(optimizer.vectors)) {
    if (isFloatArray(vector)) continue;
    wrongType(where, clip(`${name}.optimizer.vectors.${key}`), "a Float64Array or Float32Array", vector);
  }
  checkProgress(where, `${name}.progress`, value.progress, net);
}

interface Part {
  readonly name: string;
  readonly shape: readonly number[];
  readonly of: "parameters" | "statistics";
  readonly from: number;
  readonly to: number;
}

/** Names and shapes of a network's tensors, and where they lie in its vectors. */
function partsOf({ layers }: Layout): Part[] {
  return layers.flatMap(({ inputs, units, weight, bias, scale, shift, statistics }, l) => {
    const part = (name: string, shape: number[], of: Part["of"], from: number): Part => ({
      ...{ name: `layers.${l}.${name}`, shape, of, from, to: from + countOf(shape) },
    });
    const affine = [part("weight", [units, inputs], "parameters", weight), part("bias", [units], "parameters", bias)];
    if (statistics < 0) return affine;
    return [
      ...affine,
      part("scale", [units], "parameters", scale),
      part("shift", [units], "parameters", shift),
      part("runningMean", [units], "statistics", statistics),
      part("runningVariance", [units], "statistics", statistics + units),
    ];
  });
}

function writableSpec(where: string, spec: ResolvedSpec): ResolvedSpec {
  if (lossName(spec.loss) === "custom") {
    const remedy = "save net.getParameters() and make the network again with its loss";
    wrongType(where, "net", "a loss with a name, which a file can hold", "one of the caller's functions", remedy);
  }
  return typeof spec.initializer === "function" ? { ...spec, initializer: STAND_IN } : spec;
}

function checkHeader(
  where: string,
  header: Record<string, unknown>,
): asserts header is Record<string, unknown> & Header {
  if (header.format !== FORMAT) {
    wrongValue(where, "format", `"${FORMAT}", as files that hessia wrote have it`, show(header.format));
  }
  checkInteger(where, "version", header.version, 1);
  if (header.version > VERSION) {
    wrongValue(where, "version", `at most ${VERSION}`, String(header.version), "a newer hessia reads it");
  }
  checkChoice(where, "build", header.build, ["strict", "relaxed"]);
}

/** Every layer has tensors: how many there can be is known before they are looked at. */
function readSpec(where: string, spec: unknown, tensors: number): ResolvedSpec {
  if (isObject(spec) && Array.isArray(spec.layers) && spec.layers.length > tensors) {
    wrongValue(where, "spec.layers", `at most ${tensors}, as there are tensors`, String(spec.layers.length));
  }
  return within(where, () => resolveSpec(spec));
}

function readLayout(where: string, spec: ResolvedSpec): Layout {
  return within(where, () => layoutOf(spec));
}

/** Says of which file a refused specification is. */
function within<T>(where: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    const { name, message } = error as Error;
    const Kind = name === "TypeError" ? TypeError : RangeError;
    throw new Kind(
      `${where}: "spec" expected a specification that network(...) takes, got one it refuses: ${message}`,
      {
        cause: error,
      },
    );
  }
}

function sameBits(a: ArrayLike<number>, b: FloatArray): boolean {
  if (a.constructor !== b.constructor || a.length !== b.length) return false;
  for (let i = 0; i < b.length; ++i) {
    if (!Object.is(a[i], b[i])) return false;
  }
  return true;
}
