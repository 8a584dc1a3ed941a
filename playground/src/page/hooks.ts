import { useSignal } from "@preact/signals";
import type { RefObject } from "preact";
import { useEffect, useRef } from "preact/hooks";

/** An element and its width as laid out. */
export function useWidth<T extends HTMLElement>(): { ref: RefObject<T | null>; width: { readonly value: number } } {
  const ref = useRef<T>(null);
  const width = useSignal(0);
  useEffect(() => {
    const element = ref.current;
    if (!element) return;
    const observer = new ResizeObserver((entries) => {
      // Several changes may come at once: the last is what holds.
      const last = entries.at(-1);
      if (last) width.value = Math.round(last.contentRect.width);
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return { ref, width };
}

/** Whether an element is near the screen. */
export function useSeen<T extends HTMLElement>(): { ref: RefObject<T | null>; seen: { readonly value: boolean } } {
  const ref = useRef<T>(null);
  const seen = useSignal(false);
  useEffect(() => {
    const element = ref.current;
    if (!element) return;
    // A little ahead of the screen, so that it is there when it comes into view.
    const observer = new IntersectionObserver(
      (entries) => {
        seen.value = entries.at(-1)?.isIntersecting ?? false;
      },
      { rootMargin: "150px" },
    );
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return { ref, seen };
}
