/** Runs a program to its end, and gives what it left. */
import { type SpawnSyncReturns, spawnSync } from "node:child_process";

/** Longer than any program of the pages takes. */
const LONGEST = 120_000;

/**
 * Node can, rarely, wait for itself as it ends (nodejs/node issue 54918), and a run would be waited
 * for here without end: what has not ended by then is killed and run a second time.
 */
export function runToEnd(
  command: string,
  args: readonly string[],
  options: { cwd: string; env?: NodeJS.ProcessEnv },
): SpawnSyncReturns<string> {
  const once = (): SpawnSyncReturns<string> =>
    spawnSync(command, args, { ...options, encoding: "utf8", timeout: LONGEST, killSignal: "SIGKILL" });
  const result = once();
  return (result.error as NodeJS.ErrnoException | undefined)?.code === "ETIMEDOUT" ? once() : result;
}
