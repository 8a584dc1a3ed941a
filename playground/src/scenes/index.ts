import { bornDead } from "./born-dead.ts";
import { dying } from "./dying.ts";
import { kink } from "./kink.ts";
import { newtonOnRelu } from "./newton-on-relu.ts";
import { saddle } from "./saddle.ts";
import { saturation } from "./saturation.ts";
import type { Scene } from "./scene.ts";

export const scenes: readonly Scene[] = [dying, newtonOnRelu, saddle, bornDead, kink, saturation];

export function sceneOf(key: string): Scene | undefined {
  return scenes.find((scene) => scene.key === key);
}
