import { effect, signal, useSignalEffect } from "@preact/signals";
import { useRef } from "preact/hooks";
import { count } from "../model/format.ts";
import { texts } from "../texts/index.ts";
import { course, frame, load, pause, playing, replaying } from "./store.ts";

/** The furthest step that this start has come to. */
const furthest = signal(0);
let start = "";

// Another start has a time of its own; going back within one keeps what was reached.
effect(() => {
  const now = frame.value;
  const key = JSON.stringify(course.value.start);
  if (key !== start) {
    start = key;
    furthest.value = 0;
  }
  if (now && now.step > furthest.peek()) furthest.value = now.step;
});

/**
 * Goes to a step of the run, back or forward again: training is deterministic, so it is the same
 * network as it was then.
 */
function goTo(step: number): void {
  if (playing.value) pause();
  load({ ...course.value, at: step });
}

/** The run as a line to move along. */
export function Timeline() {
  const field = useRef<HTMLInputElement>(null);
  const held = useRef(false);
  useSignalEffect(() => {
    const input = field.current;
    const step = frame.value?.step ?? 0;
    if (!input || held.current) return;
    input.min = String(course.value.origin?.step ?? 0);
    input.max = String(Math.max(1, furthest.value));
    input.value = String(step);
    input.setAttribute("aria-valuetext", texts.timeline.at(count(step), count(furthest.value)));
    input.disabled = furthest.value === 0 || replaying.value;
  });
  return (
    <input
      ref={field}
      type="range"
      class="timeline"
      name="timeline"
      min={0}
      step={1}
      aria-label={texts.timeline.label}
      title={texts.timeline.label}
      onInput={() => {
        held.current = true;
      }}
      onChange={(event) => {
        held.current = false;
        goTo(Number(event.currentTarget.value));
      }}
    />
  );
}
