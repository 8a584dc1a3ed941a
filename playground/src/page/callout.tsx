import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";

const GAP = 12;

/**
 * Where a box goes beside a target: to the right, left, below or above, wherever there is room;
 * else at the window's foot.
 */
function beside(target: DOMRect, { width, height }: DOMRect): { left: number; top: number } {
  const right = document.documentElement.clientWidth;
  const bottom = window.innerHeight;
  const held = (value: number, size: number, most: number): number => Math.max(8, Math.min(value, most - size - 8));
  const middle = held(target.top + Math.min(target.height, bottom) / 2 - height / 2, height, bottom);
  const centre = held(target.left + target.width / 2 - width / 2, width, right);
  if (target.right + GAP + width < right) return { left: target.right + GAP, top: middle };
  if (target.left - GAP - width > 0) return { left: target.left - GAP - width, top: middle };
  if (target.bottom + GAP + height < bottom) return { left: centre, top: target.bottom + GAP };
  if (target.top - GAP - height > 0) return { left: centre, top: target.top - GAP - height };
  return { left: centre, top: bottom - height - 90 };
}

/** A note beside a part of the page, which is framed as long as the note is there. */
export function Callout(props: {
  at: string;
  title: string;
  children: ComponentChildren;
  onClose: () => void;
  /** Whether the keyboard goes to it. */
  focus?: boolean;
}) {
  const box = useRef<HTMLDivElement>(null);
  const { at, onClose } = props;
  useEffect(() => {
    const target = document.querySelector(at);
    if (!target) return;
    target.classList.add("framed");
    const { top, height } = target.getBoundingClientRect();
    // What is taller than the window is seen well enough from its top on.
    if (top < 0 || top + Math.min(height, 300) > window.innerHeight) target.scrollIntoView({ block: "nearest" });
    const place = (): void => {
      const element = box.current;
      if (!element) return;
      const { left, top: y } = beside(target.getBoundingClientRect(), element.getBoundingClientRect());
      element.style.left = `${left}px`;
      element.style.top = `${y}px`;
    };
    place();
    window.addEventListener("resize", place);
    window.addEventListener("scroll", place, { passive: true });
    return () => {
      target.classList.remove("framed");
      window.removeEventListener("resize", place);
      window.removeEventListener("scroll", place);
    };
  }, [at, props.title]);
  useEffect(() => {
    if (props.focus) box.current?.focus();
    const key = (event: KeyboardEvent): void => {
      if (event.key === "Escape") onClose();
    };
    document.addEventListener("keydown", key);
    return () => document.removeEventListener("keydown", key);
  }, [at, props.title]);
  return (
    <div class="callout" role="dialog" aria-label={props.title} tabIndex={-1} ref={box}>
      <h3>{props.title}</h3>
      {props.children}
    </div>
  );
}
