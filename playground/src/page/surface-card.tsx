import { useSignal, useSignalEffect } from "@preact/signals";
import { useRef } from "preact/hooks";
import { along, drawSurface } from "../draw/curvature.ts";
import { palette } from "../draw/palette.ts";
import { short } from "../model/format.ts";
import type { DirectionName, Surface } from "../model/protocol.ts";
import type { Model } from "../model/view.ts";
import { texts } from "../texts/index.ts";
import { askSurface } from "./analyst.ts";
import { Chart } from "./chart.tsx";
import { ColourBar } from "./colour-bar.tsx";
import { drawn } from "./drawn.ts";
import { useWidth } from "./hooks.ts";
import { Card, Choice, RateField, Select } from "./parts.tsx";
import { askPath, change, frame, hessian, pause, playing, say, show, surface, view } from "./store.ts";

export function SurfaceCard() {
  return (
    <Card name="surface" title={texts.panels.surfaceCard.lossSurface} terms={["surface", "model", "gradient"]}>
      {(seen) => <SurfaceBody seen={seen} />}
    </Card>
  );
}

const directions: readonly { readonly value: DirectionName; readonly label: string; readonly group?: string }[] = [
  { value: "gradient", label: texts.panels.surfaceCard.gradient },
  { value: "last step", label: texts.panels.surfaceCard.theWayItCame },
  { value: "most negative", label: texts.panels.surfaceCard.mostNegative, group: "Curvature" },
  { value: "most positive", label: texts.panels.surfaceCard.mostPositive, group: "Curvature" },
  { value: "random 1", label: texts.panels.surfaceCard.random },
  { value: "random 2", label: texts.panels.surfaceCard.anotherRandom },
];

/** Of the picture, in CSS pixels. */
const MOST_SIDE = 820;

const models: readonly { readonly value: Model; readonly label: string }[] = [
  { value: "none", label: texts.panels.surfaceCard.none },
  { value: "first", label: texts.panels.surfaceCard.firstOrder },
  { value: "exact", label: texts.panels.surfaceCard.secondOrderExact },
  { value: "ggn", label: texts.panels.surfaceCard.gaussNewton },
];

function SurfaceBody({ seen }: { seen: { readonly value: boolean } }) {
  const { across, up, reach, model } = view.value;
  const busy = useRef(false);
  const again = useSignal(0);
  const done = useRef("");
  useSignalEffect(() => {
    again.value;
    const now = frame.value;
    const { across: right, up: upwards, reach: radius } = view.value;
    const request = { directions: [right, upwards] as const, radius };
    if (!now || !seen.value) return;
    const mark = JSON.stringify([now.place, request]);
    // While it trains, a look takes what is newest once the last is done.
    if (busy.current || mark === done.current) return;
    busy.current = true;
    done.current = mark;
    void look(request).finally(() => {
      window.setTimeout(
        () => {
          busy.current = false;
          ++again.value;
        },
        playing.peek() ? 300 : 30,
      );
    });
  });
  const low = hessian.value?.eigenvalues[0];
  return (
    <>
      <div class="fields roomy">
        <Select
          label={texts.panels.surfaceCard.toTheRight}
          value={across}
          choices={directions}
          onChange={(value) => show({ across: value })}
        />
        <Select
          label={texts.panels.surfaceCard.upwards}
          value={up}
          choices={directions}
          onChange={(value) => show({ up: value })}
        />
        <RateField
          label={texts.panels.surfaceCard.reach}
          name="reach"
          value={reach}
          onChange={(value) => show({ reach: value })}
          hint={texts.panels.surfaceCard.halfTheSideOf}
        />
      </div>
      <Choice
        label={texts.panels.surfaceCard.taylorModelOverIt}
        value={model}
        choices={models}
        onChange={(value) => show({ model: value })}
      />
      <SurfaceMap />
      <Slice />
      <div class="row">
        <button
          type="button"
          id="escape"
          onClick={() => {
            if (playing.value) pause();
            change({ kind: "escape" });
            say(texts.panels.surfaceCard.steppedAlongTheDirection);
          }}
        >
          {texts.panels.surfaceCard.stepAlongTheEscape}
        </button>
        {low !== undefined && (
          <span class="faint">
            {low < 0 ? `curvature ${short(low)} there` : texts.panels.surfaceCard.noCurvatureIsNegative}
          </span>
        )}
      </div>
    </>
  );
}

async function look(request: {
  readonly directions: readonly [DirectionName, DirectionName];
  readonly radius: number;
}): Promise<void> {
  const path = await askPath();
  await askSurface({ ...request, path });
}

function SurfaceMap() {
  const { ref, width } = useWidth<HTMLDivElement>();
  const canvas = useRef<HTMLCanvasElement>(null);
  useSignalEffect(() => {
    const shown = surface.value;
    const colours = palette.value;
    const kind = view.value.model;
    const side = Math.min(width.value, MOST_SIDE);
    if (canvas.current && shown && side > 0) drawSurface(canvas.current, side, shown, kind, colours);
    drawn(canvas.current, shown?.place);
  });
  const side = Math.min(width.value, MOST_SIDE);
  const shown = surface.value;
  return (
    <div ref={ref}>
      <canvas
        ref={canvas}
        id="surface-canvas"
        class="matrix"
        role="img"
        aria-label={texts.panels.surfaceCard.theTrainingObjectiveIn}
        style={{ width: `${side}px`, height: `${side}px` }}
      />
      {shown && <SurfaceLegend />}
      {shown && (
        <p class="faint" id="surface-note">
          {said(shown)}
        </p>
      )}
    </div>
  );
}

/** What is drawn, and which colour stands for which loss. */
function SurfaceLegend() {
  const { path, here, model, low, high } = texts.legend;
  return (
    <>
      <ColourBar kind="sequential" low={low} high={high} />
      <ul class="legend">
        <li>
          <span class="line path" aria-hidden="true" />
          {path}
        </li>
        <li>
          <span class="swatch here" aria-hidden="true" />
          {here}
        </li>
        {view.value.model !== "none" && (
          <li>
            <span class="line model" aria-hidden="true" />
            {model}
          </li>
        )}
      </ul>
    </>
  );
}

function said({ value, slope, exact, ggn, note }: Surface): string {
  const curvatures = `curvatures ${short(exact[0])} and ${short(exact[2])}`;
  const rest = `Gauss-Newton ${short(ggn[0])} and ${short(ggn[2])}`;
  return `Loss ${short(value)} in the middle; slopes ${short(slope[0])} and ${short(slope[1])}; ${curvatures} (${rest}). ${note}`;
}

function Slice() {
  return (
    <Chart
      label={texts.panels.surfaceCard.theLossAlongThe}
      x={texts.panels.surfaceCard.lengthAlongTheDirection}
      height={160}
      curves={[
        { label: texts.panels.surfaceCard.loss, colour: ({ ink }) => ink, width: 2.5 },
        { label: texts.panels.surfaceCard.firstOrder, colour: () => "#7f8c99", dash: [2, 4] },
        {
          label: texts.panels.surfaceCard.secondExact,
          colour: ({ dark }) => (dark ? "#f69838" : "#c45a00"),
          dash: [7, 4],
        },
        {
          label: texts.panels.surfaceCard.gaussNewton,
          colour: ({ dark }) => (dark ? "#56b4e9" : "#0072b2"),
          dash: [3, 3],
        },
      ]}
      data={() => {
        const shown = surface.value;
        if (!shown) return [[], [], [], [], []];
        const { slice, value, slope, exact, ggn } = shown;
        const top = slice.loss.reduce((most, loss) => Math.max(most, loss), value);
        const bottom = slice.loss.reduce((least, loss) => Math.min(least, loss), value);
        const margin = 0.5 * (top - bottom) || 1;
        // A model may run far off: what would squash the loss is left out.
        const held = (height: number): number | null =>
          height > top + margin || height < bottom - margin ? null : height;
        const model = (curvature: readonly [number, number, number]) =>
          Array.from(slice.t, (t) => held(along(value, slope, curvature, t, 0)));
        return [Array.from(slice.t), Array.from(slice.loss), model([0, 0, 0]), model(exact), model(ggn)];
      }}
    />
  );
}
