import type { Times } from "./measure.ts";

export interface Spread {
  readonly median: number;
  readonly p10: number;
  readonly p90: number;
  readonly rounds: number;
}

/** Of sorted values, interpolated between neighbours. */
function quantile(sorted: readonly number[], p: number): number {
  const position = p * (sorted.length - 1);
  const below = Math.floor(position);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below]! + (position - below) * (sorted[above]! - sorted[below]!);
}

export function spread(values: Times): Spread {
  const sorted = values.filter((value) => value !== undefined).sort((left, right) => left - right);
  const at = (p: number) => quantile(sorted, p);
  return { median: at(0.5), p10: at(0.1), p90: at(0.9), rounds: sorted.length };
}

/** Per round, where both took part. */
export function ratios(times: Times, base: Times): Spread {
  return spread(
    times.map((time, round) => (time === undefined || base[round] === undefined ? undefined : time / base[round])),
  );
}
