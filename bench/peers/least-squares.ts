import { readFileSync } from "node:fs";
import type { Contestant, Settings } from "./measure.ts";
import type { Curve, Peer } from "./peer.ts";
import { enter, type Report, run, tables } from "./suite.ts";

interface Fixture {
  readonly items: readonly { readonly curve: string; readonly units: number; readonly start: readonly number[] }[];
}

/** sin 3x by 1-10-1 tanh, from the starts that SciPy's figures in test/fixtures come from. */
function sine(): Curve {
  const path = new URL("../../test/fixtures/levenberg-marquardt.json", import.meta.url);
  const { items }: Fixture = JSON.parse(readFileSync(path, "utf8"));
  const x = Float64Array.from({ length: 200 }, (_, i) => (2 * i) / 199 - 1);
  const starts = items.flatMap(({ curve, start }) => (curve === "sin 3x" ? [Float64Array.from(start)] : []));
  return {
    title: "1-10-1 tanh, sin 3x",
    units: 10,
    x,
    y: x.map((t) => Math.sin(3 * t)),
    starts,
    target: 1e-3,
    steps: 500,
  };
}

function rootMeanSquare({ units, x, y }: Curve, p: ArrayLike<number>): number {
  let sum = 0;
  x.forEach((t, i) => {
    let value = p[3 * units]!;
    for (let j = 0; j < units; j++) value += p[2 * units + j]! * Math.tanh(p[j]! * t + p[units + j]!);
    sum += (value - y[i]!) ** 2;
  });
  return Math.sqrt(sum / x.length);
}

type Ends = readonly ArrayLike<number>[];

/** Time to the target, over the starts from which every contestant gets there. */
export async function leastSquares(peers: readonly Peer[], settings: Settings): Promise<Report> {
  const curve = sine();
  const title = curve.title;
  const able = peers.filter((peer) => peer.leastSquares);
  const reached = new Map<string, boolean[]>();
  const check = async ({ peer, work }: Contestant<Ends>) => {
    const ends = await work.call();
    const there = ends.map((p) => rootMeanSquare(curve, p) <= curve.target * (1 + 1e-6));
    if (!there.some(Boolean)) return "reached the target from no start";
    reached.set(peer.name, there);
    return undefined;
  };
  const entered = await enter(title, able, (peer) => peer.leastSquares!(curve), check);
  const starts = curve.starts.filter((_, k) => [...reached.values()].every((there) => there[k]));
  const common = { ...curve, starts };
  const left = entered.contestants.map(({ peer }) => peer);
  const timed = await enter(
    title,
    left,
    (peer) => peer.leastSquares!(common),
    async () => undefined,
  );
  const row = await run(title, "f64", timed.contestants, settings);
  const counts = [...reached].map(([name, there]) => `${name} ${there.filter(Boolean).length}`);
  const text = [
    tables("least squares", [row], "milliseconds from one start", (_, seconds) => (seconds / starts.length) * 1e3),
    `rmse ${curve.target} within ${curve.steps} steps, from ${curve.starts.length} starts: ${counts.join(", ")}; timed from the ${starts.length} common ones`,
  ].join("\n\n");
  return { text, rows: [row], failures: [...entered.failures, ...timed.failures] };
}
