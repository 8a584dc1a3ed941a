import { useSignal, useSignalEffect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { drawEigenvalues, drawMatrix, entries, largestOf } from "../draw/curvature.ts";
import { css, palette } from "../draw/palette.ts";
import { count, plural, short } from "../model/format.ts";
import { parameterName, placesOf } from "../model/layout.ts";
import type { HessianPicture } from "../model/protocol.ts";
import type { MatrixKind } from "../model/view.ts";
import { texts } from "../texts/index.ts";
import { analystFailure, follow } from "./analyst.ts";
import { drawn } from "./drawn.ts";
import { useWidth } from "./hooks.ts";
import { Card, Choice } from "./parts.tsx";
import { frame, hessian, scenery, settings, show, view } from "./store.ts";
import { VerdictNote } from "./verdict.tsx";

export function HessianCard() {
  return (
    <Card name="hessian" title={texts.panels.hessianCard.hessian} terms={["hessian", "ggn", "eigenvalues", "index"]}>
      {(seen) => <Hessian seen={seen} />}
    </Card>
  );
}

/** Of the picture, in CSS pixels. */
const MOST_SIDE = 820;

const kinds: readonly { readonly value: MatrixKind; readonly label: string; readonly hint: string }[] = [
  { value: "exact", label: texts.panels.hessianCard.exactH, hint: texts.panels.hessianCard.theLossSSecond },
  {
    value: "ggn",
    label: texts.panels.hessianCard.gaussNewtonG,
    hint: texts.panels.hessianCard.theGeneralisedGaussNewton,
  },
  { value: "difference", label: texts.panels.hessianCard.hG, hint: texts.panels.hessianCard.whatGaussNewtonLeaves },
];

function Hessian({ seen }: { seen: { readonly value: boolean } }) {
  useEffect(() => follow("hessian", () => seen.value), []);
  return (
    <>
      <Choice
        label={texts.panels.hessianCard.matrix}
        value={view.value.matrix}
        choices={kinds}
        onChange={(matrix) => show({ matrix })}
      />
      <VerdictNote />
      <Matrix />
      <Note kind={view.value.matrix} />
      <Eigenvalues />
      {analystFailure.value && <p class="notice bad">{analystFailure.value}</p>}
    </>
  );
}

function Matrix() {
  const { ref, width } = useWidth<HTMLDivElement>();
  const canvas = useRef<HTMLCanvasElement>(null);
  const read = useSignal("");
  const side = Math.min(width.value, MOST_SIDE);
  useSignalEffect(() => {
    const picture = hessian.value;
    const colours = palette.value;
    const shown = view.value.matrix;
    const size = Math.min(width.value, MOST_SIDE);
    if (canvas.current && picture && size > 0) drawMatrix(canvas.current, size, picture, shown, colours);
    drawn(canvas.current, picture?.place);
  });
  const readOut = (event: PointerEvent): void => {
    const picture = hessian.value;
    if (!picture?.matrices || side === 0) return;
    const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
    const column = Math.min(
      picture.size - 1,
      Math.max(0, Math.floor(((event.clientX - box.left) / box.width) * picture.size)),
    );
    const row = Math.min(
      picture.size - 1,
      Math.max(0, Math.floor(((event.clientY - box.top) / box.height) * picture.size)),
    );
    const value = entries(picture.matrices, view.value.matrix)[row * picture.size + column];
    read.value = `${short(value)}: ${nameOf(row)} × ${nameOf(column)}`;
  };
  const large = hessian.value !== null && hessian.value.matrices === null;
  return (
    <div ref={ref}>
      {large ? (
        <p class="faint">{texts.panels.hessianCard.theMatrixOfThis}</p>
      ) : (
        <>
          <BlockNames side={side} />
          <canvas
            ref={canvas}
            id="hessian-canvas"
            class="matrix"
            role="img"
            aria-label={texts.panels.hessianCard.theMatrixAsA}
            style={{ width: `${side}px`, height: `${side}px` }}
            onPointerMove={readOut}
            onPointerLeave={() => {
              read.value = "";
            }}
          />
          <ColourScale side={side} />
        </>
      )}
      <p class="faint one-line">{read.value || "Point at an entry to read it."}</p>
    </div>
  );
}

/** The layers' names over the columns that are theirs. */
function BlockNames({ side }: { side: number }) {
  const picture = hessian.value;
  if (!picture) return null;
  const last = picture.blocks.length - 1;
  return (
    <div class="blocks" style={{ width: `${side}px` }} aria-hidden="true">
      {picture.blocks.map(({ from, to }, layer) => (
        <span key={layer} style={{ width: `${(100 * (to - from)) / picture.size}%` }}>
          {layer === last
            ? texts.panels.hessianCard.out
            : (to - from) / picture.size > 0.24
              ? `layer ${layer + 1}`
              : layer + 1}
        </span>
      ))}
    </div>
  );
}

/** Which colour stands for which size: logarithmic over four powers of ten on either side. */
function ColourScale({ side }: { side: number }) {
  const matrices = hessian.value?.matrices;
  if (!matrices) return null;
  const largest = largestOf(matrices);
  const { negative, middle, positive } = palette.value;
  const bar = `linear-gradient(to right, ${css(negative)}, ${css(middle)}, ${css(positive)})`;
  return (
    <div class="scale" style={{ maxWidth: `${side}px` }}>
      <span>{short(-largest)}</span>
      <span class="bar" style={{ background: bar }} aria-hidden="true" />
      <span>
        {short(largest)}
        {texts.panels.hessianCard.logarithmic}
      </span>
    </div>
  );
}

function nameOf(index: number): string {
  const now = frame.value;
  const scene = scenery.value;
  if (!now || !scene) return "";
  const { settings } = now;
  const inputs = scene.wide ? scene.inputs.length : settings.features.length;
  return parameterName(placesOf(inputs, settings.layers, scene.outputs), index);
}

function Note({ kind }: { kind: MatrixKind }) {
  const picture = hessian.value;
  if (!picture?.norms) return null;
  const { exact, ggn, difference } = picture.norms;
  const relu = settings.value.layers.every(({ activation }) => ["relu", "leaky-relu", "identity"].includes(activation));
  const why =
    kind === "difference" && relu && !scenery.value?.signed
      ? " ReLU″ is 0, so that a layer's own block has no difference: all of it, and all negative curvature, lies between layers."
      : "";
  return (
    <p class="faint">
      {texts.panels.hessianCard.normsH} {short(exact)}
      {texts.panels.hessianCard.ggnNorm} {short(ggn)}
      {texts.panels.hessianCard.differenceNorm} {short(difference)}.{why}
    </p>
  );
}

function Eigenvalues() {
  const { ref, width } = useWidth<HTMLDivElement>();
  const canvas = useRef<HTMLCanvasElement>(null);
  useSignalEffect(() => {
    const picture = hessian.value;
    const colours = palette.value;
    if (canvas.current && picture && width.value > 0)
      drawEigenvalues(canvas.current, width.value, 84, picture.eigenvalues, colours);
    drawn(canvas.current, picture?.place);
  });
  const picture = hessian.value;
  return (
    <div ref={ref}>
      <h3>{texts.panels.hessianCard.eigenvalues}</h3>
      <canvas
        ref={canvas}
        id="eigenvalues-canvas"
        role="img"
        aria-label={summary(picture)}
        style={{ width: `${width.value}px`, height: "84px" }}
      />
      <p class="faint" id="hessian-summary">
        {summary(picture)}
      </p>
    </div>
  );
}

function summary(picture: HessianPicture | null): string {
  if (!picture) return "Not computed yet.";
  const { size, eigenvalues, complete, positive, negative, zero, step, seconds } = picture;
  const ends = `from ${short(eigenvalues[0])} to ${short(eigenvalues[eigenvalues.length - 1])}`;
  const what = complete
    ? `${negative} negative, ${zero} zero, ${positive} positive`
    : `the ${eigenvalues.length} extreme ones of ${count(size)}`;
  return `${plural(size, "parameter")}: ${what}; ${ends}. After ${plural(step, "step")}, computed in ${(1000 * seconds).toFixed(seconds < 0.01 ? 1 : 0)} ms.`;
}
