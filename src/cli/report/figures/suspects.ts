import { dot } from "@observablehq/plot";
import { count, counted, short } from "../../output/format.js";
import { axis, draw, type Figure, series, spansDecades } from "../figure.js";

/** A row of the training data. */
export interface AuditedRow {
  /** Where it begins in the file. */
  readonly line: number;
  /** Its own loss after training without it. */
  readonly loss: number;
  readonly suspect: boolean;
}

/** Rows that are drawn beside the suspects. */
const MOST_POINTS = 1500;

/** How far each row is from what the model expects without it. */
export function suspectsFigure(rows: readonly AuditedRow[]): Figure {
  const suspects = rows.filter(({ suspect }) => suspect);
  const every = Math.ceil(rows.length / MOST_POINTS);
  const drawn = rows.filter(({ suspect, loss }, i) => Number.isFinite(loss) && (suspect || i % every === 0));
  const [plain, odd] = [series(0), series(1)];
  const losses = drawn.map(({ loss }) => loss);
  const logarithmic = spansDecades(losses);
  const worst = rows.reduce((most, row) => (row.loss > most.loss ? row : most), rows[0]);
  const alt = `Leave-one-out loss of ${count(rows.length)} rows; the largest is ${short(worst.loss)}, in line ${worst.line}.`;
  const body = draw(alt, {
    marginLeft: 80,
    x: { label: "line of the file", ticks: 5, nice: true },
    y: axis("loss without the row", losses, logarithmic),
    marks: [
      dot(
        drawn.filter(({ suspect }) => !suspect),
        { x: "line", y: "loss", r: 2, fill: plain.color, fillOpacity: 0.5 },
      ),
      dot(
        drawn.filter(({ suspect }) => suspect),
        { x: "line", y: "loss", r: 3.5, fill: odd.color },
      ),
    ],
  });
  const thinned = every > 1 ? ` Of the other rows, one in ${every} is drawn.` : "";
  const most =
    suspects.length === 0
      ? "No row is a suspect."
      : `${counted(suspects.length, "row")} ${suspects.length === 1 ? "is a suspect" : "are suspects"}.`;
  return {
    id: "suspects",
    title: "Loss of each row, trained without it",
    caption: `How badly the model would predict a row if it had not seen it, by influence functions. ${most}${thinned}`,
    alt,
    body,
    legend: [
      { name: "rows", color: plain.color },
      ...(suspects.length > 0 ? [{ name: "suspects", color: odd.color }] : []),
    ],
  };
}
