/**
 * A point of an ROC or precision-recall curve: the rates if rows with a score of at least
 * `threshold` count as positive.
 */
export interface CurvePoint {
  /** Least score that counts as positive. */
  readonly threshold: number;
  /** Share of the positives that are found: the true positive rate. */
  readonly recall: number;
  /** Share of the negatives that count as positive: the false positive rate. */
  readonly fallOut: number;
  /** Share of the rows counted as positive that are positive. */
  readonly precision: number;
}

/**
 * Area under the ROC curve: the probability that a positive row has a larger score than a negative
 * one, ties counting half (Mann and Whitney 1947). Cost: a sort.
 *
 * @param marks one number a row, larger for positives.
 * @param positive 1 for positives, 0 for negatives.
 * @param weights of the rows, or null.
 * @returns in [0, 1]; NaN without positives or without negatives.
 */
export function areaUnderCurve(
  marks: ArrayLike<number>,
  positive: ArrayLike<number>,
  weights: ArrayLike<number> | null = null,
): number {
  let [area, below, positives] = [0, 0, 0];
  eachTie(marks, positive, weights, (_, found, wrong) => {
    area += found * (below + wrong / 2);
    below += wrong;
    positives += found;
  });
  return positives > 0 && below > 0 ? area / (positives * below) : Number.NaN;
}

/**
 * The points of the ROC and the precision-recall curve, one for each score that occurs, by falling
 * threshold.
 *
 * @param marks one number a row, larger for positives.
 * @param positive 1 for positives, 0 for negatives.
 * @param weights of the rows, or null.
 * @returns the points; the last one has recall and fall-out 1.
 */
export function curvePoints(
  marks: ArrayLike<number>,
  positive: ArrayLike<number>,
  weights: ArrayLike<number> | null = null,
): CurvePoint[] {
  const ties: { mark: number; found: number; wrong: number }[] = [];
  eachTie(marks, positive, weights, (mark, found, wrong) => ties.push({ mark, found, wrong }));
  const positives = ties.reduce((sum, { found }) => sum + found, 0);
  const negatives = ties.reduce((sum, { wrong }) => sum + wrong, 0);
  let [found, wrong] = [0, 0];
  return ties.reverse().map((tie) => {
    found += tie.found;
    wrong += tie.wrong;
    return {
      threshold: tie.mark,
      recall: found / positives,
      fallOut: wrong / negatives,
      precision: found / (found + wrong),
    };
  });
}

/**
 * Rows of equal mark together, by rising mark: the weight of the positives and of the negatives
 * among them.
 */
function eachTie(
  marks: ArrayLike<number>,
  positive: ArrayLike<number>,
  weights: ArrayLike<number> | null,
  visit: (mark: number, positives: number, negatives: number) => void,
): void {
  const order = Float64Array.from({ length: marks.length }, (_, row) => row).sort((a, b) => marks[a] - marks[b]);
  for (let from = 0; from < order.length; ) {
    const mark = marks[order[from]];
    let [found, wrong, to] = [0, 0, from];
    for (; to < order.length && (marks[order[to]] === mark || to === from); ++to) {
      const weight = weights ? weights[order[to]] : 1;
      if (positive[order[to]]) found += weight;
      else wrong += weight;
    }
    visit(mark, found, wrong);
    from = to;
  }
}
