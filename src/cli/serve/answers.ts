import { predictor } from "../../formats/index.js";
import { type Columns, columnsFrom } from "../../tables/index.js";
import { openText } from "../data/source.js";
import { badInput, CommandError } from "../errors.js";
import type { Model } from "../model/file.js";
import { csvOf, Predictions } from "../model/predictions.js";
import { namedBy, planOf } from "../model/sheet.js";

/** What a request asks for beside predictions. */
export interface Asked {
  readonly probabilities: boolean;
}

/** What a server says of rows: plain data for JSON, or a table's text. */
export interface Answers {
  json(body: string, asked: Asked): object;
  csv(body: string, asked: Asked): Promise<string>;
  /** What rows have to be like, and what predictions are like. */
  readonly schema: object;
}

type Cells = (string | number | boolean | null)[];
type Given = Cells | Record<string, string | number | boolean | null>;

/**
 * Rows from others in, predictions of a model out. Whatever is wrong with the rows is a
 * CommandError.
 */
export function answersOf(model: Model): Answers {
  const { net, record, table, labels } = model;
  const columns = record && columnsFrom(record.table);
  let notes: string[] = [];
  const made = predictor(
    { network: net, classes: labels },
    { ...(columns ? { columns } : {}), onNote: (note) => void notes.push(note) },
  );
  const inner = { classes: made.classes };
  const withProbabilities = (row: Given): object => {
    const probabilities = made.probabilities(row as Cells);
    return Object.fromEntries((inner.classes ?? []).map((name, k) => [name, probabilities[k]]));
  };
  return {
    json(body, { probabilities }) {
      const rows = rowsIn(body);
      if (probabilities) checkClasses(inner);
      notes = [];
      const single = !isList(rows);
      const predicted = made.predict(rows as never);
      const said = notes.length > 0 ? { notes } : {};
      if (single) {
        const sure = probabilities ? { probabilities: withProbabilities(rows) } : {};
        return { prediction: predicted, ...sure, ...said };
      }
      return {
        predictions: predicted,
        ...(probabilities ? { probabilities: (rows as Given[]).map(withProbabilities) } : {}),
        ...said,
      };
    },
    async csv(body, { probabilities }) {
      if (!table) return badInput("expected JSON, since the model has no columns of a table");
      if (probabilities) checkClasses(inner);
      const { target: _, ...reading } = record?.settings ?? {};
      const opened = await openText("the table", body, { ...reading, separator: undefined });
      const predictions = new Predictions(net, planOf(namedBy(opened), { record, table }), { probabilities });
      let text = "";
      for await (const piece of csvOf(predictions, opened)) text += piece;
      return text;
    },
    schema: columns ? schemaOf(columns) : { inputs: net.spec.inputs, classes: made.classes },
  };
}

function checkClasses({ classes }: { classes: readonly string[] | null }): void {
  if (classes === null) badInput("probabilities: expected a model of classes, got one of values");
}

/** A row, or a list of them, of cells that are text, numbers, yes or no, or null. */
function rowsIn(body: string): Given | Given[] {
  let rows: unknown;
  try {
    rows = JSON.parse(body);
  } catch (error) {
    return badInput(`expected JSON, got ${body.trim() === "" ? "an empty body" : (error as Error).message}`);
  }
  if (!isList(rows)) {
    checkRow(rows, 1);
    return rows as Given;
  }
  if (rows.length === 0) badInput("expected at least one row, got an empty list");
  for (const [i, row] of rows.entries()) {
    checkRow(row, i + 1);
    if (Array.isArray(row) !== Array.isArray(rows[0])) badInput(`row ${i + 1}: expected the same kind as row 1`);
  }
  return rows as Given[];
}

/** A list of rows, and not of cells. */
function isList(rows: unknown): rows is unknown[] {
  return Array.isArray(rows) && (rows.length === 0 || (typeof rows[0] === "object" && rows[0] !== null));
}

function checkRow(row: unknown, number: number): void {
  if (typeof row !== "object" || row === null) {
    badInput(`row ${number}: expected an object by column names or an array of cells, got ${JSON.stringify(row)}`);
  }
  for (const [name, cell] of Object.entries(row)) {
    if (cell !== null && typeof cell === "object") {
      badInput(
        `row ${number}, ${JSON.stringify(name)}: expected text, a number, true, false or null, got a list or an object`,
      );
    }
  }
}

function schemaOf(columns: Columns): object {
  const { data, classes, task, targetNames, needed } = columns;
  return {
    task,
    target: targetNames.length === 1 ? targetNames[0] : targetNames,
    classes,
    columns: data.columns
      .filter(({ name }) => needed.includes(name))
      .map(({ name, type, encoding }) => ({ name, type, ...valuesOf(encoding) })),
  };
}

function valuesOf(encoding: Columns["data"]["columns"][number]["encoding"]): object {
  if (encoding?.kind === "category") return { values: encoding.kinds };
  if (encoding?.kind === "ordered") return { values: encoding.levels };
  return encoding?.kind === "boolean" ? { values: [encoding.no, encoding.yes] } : {};
}

/** A sentence for what is wrong with a request; null for what is wrong with the program. */
export function refusal(error: unknown): string | null {
  if (error instanceof CommandError) return error.message;
  const refused = error instanceof RangeError || error instanceof TypeError;
  const found = refused ? /^(?:encode|predictor): (.*)$/s.exec(error.message) : null;
  return found ? found[1] : null;
}
