import type { Matrix, Network } from "../../index.js";
import type { Columns, Decoded } from "../../tables/index.js";
import { Unknown } from "../../tables/unknown.js";
import type { Opened } from "../data/source.js";
import { type Certainty, farRowsOf, type Interval, intervalsOf } from "../study/posterior.js";
import { type Score, Scorer } from "../training/score.js";
import { type Plan, type Sheet, sheetsOf } from "./sheet.js";

/** What is asked for beside the prediction. */
export interface Asked {
  readonly probabilities?: boolean | undefined;
  /** Ends between which so many of 100 lie. */
  readonly interval?: number | undefined;
  /** The file's own columns first. */
  readonly append?: boolean | undefined;
  /** Whether rows with a known target are scored. */
  readonly score?: boolean;
}

/** A cell of a prediction; null where nothing can be predicted. */
export type PredictedCell = string | number | null;

/** Rows as they came, and what is said of each. */
export interface Predicted {
  readonly sheet: Sheet;
  readonly cells: readonly (readonly PredictedCell[])[];
  /** Rows far from those that the model was trained on; null where that was not asked. */
  readonly far: ReadonlySet<number> | null;
}

/** What a model says of the rows of a file, as they come. */
export class Predictions {
  /** Names of the columns, the prediction itself first. */
  readonly names: readonly string[];
  readonly #net: Network;
  readonly #asked: Asked;
  readonly #sure: Certainty | null;
  readonly #farRows: ((inputs: Matrix) => Set<number>) | null;
  readonly #intervals: ((inputs: Matrix) => Interval) | null;
  #far: { count: number; line: number } | null = null;
  readonly #unknown = new Unknown();
  readonly #scorer: Scorer;
  #strangers: { count: number; label: string } | null = null;

  /** @param sure for intervals and calibrated probabilities. */
  constructor(
    net: Network,
    readonly plan: Plan,
    asked: Asked,
    sure: Certainty | null = null,
  ) {
    this.#net = net;
    this.#asked = asked;
    this.#sure = sure;
    this.#farRows = sure && farRowsOf(sure);
    const values = plan.columns.classes === null;
    this.#intervals = sure && values ? intervalsOf(sure, plan.columns, (asked.interval as number) / 100) : null;
    this.#scorer = new Scorer(net, plan.columns);
    this.names = namesOf(plan, asked, sure !== null);
  }

  /** Batches of predicted rows. */
  async *of(opened: Opened): AsyncGenerator<Predicted> {
    for await (const sheet of sheetsOf(opened, this.plan, this.#unknown)) {
      if (sheet.data && this.#asked.score) this.#scorer.add(sheet.data);
      if (sheet.strangers) {
        this.#strangers ??= { count: 0, label: sheet.strangers.label };
        this.#strangers.count += sheet.strangers.rows.length;
      }
      const cells = this.#cellsOf(sheet.inputs);
      const far = this.#farOf(sheet);
      yield { sheet, far, cells: sheet.records.map((_, row) => (sheet.incomplete.has(row) ? [null] : cells(row))) };
    }
  }

  #farOf(sheet: Sheet): Set<number> | null {
    if (!this.#farRows) return null;
    const far = new Set([...this.#farRows(sheet.inputs)].filter((row) => !sheet.incomplete.has(row)));
    const [first] = far;
    if (first !== undefined) {
      this.#far ??= { count: 0, line: sheet.lines[first] };
      this.#far.count += far.size;
    }
    return far;
  }

  /**
   * How many rows are far from those that the model was trained on, and the line of the first; null
   * for none.
   */
  get far(): { readonly count: number; readonly line: number } | null {
    return this.#far;
  }

  /** Whether rows are marked that are far from those that the model was trained on. */
  get marks(): boolean {
    return this.#farRows !== null;
  }

  /** What cells held that their columns do not know. */
  notes(): string[] {
    return this.#unknown.notes();
  }

  /** Rows with a label that the model does not know, and the first such label. */
  get strangers(): { readonly count: number; readonly label: string } | null {
    return this.#strangers;
  }

  /** Rows with a known target. */
  get known(): number {
    return this.#scorer.rows;
  }

  /**
   * Of the rows with a known target, or of a part of very many; those whose label is no class of
   * the model count as wrong.
   */
  score(): Score | null {
    const score = this.#scorer.score();
    const strange = this.#strangers?.count ?? 0;
    if (!score || strange === 0 || score.accuracy === undefined) return score;
    const rows = score.rows + strange;
    return { ...score, rows, accuracy: (score.accuracy * score.rows) / rows };
  }

  #cellsOf(inputs: Matrix): (row: number) => PredictedCell[] {
    const { columns } = this.plan;
    const decoded = columns.decode(this.#net.predict(inputs));
    const own = (row: number): PredictedCell[] => [decoded[row] as Exclude<Decoded, readonly number[]>].flat();
    const sure = this.#sure;
    const { classes } = columns;
    if (classes === null) {
      if (!this.#intervals) return own;
      const { low, high } = this.#intervals(inputs);
      return (row) => [...own(row), ...low[row].flatMap((value, j) => [value, high[row][j]])];
    }
    if (!this.#asked.probabilities && !sure) return own;
    const { data, columns: width } = sure ? sure.posterior.probabilities(inputs) : this.#net.probabilities(inputs);
    if (width === 1) return (row) => [...own(row), 1 - data[row], data[row]];
    return (row) => [...own(row), ...classes.map((_, k) => data[row * width + k])];
  }
}

/** Names that the file's own columns do not have. */
function namesOf({ columns, names }: Plan, { probabilities }: Asked, sure: boolean): string[] {
  const taken = new Set(names);
  const free = (name: string): string => {
    let own = name;
    for (let k = 2; taken.has(own); ++k) own = `${name} ${k}`;
    taken.add(own);
    return own;
  };
  const own = (name: string): string => free(names.includes(name) || !columns.data.named ? "prediction" : name);
  const { classes, targetNames } = columns;
  const first =
    targetNames.length === 1 ? [own(targetNames[0])] : targetNames.map((name) => free(`prediction of ${name}`));
  if (classes === null)
    return sure ? [...first, ...first.flatMap((one) => [free(`${one} low`), free(`${one} high`)])] : first;
  return probabilities || sure ? [...first, ...classes.map((label) => free(`probability of ${label}`))] : first;
}

/** The predictions as a table, piece by piece. */
export async function* csvOf(predictions: Predictions, opened: Opened, append = false): AsyncGenerator<string> {
  const { names, plan } = predictions;
  const last = predictions.marks ? [farName(plan.names, names)] : [];
  yield lineOf([...(append ? plan.names : []), ...names, ...last]);
  for await (const { sheet, cells, far } of predictions.of(opened)) {
    const lines = cells.map((own, row) => {
      const predicted = names.map((_, k) => own[k] ?? "");
      const mark = far ? [far.has(row) ? "yes" : ""] : [];
      return lineOf([...(append ? (sheet.records[row] as string[]) : []), ...predicted, ...mark]);
    });
    yield lines.join("");
  }
}

/**
 * The name of the column that marks rows far from those that the model was trained on, unlike all
 * others.
 */
function farName(...taken: readonly (readonly string[])[]): string {
  const all = new Set(taken.flat());
  let name = "far";
  for (let k = 2; all.has(name); ++k) name = `far ${k}`;
  return name;
}

function lineOf(cells: readonly (string | number)[]): string {
  return `${cells.map(cellOf).join(",")}\n`;
}

/** Quoted where it has to be (RFC 4180). */
export function cellOf(value: string | number): string {
  const text = String(value);
  return /[",\n\r]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** A class, a value, or a value a target. */
export function predictionOf(
  cells: readonly PredictedCell[],
  { targetNames }: Columns,
): PredictedCell | readonly PredictedCell[] {
  return targetNames.length > 1 && cells[0] !== null ? cells.slice(0, targetNames.length) : cells[0];
}
