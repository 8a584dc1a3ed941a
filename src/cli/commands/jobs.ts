import type { Command } from "commander";
import { lookAt, type QueueRecord } from "../../jobs/cluster/look.js";
import { addClusterOptions, asClusterError, type ClusterGiven, clusterFor } from "../cluster/options.js";
import { asRefusal } from "../errors.js";
import type { Io } from "../io.js";
import { count, counted, duration, printable } from "../output/format.js";
import { finiteJson } from "../output/json.js";
import { layOut } from "../output/summary.js";

const examples = `
Examples:
  hessia jobs --redis redis://localhost:6379
  hessia jobs --redis redis://localhost:6379 --queue nightly --json`;

/** `hessia jobs`: what a queue's workers do. */
export function addJobs(program: Command, io: Io): void {
  const command = program
    .command("jobs")
    .summary("show workers and tasks of a queue")
    .description("Shows which workers have joined a queue, what they do, and what has failed.");
  addClusterOptions(command);
  command.optionsGroup("Output:");
  command.option("--json", "the result as JSON");
  command.addHelpText("after", examples);
  command.action((given: ClusterGiven & { json?: true }) => runJobs(given, io));
}

async function runJobs(given: ClusterGiven & { readonly json?: true }, io: Io): Promise<void> {
  let found: QueueRecord;
  try {
    found = await lookAt(clusterFor(given, io));
  } catch (error) {
    throw asRefusal(asClusterError(error));
  }
  io.stdout.write(given.json ? finiteJson({ command: "jobs", ...found }) : textOf(found, Date.now()));
}

function textOf({ workers, counts, tasks }: QueueRecord, now: number): string {
  const states = Object.entries(counts).map(([state, number]) => `${count(number)} ${state}`);
  const threads = workers.reduce((sum, worker) => sum + worker.threads, 0);
  const head = layOut([
    ["workers", `${count(workers.length)} with ${counted(threads, "thread")}`],
    ["tasks", states.join(", ")],
  ]);
  const since = (at: number): string => duration(Math.max(0, (now - at) / 1000));
  const workerRows = workers.map(({ id, host, process, threads, done, version, build, since: at }) => [
    ...[id, `${printable(host, 30)}:${process}`, counted(threads, "thread"), `${counted(done, "task")} done`],
    ...[`${version} ${build}`, `for ${since(at)}`],
  ]);
  const taskRows = tasks.map(({ id, kind, state, at, attempts, reason }) => [
    ...[id.slice(0, 8), kind, state, state === "active" ? `for ${since(at)}` : `${since(at)} ago`],
    ...[reason === null ? "" : `${counted(attempts, "attempt")}: ${printable(reason, 200)}`],
  ]);
  const tables = [table(workerRows), table(taskRows)].filter((part) => part !== "");
  return `${head}${tables.join("\n")}`;
}

function table(rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return "";
  const widths = rows[0].map((_, j) => Math.max(...rows.map((row) => row[j].length)));
  return `${rows
    .map((row) =>
      row
        .map((cell, j) => cell.padEnd(widths[j]))
        .join("  ")
        .trimEnd(),
    )
    .join("\n")}\n`;
}
