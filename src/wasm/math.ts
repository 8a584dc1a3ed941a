import type { ScalarMath } from "./kernels.js";
import { type Build, currentBuild } from "./load.js";
import { borrow } from "./workspace.js";

/**
 * exp, log, cos and pow from the core: the engine's `Math` may round differently from machine to
 * machine.
 */
export function coreMath(build: Build = currentBuild()): ScalarMath {
  return borrow(build, (workspace) => workspace.math);
}
