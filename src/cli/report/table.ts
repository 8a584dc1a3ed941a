import { type Dataset, type Network, scores } from "../../index.js";
import type { Cell, Columns } from "../../tables/index.js";
import { count, percent, printable } from "../output/format.js";
import { escaped, type Section, table } from "./page.js";

/** Rows of a table. */
export type Rows = readonly (readonly Cell[])[];

/** Columns in a report; a line for each of more would be read by nobody. */
const MOST_COLUMNS = 200;

/** What each column was taken for, and why. */
export function columnSection({ columns, data: { targetNotes } }: Columns): Section {
  const head = ["column", "taken for", "why", "missing", "notes"];
  const rows = columns
    .slice(0, MOST_COLUMNS)
    .map(({ name, type, why, missing, notes, encoding }) => [
      printable(name, 60),
      encoding === null ? `left out: ${type}` : type,
      printable(why, 200),
      missing > 0 ? count(missing) : "",
      notes.join("; "),
    ]);
  const rest = columns.length > rows.length ? `<p>The ${rows.length} first of ${columns.length} columns.</p>` : "";
  const target = `<p>Target: ${escaped(targetNotes.join("; "))}.</p>`;
  return { id: "columns", title: "Columns", html: `${target}\n${table(head, rows, "Columns")}\n${rest}` };
}

/** How each class is separated from the others; nothing for values. */
export function classTable(net: Network, data: Dataset, { classes, data: { threshold } }: Columns): string {
  if (classes === null) return "";
  const found = scores(net, data, classes.length === 2 ? { threshold } : {});
  if (found.task !== "classification") return "";
  const share = (value: number): string => (Number.isNaN(value) ? "–" : percent(value));
  const rows = found.classes.map(({ rows, predicted, precision, recall, f1, auc }, k) => [
    ...[printable(classes[k], 60), count(rows), count(predicted), share(precision), share(recall)],
    ...[f1.toFixed(3), Number.isNaN(auc) ? "–" : auc.toFixed(3)],
  ]);
  const decision =
    classes.length === 2
      ? `<p>A row counts as ${escaped(printable(classes[1], 60))} from a probability of ${threshold.toPrecision(3)} on.</p>`
      : "";
  return `${table(["class", "rows", "predicted", "precision", "recall", "F1", "AUC"], rows, "Classes")}\n${decision}`;
}
