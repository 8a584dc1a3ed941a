import { effect } from "@preact/signals";
import type { FromFrame, ToFrame } from "../model/pair.ts";
import { frame, play, playing, replaying, reset } from "./store.ts";

/** In a frame of the page of two: goes where that page says, and tells it when it is there. */
export function followPair(): void {
  if (window.parent === window) return;
  let target = -1;
  window.addEventListener("message", ({ data, origin, source }: MessageEvent<ToFrame>) => {
    if (origin !== location.origin || source !== window.parent) return;
    if (data?.pair === "reset") {
      target = -1;
      reset();
    } else if (data?.pair === "to") {
      target = data.step;
      if ((frame.peek()?.step ?? 0) < target) play(target, "full");
      answer();
    }
  });
  const answer = (): void => {
    const now = frame.peek();
    if (!now || target < 0 || replaying.peek() || (now.step < target && now.halt === null)) return;
    target = -1;
    const reply: FromFrame = { pair: "at", step: now.step, loss: now.trainLoss, halted: now.halt !== null };
    window.parent.postMessage(reply, location.origin);
  };
  effect(() => {
    frame.value;
    playing.value;
    answer();
  });
}
