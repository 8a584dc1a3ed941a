#!/usr/bin/env node
import type { Writable } from "node:stream";
import { Worker } from "node:worker_threads";
import { STDIN } from "./data/file.js";
import { exitCodes } from "./errors.js";
import type { FromWorker, Terminals, ToWorker } from "./worker.js";

// The work is done by a thread of its own, so that Ctrl-C is heard in the middle of a long
// computation.
const terminals: Terminals = { stdout: terminalOf(process.stdout), stderr: terminalOf(process.stderr) };
const args = process.argv.slice(2);
const readsInput = args.includes(STDIN);
const worker = new Worker(new URL("./worker.js", import.meta.url), {
  workerData: { args, terminals, environment: { ...process.env } },
  stdin: readsInput,
});
if (readsInput) process.stdin.pipe(worker.stdin as Writable);

let keeps = false;
/** Whether the command has work to keep at all, whose end is waited for. */
let saves = false;
let ended = false;
/** Why text could not be written, where work that is kept went on all the same. */
let unwritten: string | null = null;

worker.on("message", (message: FromWorker) => {
  if (message.kind === "text") write(message);
  else if (message.kind === "keeps") {
    keeps = message.keeps;
    saves ||= message.keeps;
  } else {
    ended = true;
    process.exitCode = message.code;
  }
});

worker.on("error", (error) => end(exitCodes.failed, `hessia: ${error.message}`));
worker.on("exit", () => {
  if (readsInput) process.stdin.destroy();
  if (unwritten !== null) end(exitCodes.failed, unwritten);
  if (!ended) process.exitCode ??= exitCodes.failed;
});

// Where there is something to keep, the first Ctrl-C lets the work end in order and report what was
// reached; the second ends the process.
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    if (!keeps || ended) return end(exitCodes.interrupted, "hessia: interrupted");
    keeps = false;
    worker.postMessage("abort" satisfies ToWorker);
  });
}

// A reader that has seen enough, as `head` has, is no failure; a full disk is.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  // What there is to save is saved all the same.
  const goesOn = keeps || saves;
  if (error.code === "EPIPE") {
    if (!goesOn) process.exit(exitCodes.ended);
    return;
  }
  const message = `hessia: the output could not be written: ${error.message}`;
  if (!goesOn) end(exitCodes.failed, message);
  unwritten = message;
});
// Nobody is left to hear of it.
process.stderr.on("error", () => {});

/** Says when the text is out, so that a slow reader slows the work down. */
function write({ output, text }: Extract<FromWorker, { kind: "text" }>): void {
  process[output].write(text, () => {
    if (!ended) worker.postMessage({ written: text.length } satisfies ToWorker);
  });
}

/** Shows the cursor and wraps lines, as before a bar that was not finished. */
const AS_BEFORE = "\u001b[?25h\u001b[?7h\n";

function end(code: number, message: string): never {
  process.stderr.write(`${terminals.stderr.isTTY ? AS_BEFORE : ""}${message}\n`);
  process.exit(code);
}

function terminalOf({ isTTY, columns }: NodeJS.WriteStream): Terminals["stdout"] {
  return { isTTY: isTTY === true, ...(columns === undefined ? {} : { columns }) };
}
