import { along } from "./along.ts";
import { bornDead } from "./born-dead.ts";
import { dying } from "./dying.ts";
import { edge } from "./edge.ts";
import { kink } from "./kink.ts";
import { newtonOnRelu } from "./newton-on-relu.ts";
import { pruning } from "./pruning.ts";
import { saddle } from "./saddle.ts";
import { saturation } from "./saturation.ts";
import type { Scene } from "./scene.ts";
import { suspects } from "./suspects.ts";
import { uncertainty } from "./uncertainty.ts";

export const scenes: readonly Scene[] = [
  dying,
  saddle,
  newtonOnRelu,
  bornDead,
  saturation,
  kink,
  uncertainty,
  suspects,
  pruning,
  along,
  edge,
];

export function sceneOf(key: string): Scene | undefined {
  return scenes.find((scene) => scene.key === key);
}
