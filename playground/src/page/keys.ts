import { advance, pause, play, playing, reset } from "./store.ts";

const actions: Record<string, () => void> = {
  p: () => (playing.value ? pause() : play()),
  s: () => advance("step"),
  e: () => advance("epoch"),
  r: reset,
};

/** Single keys, outside of fields that take them. */
export function followKeys(): void {
  window.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const { target } = event;
    if (
      target instanceof HTMLElement &&
      target.closest("input:not([type=checkbox], [type=radio]), select, textarea, dialog")
    )
      return;
    const action = actions[event.key.toLowerCase()];
    if (!action) return;
    event.preventDefault();
    action();
  });
}
