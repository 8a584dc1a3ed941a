import { optimizerEntry } from "./optimizers.ts";
import type { Settings } from "./settings.ts";

/**
 * Steps that a link replays at most, in a moment or two; a second-order step takes as long as many
 * others.
 */
const MOST_STEPS = 50_000;
const MOST_SECOND_ORDER = 500;

/**
 * Whether replaying so many steps would let people wait: links hold the parameters then, not the
 * course alone.
 */
export function isLong({
  step,
  settings,
}: {
  readonly step: number;
  readonly settings: Pick<Settings, "optimizer">;
}): boolean {
  return step > (optimizerEntry(settings.optimizer).order === 1 ? MOST_STEPS : MOST_SECOND_ORDER);
}
