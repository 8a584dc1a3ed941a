import { wrongValue } from "../check.js";
import type { Dataset } from "../network/dataset.js";
import { Random } from "../random.js";

/** Which rows are trained on and which are scored. */
export interface Fold {
  readonly training: Uint32Array;
  readonly test: Uint32Array;
}

/** Not a stream that training draws from. */
const STREAM = 4;

/**
 * Divides the rows into k folds of nearly the same size at random, each class over all of them, and
 * gives one of them to be scored. It depends on its arguments alone, so that whoever holds the data
 * can make it.
 *
 * @param labels the class of each row, or null where rows are not stratified.
 * @param index of the fold, from 0 to folds − 1.
 * @param seed numbers that choose the division: the seed and the repetition.
 */
export function foldOf(
  rows: number,
  labels: ArrayLike<number> | null,
  folds: number,
  index: number,
  seed: readonly number[],
): Fold {
  const places = dealt(rows, labels, folds, new Random(...seed, STREAM));
  const training = Array.from(places.keys()).filter((row) => places[row] !== index);
  const test = Array.from(places.keys()).filter((row) => places[row] === index);
  return { training: Uint32Array.from(training), test: Uint32Array.from(test) };
}

/** The fold of each row: dealt out like cards, class after class, each class shuffled. */
function dealt(rows: number, labels: ArrayLike<number> | null, folds: number, random: Random): Uint32Array {
  const order = random.shuffle(Uint32Array.from({ length: rows }, (_, row) => row));
  const places = new Uint32Array(rows);
  const sorted = labels ? Array.from(order).sort((a, b) => labels[a] - labels[b]) : order;
  sorted.forEach((row, i) => {
    places[row] = i % folds;
  });
  return places;
}

/** Refuses folds that would leave nothing to train on or to score. */
export function checkFolds(where: string, data: Dataset, folds: number): void {
  if (folds > data.size) {
    wrongValue(where, "folds", `at most the ${data.size} rows that there are`, String(folds));
  }
}
