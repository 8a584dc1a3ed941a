import type { Dataset } from "../../network/dataset.js";
import type { Network } from "../../network/network.js";
import { sampleWeights } from "./outputs.js";
import { targetRows } from "./score.js";

/** Rows with the same inputs and other targets. */
export interface Conflicts {
  /** Samples whose inputs another sample has as well, with another target. */
  readonly samples: number;
  /** The first such pair. */
  readonly pair: readonly number[];
  /**
   * What they leave of the best constant's squared error whatever the network: their own variance
   * over the variance of the targets.
   */
  readonly floor: number;
}

export function conflictsIn(net: Network, data: Dataset): Conflicts {
  const groups = groupsOf(data).filter((group) => group.length > 1);
  const rows = targetRows(net, data);
  const width = net.layout.outputs;
  const weights = sampleWeights(data);
  const all = Array.from({ length: data.size }, (_, i) => i);
  let samples = 0;
  let pair: number[] = [];
  const within = new Float64Array(width);
  for (const group of groups) {
    const other = group.find((i) => differs(rows, width, group[0], i));
    if (other === undefined) continue;
    samples += group.length;
    if (pair.length === 0) pair = [group[0], other];
    for (let j = 0; j < width; ++j) within[j] += squaresAbout(rows, width, j, group, weights);
  }
  // Each output in its own unit.
  const shares = Array.from(within.keys()).flatMap((j) => {
    const whole = squaresAbout(rows, width, j, all, weights);
    return whole > 0 ? [within[j] / whole] : [];
  });
  const floor = shares.length > 0 ? shares.reduce((sum, share) => sum + share, 0) / shares.length : 0;
  return { samples, pair, floor };
}

function groupsOf({ inputs: { rows, columns, data } }: Dataset): number[][] {
  const groups = new Map<string, number[]>();
  for (let i = 0; i < rows; ++i) {
    const key = data.subarray(i * columns, (i + 1) * columns).join();
    const group = groups.get(key);
    if (group) group.push(i);
    else groups.set(key, [i]);
  }
  return Array.from(groups.values());
}

function differs(rows: ArrayLike<number>, width: number, a: number, b: number): boolean {
  for (let j = 0; j < width; ++j) if (rows[a * width + j] !== rows[b * width + j]) return true;
  return false;
}

function squaresAbout(
  rows: ArrayLike<number>,
  width: number,
  j: number,
  group: readonly number[],
  weights: Float64Array,
): number {
  const total = group.reduce((sum, i) => sum + weights[i], 0);
  if (!(total > 0)) return 0;
  const mean = group.reduce((sum, i) => sum + (weights[i] / total) * rows[i * width + j], 0);
  return group.reduce((sum, i) => sum + weights[i] * (rows[i * width + j] - mean) ** 2, 0);
}
