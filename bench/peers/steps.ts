import { type Contestant, type Settings, warmUp } from "./measure.ts";
import { type DType, numbers, type Peer, type Training } from "./peer.ts";
import { random, uniform } from "./random.ts";
import { enter, type Report, type Row, run, tables } from "./suite.ts";

const BATCHES = 8;

export type Problem = Pick<Training, "sizes" | "activation" | "loss" | "batchSize">;

const problems: Problem[] = [
  { sizes: [784, 256, 128, 10], activation: "relu", loss: "cross-entropy", batchSize: 128 },
  { sizes: [2, 8, 8, 1], activation: "tanh", loss: "mse", batchSize: 32 },
];

/**
 * Inputs uniform on [−1, 1); a label is the largest of the first ten inputs, a value a smooth
 * function of the first two.
 */
export function trainingOf(problem: Problem, dtype: DType, batches = BATCHES): Training {
  const { sizes, activation, loss, batchSize } = problem;
  const [inputs, outputs] = [sizes[0]!, sizes.at(-1)!];
  const samples = batchSize * batches;
  const next = random(inputs);
  const x = uniform(dtype, samples * inputs, next);
  const y = numbers(dtype, samples).map((_, sample) => {
    const row = x.subarray(sample * inputs, (sample + 1) * inputs);
    if (loss === "mse") return Math.sin(3 * row[0]!) * row[1]!;
    const scores = row.subarray(0, outputs);
    return scores.indexOf(Math.max(...scores));
  });
  const parameters = sizes.slice(1).flatMap((units, index) => {
    const fanIn = sizes[index]!;
    return [...uniform("f64", units * fanIn, next, Math.sqrt(6 / fanIn)), ...numbers("f64", units)];
  });
  return {
    title: `${sizes.join("-")} ${activation} ${loss} ×${batchSize}`,
    dtype,
    ...problem,
    batches,
    x,
    y,
    parameters: numbers(dtype, parameters.length).map((_, index) => parameters[index]!),
  };
}

const mean = (values: readonly number[]) => values.reduce((left, right) => left + right) / values.length;

/**
 * Two passes over the data: the second's losses lie below the first's, and all are the first
 * contestant's.
 */
function checker({ dtype }: Training) {
  let first: { losses: number[]; coarse: boolean } | undefined;
  return async ({ peer: { coarse = false }, work }: Contestant<number>) => {
    const losses: number[] = [];
    for (let i = 0; i < 2 * BATCHES; i++) losses.push(await work.call());
    const [before, after] = [mean(losses.slice(0, BATCHES)), mean(losses.slice(BATCHES))];
    if (!(after < before)) return `the loss went from ${before} to ${after}`;
    first ??= { losses, coarse };
    const tolerance = dtype === "f32" ? 1e-3 : coarse || first.coarse ? 1e-5 : 1e-9;
    const error = Math.max(...losses.map((loss, index) => Math.abs(loss / first!.losses[index]! - 1)));
    return error <= tolerance ? undefined : `losses differ by ${error} of their size`;
  };
}

export async function steps(peers: readonly Peer[], settings: Settings): Promise<Report> {
  const failures: string[] = [];
  const rows: Row[] = [];
  const texts: string[] = [];
  for (const dtype of ["f32", "f64"] as const) {
    const able = peers.filter(({ dtypes, step }) => dtypes.includes(dtype) && step);
    const own: Row[] = [];
    for (const problem of problems) {
      const training = trainingOf(problem, dtype);
      const entered = await enter(
        `${training.title} ${dtype}`,
        able,
        (peer) => peer.step!(training),
        checker(training),
      );
      failures.push(...entered.failures);
      for (const { peer, work } of entered.contestants) {
        if (!peer.settles) continue;
        await peer.select?.();
        await warmUp(work, peer.settles * 1000);
      }
      own.push(await run(training.title, dtype, entered.contestants, settings));
    }
    texts.push(tables(`one Adam step, ${dtype}`, own, "milliseconds", (_, seconds) => seconds * 1e3));
    rows.push(...own);
  }
  return { text: texts.join("\n\n"), rows, failures };
}
