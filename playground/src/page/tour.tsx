import { signal } from "@preact/signals";
import { texts } from "../texts/index.ts";
import { Callout } from "./callout.tsx";
import { embedded } from "./embed.ts";

/** The stop that is shown, −1 for none; and whether the visitor asked for it. */
const at = signal(-1);
const asked = signal(false);

/** On a first visit to the page alone, not through a link that shows something. */
if (!embedded && location.hash === "" && !seen()) at.value = 0;

function seen(): boolean {
  try {
    return localStorage.getItem("tour") !== null;
  } catch {
    return true;
  }
}

export function startTour(): void {
  asked.value = true;
  at.value = 0;
}

function end(): void {
  at.value = -1;
  try {
    localStorage.setItem("tour", "seen");
  } catch {
    // A page without storage shows it again.
  }
}

/** Call-outs that lead a first visitor through the page. */
export function Tour() {
  const { stops, skip, back, next, done, place } = texts.tour;
  const stop = stops[at.value];
  if (!stop) return null;
  const last = at.value === stops.length - 1;
  const go = (by: number): void => {
    asked.value = true;
    at.value += by;
  };
  return (
    <Callout key={stop.at} at={stop.at} title={stop.title} onClose={end} focus={asked.value}>
      <p>{stop.text}</p>
      <div class="row">
        <span class="faint">{place(at.value + 1, stops.length)}</span>
        {at.value > 0 && (
          <button type="button" onClick={() => go(-1)}>
            {back}
          </button>
        )}
        {!last && (
          <button type="button" onClick={end}>
            {skip}
          </button>
        )}
        <button type="button" class="primary" onClick={() => (last ? end() : go(1))}>
          {last ? done : next}
        </button>
      </div>
    </Callout>
  );
}
