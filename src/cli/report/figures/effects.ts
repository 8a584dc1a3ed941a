import { barX, dot, line, ruleX } from "@observablehq/plot";
import type { Network } from "../../../index.js";
import {
  type ColumnImportance,
  type Columns,
  type Dependence,
  partialDependence,
  permutationImportance,
} from "../../../tables/index.js";
import { printable, short } from "../../output/format.js";
import { draw, type Figure, greatest, series, stroke } from "../figure.js";
import type { Rows } from "../table.js";

/** Columns whose importance is drawn, and those of which the dependence is. */
const MOST_COLUMNS = 20;
const MOST_DEPENDENCES = 6;
const MOST_KINDS = 12;
/** Rows that are shuffled. */
const MOST_ROWS = 5000;
const NAME = 24;

/** Which columns the network needs, and how its predictions depend on those that it needs most. */
export function effectFigures(net: Network, columns: Columns, rows: Rows, part: string, seed: number): Figure[] {
  const every = Math.ceil(rows.length / MOST_ROWS);
  const sample = rows.filter((_, row) => row % every === 0);
  const importance = permutationImportance(net, columns, sample, { seed });
  const needed = importance.filter(({ lossIncrease }) => lossIncrease > 0);
  const dependences = needed
    .slice(0, MOST_DEPENDENCES)
    .map(({ column }) => partialDependence(net, columns, sample, column));
  return [
    importanceFigure(importance, columns, part),
    ...dependences.map((found, i) => dependenceFigure(found, columns, i)),
  ];
}

function importanceFigure(importance: readonly ColumnImportance[], { classes }: Columns, part: string): Figure {
  const bars = importance.slice(0, MOST_COLUMNS).map((one) => ({ ...one, name: printable(one.column, NAME) }));
  const score = classes ? "accuracy" : "R²";
  const [first] = bars;
  const alt = `Importance of ${bars.length} columns; the largest is that of ${first.name}, without which the ${score} falls by ${short(first.drop)}.`;
  const longest = greatest(bars.map(({ name }) => name.length));
  const body = draw(alt, {
    height: 60 + 20 * bars.length,
    marginLeft: Math.min(190, 20 + 7 * longest),
    x: { label: `fall of the ${score}`, grid: true, ticks: 5 },
    y: { label: null, domain: bars.map(({ name }) => name) },
    marks: [barX(bars, { x: "drop", y: "name", fill: "var(--series-1)", inset: 1 }), ruleX([0])],
  });
  const rest = importance.length > bars.length ? ` The ${bars.length} first of ${importance.length} columns.` : "";
  const caption = `By how much the ${score} of the ${part} rows falls when a column's values are shuffled, mean of 5 shuffles. Columns with the same information share their importance.${rest}`;
  return { id: "importance", title: "Importance of columns", caption, alt, body };
}

function dependenceFigure({ column, values, outputs }: Dependence, columns: Columns, index: number): Figure {
  const { classes, targetNames } = columns;
  const names = classes ?? targetNames;
  // The probability of the second of two classes says that of the first.
  const shown = classes?.length === 2 ? [1] : Array.from(names.keys()).slice(0, 8);
  const numeric = typeof values[0] === "number";
  const kept = numeric ? values : values.slice(0, MOST_KINDS);
  const points = shown.map((k) =>
    kept.map((value, i) => ({ value: numeric ? value : printable(String(value), 12), mean: outputs[i][k] })),
  );
  const what = classes ? "mean probability" : "mean prediction";
  const of = shown.length === 1 ? ` of ${printable(names[shown[0]], NAME)}` : "";
  const name = printable(column, NAME);
  const alt = `${what}${of} against ${name}, at ${kept.length} values.`;
  const body = draw(alt, {
    marginLeft: 60,
    marginBottom: numeric ? 40 : 70,
    x: numeric
      ? { label: name, grid: true, ticks: 5 }
      : { label: null, type: "point", domain: points[0].map(({ value }) => value), tickRotate: -40 },
    y: { label: what, grid: true, ticks: 5, nice: true },
    marks: points.flatMap((own, i) => [
      line(own, { x: "value", y: "mean", ...stroke(series(i)), strokeWidth: 2 }),
      dot(own, { x: "value", y: "mean", r: 2.5, fill: series(i).color }),
    ]),
  });
  const more = values.length > kept.length ? ` The ${kept.length} most frequent kinds of ${values.length}.` : "";
  return {
    id: `dependence-${index + 1}`,
    title: `Predictions by ${name}`,
    caption: `Mean over the rows when ${name} is set to one value in all of them, all else being as it is.${more}`,
    alt,
    body,
    ...(shown.length > 1 ? { legend: shown.map((k, i) => ({ name: names[k], ...series(i) })) } : {}),
  };
}
