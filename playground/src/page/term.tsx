import { useSignal } from "@preact/signals";
import { useId, useLayoutEffect, useRef } from "preact/hooks";
import { texts } from "../texts/index.ts";
import type { TermName } from "../texts/terms.ts";

/** Guides lie beside the playground on the site. */
function guideOf(page: string): string {
  return `../documents/${page}.html`;
}

/**
 * A small mark beside a term: it opens what the term means, its formula, and a link to the guide.
 */
export function Term({ name }: { name: TermName }) {
  const id = useId();
  const open = useSignal(false);
  const box = useRef<HTMLSpanElement>(null);
  const { title, sentence, formula, guide } = texts.terms[name];
  // At once: a key may follow the click.
  useLayoutEffect(() => {
    if (!open.value) return;
    const away = (event: Event): void => {
      if (!box.current?.contains(event.target as Node)) open.value = false;
    };
    const key = (event: KeyboardEvent): void => {
      if (event.key !== "Escape") return;
      open.value = false;
      box.current?.querySelector("button")?.focus();
    };
    document.addEventListener("pointerdown", away);
    document.addEventListener("keydown", key);
    return () => {
      document.removeEventListener("pointerdown", away);
      document.removeEventListener("keydown", key);
    };
  }, [open.value]);
  return (
    <span class="term" ref={box}>
      <button
        type="button"
        class="term-mark"
        aria-expanded={open.value}
        aria-controls={id}
        aria-label={texts.help.ask(title)}
        onClick={() => {
          open.value = !open.value;
        }}
      >
        ?
      </button>
      {open.value && <Explained id={id} {...{ title, sentence, formula, guide }} />}
    </span>
  );
}

function Explained(props: { id: string; title: string; sentence: string; formula: string; guide: string }) {
  const place = useRef<HTMLSpanElement>(null);
  // Before it is painted.
  useLayoutEffect(() => {
    const element = place.current;
    if (!element) return;
    // Within the window, whichever side the mark is on.
    const { left, right } = element.getBoundingClientRect();
    const most = document.documentElement.clientWidth - 8;
    const shift = right > most ? most - right : left < 8 ? 8 - left : 0;
    element.style.marginLeft = `${shift}px`;
  }, []);
  return (
    <span class="term-text" id={props.id} role="note" ref={place}>
      <strong>{props.title}</strong>
      <span>{props.sentence}</span>
      <code>{props.formula}</code>
      <a href={guideOf(props.guide)}>{texts.help.guide}</a>
    </span>
  );
}
