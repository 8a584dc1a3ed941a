/**
 * Instances made in advance, for engines that make them only asynchronously: browsers that limit
 * what blocks a page to 4 KB of code.
 */

import { instantiate } from "@assemblyscript/loader";
import type { CoreExports } from "./kernels.js";

/** Instances kept ready. A run or an operator takes one for itself; one-shot calls share one. */
const READY = 16;

/**
 * Makes `READY` instances of the module and fills up again, between the caller's tasks, what has
 * been taken.
 *
 * @returns what takes one; it throws an Error where one turn of the event loop took more than there
 * are.
 */
export async function instancesAhead(module: WebAssembly.Module): Promise<() => CoreExports> {
  const ready: CoreExports[] = [];
  const add = async (): Promise<void> => {
    // The instance's own exports: the loader's are wrappers that allocate on every call.
    ready.push((await instantiate(module, {})).instance.exports as unknown as CoreExports);
  };
  await Promise.all(Array.from({ length: READY }, add));
  return () => {
    const taken = ready.pop();
    if (!taken) {
      throw new Error(
        `hessia: this engine makes instances of the core only asynchronously, and the ${READY} that were ready are in use; ` +
          "wait for a turn of the event loop between runs",
      );
    }
    void add();
    return taken;
  };
}
