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

/** What the listening thread sends to the working one: Ctrl-C, or that characters are written. */
export type ToWorker = "abort" | { readonly written: number };

interface Given {
  readonly args: readonly string[];
  readonly terminals: Terminals;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

const port = parentPort as MessagePort;
const { args, terminals, environment } = workerData as Given;
const controller = new AbortController();
/** Characters that may be on their way to the terminal before more are made. */
const MOST_WAITING = 1 << 20;
let waiting = 0;
let onRoom = (): void => {};

port.on("message", (message: ToWorker) => {
  if (message === "abort") return controller.abort();
  waiting -= message.written;
  if (waiting < MOST_WAITING) onRoom();
});

const tell = (message: FromWorker): void => port.postMessage(message);

function outputOf(output: "stdout" | "stderr"): Output {
  return {
    ...terminals[output],
    write(text) {
      waiting += text.length;
      tell({ kind: "text", output, text });
    },
    async written() {
      while (waiting >= MOST_WAITING) {
        await new Promise<void>((resolve) => {
          onRoom = resolve;
        });
      }
    },
  };
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
