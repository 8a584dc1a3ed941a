import { signal } from "@preact/signals";
import { oneSurface, type Way } from "../model/pair.ts";
import type { FromAnalyst, SharedSurface, ToAnalyst } from "../model/protocol.ts";

/** Both ways on one surface; "apart" where the two go over different ones. */
export const shared = signal<SharedSurface | "apart" | null>(null);

let worker: Worker | null = null;
let next = 0;

function analyst(): Worker {
  worker ??= new Worker(new URL("../engine/worker.ts", import.meta.url), { type: "module", name: "analyst" });
  worker.onmessage = ({ data }: MessageEvent<FromAnalyst>) => {
    // What was asked before the last question is of other ways by now.
    if (data.id !== next) return;
    shared.value = data.type === "shared" ? data.surface : null;
  };
  return worker;
}

/** Draws two ways on the surface that both go over, where there is one. */
export function showWays(left: Way, right: Way): void {
  ++next;
  if (!oneSurface(left, right)) {
    shared.value = "apart";
    return;
  }
  const { start, settings, own, statistics, path } = left;
  const ask = (message: ToAnalyst): void => analyst().postMessage(message);
  ask({ type: "load", start, own });
  const point = { settings, statistics, parameters: path[path.length - 1] };
  ask({ type: "shared", id: next, point, paths: [path, right.path] });
}
