import { checkBoolean, checkInteger, checkKeys, checkNumber, checkObject, wrongType, wrongValue } from "../check.js";
import { type Dataset, dataset, samplesOf } from "../network/dataset.js";
import { Random } from "../random.js";

/** What `split` takes beside the data. */
export interface SplitOptions {
  /** Share of the rows that goes to the test part, in (0, 1). */
  test: number;
  /** Seed of the random choice. Default: 0. */
  seed?: number;
  /**
   * Whether each class is split in the same proportion; the targets must be class labels then.
   * Default: false.
   */
  stratify?: boolean;
}

/** A random stream that training does not use. */
const STREAM = 3;

/**
 * Splits a data set in two at random; both parts keep the order of the rows.
 *
 * The test part gets round(share · size) rows. With `stratify` each class gives the share of its
 * rows. Counts are rounded by largest remainders (the smaller label first among equals), so that
 * they add up exactly.
 *
 * @param data what `dataset` returns.
 * @param options test: the share; seed; stratify. See `SplitOptions`.
 * @returns two data sets with copies of the rows, inputs and target matrices of the dtype they had.
 * @throws TypeError or RangeError for bad options, for a share that leaves a part empty, and for
 * `stratify` without class labels.
 * @example
 * const { training, test } = split(dataset([[0], [1], [2], [3]], [0, 0, 1, 1]), { test: 0.5, seed: 1, stratify: true });
 * [training.size, test.size]; // [2, 2]
 */
export function split(data: Dataset, options: SplitOptions): { training: Dataset; test: Dataset } {
  checkObject("split", "data", data);
  checkObject("split", "options", options);
  checkKeys("split", options, ["test", "seed", "stratify"]);
  const { test: share, seed = 0, stratify = false } = options as SplitOptions;
  checkNumber("split", "test", share, "a share between 0 and 1", (x) => x > 0 && x < 1);
  checkInteger("split", "seed", seed, 0);
  checkBoolean("split", "stratify", stratify);
  const whole = dataset(data.inputs, data.targets, { weights: data.weights });
  const { targets, size } = whole;
  const count = Math.round(size * share);
  if (count === 0 || count === size) {
    wrongValue("split", "test", `a share that leaves rows to both parts of ${size}`, String(share));
  }
  const groups = stratify ? classesOf(targets) : [Array.from({ length: size }, (_, row) => row)];
  const chosen = choose(groups, share, count, new Random(seed, STREAM), size);
  const part = (wanted: number): Dataset => {
    const rows = Array.from(chosen.keys()).filter((row) => chosen[row] === wanted);
    return samplesOf(whole, rows);
  };
  return { training: part(0), test: part(1) };
}

/** Rows of each class, by ascending label. */
function classesOf(targets: Dataset["targets"]): number[][] {
  if ("data" in targets)
    wrongType("split", "data", "class labels as targets to stratify by", targets, "leave stratify out");
  const classes = new Map<number, number[]>();
  targets.forEach((label, row) => {
    if (!Number.isSafeInteger(label) || label < 0) {
      wrongValue("split", "data", "class labels to stratify by", `${label} in row ${row}`, "leave stratify out");
    }
    const rows = classes.get(label);
    if (rows) rows.push(row);
    else classes.set(label, [row]);
  });
  return [...classes].sort(([a], [b]) => a - b).map(([, rows]) => rows);
}

/** Marks `count` rows with 1, from each group its share. */
function choose(groups: readonly number[][], share: number, count: number, random: Random, size: number): Uint8Array {
  const quotas = quotasOf(
    groups.map((rows) => rows.length * share),
    count,
  );
  const chosen = new Uint8Array(size);
  groups.forEach((rows, group) => {
    for (const row of random.shuffle(rows.slice()).slice(0, quotas[group])) chosen[row] = 1;
  });
  return chosen;
}

/** Rounds shares to whole numbers that sum to `count`, by largest remainders. */
function quotasOf(shares: readonly number[], count: number): number[] {
  const quotas = shares.map(Math.floor);
  const missing = count - quotas.reduce((sum, quota) => sum + quota, 0);
  const byRemainder = Array.from(shares.keys()).sort(
    (a, b) => shares[b] - quotas[b] - (shares[a] - quotas[a]) || a - b,
  );
  for (const group of byRemainder.slice(0, missing)) ++quotas[group];
  return quotas;
}
