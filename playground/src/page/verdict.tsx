import type { HessianPicture } from "../model/protocol.ts";
import { texts } from "../texts/index.ts";
import { hessian } from "./store.ts";
import { Term } from "./term.tsx";

/** How many directions curve down, and what that means here, in a sentence. */
export function sentenceOf({ point, negative, size, complete }: HessianPicture): string {
  const { down, noneDown, sentences } = texts.verdict;
  const counted = negative > 0 ? down(complete ? negative : (point?.index ?? negative), size) : noneDown(size);
  return point ? `${counted}; ${sentences[point.kind]}` : `${counted}.`;
}

/** What kind of point this is, in words, and the library's reason. */
export function VerdictNote() {
  const picture = hessian.value;
  const point = picture?.point;
  if (!point) return null;
  return (
    <div class="verdict" id="verdict" data-kind={point.kind}>
      <strong>{texts.verdict.headings[point.kind]}</strong>
      <span class="badge">
        {texts.panels.verdict.index} {point.index}
      </span>
      <Term name="index" />
      <p>{sentenceOf(picture)}</p>
      <details>
        <summary class="faint">{texts.verdict.reason}</summary>
        <p class="faint">{point.reason}</p>
      </details>
    </div>
  );
}
