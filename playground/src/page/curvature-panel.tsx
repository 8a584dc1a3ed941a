import { useSignalEffect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { drawEigenvalues, drawMatrix, largestOf } from "../draw/curvature.ts";
import { css, palette } from "../draw/palette.ts";
import { short } from "../model/format.ts";
import type { CardName } from "../model/view.ts";
import { texts } from "../texts/index.ts";
import { analystFailure, follow } from "./analyst.ts";
import { ColourBar } from "./colour-bar.tsx";
import { drawn } from "./drawn.ts";
import { useSeen, useWidth } from "./hooks.ts";
import { change, hessian, pause, playing, say, show, view } from "./store.ts";
import { Term } from "./term.tsx";
import { sentenceOf } from "./verdict.tsx";

/** The curvature in one look, beside the output: the matrix, its eigenvalues, and a sentence. */
export function CurvaturePanel() {
  const { ref, seen } = useSeen<HTMLElement>();
  useEffect(() => follow("hessian", () => seen.value), []);
  return (
    <section ref={ref} class="panel curvature" aria-labelledby="curvature-title">
      <header>
        <h2 id="curvature-title">{texts.curvature.title}</h2>
        <Term name="hessian" />
        <button type="button" onClick={() => openCard("surface")}>
          {texts.curvature.openSurface}
        </button>
      </header>
      <Sentence />
      <Matrix />
      <Spectrum />
      {analystFailure.value && <p class="notice bad">{analystFailure.value}</p>}
    </section>
  );
}

/** Opens a card and goes there, by eye and by keyboard. */
export function openCard(name: CardName): void {
  const { open } = view.value;
  if (!open.includes(name)) show({ open: [...open, name] });
  const card = document.getElementById(`card-${name}`);
  card?.scrollIntoView({ block: "start" });
  card?.querySelector("summary")?.focus({ preventScroll: true });
}

function Sentence() {
  const picture = hessian.value;
  const kind = picture?.point?.kind;
  return (
    <div class="sentence" id="curvature-sentence" data-step={picture?.step} data-kind={kind}>
      {kind && kind !== "not-critical" && <strong>{texts.verdict.headings[kind]}</strong>}
      <p>{picture ? sentenceOf(picture) : texts.curvature.waiting}</p>
      {(kind === "saddle" || kind === "maximum") && (
        <button type="button" class="primary" onClick={stepDown}>
          {texts.curvature.escape}
        </button>
      )}
    </div>
  );
}

/** A step along the way down that curvature shows. */
export function stepDown(): void {
  if (playing.value) pause();
  change({ kind: "escape" });
  say(texts.advice.escape);
}

function Matrix() {
  const { ref, width } = useWidth<HTMLDivElement>();
  const canvas = useRef<HTMLCanvasElement>(null);
  const large = hessian.value !== null && hessian.value.matrices === null;
  const most = hessian.value?.matrices ? short(largestOf(hessian.value.matrices), 2) : "";
  useSignalEffect(() => {
    const picture = hessian.value;
    const colours = palette.value;
    if (canvas.current && picture && width.value > 0)
      drawMatrix(canvas.current, width.value, picture, "exact", colours);
    drawn(canvas.current, picture?.place);
  });
  if (large) return <p class="faint">{texts.curvature.large}</p>;
  return (
    <div title={texts.legend.entries}>
      <button
        type="button"
        class="picture"
        onClick={() => openCard("hessian")}
        title={texts.curvature.openHessian}
        aria-label={texts.curvature.openHessian}
      >
        <div class="square" ref={ref}>
          <canvas ref={canvas} id="story-hessian" style={{ width: `${width.value}px`, height: `${width.value}px` }} />
        </div>
      </button>
      {most && <ColourBar kind="diverging" low={`−${most}`} high={most} />}
    </div>
  );
}

const HEIGHT = 74;

function Spectrum() {
  const { ref, width } = useWidth<HTMLDivElement>();
  const canvas = useRef<HTMLCanvasElement>(null);
  useSignalEffect(() => {
    const picture = hessian.value;
    const colours = palette.value;
    if (canvas.current && picture && width.value > 0)
      drawEigenvalues(canvas.current, width.value, HEIGHT, picture.eigenvalues, colours);
    drawn(canvas.current, picture?.place);
  });
  return (
    <div>
      <p class="faint heading">
        {texts.curvature.spectrum}
        <Term name="eigenvalues" />
      </p>
      <button
        type="button"
        class="picture"
        onClick={() => openCard("spectrum")}
        title={texts.curvature.openSpectrum}
        aria-label={texts.curvature.openSpectrum}
      >
        <div ref={ref}>
          <canvas ref={canvas} id="story-spectrum" style={{ width: `${width.value}px`, height: `${HEIGHT}px` }} />
        </div>
      </button>
      <SpectrumLegend />
    </div>
  );
}

/** The colours of both pictures, and between what the eigenvalues lie. */
function SpectrumLegend() {
  const values = hessian.value?.eigenvalues;
  const { negative, positive } = palette.value;
  const { down, up, ranges } = texts.curvature;
  return (
    <ul class="legend">
      <li>
        <span class="swatch" style={{ background: css(negative) }} aria-hidden="true" />
        {down}
      </li>
      <li>
        <span class="swatch" style={{ background: css(positive) }} aria-hidden="true" />
        {up}
      </li>
      {values && values.length > 0 && (
        <li class="faint">{ranges(short(values[0], 2), short(values[values.length - 1], 2))}</li>
      )}
    </ul>
  );
}
