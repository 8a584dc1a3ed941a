import { useComputed } from "@preact/signals";
import { isLong } from "../model/course.ts";
import { texts } from "../texts/index.ts";
import { endClip } from "./clip.ts";
import { course, failure, frame, play, replaying, rescue, settings, stopReplay } from "./store.ts";

/** What went wrong or came to its end, in words, with what can be done about it. */
export function Notices() {
  const halt = useComputed(() => JSON.stringify(frame.value?.halt ?? null));
  const now = JSON.parse(halt.value) as { kind: string; message: string } | null;
  return (
    <div class="notices" aria-live="polite">
      {failure.value && (
        <p class="notice bad" role="alert">
          {failure.value}
        </p>
      )}
      {replaying.value && isLong({ step: course.value.at, settings: settings.value }) && (
        <div class="notice">
          <p>{texts.panels.notices.theLinkHoldsA}</p>
          <button type="button" id="stop-replay" onClick={stopReplay}>
            {texts.panels.notices.stopHere}
          </button>
        </div>
      )}
      {endClip.value && (
        <div class="notice" id="recording">
          <p>{texts.snapshot.recording}</p>
          <button type="button" onClick={endClip.value}>
            {texts.snapshot.end}
          </button>
        </div>
      )}
      {now?.kind === "non-finite" && (
        <div class="notice bad" role="alert">
          <p>
            <strong>{texts.panels.notices.theNumbersGotOut}</strong> {now.message}
          </p>
          <div class="row">
            <button
              type="button"
              onClick={() => {
                rescue({ learningRate: settings.value.learningRate / 10 });
                play();
              }}
            >
              {texts.panels.notices.goBackAndOn}
            </button>
            <button
              type="button"
              onClick={() => {
                rescue({ clip: "norm", clipAt: 1 });
                play();
              }}
            >
              {texts.panels.notices.goBackAndClip}
            </button>
          </div>
        </div>
      )}
      {now && now.kind !== "non-finite" && <p class="notice">{now.message}</p>}
    </div>
  );
}
