import { chosen } from "../model/optimizers.ts";
import type { Settings } from "../model/settings.ts";

type Own = Pick<Settings, "learningRate" | "options">;

const known = new Map<string, Own>();

/**
 * The settings that go with a method when it is chosen: those it had when it was left, else its
 * usual ones.
 */
export function rememberedOf(
  { optimizer, learningRate, options }: Pick<Settings, "optimizer" | "learningRate" | "options">,
  key: string,
): Pick<Settings, "optimizer" | "learningRate" | "options"> {
  known.set(optimizer, { learningRate, options });
  return { ...chosen(key), ...known.get(key) };
}
