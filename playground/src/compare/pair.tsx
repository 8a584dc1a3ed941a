import { useEffect, useRef } from "preact/hooks";
import { plural } from "../model/format.ts";
import { frameAddress } from "../model/frame.ts";
import { Chart } from "../page/chart.tsx";
import { texts } from "../texts/index.ts";
import { at, go, halt, lead, losses, restart, run, running, speed, version } from "./runner.ts";

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
  const source = frameAddress(parts, new URL(`index.html${location.hash}`, location.href).href);
  const { title, names } = texts.pair;
  return (
    <main class="pair-page">
      <h1>{title}</h1>
      <Controls />
      <div class="two">
        <iframe ref={left} title={names[0]} src={source} />
        <iframe ref={right} title={names[1]} src={source} />
      </div>
      <Losses />
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
      <button type="button" disabled={running.value} onClick={() => void go(at.value + 1)}>
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
      <a href={`index.html${location.hash}`}>{whole}</a>
    </section>
  );
}

function Losses() {
  const { label, names } = texts.pair;
  return (
    <section class="panel">
      <Chart
        label={label}
        x={texts.instruments.edge.step}
        height={170}
        fromZero
        curves={[
          { label: names[0], colour: ({ dark }) => (dark ? "#f69838" : "#c45a00") },
          { label: names[1], colour: ({ dark }) => (dark ? "#56b4e9" : "#0072b2"), dash: [6, 4] },
        ]}
        data={() => {
          version.value;
          return [losses.step, losses.left, losses.right];
        }}
      />
    </section>
  );
}
