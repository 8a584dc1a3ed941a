import { isObject, wrongType, wrongValue } from "../check.js";
import { checksum } from "../network/checksum.js";
import type { Dataset } from "../network/dataset.js";
import type { Network } from "../network/network.js";
import type { ResolvedOptions } from "./options.js";

/** What a run was made of, in words and numbers that can be compared; see `fingerprintOf`. */
export type Fingerprint = Readonly<Record<string, string | number | boolean | null>>;

/**
 * What has to be the same for a resumed run to reach the same bits: build, data, the network's
 * objective, options. The number of epochs may grow. Functions (a schedule, callbacks) cannot be
 * compared: only whether there is a schedule.
 */
export function fingerprintOf(net: Network, data: Dataset, options: ResolvedOptions): Fingerprint {
  const { optimizer, batchSize, shuffle, validation, scheduled, earlyStopping, clip, seed } = options;
  const { layers, loss, penalty, dtype, trainable } = net.spec;
  return {
    build: net.build,
    data: rowsAnd(data),
    network: JSON.stringify({ layers, loss, penalty, dtype, trainable }),
    optimizer: optimizer.settings,
    batchSize,
    shuffle,
    validation: validation === null || typeof validation === "number" ? validation : rowsAnd(validation),
    schedule: scheduled,
    earlyStopping: earlyStopping && JSON.stringify(earlyStopping),
    clip: clip && JSON.stringify(clip),
    seed,
  };
}

/**
 * Refuses to resume a run of something else. Checkpoints from before there were fingerprints have
 * none.
 */
export function checkFingerprint(
  where: string,
  name: string,
  given: unknown,
  net: Network,
  data: Dataset,
  options: ResolvedOptions,
): void {
  if (given === undefined) return;
  if (!isObject(given)) wrongType(where, name, "an object", given);
  const now = fingerprintOf(net, data, options);
  const differing = Object.keys(now).filter((key) => given[key] !== now[key]);
  if (differing.length === 0) return;
  const differences = differing.map((key) => `${key} (then ${given[key]}, now ${now[key]})`).join(", ");
  const remedy = "pass the data and options that the run began with";
  wrongValue(where, "resume", "a checkpoint of this run", `one that differs in ${differences}`, remedy);
}

function rowsAnd(data: Dataset): string {
  return `${data.size} rows, checksum ${checksum(data)}`;
}
