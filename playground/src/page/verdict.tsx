import type { Verdict } from "../model/protocol.ts";
import { hessian } from "./store.ts";

const words: Record<Verdict, string> = {
  minimum: "Minimum",
  saddle: "Saddle",
  maximum: "Maximum",
  degenerate: "Flat: higher derivatives decide",
  "gradient-flat": "Flat along the gradient",
  "not-critical": "Not a critical point",
};

/** What kind of point this is, in a word and with its reason. */
export function VerdictNote() {
  const point = hessian.value?.point;
  if (!point) return null;
  return (
    <div class="verdict" id="verdict" data-kind={point.kind}>
      <strong>{words[point.kind]}</strong>
      <span class="badge">index {point.index}</span>
      <p class="faint">{point.reason}</p>
    </div>
  );
}
