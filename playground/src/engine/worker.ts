import type { ToAnalyst, ToReferee, ToTrainer } from "../model/protocol.ts";
import { Analyst } from "./analyst.ts";
import { Referee } from "./referee.ts";
import { Trainer } from "./trainer.ts";

/** One script, three workers: its name says which one this is. */
const scope = self as unknown as DedicatedWorkerGlobalScope;
const post = (message: unknown, moved: ArrayBuffer[] = []): void => scope.postMessage(message, moved);
const role = { trainer: () => new Trainer(post), analyst: () => new Analyst(post), referee: () => new Referee(post) };
const here = role[scope.name as keyof typeof role]();
scope.onmessage = ({ data }: MessageEvent) =>
  (here.take as (message: ToTrainer | ToAnalyst | ToReferee) => void).call(here, data);
