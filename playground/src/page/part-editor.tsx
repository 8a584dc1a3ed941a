import { batch } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { Part } from "../draw/network.ts";
import { short } from "../model/format.ts";
import { texts } from "../texts/index.ts";
import { change, frame } from "./store.ts";

/** A part of the drawing, and where the pointer was on it. */
export type PlacedPart = Part & { readonly x: number; readonly y: number };

/** Above the pointer, but never out of the drawing. */
function above({ x, y }: PlacedPart, width: number, size: number): { left: string; top: string } {
  return { left: `${Math.max(size / 2, Math.min(width - size / 2, x))}px`, top: `${y}px` };
}

export function Tip({ part, width }: { part: PlacedPart; width: number }) {
  const value = frame.value?.parameters[part.index] ?? 0;
  return (
    <div class="tip" style={above(part, width, 190)}>
      {part.kind === "bias" ? texts.panels.partEditor.bias : texts.panels.partEditor.weight} {short(value)}{" "}
      <span class="faint">{texts.panels.partEditor.clickToEdit}</span>
    </div>
  );
}

export function Editor({ part, width, done }: { part: PlacedPart; width: number; done: () => void }) {
  const start = useRef(frame.value?.parameters[part.index] ?? 0);
  const input = useRef<HTMLInputElement>(null);
  const what = part.kind === "bias" ? "Bias" : "Weight";
  useEffect(() => input.current?.select(), []);
  return (
    <form
      class="tip editor"
      style={above(part, width, 280)}
      onSubmit={(event) => {
        event.preventDefault();
        const value = Number(new FormData(event.currentTarget).get("value"));
        batch(() => {
          if (Number.isFinite(value)) change({ kind: "edit", values: [[part.index, value]] });
          done();
        });
      }}
      onKeyDown={(event) => {
        if (event.key === "Escape") done();
      }}
    >
      <label>
        {what}{" "}
        <input
          name="value"
          type="number"
          step="any"
          defaultValue={String(Number(start.current.toPrecision(6)))}
          ref={input}
        />
      </label>
      <button type="submit">{texts.panels.partEditor.set}</button>
      <button type="button" aria-label={texts.panels.partEditor.close} onClick={done}>
        ×
      </button>
    </form>
  );
}
