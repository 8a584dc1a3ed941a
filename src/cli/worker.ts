import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { threads } from "../jobs/index.js";
import type { Output } from "./io.js";
import { run } from "./program.js";

/** What is known of the process's outputs. */
export type Terminals = Record<"stdout" | "stderr", Pick<Output, "isTTY" | "columns">>;

/** What the working thread reports to the listening one. */
export type FromWorker =
  | { readonly kind: "text"; readonly output: "stdout" | "stderr"; readonly text: string }
  | { readonly kind: "keeps"; readonly keeps: boolean }
  | { readonly kind: "end"; readonly code: number };

interface Given {
  readonly args: readonly string[];
  readonly terminals: Terminals;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

const port = parentPort as MessagePort;
const { args, terminals, environment } = workerData as Given;
const controller = new AbortController();
port.on("message", () => controller.abort());

const tell = (message: FromWorker): void => port.postMessage(message);

function outputOf(output: "stdout" | "stderr"): Output {
  return { ...terminals[output], write: (text) => tell({ kind: "text", output, text }) };
}

const code = await run(args, {
  stdout: outputOf("stdout"),
  stderr: outputOf("stderr"),
  signal: controller.signal,
  keeps: (keeps) => tell({ kind: "keeps", keeps }),
  environment,
  threads,
});
tell({ kind: "end", code });
port.close();
