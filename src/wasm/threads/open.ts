import { checkInteger, wrongType, wrongValue } from "../../check.js";
import type { Build, InitOptions, Running } from "../load.js";
import { fromText } from "../text.js";
import { type Helper, Pool } from "./pool.js";

/** More threads than this are a mistake. */
const MOST = 64;
/** As many as "auto" takes at most: beyond, memory is what calls wait for. */
const MOST_AUTO = 16;
/** Milliseconds that a worker may take until it is there, and to do a piece of work. */
const START = 20_000;
const PATIENCE = 60_000;

/** Options of the process, such as those of a script given as text, are not for workers. */
const OPTIONS = { execArgv: [] };

interface NodeWorker extends Helper {
  on(event: string, listener: (value: unknown) => void): void;
  unref(): void;
}

interface Builtins {
  "node:worker_threads": { Worker: new (script: URL | string, options: object) => NodeWorker };
  "node:os": { availableParallelism(): number };
}

/** Refuses what is no number of threads or no worker. */
export function checkThreads({ threads, worker }: InitOptions): void {
  if (threads !== "auto") {
    if (typeof threads !== "number") wrongType("init", "threads", 'a number of threads or "auto"', threads);
    checkInteger("init", "threads", threads, 1);
    if (threads > MOST) wrongValue("init", "threads", `at most ${MOST}`, String(threads));
  }
  const isAddress = typeof worker === "string" || (worker instanceof URL && true);
  if (worker !== undefined && typeof worker !== "function" && !isAddress) {
    wrongType("init", "worker", "the address of the worker's script, or a function that makes the worker", worker);
  }
}

/**
 * Starts the workers. `use` is called with the pool when it is ready, and with undefined when it is
 * no longer.
 *
 * @returns how many threads there are at the time of asking.
 */
export async function openThreads(
  build: Build,
  { threads, worker }: InitOptions,
  use: (pool: Pool | undefined) => void,
  patience = PATIENCE,
): Promise<Running> {
  const count = threads === "auto" ? Math.min(cores(), MOST_AUTO) : (threads as number);
  if (count === 1) return { build, threads: 1, reason: "this machine has one core" };
  const forbidden = whyNotShared();
  if (forbidden) return { build, threads: 1, reason: forbidden };
  const workers: Started[] = [];
  try {
    const module = await WebAssembly.compile(fromText(await textOf(build)));
    for (let i = 1; i < count; ++i) workers.push(start(worker));
    return await join(build, module, workers, use, patience);
  } catch (error) {
    for (const { helper } of workers) helper.terminate();
    return { build, threads: 1, reason: `threads could not be started: ${(error as Error).message}` };
  }
}

async function textOf(build: Build): Promise<string> {
  return build === "strict"
    ? (await import("../generated/strict-threads.js")).strictThreads
    : (await import("../generated/relaxed-threads.js")).relaxedThreads;
}

async function join(
  build: Build,
  module: WebAssembly.Module,
  workers: readonly Started[],
  use: (pool: Pool | undefined) => void,
  patience: number,
): Promise<Running> {
  let threads = workers.length + 1;
  let reason: string | undefined;
  const closed = (why: string): void => {
    threads = 1;
    reason = why;
    use(undefined);
  };
  const helpers = workers.map(({ helper }) => helper);
  const pool = new Pool(build, module, helpers, closed, patience);
  // An instance shows whether memory of that size can be had.
  pool.instance();
  await Promise.race([Promise.all(workers.map(({ ready }) => ready)), late()]);
  for (const { ended } of workers) void ended.then((why) => pool.close(why));
  use(pool);
  return {
    build,
    get threads() {
      return threads;
    },
    get reason() {
      return reason;
    },
  };
}

function late(): Promise<never> {
  return new Promise((_, reject) => {
    const timer: unknown = setTimeout(() => reject(new Error("no answer from the worker")), START);
    (timer as { unref?(): void }).unref?.();
  });
}

/** A worker with what it says of itself. */
interface Started {
  readonly helper: Helper;
  readonly ready: Promise<void>;
  /** Why it has ended. */
  readonly ended: Promise<string>;
}

function start(worker: InitOptions["worker"]): Started {
  const node = builtin("node:worker_threads");
  const made: unknown =
    typeof worker === "function"
      ? worker()
      : node
        ? new node.Worker(worker === undefined ? new URL("./worker.js", import.meta.url) : address(worker), OPTIONS)
        : worker === undefined
          ? new Worker(new URL("./worker.js", import.meta.url), { type: "module" })
          : new Worker(worker, { type: "module" });
  return "on" in (made as object) ? startedInNode(made as NodeWorker) : startedInPage(made as Worker);
}

/** Node takes addresses as URL objects, and paths as text. */
function address(worker: string | URL): string | URL {
  return typeof worker === "string" && worker.includes("://") ? new URL(worker) : worker;
}

function startedInNode(helper: NodeWorker): Started {
  const ready = new Promise<void>((resolve, reject) => {
    helper.on("message", () => {
      // Until then, it keeps the process from ending.
      helper.unref();
      resolve();
    });
    helper.on("error", reject);
  });
  const ended = new Promise<string>((resolve) => {
    helper.on("error", (error) => resolve(`a worker has failed: ${(error as Error).message}`));
    helper.on("exit", () => resolve("a worker has ended"));
  });
  return { helper, ready, ended };
}

function startedInPage(helper: Worker): Started {
  const why = (event: ErrorEvent): string => event.message || "the worker's script could not be loaded";
  const ready = new Promise<void>((resolve, reject) => {
    helper.addEventListener("message", () => resolve());
    helper.addEventListener("error", (event) => reject(new Error(why(event))));
  });
  const ended = new Promise<string>((resolve) => {
    helper.addEventListener("error", (event) => resolve(`a worker has failed: ${why(event)}`));
  });
  return { helper, ready, ended };
}

function whyNotShared(): string | undefined {
  const { crossOriginIsolated } = globalThis as { crossOriginIsolated?: boolean };
  if (typeof SharedArrayBuffer === "undefined" || crossOriginIsolated === false) {
    return (
      "this page may not share memory; serve it with the headers Cross-Origin-Opener-Policy: same-origin and " +
      "Cross-Origin-Embedder-Policy: require-corp"
    );
  }
  if (!builtin("node:worker_threads") && typeof Worker === "undefined") {
    return "there are no workers here; Node has them for libraries from 20.16 on";
  }
  return undefined;
}

function cores(): number {
  const { navigator } = globalThis as { navigator?: { hardwareConcurrency?: number } };
  return builtin("node:os")?.availableParallelism() ?? navigator?.hardwareConcurrency ?? 1;
}

/** A module of Node's, without an import that bundlers for pages would stumble over. */
function builtin<K extends keyof Builtins>(name: K): Builtins[K] | undefined {
  const { process } = globalThis as unknown as { process?: { getBuiltinModule?(name: string): unknown } };
  return process?.getBuiltinModule?.(name) as Builtins[K] | undefined;
}
