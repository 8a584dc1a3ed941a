import { init } from "hessia";
import type { ToAnalyst, ToReferee, ToTrainer } from "../model/protocol.ts";
import { Analyst } from "./analyst.ts";
import { Referee } from "./referee.ts";
import { Trainer } from "./trainer.ts";

/** One script, three workers: its name says which one this is. */
const scope = self as unknown as DedicatedWorkerGlobalScope;
const post = (message: unknown, moved: ArrayBuffer[] = []): void => scope.postMessage(message, moved);
const role = { trainer: () => new Trainer(post), analyst: () => new Analyst(post), referee: () => new Referee(post) };
const here = role[scope.name as keyof typeof role]();
// Where memory may be shared, the curvature of large networks takes all cores; what it takes for
// that is fetched there alone. Bits are the same.
const ready = scope.name === "analyst" && crossOriginIsolated ? init({ simd: "strict", threads: "auto" }) : null;
scope.onmessage = async ({ data }: MessageEvent) => {
  if (ready) await ready;
  (here.take as (message: ToTrainer | ToAnalyst | ToReferee) => void).call(here, data);
};
