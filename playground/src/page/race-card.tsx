import { signal, useSignal } from "@preact/signals";
import uPlot from "uplot";
import { categories } from "../draw/palette.ts";
import { count, short } from "../model/format.ts";
import { optimizerEntry } from "../model/optimizers.ts";
import type { FromReferee, Lane, RaceBy, Standing, ToReferee } from "../model/protocol.ts";
import { MOST_RACERS, type Racer } from "../model/view.ts";
import { texts } from "../texts/index.ts";
import { Chart } from "./chart.tsx";
import { Card, Check, Choice, NumberField } from "./parts.tsx";
import { course, own, say, settings, show, startNow, view } from "./store.ts";

const standings = signal<readonly Standing[]>([]);
const racing = signal(false);
const failed = signal("");

let worker: Worker | null = null;

function tell(message: ToReferee): void {
  if (!worker) {
    worker = new Worker(new URL("../engine/worker.ts", import.meta.url), { type: "module", name: "referee" });
    worker.onmessage = ({ data }: MessageEvent<FromReferee>) => {
      if (data.type === "failed") {
        failed.value = data.message;
        racing.value = false;
        return;
      }
      if (!racing.value) return;
      standings.value = data.standings;
      if (data.over) {
        racing.value = false;
        say(texts.panels.raceCard.theRaceIsOver);
      }
    };
  }
  worker.postMessage(message);
}

function nameOf({ optimizer, learningRate, options, batchSize }: Racer): string {
  const entry = optimizerEntry(optimizer);
  const extras = Object.entries(options).map(
    ([key, value]) => `${entry.options.find((option) => option.key === key)?.label ?? key} ${value}`,
  );
  const rate = entry.learningRate === null ? [] : [String(learningRate)];
  return [entry.label, ...rate, ...extras, batchSize === 0 ? "all samples" : `batch ${batchSize}`].join(", ");
}

export function RaceCard() {
  return (
    <Card name="race" title={texts.panels.raceCard.race} terms={["optimizer", "epoch"]}>
      {() => <Race />}
    </Card>
  );
}

function Race() {
  const { racers: lanes, raceBy: by, raceEpochs: epochs } = view.value;
  const log = useSignal(true);
  const start = (): void => {
    failed.value = "";
    racing.value = true;
    standings.value = [];
    const racers: Lane[] = lanes.map((lane) => ({ name: nameOf(lane), settings: { ...startNow(), ...lane } }));
    tell({
      type: "race",
      start: course.value.start,
      own: own.value,
      lanes: racers,
      epochs,
      by,
    });
  };
  const stop = (): void => {
    racing.value = false;
    tell({ type: "stop" });
  };
  const { optimizer, learningRate, options, batchSize } = settings.value;
  return (
    <>
      <p class="faint">{texts.panels.raceCard.allStartFromThe}</p>
      <ul class="lanes">
        {lanes.map((lane, index) => (
          <li key={index}>
            <span class="swatch" style={{ background: categories[index % categories.length] }} aria-hidden="true" />
            <span class="lane-name">{nameOf(lane)}</span>
            <Result standing={standings.value[index]} />
            <button
              type="button"
              aria-label={`Remove ${nameOf(lane)}`}
              disabled={racing.value || lanes.length <= 1}
              onClick={() => {
                show({ racers: lanes.filter((_, i) => i !== index) });
                standings.value = [];
              }}
            >
              ×
            </button>
          </li>
        ))}
      </ul>
      <div class="row">
        <button
          type="button"
          disabled={racing.value || lanes.length >= MOST_RACERS}
          onClick={() => {
            show({ racers: [...lanes, { optimizer, learningRate, options, batchSize }] });
            standings.value = [];
          }}
        >
          {texts.panels.raceCard.addTheOptimizerOf}
        </button>
        <NumberField
          label={texts.panels.raceCard.epochs}
          name="raceEpochs"
          value={epochs}
          min={1}
          max={100000}
          step={1}
          onChange={(value) => {
            show({ raceEpochs: Math.round(value) });
          }}
        />
        <button type="button" class="primary" id="race" onClick={racing.value ? stop : start}>
          {racing.value ? texts.panels.raceCard.stopTheRace : texts.panels.raceCard.startTheRace}
        </button>
      </div>
      <Choice
        label={texts.panels.raceCard.measuredBy}
        value={by}
        choices={[
          { value: "steps", label: texts.panels.raceCard.steps },
          {
            value: "evaluations",
            label: texts.panels.raceCard.evaluations,
            hint: texts.panels.raceCard.inGradientsOverAll,
          },
          { value: "seconds", label: texts.panels.raceCard.time },
        ]}
        onChange={(value) => {
          show({ raceBy: value });
        }}
      />
      {failed.value && <p class="notice bad">{failed.value}</p>}
      {standings.value.length === 0 ? (
        <p class="faint">{texts.panels.raceCard.theCurvesAppearHere}</p>
      ) : (
        <Chart
          label={`Training loss of each racer by ${by}`}
          x={
            by === "seconds"
              ? texts.panels.raceCard.secondsOfComputing
              : by === "evaluations"
                ? texts.panels.raceCard.gradientsOverAllData
                : texts.panels.raceCard.steps2
          }
          height={220}
          log={log.value}
          curves={lanes.map((lane, index) => ({
            label: nameOf(lane),
            colour: () => categories[index % categories.length],
          }))}
          data={() => joined(standings.value, by, lanes.length)}
        />
      )}
      <Check
        label={texts.panels.raceCard.logarithmic}
        value={log.value}
        onChange={(value) => {
          log.value = value;
        }}
      />
    </>
  );
}

function joined(all: readonly Standing[], by: RaceBy, lanesNow: number): uPlot.AlignedData {
  if (all.length !== lanesNow) return Array.from({ length: lanesNow + 1 }, () => []) as unknown as uPlot.AlignedData;
  return uPlot.join(all.map((standing) => [Array.from(standing[by]), Array.from(standing.loss)]));
}

function Result({ standing }: { standing: Standing | undefined }) {
  if (!standing || standing.loss.length === 0) return null;
  const last = standing.loss.length - 1;
  const facts = `loss ${short(standing.loss[last])} · ${count(standing.steps[last])} steps · ${standing.seconds[last].toFixed(2)} s`;
  return (
    <span class="faint lane-result" title={standing.halt ?? ""}>
      {facts}
      {standing.halt ? ` · ${standing.halt}` : ""}
    </span>
  );
}
