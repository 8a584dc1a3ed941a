import { checkChoice, checkKeys, checkObject, tagOf, wrongType, wrongValue } from "../check.js";
import { strict } from "./generated/strict.js";
import type { CoreExports } from "./kernels.js";
import { fromText } from "./text.js";

/**
 * The two builds of the core. `strict` rounds every multiplication and addition. `relaxed` fuses
 * them, which is faster on some engines and rounds differently from machine to machine.
 */
export type Build = "strict" | "relaxed";

/** Options of `init`. */
export interface InitOptions {
  /**
   * The build of networks made from now on. "auto" chooses the relaxed one where the engine runs it
   * faster. Default: "auto".
   */
  simd?: "auto" | Build;
  /**
   * The compiled core, where compiling bytes is forbidden: the module `hessia/core.wasm` or
   * `hessia/core-relaxed.wasm`, its bytes or a response. Default: the core inside the package.
   */
  module?: WebAssembly.Module | BufferSource | Response | Promise<Response>;
  /**
   * How many threads share the work of each call, this one included: a number, or "auto" for as
   * many as the machine has cores, up to 16. Default: 1. Results have the same bits for any number.
   * Pages need cross-origin isolation for more than one.
   */
  threads?: number | "auto";
  /**
   * The address of the workers' script, or a function that makes a worker of it, for bundlers that
   * move it. Default: beside this module.
   */
  worker?: string | URL | (() => unknown);
}

/** The build and the threads in use. */
export interface Running {
  /** The build of networks made from now on. */
  readonly build: Build;
  /**
   * Threads that currently share the work of each call: 1 after a worker has failed.
   */
  readonly threads: number;
  /** Why there is only one thread, where more were asked for. */
  readonly reason?: string | undefined;
}

/** What gives instances whose calls are shared among threads. */
export interface Sharing {
  readonly build: Build;
  instance(): CoreExports;
  close(reason: string): void;
}

const modules: Partial<Record<Build, WebAssembly.Module>> = {};
/** What gives instances, where the engine makes none synchronously. */
const ahead: Partial<Record<Build, () => CoreExports>> = {};
let current: Build = "strict";
let sharing: Sharing | undefined;
/** Moves on when instances made before are not to be used for new work. */
export let epoch = 0;

/**
 * A module whose one function is f32x4.relaxed_madd, as text like the core: valid only where the
 * engine has relaxed SIMD.
 */
const PROBE = "ffffffffffffffffffff30003002808002000000000000000000000000000002#wyx$###$+$v&zzz$z&%$#-0$.#C#C$C%|{%.";

/** What browsers' own messages leave out. */
const POLICY =
  "a content security policy needs 'wasm-unsafe-eval' in its script-src, or call `await init({ module })` where compiling bytes is forbidden";

/**
 * Chooses the build that networks made from now on use, and compiles it away from the main thread.
 *
 * Optional: without it the strict build is compiled synchronously on first use. Call it to get
 * fused multiply-add where the engine has relaxed SIMD and is faster with it (Firefox is not). Call
 * it also to pass a module where compiling bytes is forbidden, or in browsers that limit
 * synchronous compilation. Networks that exist keep the build they were made with.
 *
 * With `threads`, the same synchronous calls use several cores from now on: dense Hessians, matrix
 * products, factorizations and training steps that are large enough. Workers sleep between calls,
 * and processes end without waiting for them. Each call of `init` replaces what the last one chose.
 *
 * @param options `simd`: "auto" (default), "strict" or "relaxed". `module`: the compiled core, its
 * bytes or a response with them; `threads`: a number or "auto", 1 by default; `worker`: the address
 * of the workers' script where it is not beside this module.
 * @returns the build, the number of threads, and the reason where there is one thread although more
 * were asked for.
 * @throws RangeError when "relaxed" is asked of an engine that lacks it, or when `module` is not
 * the build asked for; TypeError or RangeError for an invalid number of threads. An engine that
 * cannot share memory is no error: `reason` says so.
 * @example
 * await init();
 */
export async function init(options: InitOptions = {}): Promise<Running> {
  checkObject("init", "options", options);
  checkKeys("init", options, ["simd", "module", "threads", "worker"]);
  const { simd = "auto", module: given, threads = 1 } = options as InitOptions;
  checkChoice("init", "simd", simd, ["auto", "strict", "relaxed"]);
  const open = threads === 1 ? undefined : await import("./threads/open.js");
  open?.checkThreads(options);
  const build = await choose(simd, given);
  sharing?.close("another call of init has replaced these threads");
  current = build;
  return open?.openThreads(build, options, useSharing) ?? { build, threads: 1 };
}

/** Instances of that build come from there from now on. */
export function useSharing(pool: Sharing | undefined): void {
  sharing = pool;
  ++epoch;
}

async function choose(simd: "auto" | Build, given: InitOptions["module"]): Promise<Build> {
  if (given !== undefined) {
    const module = await compileGiven(given);
    const build = await buildOf(module);
    if (simd !== "auto" && simd !== build) {
      wrongValue("init", "module", `the ${simd} build`, `the ${build} one`);
    }
    await prepare(build, module);
    return build;
  }
  const relaxedHere = supportsRelaxed();
  if (simd === "relaxed" && !relaxedHere) {
    wrongValue("init", "simd", '"strict" or "auto" on an engine without relaxed SIMD', '"relaxed"');
  }
  const build: Build =
    simd === "relaxed" || (simd === "auto" && relaxedHere && !isSpiderMonkey()) ? "relaxed" : "strict";
  if (!modules[build]) {
    const text = build === "strict" ? strict : (await import("./generated/relaxed.js")).relaxed;
    await prepare(build, await compileOwn(text));
  }
  return build;
}

/** The build that a network made now would use. */
export function currentBuild(): Build {
  return current;
}

/**
 * Firefox's engine, which has relaxed SIMD and runs it slower than the strict build. No other
 * engine gives errors a file's name.
 */
function isSpiderMonkey(): boolean {
  return "fileName" in new Error();
}

export function supportsRelaxed(): boolean {
  return WebAssembly.validate(fromText(PROBE));
}

/** A fresh instance with a memory of its own. */
export function newInstance(build: Build): CoreExports {
  if (sharing?.build === build) return sharing.instance();
  const module = modules[build];
  return ahead[build]?.() ?? (module ? instantiate(module) : firstStrict());
}

/**
 * Keeps a compiled module, and instances of it where the engine refuses to make them when they are
 * asked for.
 */
async function prepare(build: Build, module: WebAssembly.Module): Promise<void> {
  const later = await instancesOf(module);
  modules[build] = module;
  if (later) ahead[build] = later;
  else delete ahead[build];
}

async function instancesOf(module: WebAssembly.Module): Promise<(() => CoreExports) | undefined> {
  try {
    instantiate(module);
    return undefined;
  } catch {
    return (await import("./ahead.js")).instancesAhead(module);
  }
}

function firstStrict(): CoreExports {
  try {
    const module = new WebAssembly.Module(fromText(strict));
    const core = instantiate(module);
    modules.strict = module;
    return core;
  } catch (error) {
    throw new Error(
      `hessia: the core could not be compiled synchronously here (${(error as Error).message}); ` +
        `call \`await init()\` first; ${POLICY}`,
    );
  }
}

async function compileOwn(text: string): Promise<WebAssembly.Module> {
  try {
    return await WebAssembly.compile(fromText(text));
  } catch (error) {
    throw new Error(`init: the core could not be compiled here (${(error as Error).message}); ${POLICY}`);
  }
}

function isResponse(given: unknown): given is Response {
  return tagOf(given) === "Response";
}

/** The core imports nothing. */
function instantiate(module: WebAssembly.Module): CoreExports {
  return new WebAssembly.Instance(module).exports as unknown as CoreExports;
}

async function buildOf(module: WebAssembly.Module): Promise<Build> {
  if (!WebAssembly.Module.exports(module).some(({ name }) => name === "fused")) {
    wrongValue("init", "module", "the core, as in hessia/core.wasm", "another module");
  }
  return ((await WebAssembly.instantiate(module)).exports as unknown as CoreExports).fused.value ? "relaxed" : "strict";
}

async function compileGiven(module: NonNullable<InitOptions["module"]>): Promise<WebAssembly.Module> {
  const given = await module;
  if (tagOf(given) === "WebAssembly.Module") return given as WebAssembly.Module;
  if (isResponse(given)) {
    if (!given.ok) wrongValue("init", "module", "a successful response", `status ${given.status}`);
    return WebAssembly.compile(await given.arrayBuffer());
  }
  if (tagOf(given) === "ArrayBuffer" || ArrayBuffer.isView(given)) return WebAssembly.compile(given as BufferSource);
  return wrongType("init", "module", "a WebAssembly.Module, its bytes or a response with them", given);
}
