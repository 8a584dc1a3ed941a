import { useSignalEffect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { drawShared } from "../draw/curvature.ts";
import { type Palette, palette } from "../draw/palette.ts";
import { plural } from "../model/format.ts";
import { frameAddress } from "../model/frame.ts";
import { Chart } from "../page/chart.tsx";
import { ColourBar } from "../page/colour-bar.tsx";
import { useWidth } from "../page/hooks.ts";
import { texts } from "../texts/index.ts";
import { at, further, halt, heights, lead, losses, restart, run, running, speed, version } from "./runner.ts";
import { shared } from "./shared.ts";

const parts = ["settings", "network", "output", "curvature"] as const;

/**
 * Two networks side by side, in step: each with settings of its own, from what the address says.
 */
export function Pair() {
  const left = useRef<HTMLIFrameElement>(null);
  const right = useRef<HTMLIFrameElement>(null);
  useEffect(() => {
    lead([left.current?.contentWindow as Window, right.current?.contentWindow as Window]);
  }, []);
  const source = frameAddress(parts, location.href);
  const { title, names } = texts.pair;
  return (
    <main class="pair-page">
      <h1>{title}</h1>
      <Controls />
      <div class="together">
        <Losses />
        <Shared />
      </div>
      <div class="two">
        <iframe ref={left} title={names[0]} src={source} style={{ height: `${heights[0].value}px` }} />
        <iframe ref={right} title={names[1]} src={source} style={{ height: `${heights[1].value}px` }} />
      </div>
    </main>
  );
}

function Controls() {
  const { play, pause, step, again, rate, whole } = texts.pair;
  return (
    <section class="toolbar" aria-label={texts.pair.controls}>
      <button type="button" class="primary" onClick={() => (running.value ? halt() : void run())}>
        {running.value ? pause : play}
      </button>
      <button type="button" disabled={running.value} onClick={() => void further(1)}>
        {step}
      </button>
      <button type="button" onClick={restart}>
        {again}
      </button>
      <label class="check">
        {rate}
        <select
          name="speed"
          value={speed.value}
          onChange={(event) => {
            speed.value = Number(event.currentTarget.value);
          }}
        >
          {[2, 5, 20, 100, 500].map((value) => (
            <option key={value} value={value}>
              {value}
            </option>
          ))}
        </select>
      </label>
      <output id="pair-step">{plural(at.value, "step")}</output>
      <a href={`${location.pathname}${location.hash}`}>{whole}</a>
    </section>
  );
}

const leftColour = ({ dark }: Palette): string => (dark ? "#f69838" : "#c45a00");
const rightColour = ({ dark }: Palette): string => (dark ? "#56b4e9" : "#0072b2");
/** On the loss, whose colours are dark and pale in either theme. */
const pathColours = ["#ff9a3d", "#7cc8ff"];

/** Both paths on the surface that they share. */
function Shared() {
  const { surface, apart, waiting } = texts.pair;
  const found = shared.value;
  return (
    <section class="panel" id="shared">
      <h2>{surface}</h2>
      {found === null || found === "apart" ? <p class="faint">{found ? apart : waiting}</p> : <SharedMap />}
    </section>
  );
}

const MOST_SIDE = 320;

function SharedMap() {
  const { ref, width } = useWidth<HTMLDivElement>();
  const canvas = useRef<HTMLCanvasElement>(null);
  const { names, surfaceLabel } = texts.pair;
  const side = Math.min(width.value, MOST_SIDE);
  useSignalEffect(() => {
    const now = shared.value;
    const colours = palette.value;
    const room = Math.min(width.value, MOST_SIDE);
    if (canvas.current && now && now !== "apart" && room > 0)
      drawShared(canvas.current, room, now, pathColours, colours);
  });
  return (
    <div ref={ref}>
      <canvas
        ref={canvas}
        id="shared-canvas"
        class="matrix"
        role="img"
        aria-label={surfaceLabel}
        style={{ width: `${side}px`, height: `${side}px` }}
      />
      <ColourBar kind="sequential" low={texts.legend.low} high={texts.legend.high} />
      <ul class="legend">
        {names.map((name, i) => (
          <li key={name}>
            <span
              class="line"
              style={{ borderTop: `3px ${i ? "dashed" : "solid"} ${pathColours[i]}` }}
              aria-hidden="true"
            />
            {name}
          </li>
        ))}
      </ul>
    </div>
  );
}

function Losses() {
  const { label, names } = texts.pair;
  return (
    <section class="panel">
      <h2>{label}</h2>
      <Chart
        label={label}
        x={texts.instruments.edge.step}
        height={300}
        fromZero
        curves={[
          { label: names[0], colour: leftColour },
          { label: names[1], colour: rightColour, dash: [6, 4] },
        ]}
        data={() => {
          version.value;
          return [losses.step, losses.left, losses.right];
        }}
      />
    </section>
  );
}
