import { advance, pause, play, playing, replaying, reset, undo } from "./store.ts";

const actions: Record<string, () => unknown> = {
  p: () => replaying.value || (playing.value ? pause() : play()),
  s: () => replaying.value || advance("step"),
  e: () => replaying.value || advance("epoch"),
  r: reset,
  u: undo,
};

/** Single keys, outside of fields that take them. */
export function followKeys(): void {
  window.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const { target } = event;
    if (
      target instanceof HTMLElement &&
      target.closest("input:not([type=checkbox], [type=radio], [type=range], [type=file]), select, textarea, dialog")
    )
      return;
    const action = actions[event.key.toLowerCase()];
    if (!action) return;
    event.preventDefault();
    action();
  });
}

/** Keeps what has the focus from lying under the toolbar, which stays at the top of the screen. */
export function keepFocusInView(): void {
  const toolbar = document.querySelector(".toolbar");
  if (!toolbar) return;
  const observer = new ResizeObserver(() => {
    const height = getComputedStyle(toolbar).position === "sticky" ? toolbar.getBoundingClientRect().height : 0;
    document.documentElement.style.setProperty("--under-toolbar", `${Math.ceil(height) + 8}px`);
  });
  observer.observe(toolbar);
}
