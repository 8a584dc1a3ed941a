import { effect } from "@preact/signals";
import { useEffect } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { type Palette, palette } from "../draw/palette.ts";
import { short } from "./format.ts";
import { useWidth } from "./hooks.ts";

export interface Curve {
  readonly label: string;
  readonly colour: (palette: Palette) => string;
  readonly dash?: number[];
  readonly width?: number;
}

/** A chart by uPlot that follows its data, its width and the theme. `data` reads signals: it is asked again when they change. */
export function Chart(props: {
  label: string;
  curves: readonly Curve[];
  data: () => uPlot.AlignedData;
  x: string;
  height?: number;
  log?: boolean;
  mode?: 1 | 2;
}) {
  const { ref, width } = useWidth<HTMLDivElement>();
  const { height = 150, log = false } = props;
  const shape = JSON.stringify([props.curves.map(({ label, dash }) => [label, dash]), props.x, log, height]);
  useEffect(() => {
    let chart: uPlot | null = null;
    let made: Palette | null = null;
    const stop = effect(() => {
      const element = ref.current;
      const colours = palette.value;
      const data = props.data();
      if (!element || width.value < 40) return;
      if (chart && made === colours) {
        if (chart.width !== width.value) chart.setSize({ width: width.value, height });
        chart.setData(data);
        return;
      }
      chart?.destroy();
      made = colours;
      chart = new uPlot(optionsOf(props, width.value, height, log, colours), data, element);
    });
    return () => {
      stop();
      chart?.destroy();
    };
  }, [shape]);
  return <div class="chart" role="img" aria-label={props.label} ref={ref} style={{ minHeight: `${height}px` }} />;
}

function optionsOf(
  { curves, x }: { curves: readonly Curve[]; x: string },
  width: number,
  height: number,
  log: boolean,
  colours: Palette,
): uPlot.Options {
  const axis = {
    stroke: colours.ink,
    grid: { stroke: colours.dark ? "#2a3442" : "#e6e9ee", width: 1 },
    ticks: { stroke: colours.dark ? "#2a3442" : "#e6e9ee", width: 1, size: 4 },
    font: "11px system-ui, sans-serif",
    labelFont: "11px system-ui, sans-serif",
  };
  return {
    width,
    height,
    cursor: { y: false, drag: { x: false, y: false } },
    legend: { show: true, live: false, markers: { width: 3 } },
    scales: { x: { time: false }, y: log ? { distr: 3 } : {} },
    axes: [
      { ...axis, label: x, labelSize: 14, size: 26, values: (_, ticks) => ticks.map((tick) => compact(tick)) },
      { ...axis, size: 46, values: (_, ticks) => ticks.map((tick) => (tick === null ? "" : compact(tick))) },
    ],
    series: [
      { label: x },
      ...curves.map(({ label, colour, dash, width: thick = 2 }) => ({
        label,
        stroke: colour(colours),
        width: thick,
        points: { show: false },
        spanGaps: true,
        ...(dash ? { dash } : {}),
      })),
    ],
  };
}

function compact(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e6) return `${short(value / 1e6)}M`;
  if (size >= 1e4) return `${value / 1e3}k`;
  if (size > 0 && size < 1e-3) return value.toExponential(0).replace("-", "−");
  return String(Number(value.toPrecision(6))).replace("-", "−");
}
