import { useComputed, useSignal, useSignalEffect } from "@preact/signals";
import { useRef } from "preact/hooks";
import { featureNames } from "../data/features.ts";
import { EXTENT } from "../data/generators.ts";
import type { OwnData } from "../data/own.ts";
import { classColour, palette } from "../draw/palette.ts";
import { drawPlane } from "../draw/plane.ts";
import { percent, short } from "../model/format.ts";
import type { Confusion } from "../model/protocol.ts";
import { texts } from "../texts/index.ts";
import { studyHere } from "./act-runner.ts";
import { Chart } from "./chart.tsx";
import { ColourBar } from "./colour-bar.tsx";
import { drawn } from "./drawn.ts";
import { curves, curvesVersion } from "./history.ts";
import { useWidth } from "./hooks.ts";
import { Check, Choice, Fold } from "./parts.tsx";
import { failure, frame, own, scenery, settings, show, view } from "./store.ts";
import { Term } from "./term.tsx";
import { Timeline } from "./timeline.tsx";
import { pointed } from "./unit-places.ts";

export function OutputPanel() {
  return (
    <section class="panel output" aria-labelledby="output-title">
      <h2 id="output-title">{texts.panels.outputPanel.output}</h2>
      <Losses />
      <Plane />
      <Legend />
      <KinkNote />
      <LossChart />
      <Timeline />
      <Fold title={texts.story.show}>
        <div class="checks">
          <Check
            label={texts.panels.outputPanel.showTestData}
            name="showTest"
            value={view.value.showTest}
            onChange={(showTest) => show({ showTest })}
          />
          <Check
            label={texts.panels.outputPanel.discretizeOutput}
            name="discretize"
            value={view.value.discretize}
            onChange={(discretize) => show({ discretize })}
          />
          <Check
            label={texts.panels.outputPanel.kinks}
            name="kinkLines"
            value={view.value.kinkLines}
            onChange={(kinkLines) => show({ kinkLines })}
            hint={texts.panels.outputPanel.theLinesWhereUnits}
          />
        </div>
        <Choice
          label={texts.panels.outputPanel.colourBy}
          value={view.value.overlay}
          choices={[
            { value: "output", label: texts.panels.outputPanel.output },
            { value: "regions", label: texts.panels.outputPanel.activationRegions },
          ]}
          onChange={(overlay) => show({ overlay })}
        />
        <Check
          label={texts.panels.outputPanel.logarithmicLoss}
          name="logLoss"
          value={view.value.logLoss}
          onChange={(logLoss) => show({ logLoss })}
        />
        <Confusions />
      </Fold>
    </section>
  );
}

/** Numbers that change with every picture, written past the virtual DOM. */
function Losses() {
  const train = useRef<HTMLElement>(null);
  const test = useRef<HTMLElement>(null);
  useSignalEffect(() => {
    const now = frame.value;
    if (!train.current || !test.current) return;
    const text = (loss: number, accuracy: number | null): string =>
      `${short(loss)}${accuracy === null ? "" : ` · ${percent(accuracy)}`}`;
    train.current.textContent = now ? text(now.trainLoss, now.trainAccuracy) : "–";
    test.current.textContent = now ? text(now.testLoss, now.testAccuracy) : "–";
  });
  const accuracy =
    scenery.value?.problem === "classification" ? (
      <span class="and-accuracy"> {texts.panels.outputPanel.accuracy}</span>
    ) : null;
  return (
    <dl class="losses">
      <div>
        <dt>
          <span class="key train" aria-hidden="true" /> {texts.panels.outputPanel.trainingLoss}
          {accuracy}
          <Term name="loss" />
        </dt>
        <dd ref={train} id="train-loss">
          –
        </dd>
      </div>
      <div>
        <dt>
          <span class="key test" aria-hidden="true" /> {texts.panels.outputPanel.testLoss}
          {accuracy}
          <Term name="test" />
        </dt>
        <dd ref={test} id="test-loss">
          –
        </dd>
      </div>
    </dl>
  );
}

function Plane() {
  const { ref, width } = useWidth<HTMLDivElement>();
  const canvas = useRef<HTMLCanvasElement>(null);
  useSignalEffect(() => {
    const now = frame.value;
    const scene = scenery.value;
    const look = { view: view.value, palette: palette.value };
    const at = pointed.value;
    const size = width.value;
    drawn(canvas.current, now?.place, failure.value === "");
    if (!canvas.current || !now || !scene || size === 0) return;
    const names = now.settings.features;
    const inputMap = (unit: number) => scene.inputMaps[scene.wide ? unit : featureNames.indexOf(names[unit])];
    const ofClass = at !== null && at.layer === now.settings.layers.length ? now.classMaps?.[at.unit] : undefined;
    const ofUnit = at === null ? null : at.layer < 0 ? inputMap(at.unit) : now.unitMaps?.[at.layer]?.[at.unit];
    drawPlane(canvas.current, size, {
      ...look,
      frame: now,
      scenery: scene,
      unit: ofClass ?? ofUnit ?? null,
      probable: ofClass !== undefined,
      study: studyHere.value,
    });
  });
  const [right, up] = axesOf(settings.value.data === "own" ? own.value : null);
  return (
    <figure class="plane">
      <span class="upward" aria-hidden="true">
        <span>{up.ends[0]}</span>
        <span class="axis">{up.name} →</span>
        <span>{up.ends[1]}</span>
      </span>
      <div ref={ref} class="square">
        <canvas
          ref={canvas}
          id="plane"
          role="img"
          aria-label={texts.panels.outputPanel.theNetworkSOutput}
          style={{ width: `${width.value}px`, height: `${width.value}px` }}
        />
      </div>
      <figcaption>
        <span class="hidden">
          {up.name} {texts.panels.outputPanel.upwards}
        </span>
        <span>{right.ends[0]}</span>
        <span class="axis">{right.name} →</span>
        <span>{right.ends[1]}</span>
      </figcaption>
    </figure>
  );
}

/** Names of the plane's axes, and where they end, a table's in its own units. */
function axesOf(table: OwnData | null): { name: string; ends: [string, string] }[] {
  if (!table) return ["x₁", "x₂"].map((name) => ({ name, ends: [short(-EXTENT), short(EXTENT)] }));
  return table.axes.map((axis, i) => {
    const [low, high] = table.ends[i];
    return { name: table.inputNames[axis], ends: [low, high] };
  });
}

function Legend() {
  const scene = scenery.value;
  const colours = palette.value;
  if (!scene) return null;
  if (scene.problem === "regression")
    return (
      <>
        <ColourBar kind="diverging" low="−1" high="1" />
        <ul class="legend">
          <Marks />
        </ul>
      </>
    );
  const { sure, certain } = texts.legend;
  return (
    <>
      {scene.classes.length > 2 ? (
        <p class="faint note">{sure}</p>
      ) : (
        <ColourBar kind="diverging" low={certain(scene.classes[0])} high={certain(scene.classes[1])} />
      )}
      <ul class="legend">
        {scene.classes.map((name, index) => (
          <li key={name}>
            <span
              class="swatch"
              style={{ background: classColour(index, scene.classes.length, colours) }}
              aria-hidden="true"
            />
            {name}
          </li>
        ))}
        <Marks />
      </ul>
    </>
  );
}

/** What the marks on the plane are, where there are two kinds. */
function Marks() {
  if (!view.value.showTest) return null;
  return (
    <>
      <li>● {texts.legend.train}</li>
      <li>◆ {texts.legend.test}</li>
    </>
  );
}

function KinkNote() {
  const text = useRef<HTMLParagraphElement>(null);
  useSignalEffect(() => {
    const now = frame.value;
    if (!text.current || !now) return;
    const regions = now.regions ? `${now.regions.count} activation regions in view. ` : "";
    text.current.textContent = `${regions}${now.crossings.toLocaleString("en-GB")} crossings of a kink by training samples, from picture to picture.`;
  });
  return view.value.kinkLines || view.value.overlay === "regions" ? (
    <p class="faint note" id="kink-note" ref={text} />
  ) : null;
}

function LossChart() {
  return (
    <Chart
      label={texts.panels.outputPanel.trainingAndTestLoss}
      x={texts.panels.outputPanel.epoch}
      height={112}
      log={view.value.logLoss}
      fromZero
      curves={[
        { label: texts.panels.outputPanel.training, colour: ({ dark }) => (dark ? "#e6ebf2" : "#1d2733") },
        { label: texts.panels.outputPanel.test, colour: ({ dark }) => (dark ? "#56b4e9" : "#0072b2"), dash: [5, 4] },
      ]}
      data={() => {
        curvesVersion.value;
        return [curves.epoch, curves.train, curves.test];
      }}
    />
  );
}

function Confusions() {
  const open = useSignal(false);
  if (scenery.value?.problem !== "classification") return null;
  return (
    <details
      class="confusion"
      onToggle={(event) => {
        open.value = event.currentTarget.open;
      }}
    >
      <summary>{texts.panels.outputPanel.confusion}</summary>
      {open.value && <ConfusionTables />}
    </details>
  );
}

function ConfusionTables() {
  // A string, so that pictures that count the same draw nothing here.
  const text = useComputed(() => JSON.stringify(frame.value?.confusion ?? null));
  const classes = scenery.value?.classes ?? [];
  const counts = JSON.parse(text.value) as Confusion | null;
  if (!counts || counts.train.length !== classes.length) return null;
  const { train, test } = counts;
  return (
    <div class="tables">
      <p class="faint">{texts.panels.outputPanel.trueClassesByRow}</p>
      {(
        [
          ["Training", train],
          ["Test", test],
        ] as const
      ).map(([title, counts]) => (
        <table key={title}>
          <caption>{title}</caption>
          <thead>
            <tr>
              <td />
              {classes.map((name) => (
                <th key={name} scope="col">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {counts.map((row, i) => (
              <tr key={classes[i]}>
                <th scope="row">{classes[i]}</th>
                {row.map((value, j) => (
                  <td key={classes[j]} class={i === j ? "right" : ""}>
                    {value}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      ))}
    </div>
  );
}
