import { stat } from "node:fs/promises";
import type { Command } from "commander";
import { init } from "../../index.js";
import { type ServeEvent, serve } from "../../jobs/cluster/serve.js";
import { cores } from "../../jobs/lanes.js";
import { addClusterOptions, asClusterError, type ClusterGiven, clusterFor } from "../cluster/options.js";
import { asRefusal, badInput } from "../errors.js";
import type { Io } from "../io.js";
import { oneOf, positive, positiveInteger } from "../options.js";
import { counted, printable } from "../output/format.js";
import { add } from "./options.js";

const examples = `
Examples:
  hessia worker --redis redis://localhost:6379
  hessia worker --redis rediss://name:password@host:6380 --threads 8
  hessia worker --folder /data/shards --queue nightly

It takes tasks until Ctrl-C or SIGTERM ends it, and returns unfinished tasks to
the queue. Needs the packages bullmq and ioredis: npm install bullmq ioredis`;

interface WorkerGiven extends ClusterGiven {
  readonly threads?: number;
  readonly folder?: string;
  readonly lock?: number;
  readonly simd?: "strict" | "relaxed";
  readonly quiet?: true;
}

/** `hessia worker`: does tasks of others. */
export function addWorker(program: Command, io: Io): void {
  const command = program
    .command("worker")
    .summary("compute fits for other processes, through Redis")
    .description(
      "Joins the workers of a queue on Redis or Valkey. `hessia tune --redis` uses all\nthat have joined, on any number of machines.",
    );
  addClusterOptions(command);
  command.optionsGroup("Work:");
  add(command, "--threads <number>", "tasks at a time (default: one a core)", positiveInteger);
  add(command, "--folder <folder>", "the only folder that tasks may read data from (default: none)");
  add(command, "--lock <seconds>", "silence after which others take its tasks over", positive, 10);
  add(
    command,
    "--simd <build>",
    "strict or relaxed; all workers of a queue have the same",
    oneOf(["strict", "relaxed"] as const),
    "strict",
  );
  command.option("--quiet", "failures alone");
  command.addHelpText("after", examples);
  command.action((given: WorkerGiven) => runWorker(given, io));
}

async function runWorker(given: WorkerGiven, io: Io): Promise<void> {
  const options = clusterFor(given, io);
  const { threads = cores(), folder = null, lock = 10, simd = "strict", quiet } = given;
  if (folder !== null) await checkFolder(folder);
  await init({ simd }).catch((error) => {
    throw asRefusal(error);
  });
  let done = 0;
  const onEvent = (event: ServeEvent): void => {
    if (event.kind === "ready" && !quiet) {
      io.stdout.write(`worker ${event.id}: ready, ${counted(threads, "thread")}\n`);
    } else if (event.kind === "done") done += 1;
    else if (event.kind === "failed") io.stderr.write(`${event.task} failed: ${printable(event.reason ?? "", 500)}\n`);
  };
  io.keeps?.(true);
  try {
    await serve({ ...options, threads, folder, lock, signal: io.signal, onEvent });
  } catch (error) {
    throw asRefusal(asClusterError(error));
  }
  if (!quiet) io.stdout.write(`ended after ${counted(done, "task")}\n`);
}

async function checkFolder(folder: string): Promise<void> {
  const found = await stat(folder).catch(() => null);
  if (!found?.isDirectory()) badInput(`--folder: expected a folder, got ${printable(folder)}`);
}
