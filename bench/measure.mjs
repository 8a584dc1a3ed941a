// Ratios that survive a noisy machine: contestants take turns, and ratios are taken within a turn.
import { Bench } from "tinybench";

export function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  const at = share * (sorted.length - 1);
  const low = Math.floor(at);
  return sorted[low] + (at - low) * ((sorted[low + 1] ?? sorted[low]) - sorted[low]);
}

export function summary(values) {
  return { median: quantile(values, 0.5), low: quantile(values, 0.1), high: quantile(values, 0.9) };
}

/**
 * Median seconds a call of each task, for each round: { name: [seconds, …] }. All tasks run in
 * every round.
 */
export async function interleave(tasks, { rounds = 9, milliseconds = 20 } = {}) {
  const seconds = Object.fromEntries(Object.keys(tasks).map((name) => [name, []]));
  for (let round = 0; round < rounds; ++round) {
    const bench = new Bench({
      time: milliseconds,
      iterations: 1,
      warmup: round === 0,
      warmupTime: 2 * milliseconds,
      warmupIterations: 1,
    });
    for (const [name, task] of Object.entries(tasks)) bench.add(name, task);
    await bench.run();
    for (const { name, result } of bench.tasks) {
      if (result.error) throw result.error;
      seconds[name].push(result.latency.p50 / 1000);
    }
  }
  return seconds;
}

export function show({ median, low, high }, digits = 2) {
  return `${median.toFixed(digits)} (${low.toFixed(digits)}–${high.toFixed(digits)})`;
}
