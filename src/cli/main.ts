#!/usr/bin/env node
import { exitCodes } from "./errors.js";
import { run } from "./program.js";

const controller = new AbortController();

// The first Ctrl-C ends the work and tells what was reached; the second ends the process.
process.once("SIGINT", () => {
  controller.abort();
  process.once("SIGINT", () => process.exit(exitCodes.interrupted));
});

// A reader that has seen enough, as `head` has, is no failure; a full disk is.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(exitCodes.ended);
  process.stderr.write(`hessia: the output could not be written: ${error.message}\n`);
  process.exit(exitCodes.failed);
});

process.exitCode = await run(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  signal: controller.signal,
  environment: process.env,
});
