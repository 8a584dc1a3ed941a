import { useSignal } from "@preact/signals";
import { useId, useRef } from "preact/hooks";
import { frameAddress, frameCode, type PartName, partNames, usualParts } from "../model/frame.ts";
import { texts } from "../texts/index.ts";
import { shareLink } from "./address.ts";
import { clipKind, LENGTH, recordClip } from "./clip.ts";
import { Check, NumberField } from "./parts.tsx";
import { saveSnapshot } from "./snapshot.ts";

/** Gives the code of a frame that shows what the page shows now. */
export function EmbedButton() {
  const dialog = useRef<HTMLDialogElement>(null);
  const href = useSignal("");
  return (
    <>
      <button
        type="button"
        id="embed"
        onClick={() => {
          href.value = shareLink().href;
          dialog.current?.showModal();
        }}
      >
        {texts.embed.button}
      </button>
      <dialog ref={dialog} aria-labelledby="embed-title">
        <h2 id="embed-title">{texts.embed.title}</h2>
        {href.value && <Choices href={href.value} />}
        <form method="dialog" class="row">
          <button type="button" id="save-picture" onClick={saveSnapshot}>
            {texts.snapshot.save}
          </button>
          {clipKind() && (
            <button
              type="button"
              id="save-clip"
              onClick={() => {
                dialog.current?.close();
                recordClip();
              }}
            >
              {texts.snapshot.clip(LENGTH / 1000)}
            </button>
          )}
          <button type="submit">{texts.help.close}</button>
        </form>
      </dialog>
    </>
  );
}

function Choices({ href }: { href: string }) {
  const names = useSignal<readonly PartName[]>(usualParts);
  const height = useSignal(640);
  const copied = useSignal(false);
  const id = useId();
  const { parts, size, code, copy, copied: done, frame } = texts.embed;
  const text = frameCode(frameAddress(names.value, href), height.value, frame);
  return (
    <div class="folded">
      <fieldset class="checks">
        <legend class="faint">{parts}</legend>
        {partNames.map((name) => (
          <Check
            key={name}
            name={`embed-${name}`}
            label={texts.embed.names[name]}
            value={names.value.includes(name)}
            onChange={(on) => {
              const next = partNames.filter((other) => (other === name ? on : names.value.includes(other)));
              if (next.length > 0) names.value = next;
            }}
          />
        ))}
      </fieldset>
      <NumberField
        label={size}
        name="embed-height"
        value={height.value}
        min={200}
        max={4000}
        onChange={(next) => {
          height.value = next;
        }}
      />
      <label for={id} class="faint">
        {code}
      </label>
      <textarea id={id} name="embed-code" rows={5} readOnly value={text} />
      <button
        type="button"
        class="primary"
        onClick={async () => {
          const field = document.getElementById(id) as HTMLTextAreaElement;
          field.select();
          await navigator.clipboard.writeText(text).catch(() => {});
          copied.value = true;
        }}
      >
        {copied.value ? done : copy}
      </button>
    </div>
  );
}

/** In a frame: the way to the whole page, with what is shown. */
export function OpenWhole() {
  const whole = (): string => {
    const url = new URL(shareLink().href);
    url.search = "";
    return url.href;
  };
  return (
    <p class="open-whole">
      <a
        href={location.pathname}
        target="_blank"
        rel="noopener"
        onClick={(event) => {
          event.currentTarget.href = whole();
        }}
      >
        {texts.embed.open}
      </a>
    </p>
  );
}
