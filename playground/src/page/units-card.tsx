import { useSignal, useSignalEffect } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { percent, short } from "../model/format.ts";
import type { Advice, Report } from "../model/protocol.ts";
import { texts } from "../texts/index.ts";
import { remediesOf } from "./advice-actions.ts";
import { follow } from "./analyst.ts";
import { addBatchNorm, makeLeaky, revive } from "./dead-notes.tsx";
import { Card } from "./parts.tsx";
import { frame, report, settings } from "./store.ts";

export function UnitsCard() {
  return (
    <Card name="units" title={texts.panels.unitsCard.health} terms={["dead", "gradient"]}>
      {(seen) => <Units seen={seen} />}
    </Card>
  );
}

function Units({ seen }: { seen: { readonly value: boolean } }) {
  useEffect(() => follow("diagnose", () => seen.value && settings.value.loss !== "quantile"), []);
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
      {settings.value.loss === "quantile" ? (
        <p class="faint">{texts.advice.quantile}</p>
      ) : (
        <AdviceList report={now} dead={any} />
      )}
      <div class="tables">
        <table id="layers">
          <caption>{texts.panels.unitsCard.layersOverTheTraining}</caption>
          <thead>
            <tr>
              <th scope="col">{texts.panels.unitsCard.layer}</th>
              <th scope="col">{texts.panels.unitsCard.dead}</th>
              <th scope="col" title={texts.panels.unitsCard.shareOfActivationsThat}>
                {texts.panels.unitsCard.idle}
              </th>
              <th scope="col" title={texts.panels.unitsCard.lengthOfTheGradient}>
                ‖∇‖
              </th>
              <th scope="col" title={texts.panels.unitsCard.sizeOfTheGradient}>
                {texts.panels.unitsCard.signal}
              </th>
              <th scope="col">{texts.panels.unitsCard.rescue}</th>
            </tr>
          </thead>
          <tbody>
            {layers.map(({ units, activation, batchNorm }, index) => (
              <tr key={index}>
                <th scope="row">{index + 1}</th>
                <td class={deadUnits[index]?.length ? "alarm" : ""} data-dead={index}>
                  {deadUnits[index]?.length ?? 0}/{units}
                </td>
                <td>{valueOr(now?.layers[index]?.saturated ?? now?.layers[index]?.sparsity, percent)}</td>
                <td>{valueOr(now?.layers[index]?.gradientNorm, short)}</td>
                <td>
                  <Signal report={now} layer={index} />
                </td>
                <td class="rescue">
                  <button
                    type="button"
                    aria-label={`Make layer ${index + 1} leaky`}
                    disabled={activation !== "relu"}
                    onClick={() => makeLeaky(index)}
                  >
                    {texts.panels.unitsCard.leaky}
                  </button>
                  <button
                    type="button"
                    aria-label={`Add batch norm to layer ${index + 1}`}
                    disabled={batchNorm}
                    onClick={() => addBatchNorm(index)}
                  >
                    {texts.panels.unitsCard.norm}
                  </button>
                </td>
              </tr>
            ))}
            <tr>
              <th scope="row">{texts.panels.unitsCard.output}</th>
              <td>–</td>
              <td>–</td>
              <td>{valueOr(now?.layers[layers.length]?.gradientNorm, short)}</td>
              <td>
                <Signal report={now} layer={layers.length} />
              </td>
              <td />
            </tr>
          </tbody>
        </table>
      </div>
      <div class="row">
        <button type="button" class={any ? "primary" : ""} id="revive" disabled={!any} onClick={revive}>
          {texts.panels.unitsCard.reviveDeadUnits}
        </button>
        {!any && <span class="faint">{texts.panels.unitsCard.noUnitIsDead}</span>}
      </div>
    </>
  );
}

function valueOr(value: number | null | undefined, text: (value: number) => string): string {
  return value === null || value === undefined ? "–" : text(value);
}

const flows: Record<Report["flow"], string> = {
  steady: "The gradient reaches every layer.",
  vanishing: "The gradient vanishes on its way down.",
  exploding: "The gradient explodes on its way down.",
  blocked: "The gradient is blocked: layers below the dead one get none.",
};

/** The size of what comes down to a layer, as a bar against the largest. */
function Signal({ report: now, layer }: { report: Report | null; layer: number }) {
  const signal = now?.layers[layer]?.signal;
  if (!now || signal === null || signal === undefined) return <>–</>;
  const largest = Math.max(...now.layers.map((each) => each.signal ?? 0));
  const share = largest > 0 && signal > 0 ? Math.max(0, 1 + Math.log10(signal / largest) / 6) : 0;
  return (
    <span class="signal">
      {short(signal, 2)}
      <span class="signal-bar" aria-hidden="true">
        <span style={{ width: `${100 * share}%` }} />
      </span>
    </span>
  );
}

/** What can be done about it at once. */
function Remedies({ advice }: { advice: Advice }) {
  const found = remediesOf(advice);
  if (found.length === 0) return <p class="faint">{texts.advice.look}</p>;
  return (
    <div class="row">
      {found.map(({ label, act }) => (
        <button key={label} type="button" onClick={act}>
          {label}
        </button>
      ))}
    </div>
  );
}

function AdviceList({ report: now, dead }: { report: Report | null; dead: boolean }) {
  if (!now) return <p class="faint">{texts.panels.unitsCard.looking}</p>;
  return (
    <>
      <p class="faint" id="flow">
        {flows[now.flow]}
        {now.advice.length === 0 && !dead && " Nothing to say against this network."}
      </p>
      <ul class="advice" id="advice" aria-label={texts.panels.unitsCard.advice}>
        {now.advice.map((advice, index) => (
          <li key={`${advice.code}.${index}`} data-code={advice.code}>
            <strong>{advice.message}</strong>
            <Remedies advice={advice} />
            <details>
              <summary>{texts.panels.unitsCard.evidenceAndSource}</summary>
              <dl class="evidence">
                {advice.evidence.map(([name, value]) => (
                  <div key={name}>
                    <dt>{name}</dt>
                    <dd>{value}</dd>
                  </div>
                ))}
              </dl>
              <p class="faint">
                {texts.panels.unitsCard.hereLayersUnitsInputs} {advice.source}
              </p>
            </details>
          </li>
        ))}
      </ul>
    </>
  );
}
