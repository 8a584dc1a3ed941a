import { furthest } from "./dense.ts";
import type { Contestant, Settings } from "./measure.ts";
import type { DType, Peer, Training } from "./peer.ts";
import { type Problem, trainingOf } from "./steps.ts";
import { enter, type Report, type Row, run, tables } from "./suite.ts";

const small = { sizes: [2, 16, 16, 1], loss: "mse", batchSize: 256 } as const;

const cases: readonly (readonly [DType, Problem])[] = [
  ["f64", { ...small, activation: "relu" }],
  ["f64", { ...small, activation: "tanh" }],
  ["f32", { ...small, activation: "relu" }],
];

const largest = (values: ArrayLike<number>) => furthest(values, new Float64Array(values.length));

/** Every element is the first contestant's, to a fraction of the largest one. */
function checker({ dtype }: Training) {
  let first: { h: ArrayLike<number>; coarse: boolean } | undefined;
  return async ({ peer: { coarse = false }, work }: Contestant<ArrayLike<number>>) => {
    const h = Float64Array.from(await work.call());
    first ??= { h, coarse };
    const tolerance = dtype === "f32" ? 1e-5 : coarse || first.coarse ? 1e-6 : 1e-12;
    const error = furthest(h, first.h) / largest(first.h);
    return error <= tolerance ? undefined : `elements differ by ${error} of the largest`;
  };
}

export async function hessian(peers: readonly Peer[], settings: Settings): Promise<Report> {
  const failures: string[] = [];
  const rows: Row[] = [];
  for (const [dtype, problem] of cases) {
    const training = trainingOf(problem, dtype, 1);
    const title = `${training.title} ${dtype}`;
    const able = peers.filter((peer) => peer.dtypes.includes(dtype) && peer.hessian);
    const entered = await enter(title, able, (peer) => peer.hessian!(training), checker(training));
    failures.push(...entered.failures);
    rows.push(await run(title, dtype, entered.contestants, settings));
  }
  return { text: tables("dense Hessian", rows, "milliseconds", (_, seconds) => seconds * 1e3), rows, failures };
}
