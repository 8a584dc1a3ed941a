/**
 * What the suites of the command line share: running it in this process or as one of its own, and
 * files to run it on.
 */

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { run } from "../../src/cli/program.js";

export const root = fileURLToPath(new URL("../..", import.meta.url));
export const main = join(root, "dist/cli/main.js");

export interface Result {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs the command line in this process. */
export async function call(
  args: readonly string[],
  { terminal = false, signal = new AbortController().signal, environment = {} } = {},
): Promise<Result> {
  let stdout = "";
  let stderr = "";
  const code = await run(args, {
    stdout: { write: (text) => (stdout += text), isTTY: terminal, columns: 80 },
    stderr: { write: (text) => (stderr += text), isTTY: terminal, columns: 80 },
    signal,
    environment,
  });
  return { code, stdout, stderr };
}

/**
 * Runs a program, by default this one as it was built; `onOutput` is told everything written so
 * far.
 */
export function start(
  args: readonly string[],
  {
    program = [process.execPath, main],
    onOutput = (_: string, __: (signal: NodeJS.Signals) => void): void => {},
    cwd = root,
  } = {},
): Promise<Result> {
  const [command, ...rest] = [...program, ...args];
  const child = spawn(command, rest, { cwd, stdio: ["ignore", "pipe", "pipe"] });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
    onOutput(stdout, (signal) => child.kill(signal));
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject).on("close", (code) => resolve({ code: code ?? -1, stdout, stderr }));
  });
}

/** A folder of files that lasts as long as its suite. */
export function folder(files: Record<string, string | Buffer>): { path(name: string): string; remove(): void } {
  const directory = mkdtempSync(join(tmpdir(), "hessia-"));
  const path = (name: string): string => join(directory, name);
  for (const [name, content] of Object.entries(files)) writeFileSync(path(name), content);
  return { path, remove: () => rmSync(directory, { recursive: true }) };
}
