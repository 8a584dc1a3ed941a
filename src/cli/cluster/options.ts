import type { Command } from "commander";
import { isObject } from "../../check.js";
import { type ClusterOptions, cluster, type Pool, threads } from "../../jobs/index.js";
import { add } from "../commands/options.js";
import { badInput, CommandError, exitCodes, refusals } from "../errors.js";
import type { Io } from "../io.js";
import { positiveInteger } from "../options.js";

/** What commands that work with others are given. */
export interface ClusterGiven {
  readonly redis?: string;
  readonly queue?: string;
}

/**
 * Where an address comes from that is not given: it may hold a password, which processes of others
 * could read from a command line.
 */
const VARIABLE = "HESSIA_REDIS";

export function addClusterOptions(command: Command): void {
  command.optionsGroup("Other machines:");
  add(command, "--redis <url>", `address of Redis or Valkey, as in redis://host:6379 (default: ${VARIABLE})`);
  add(command, "--queue <name>", "tasks and workers of a name belong together (default: hessia)");
}

export function addWorkersOption(command: Command): void {
  add(command, "--workers <number>", "threads on this machine (default: one a core)", positiveInteger);
}

/** The cluster that was asked for; null where none was. */
export function clusterOf({ redis, queue }: ClusterGiven, { environment }: Io): ClusterOptions | null {
  const connection = redis ?? environment[VARIABLE];
  if (connection === undefined || connection === "") {
    if (queue !== undefined) badInput("--queue: expected --redis beside it, got none");
    return null;
  }
  return { connection, ...(queue === undefined ? {} : { queue }) };
}

/** A cluster, without which the command makes no sense. */
export function clusterFor(given: ClusterGiven, io: Io): ClusterOptions {
  return (
    clusterOf(given, io) ??
    badInput(
      `--redis: expected the address of Redis or Valkey, as in redis://localhost:6379, got none; ${VARIABLE} may hold it`,
    )
  );
}

/** What does the fits: the cluster, or threads of this machine. */
export function poolOf(given: ClusterGiven & { readonly workers?: number }, io: Io): Pool {
  const chosen = clusterOf(given, io);
  if (chosen && given.workers !== undefined) {
    badInput("--workers: expected nothing beside --redis, whose workers have threads of their own");
  }
  return refusals(() =>
    chosen ? cluster(chosen) : threads(given.workers === undefined ? {} : { workers: given.workers }),
  );
}

/** One line reports a cluster that is not there, or that runs another version. */
export function asClusterError(error: unknown): unknown {
  const message = isObject(error) && typeof error.message === "string" ? error.message : "";
  return /^(cluster|worker|jobs): /.test(message) ? new CommandError(exitCodes.failed, message) : error;
}
