import { effect } from "@preact/signals";
import type { FromFrame, ToFrame } from "../model/pair.ts";
import { askPath, course, frame, own, play, playing, replaying, reset, settings, starts } from "./store.ts";

/** In a frame of the page of two: goes where that page says, and tells it when it is there. */
export function followPair(): void {
  if (window.parent === window) return;
  let target = -1;
  /** The start that this page was told to make, or had made at first. */
  let known = -1;
  window.addEventListener("message", ({ data, origin, source }: MessageEvent<ToFrame>) => {
    if (origin !== location.origin || source !== window.parent) return;
    if (data?.pair === "reset") {
      target = -1;
      known = starts.peek() + 1;
      reset();
    } else if (data?.pair === "to") {
      target = data.step;
      if ((frame.peek()?.step ?? 0) < target) play(target, "full");
      answer();
    } else if (data?.pair === "path") void tellPath();
  });
  const answer = (): void => {
    const now = frame.peek();
    if (!now || target < 0 || replaying.peek() || (now.step < target && now.halt === null)) return;
    target = -1;
    tell({ pair: "at", step: now.step, loss: now.trainLoss, halted: now.halt !== null });
  };
  effect(() => {
    frame.value;
    playing.value;
    answer();
  });
  effect(() => {
    const start = starts.value;
    if (start > 1 && start !== known) tell({ pair: "anew" });
    known = start;
  });
  new ResizeObserver(() => tell({ pair: "size", height: document.body.scrollHeight })).observe(document.body);
}

function tell(message: FromFrame): void {
  window.parent.postMessage(message, location.origin);
}

/** The way so far, to where the network is. */
async function tellPath(): Promise<void> {
  const way = await askPath();
  const now = frame.peek();
  if (!now) return;
  const path = [...way.filter((point) => point.length === now.parameters.length), now.parameters];
  const { start } = course.peek();
  tell({ pair: "path", start, settings: settings.peek(), own: own.peek(), statistics: now.statistics, path });
}
