import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { RINGED } from "../draw/plane.ts";
import { short } from "../model/format.ts";
import type { Along, Suspects, Uncertainty } from "../model/protocol.ts";
import type { Act, Instrument } from "../scenes/scene.ts";
import { texts } from "../texts/index.ts";
import { look, studyHere } from "./act-runner.ts";
import { Chart } from "./chart.tsx";
import { ColourBar } from "./colour-bar.tsx";
import { spectra } from "./spectra.ts";
import { change, frame, playing, settings } from "./store.ts";

/** What a scene gives into one's hands, to go on with. */
export function InstrumentOf({ kind, act }: { kind: Instrument; act: Act }) {
  return (
    <div class="instrument" id="instrument">
      {kind === "edge" && <Edge />}
      {kind === "prune" && <Prune />}
      {kind === "along" && <AlongSlider act={act} />}
      {kind === "uncertainty" && <UncertaintyNumbers />}
      {kind === "suspects" && <SuspectList />}
    </div>
  );
}

/** The largest eigenvalue by step, against the learning rate's limit. */
function Edge() {
  const { learningRate } = settings.value;
  const { largest, limit, step, label } = texts.instruments.edge;
  return (
    <Chart
      label={label}
      x={step}
      height={150}
      fromZero
      curves={[
        { label: largest, colour: ({ ink }) => ink },
        { label: limit(short(2 / learningRate)), colour: ({ dark }) => (dark ? "#f69838" : "#c45a00"), dash: [6, 4] },
      ]}
      data={() => {
        spectra.version.value;
        const { columns } = spectra;
        return [
          columns.map((column) => column.step),
          columns.map(({ eigenvalues }) => eigenvalues[eigenvalues.length - 1]),
          columns.map(() => 2 / learningRate),
        ];
      }}
    />
  );
}

function Prune() {
  const now = frame.value;
  const left = now?.parameters.filter((value) => value !== 0).length ?? 0;
  const { take, left: words } = texts.instruments.prune;
  return (
    <div class="row">
      <button
        type="button"
        id="prune-more"
        disabled={left <= 3 || playing.value}
        onClick={() => change({ kind: "prune", parameters: Math.max(3, left - 2) })}
      >
        {take}
      </button>
      <span class="faint">{words(left, now ? short(now.trainLoss) : "–")}</span>
    </div>
  );
}

function AlongSlider({ act }: { act: Act }) {
  const busy = useRef(false);
  const wanted = useRef<number | null>(null);
  const request = act.study?.kind === "along" ? act.study : null;
  const length = useSignal(request?.length ?? 0);
  const found = studyHere.value?.kind === "along" ? (studyHere.value as Along) : null;
  const { label, says } = texts.instruments.along;
  if (!request) return null;
  // The newest place once the last answer is there.
  const drag = async (to: number): Promise<void> => {
    length.value = to;
    wanted.current = to;
    if (busy.current) return;
    busy.current = true;
    while (wanted.current !== null) {
      const next: number = wanted.current;
      wanted.current = null;
      await look({ ...request, length: next });
    }
    busy.current = false;
  };
  return (
    <div class="field slider">
      <label for="along">{label}</label>
      <input
        id="along"
        name="along"
        type="range"
        min={-3}
        max={3}
        step={0.05}
        value={length.value}
        onInput={(event) => void drag(Number(event.currentTarget.value))}
      />
      {found && (
        <p class="faint">
          {says(short(found.length), short(found.loss), short(found.foretold), short(found.eigenvalue))}
        </p>
      )}
    </div>
  );
}

function UncertaintyNumbers() {
  const found = studyHere.value?.kind === "uncertainty" ? (studyHere.value as Uncertainty) : null;
  const { low, high, numbers, label, prior, evidence } = texts.instruments.uncertainty;
  if (!found) return <p class="faint">{texts.curvature.waiting}</p>;
  const most = found.deviation.reduce((top, value) => Math.max(top, value), 0);
  return (
    <>
      <ColourBar kind="sequential" low={low} high={high(short(most, 2))} />
      <p class="faint">
        {numbers(short(found.atData), short(found.inCorners), short(found.effective), short(found.best))}
      </p>
      <Chart
        label={label}
        x={prior}
        height={130}
        curves={[{ label: evidence, colour: ({ dark }) => (dark ? "#56b4e9" : "#0072b2") }]}
        data={() => [
          found.evidence.map((each) => Math.log10(each.prior)),
          // Where a prior is out of the question, the curve would squash the rest.
          found.evidence.map(({ logEvidence }) =>
            logEvidence > 8 * Math.max(...found.evidence.map((each) => each.logEvidence)) ? logEvidence : null,
          ),
        ]}
      />
    </>
  );
}

function SuspectList() {
  const found = studyHere.value?.kind === "suspects" ? (studyHere.value as Suspects) : null;
  const { none, flipped, score } = texts.instruments.suspects;
  if (!found) return <p class="faint">{texts.curvature.waiting}</p>;
  if (found.rows.length === 0) return <p class="faint">{none}</p>;
  return (
    <ol class="suspects">
      {found.rows.slice(0, RINGED).map((row) => (
        <li key={row.row}>
          {score(row.row + 1, short(row.score, 2))}
          {row.flipped && <strong> {flipped}</strong>}
        </li>
      ))}
    </ol>
  );
}
