import { writeOutput } from "../model/file.js";
import { count, counted, printable } from "../output/format.js";
import { type AuditedRow, suspectsFigure } from "./figures/suspects.js";
import { escaped, render, type Section, table } from "./page.js";

/** A row that may be wrong. */
export interface ReportedSuspect {
  readonly line: number;
  readonly target: string;
  readonly suggestion: string;
  readonly score: number;
}

/** What an audit found. */
export interface Audit {
  /** Of the model and of its data. */
  readonly model: string;
  readonly data: string;
  readonly rows: readonly AuditedRow[];
  readonly suspects: readonly ReportedSuspect[];
  /** Leaks and conflicts in the table. */
  readonly notes: readonly string[];
}

/** Suspects that a page lists. */
const MOST_LISTED = 200;

/** Writes an audit as a page. */
export async function auditReport(path: string, { model, data, rows, suspects, notes }: Audit): Promise<void> {
  const listed = suspects
    .slice(0, MOST_LISTED)
    .map(({ line, target, suggestion, score }) => [
      `line ${count(line)}`,
      printable(target, 60),
      printable(suggestion, 60),
      score.toFixed(2),
    ]);
  const explained =
    "<p>A row is a suspect where the model, trained without it, gives it another class, or a value that is far off. It may be wrong. It may also be right and rare.</p>";
  const more =
    suspects.length > listed.length ? `<p>The first ${MOST_LISTED}; <code>--output</code> writes all.</p>` : "";
  const head = ["row", "target", "the others suggest", "score"];
  const list = listed.length > 0 ? table(head, listed, "Suspects") : "<p>No row is a suspect.</p>";
  const found: Section = {
    id: "suspects",
    title: "Suspects",
    html: `${explained}\n${list}\n${more}`,
    figures: [suspectsFigure(rows)],
  };
  const items = notes.map((note) => `<li>${escaped(note)}</li>`).join("\n");
  const page = render({
    title: `Audit of ${data}`,
    summary: `Rows of ${data} that may be wrong, by what ${model} would predict without them.`,
    facts: [
      ["rows", count(rows.length)],
      ["suspects", count(suspects.length)],
      ["notes", counted(notes.length, "note")],
    ],
    sections: [
      found,
      ...(notes.length > 0 ? [{ id: "table", title: "The table", html: `<ul>\n${items}\n</ul>` }] : []),
    ],
  });
  await writeOutput(path, page);
}
