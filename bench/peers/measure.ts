import type { Peer, Work } from "./peer.ts";

export interface Settings {
  readonly quick: boolean;
  /** How long one timed sample lasts at least; short calls are repeated within it. */
  readonly sampleMs: number;
  readonly rounds: number;
  /**
   * Calls slower than a tenth of a second take part in this many of the rounds, spread evenly, with
   * one sample each.
   */
  readonly slowRounds: number;
  readonly warmUpMs: number;
}

export interface Contestant<Result> {
  readonly peer: Peer;
  readonly work: Work<Result>;
  /** How long checking its results took. */
  readonly checkSeconds?: number;
}

/** Seconds per call, by round; absent where the contestant sat out. */
export type Times = readonly (number | undefined)[];

/**
 * A round's figure is the shortest of so many samples: what else runs on the machine only ever
 * adds.
 */
const SAMPLES = 3;

const SLOW_SECONDS = 0.1;
/** Who took longer to check is warm, and takes part in the first round only. */
const VERY_SLOW_SECONDS = 10;

async function seconds<Result>({ call, asynchronous }: Work<Result>, calls: number): Promise<number> {
  const start = performance.now();
  if (asynchronous) for (let i = 0; i < calls; i++) await call();
  else for (let i = 0; i < calls; i++) call();
  return (performance.now() - start) / 1000 / calls;
}

/** Calls for as long as asked; gives seconds per call at the end of it. */
export async function warmUp<Result>(work: Work<Result>, ms: number): Promise<number> {
  const end = performance.now() + ms;
  let last = await seconds(work, 1);
  while (performance.now() < end) last = await seconds(work, Math.max(1, Math.ceil(0.005 / last)));
  return last;
}

/**
 * Takes turns round by round, each round starting with another contestant, so that drift hits all
 * alike.
 */
export async function race<Result>(
  contestants: readonly Contestant<Result>[],
  { sampleMs, rounds, slowRounds, warmUpMs }: Settings,
): Promise<Times[]> {
  const plans: { calls: number; every: number; samples: number }[] = [];
  for (const { peer, work, checkSeconds = 0 } of contestants) {
    if (checkSeconds > VERY_SLOW_SECONDS) {
      plans.push({ calls: 1, every: rounds, samples: 1 });
      continue;
    }
    await peer.select?.();
    const estimate = await warmUp(work, warmUpMs);
    const slow = estimate > SLOW_SECONDS;
    const every = slow ? Math.max(1, Math.floor(rounds / slowRounds)) : 1;
    plans.push({ calls: Math.max(1, Math.ceil(sampleMs / 1000 / estimate)), every, samples: slow ? 1 : SAMPLES });
  }
  const times: (number | undefined)[][] = contestants.map(() => []);
  for (let round = 0; round < rounds; round++)
    for (let turn = 0; turn < contestants.length; turn++) {
      const index = (round + turn) % contestants.length;
      const { peer, work } = contestants[index]!;
      const { calls, every, samples } = plans[index]!;
      if (round % every !== 0) continue;
      await peer.select?.();
      let shortest = Infinity;
      for (let sample = 0; sample < samples; sample++) shortest = Math.min(shortest, await seconds(work, calls));
      times[index]![round] = shortest;
    }
  return times;
}
