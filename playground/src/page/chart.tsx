import { effect } from "@preact/signals";
import { useEffect } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { type Palette, palette } from "../draw/palette.ts";
import { short } from "../model/format.ts";
import { useWidth } from "./hooks.ts";

export interface Curve {
  readonly label: string;
  readonly colour: (palette: Palette) => string;
  readonly dash?: number[];
  readonly width?: number;
}

/** Between two drawings, in milliseconds: more a second than are read take time from the maps. */
const PAUSE = 200;

/**
 * A chart by uPlot that follows its data, its width and the theme. `data` reads signals: it is
 * asked again when they change.
 */
export function Chart(props: {
  label: string;
  curves: readonly Curve[];
  data: () => uPlot.AlignedData;
  x: string;
  height?: number;
  log?: boolean;
  /** Whether heights are seen from 0 on. */
  fromZero?: boolean;
}) {
  const { ref, width } = useWidth<HTMLDivElement>();
  const { height = 150, log = false } = props;
  const shape = JSON.stringify([props.curves.map(({ label, dash }) => [label, dash]), props.x, log, height]);
  useEffect(() => {
    let chart: uPlot | null = null;
    let made: Palette | null = null;
    let latest: uPlot.AlignedData = [[]];
    let timer = 0;
    let drawn = 0;
    const put = (): void => {
      timer = 0;
      drawn = performance.now();
      chart?.setData(latest);
    };
    const stop = effect(() => {
      const element = ref.current;
      const colours = palette.value;
      const data = props.data();
      if (!element || width.value < 40) return;
      if (chart && made === colours) {
        if (chart.width !== width.value) chart.setSize({ width: width.value, height });
        latest = data;
        if (!timer) timer = window.setTimeout(put, Math.max(0, PAUSE - (performance.now() - drawn)));
        return;
      }
      chart?.destroy();
      made = colours;
      drawn = performance.now();
      chart = new uPlot(optionsOf(props, width.value, height, log, colours), data, element);
    });
    return () => {
      stop();
      window.clearTimeout(timer);
      chart?.destroy();
    };
  }, [shape]);
  return <div class="chart" role="img" aria-label={props.label} ref={ref} style={{ minHeight: `${height}px` }} />;
}

function optionsOf(
  { curves, x, fromZero }: { curves: readonly Curve[]; x: string; fromZero?: boolean },
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
    padding: [10, 18, 0, 0],
    legend: { show: true, live: false, markers: { width: 0, fill: (_, at) => markOf(curves[at - 1], colours) } },
    scales: { x: { time: false, range: breadth }, y: log ? { distr: 3 } : fromZero ? { range: heightFromZero } : {} },
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
        // A single point is no line, and would not be seen.
        points: { show: (chart: uPlot) => chart.data[0].length === 1, size: 6, fill: colour(colours) },
        spanGaps: true,
        ...(dash ? { dash } : {}),
      })),
    ],
  };
}

/** A curve's mark in the legend: dashed where the curve is. */
function markOf({ colour, dash }: Curve, colours: Palette): string {
  const ink = colour(colours);
  return dash ? `repeating-linear-gradient(to right, ${ink} 0 5px, transparent 5px 8px)` : ink;
}

/** Where nothing has been drawn yet, an axis from 0 to 1. */
function breadth(_: uPlot, low: number | null, high: number | null): [number, number] {
  return low !== null && high !== null && high > low ? [low, high] : [0, Math.max(1, high ?? 1)];
}

function heightFromZero(_: uPlot, __: number, high: number | null): [number, number] {
  return [0, 1.08 * (high || 1)];
}

function compact(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e6) return `${short(value / 1e6)}M`;
  if (size >= 1e4) return `${value / 1e3}k`;
  if (size > 0 && size < 1e-3) return value.toExponential(0).replace("-", "−");
  return String(Number(value.toPrecision(6))).replace("-", "−");
}
