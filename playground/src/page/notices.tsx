import { useComputed } from "@preact/signals";
import { change, failure, frame, play, set, settings } from "./store.ts";

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
      {now?.kind === "non-finite" && (
        <div class="notice bad" role="alert">
          <p>
            <strong>The numbers got out of hand, and training stopped before they did harm.</strong> {now.message}
          </p>
          <div class="row">
            <button
              type="button"
              onClick={() => {
                set({ learningRate: settings.value.learningRate / 10 });
                play();
              }}
            >
              Go on with a tenth of the learning rate
            </button>
            <button
              type="button"
              onClick={() => {
                change({ kind: "set", set: { clip: "norm", clipAt: 1 } });
                play();
              }}
            >
              Clip gradients at norm 1 and go on
            </button>
          </div>
        </div>
      )}
      {now && now.kind !== "non-finite" && <p class="notice">{now.message}</p>}
    </div>
  );
}
