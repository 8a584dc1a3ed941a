import { useSignalEffect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { drawSpectra } from "../draw/curvature.ts";
import { palette } from "../draw/palette.ts";
import { short } from "../model/format.ts";
import { follow } from "./analyst.ts";
import { Chart } from "./chart.tsx";
import { drawn } from "./drawn.ts";
import { useWidth } from "./hooks.ts";
import { Card } from "./parts.tsx";
import { spectra } from "./spectra.ts";

export function SpectrumCard() {
  return (
    <Card name="spectrum" title="Eigenvalues over time" terms={["eigenvalues", "index"]}>
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
          aria-label="Every eigenvalue of the Hessian, a column for each look: positive above the line, negative below, on a logarithmic scale. The chart below has the number of negative ones, the text the extreme ones."
          style={{ width: `${width.value}px`, height: `${HEIGHT}px` }}
        />
      </div>
      <Chart
        label="Number of negative eigenvalues by epoch"
        x="epoch"
        height={110}
        fromZero
        curves={[{ label: "index (negative eigenvalues)", colour: ({ dark }) => (dark ? "#f69838" : "#c45a00") }]}
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
  if (spectra.columns.length < 2 || !last)
    return <p class="faint">Train with this open: every look adds a column of all eigenvalues.</p>;
  const { eigenvalues, epoch } = last;
  return (
    <p class="faint">
      At epoch {epoch}: smallest {short(eigenvalues[0])}, largest {short(eigenvalues[eigenvalues.length - 1])}. The
      scale is logarithmic on both sides of 0.
    </p>
  );
}
