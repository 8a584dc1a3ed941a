import { useSignalEffect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { drawSpectra } from "../draw/curvature.ts";
import { palette } from "../draw/palette.ts";
import { follow } from "./analyst.ts";
import { Chart } from "./chart.tsx";
import { short } from "./format.ts";
import { useWidth } from "./hooks.ts";
import { Card } from "./parts.tsx";
import { spectra } from "./spectra.ts";

export function SpectrumCard() {
  return (
    <Card name="spectrum" title="Eigenvalues over time">
      {(seen) => <Spectrum seen={seen} />}
    </Card>
  );
}

const HEIGHT = 220;

function Spectrum({ seen }: { seen: { readonly value: boolean } }) {
  const { ref, width } = useWidth<HTMLDivElement>();
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => follow("hessian", () => seen.value), []);
  useSignalEffect(() => {
    spectra.version.value;
    const colours = palette.value;
    if (canvas.current && width.value > 0) drawSpectra(canvas.current, width.value, HEIGHT, spectra.columns, colours);
  });
  return (
    <>
      <div ref={ref}>
        <canvas
          ref={canvas}
          role="img"
          aria-label="Every eigenvalue of the Hessian, a column for each look: positive above the line, negative below, on a logarithmic scale. The chart below has the extreme ones."
          style={{ width: `${width.value}px`, height: `${HEIGHT}px` }}
        />
      </div>
      <Chart
        label="Number of negative eigenvalues by epoch"
        x="epoch"
        height={110}
        curves={[{ label: "index (negative eigenvalues)", colour: ({ dark }) => (dark ? "#f69838" : "#c45a00") }]}
        data={() => {
          spectra.version.value;
          return [spectra.columns.map(({ epoch }) => epoch), spectra.columns.map(({ negative }) => negative)];
        }}
      />
      <Ends />
    </>
  );
}

function Ends() {
  spectra.version.value;
  const last = spectra.columns.at(-1);
  if (!last) return <p class="faint">Train with this open, and a column is added for each look.</p>;
  const { eigenvalues, epoch } = last;
  return (
    <p class="faint">
      At epoch {epoch}: smallest {short(eigenvalues[0])}, largest {short(eigenvalues[eigenvalues.length - 1])}. The
      scale is logarithmic on both sides of 0.
    </p>
  );
}
