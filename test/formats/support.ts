/** Networks and runs that the tests of the formats save, and what has to be the same afterwards. */

import { expect } from "vitest";
import {
  fromJson,
  fromSafetensors,
  type Saved,
  type SaveOptions,
  toJson,
  toSafetensors,
} from "../../src/formats/index.js";
import { adam, type Checkpoint, type Network, type NetworkSpec, network, training } from "../../src/index.js";
import { type Case, caseNamed, makeData, makeParameters, makeRunning } from "../cases.js";
import { flatStatistics, take, toDataset } from "../support.js";

/** What JSON.parse gives, to be changed at any place. */
// biome-ignore lint/suspicious/noExplicitAny: a hostile file has whatever type it likes
export type Anything = any;

/** Through a file and back. */
export const through: [format: string, (net: Network, options?: SaveOptions) => Saved][] = [
  ["safetensors", (net, options) => fromSafetensors(toSafetensors(net, options))],
  ["JSON", (net, options) => fromJson(toJson(net, options))],
];

/** A case's network, with parameters and running statistics that are not those it starts from. */
export function networkOf(item: Case, spec: Partial<NetworkSpec> = {}): Network {
  const net = network({ ...item.spec, ...spec });
  net.setParameters(makeParameters(item));
  net.setRunningStatistics(flatStatistics(makeRunning(item)));
  return net;
}

/** A network in the middle of a run, and the checkpoint taken there. */
export function running(
  name = "batch norm twice",
  spec: Partial<NetworkSpec> = {},
): { net: Network; checkpoint: Checkpoint } {
  const item = caseNamed(name);
  const { inputs, targets } = makeData(item);
  const net = network({ ...item.spec, seed: 5, ...spec });
  const data = toDataset(inputs, targets);
  const run = training(net, data, { optimizer: adam(), epochs: 9, batchSize: 2, earlyStopping: { patience: 5 } });
  const [record] = take(run, 5).slice(-1);
  const checkpoint = record!.checkpoint();
  run.return(undefined as never);
  return { net, checkpoint };
}

/** `toEqual` takes 0 for −0 where arrays of numbers differ in that alone. */
export function expectSame(got: unknown, expected: unknown): void {
  expect(bitsOf(got)).toEqual(bitsOf(expected));
}

function bitsOf(value: unknown): unknown {
  if (ArrayBuffer.isView(value))
    return [value.constructor.name, ...Array.from(value as Float64Array, bitsOf as () => unknown)];
  if (typeof value === "number") return Object.is(value, -0) ? "-0" : String(value);
  if (Array.isArray(value)) return value.map(bitsOf);
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, bitsOf(inner)]));
  }
  return value;
}
