// Oracle: a run of the same training without a break, whose bits those of a run that was killed 20
// times must equal.

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, it } from "vitest";
import { loadNetwork } from "../../src/node/index.js";
import { Random } from "../cases.js";

const KILLS = 20;
let folder: string;
let program: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "hessia-killed-"));
  program = join(folder, "program.mjs");
  await build({
    entryPoints: ["test/node/killed-child.ts"],
    outfile: program,
    bundle: true,
    format: "esm",
    platform: "node",
  });
});
afterAll(() => rmSync(folder, { recursive: true }));

/**
 * Starts the program, kills it some milliseconds after its first word, and gives what it printed.
 */
async function killed(path: string, after: number): Promise<string> {
  const child = spawn(process.execPath, [program, path, "1", "40"], { stdio: ["ignore", "pipe", "inherit"] });
  let printed = "";
  let timer: NodeJS.Timeout | undefined;
  child.stdout.on("data", (chunk: Buffer) => {
    printed += chunk;
    timer ??= setTimeout(() => child.kill("SIGKILL"), after);
  });
  const signal = await ended(child);
  clearTimeout(timer);
  expect(signal, printed).toBe("SIGKILL");
  return printed;
}

function ended(child: ChildProcess): Promise<NodeJS.Signals | null> {
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (_code, signal) => resolve(signal));
  });
}

it(`killed ${KILLS} times while it saves, a run ends in the bits of one without a break`, async () => {
  const whole = execFileSync(process.execPath, [program, join(folder, "none.safetensors")], { encoding: "utf8" });
  expect(whole).toMatch(/^from 0\ndone \d+ \d{4}\n$/);
  const path = join(folder, "run.safetensors");
  const random = new Random(9);
  const steps: number[] = [];
  for (let i = 0; i < KILLS; ++i) {
    await killed(path, 5 + 60 * random.uniform());
    const { checkpoint } = await loadNetwork(path).catch((error: NodeJS.ErrnoException) => {
      // Killed before the first checkpoint was whole.
      expect([(error.cause as Error | undefined)?.message ?? error.code, steps.length]).toEqual(["ENOENT", 0]);
      return { checkpoint: null };
    });
    if (checkpoint) steps.push(checkpoint.progress.step);
  }
  expect(steps.length).toBeGreaterThan(KILLS / 2);
  expect(steps).toEqual(steps.toSorted((a, b) => a - b));
  const last = execFileSync(process.execPath, [program, path, "20"], { encoding: "utf8" });
  expect(last).toMatch(new RegExp(`^from ${steps.at(-1)}\n`));
  expect(last.split("\n")[1]).toBe(whole.split("\n")[1]);
  // The last one to write has swept up after those that were killed.
  expect(readdirSync(folder).sort()).toEqual(["program.mjs", "run.safetensors"]);
}, 60_000);
