import { useSignalEffect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { drawSpectra } from "../draw/curvature.ts";
import { palette } from "../draw/palette.ts";
import { short } from "../model/format.ts";
import { texts } from "../texts/index.ts";
import { follow } from "./analyst.ts";
import { Chart } from "./chart.tsx";
import { drawn } from "./drawn.ts";
import { useWidth } from "./hooks.ts";
import { Card } from "./parts.tsx";
import { spectra } from "./spectra.ts";

export function SpectrumCard() {
  return (
    <Card name="spectrum" title={texts.panels.spectrumCard.eigenvaluesOverTime} terms={["eigenvalues", "index"]}>
      {(seen) => <Spectrum seen={seen} />}
    </Card>
  );
}

const HEIGHT = 220;

function Spectrum({ seen }: { seen: { readonly value: boolean } }) {
  useEffect(() => follow("hessian", () => seen.value), []);
  spectra.version.value;
  return (
    <>
      {spectra.columns.length > 1 && <Pictures />}
      <Ends />
    </>
  );
}

function Pictures() {
  const { ref, width } = useWidth<HTMLDivElement>();
  const canvas = useRef<HTMLCanvasElement>(null);
  useSignalEffect(() => {
    spectra.version.value;
    const colours = palette.value;
    if (canvas.current && width.value > 0) drawSpectra(canvas.current, width.value, HEIGHT, spectra.columns, colours);
    drawn(canvas.current, spectra.columns.at(-1)?.place);
  });
  return (
    <>
      <div ref={ref}>
        <canvas
          ref={canvas}
          id="spectrum-canvas"
          role="img"
          aria-label={texts.panels.spectrumCard.everyEigenvalueOfThe}
          style={{ width: `${width.value}px`, height: `${HEIGHT}px` }}
        />
      </div>
      <Chart
        label={texts.panels.spectrumCard.numberOfNegativeEigenvalues}
        x={texts.panels.spectrumCard.epoch}
        height={110}
        fromZero
        curves={[
          {
            label: texts.panels.spectrumCard.indexNegativeEigenvalues,
            colour: ({ dark }) => (dark ? "#f69838" : "#c45a00"),
          },
        ]}
        data={() => {
          spectra.version.value;
          return [spectra.columns.map(({ epoch }) => epoch), spectra.columns.map(({ negative }) => negative)];
        }}
      />
    </>
  );
}

function Ends() {
  spectra.version.value;
  const last = spectra.columns.at(-1);
  if (spectra.columns.length < 2 || !last) return <p class="faint">{texts.panels.spectrumCard.trainWithThisOpen}</p>;
  const { eigenvalues, epoch } = last;
  return (
    <p class="faint">
      {texts.panels.spectrumCard.atEpoch} {epoch}
      {texts.panels.spectrumCard.smallest} {short(eigenvalues[0])}
      {texts.panels.spectrumCard.largest} {short(eigenvalues[eigenvalues.length - 1])}
      {texts.panels.spectrumCard.theScaleIsLogarithmic}
    </p>
  );
}
