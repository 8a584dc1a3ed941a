import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Command } from "commander";
import type { ActivationName } from "../../index.js";
import { failed } from "../errors.js";
import type { Io } from "../io.js";
import { loadModel } from "../model/file.js";
import { type Parser, positive, wholeNumber } from "../options.js";
import { printable } from "../output/format.js";
import { add, addHiddenActivation, otherModels } from "./options.js";

const examples = `
Examples:
  hessia serve iris.safetensors
  hessia serve iris.safetensors --host 0.0.0.0 --port 80 --limit 50

POST /predict takes a row or a list of rows as JSON, objects by column names or
arrays of cells, or a table as CSV (content-type: text/csv);
?probabilities=true adds those of the classes. GET /schema says what a row has
to be like, GET /health that the server is there. Ctrl-C or SIGTERM ends it once
the requests under way are answered.

${otherModels}`;

interface Given {
  readonly host: string;
  readonly port: number;
  readonly limit: number;
  readonly activation?: ActivationName;
  readonly quiet?: true;
}

const MEGABYTE = 1e6;
/** Milliseconds after which connections that are still open at the end are cut. */
const PATIENCE = 5000;
/** Milliseconds between looks for connections whose answer is out. */
const SWEEP = 50;

const port: Parser<number> = (option, text) => {
  const value = wholeNumber(option, text);
  return value < 65536 ? value : wholeNumber(option, `${text}: not below 65536`);
};

/** `hessia serve`: predictions over HTTP. */
export function addServe(program: Command, io: Io): void {
  const command = program
    .command("serve")
    .summary("answer requests for predictions over HTTP")
    .description("Serves the predictions of a model over HTTP, for rows as JSON or CSV.");
  command.argument("<model>", "what hessia train --save wrote, or another program's model");
  add(command, "--host <address>", "where to listen; 0.0.0.0 is reached from other machines", undefined, "127.0.0.1");
  add(command, "--port <number>", "where to listen; 0 for one that is free", port, 8080);
  add(command, "--limit <megabytes>", "largest body of a request", positive, 10);
  addHiddenActivation(command);
  command.option("--quiet", "nothing on stdout");
  command.addHelpText("after", examples);
  command.action((path: string, given: Given) => runServe(path, given, io));
}

async function runServe(path: string, { host, port, limit, activation, quiet }: Given, io: Io): Promise<void> {
  const model = await loadModel(path, { activation });
  // The server's package is loaded by those who serve alone.
  const [{ serverOf }, { answersOf }] = await Promise.all([import("../serve/app.js"), import("../serve/answers.js")]);
  const server = serverOf(answersOf(model), Math.round(limit * MEGABYTE));
  io.keeps?.(true);
  await listening(server, host, port);
  const closed = once(server, "close");
  if (!quiet) io.stdout.write(`${printable(path)}: POST ${addressOf(server)}/predict\n`);
  if (io.signal.aborted) end(server);
  else io.signal.addEventListener("abort", () => end(server), { once: true });
  await closed;
  if (!quiet) io.stdout.write("ended\n");
}

async function listening(server: Server, host: string, port: number): Promise<void> {
  server.listen(port, host);
  const reasons: Record<string, string> = {
    EADDRINUSE: "another program listens there; --port 0 takes a port that is free",
    EACCES: "no permission to listen there; ports from 1024 on need none",
  };
  try {
    await once(server, "listening");
  } catch (error) {
    const { code = "", message } = error as NodeJS.ErrnoException;
    failed(`${printable(host)}, port ${port}: ${reasons[code] ?? message}`);
  }
}

function addressOf(server: Server): string {
  const { address, family, port } = server.address() as AddressInfo;
  return `http://${family === "IPv6" ? `[${address}]` : address}:${port}`;
}

/**
 * No new connections; those that have a request under way are closed after its answer, or cut after
 * a while.
 */
function end(server: Server): void {
  server.close();
  const sweep = setInterval(() => server.closeIdleConnections(), SWEEP);
  const cut = setTimeout(() => server.closeAllConnections(), PATIENCE);
  server.once("close", () => {
    clearInterval(sweep);
    clearTimeout(cut);
  });
}
