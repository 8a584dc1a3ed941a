import { useSignal, useSignalEffect } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Report } from "../model/protocol.ts";
import { follow } from "./analyst.ts";
import { percent, short } from "./format.ts";
import { Card } from "./parts.tsx";
import { change, frame, report, say, settings } from "./store.ts";

export function UnitsCard() {
  return (
    <Card name="units" title="Health">
      {(seen) => <Units seen={seen} />}
    </Card>
  );
}

function Units({ seen }: { seen: { readonly value: boolean } }) {
  useEffect(() => follow("diagnose", () => seen.value), []);
  const dead = useSignal("[]");
  useSignalEffect(() => {
    dead.value = JSON.stringify(frame.value?.dead ?? []);
  });
  const deadUnits = JSON.parse(dead.value) as number[][];
  const { layers } = settings.value;
  const any = deadUnits.some((units) => units.length > 0);
  const now = report.value;
  return (
    <>
      <AdviceList report={now} />
      <div class="tables">
        <table id="layers">
          <caption>Layers over the training data</caption>
          <thead>
            <tr>
              <th scope="col">Layer</th>
              <th scope="col">Dead</th>
              <th scope="col">Zeros</th>
              <th scope="col">‖gradient‖</th>
              <th scope="col">Rescue</th>
            </tr>
          </thead>
          <tbody>
            {layers.map(({ units, activation, batchNorm }, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: a layer is its place
              <tr key={index}>
                <th scope="row">{index + 1}</th>
                <td class={deadUnits[index]?.length ? "alarm" : ""} data-dead={index}>
                  {deadUnits[index]?.length ?? 0} of {units}
                </td>
                <td>{valueOr(now?.layers[index]?.sparsity, percent)}</td>
                <td>{valueOr(now?.layers[index]?.gradientNorm, short)}</td>
                <td class="rescue">
                  <button
                    type="button"
                    aria-label={`Make layer ${index + 1} leaky`}
                    disabled={activation !== "relu"}
                    onClick={() =>
                      rescue(
                        { kind: "activation", layer: index, activation: "leaky-relu" },
                        `Layer ${index + 1} is leaky now.`,
                      )
                    }
                  >
                    leaky
                  </button>
                  <button
                    type="button"
                    aria-label={`Add batch norm to layer ${index + 1}`}
                    disabled={batchNorm}
                    onClick={() =>
                      rescue({ kind: "batch-norm", layer: index }, `Layer ${index + 1} has batch norm now.`)
                    }
                  >
                    + norm
                  </button>
                </td>
              </tr>
            ))}
            <tr>
              <th scope="row">output</th>
              <td>–</td>
              <td>–</td>
              <td>{valueOr(now?.layers[layers.length]?.gradientNorm, short)}</td>
              <td />
            </tr>
          </tbody>
        </table>
      </div>
      <div class="row">
        <button
          type="button"
          class={any ? "primary" : ""}
          id="revive"
          disabled={!any}
          onClick={() => rescue({ kind: "revive" }, "Dead units were started anew.")}
        >
          Revive dead units
        </button>
        {!any && <span class="faint">No unit is dead.</span>}
      </div>
    </>
  );
}

function rescue(what: Parameters<typeof change>[0], told: string): void {
  change(what);
  say(told);
}

function valueOr(value: number | null | undefined, text: (value: number) => string): string {
  return value === null || value === undefined ? "–" : text(value);
}

function AdviceList({ report: now }: { report: Report | null }) {
  if (!now) return <p class="faint">Looking…</p>;
  if (now.advice.length === 0) return <p class="faint">Nothing to say against it.</p>;
  return (
    <ul class="advice" id="advice" aria-label="Advice">
      {now.advice.map(({ code, message, evidence, remedy, source }) => (
        <li key={code} data-code={code}>
          <strong>{message}</strong>
          <p>{evidence}</p>
          <p>{remedy}</p>
          {source && <p class="faint">{source}</p>}
        </li>
      ))}
    </ul>
  );
}
