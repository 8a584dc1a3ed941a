import { checkKeys, checkObject, isObject, wrongType, wrongValue } from "../check.js";
import { type Matrix, matrix } from "../linalg/matrix.js";
import { checkNetwork, type Network } from "../network/network.js";
import { type RowPass, rowPass } from "../network/resident.js";
import { decidesClasses } from "../network/spec.js";
import type { Row } from "../tables/cells.js";
import { type Columns, type ColumnsData, columnsFrom, type Decoded } from "../tables/columns.js";
import { coreMath } from "../wasm/math.js";
import type { Saved } from "./document.js";
import type { Imported } from "./imports/assemble.js";

/** Options of `predictor`. */
export interface PredictorOptions {
  /**
   * What `describe` found, or its `toJSON()`: rows then are cells. Default: what `hessia train`
   * saved with the model, else rows are inputs.
   */
  columns?: Columns | ColumnsData;
  /**
   * Called with a sentence for each column that has cells it does not know, such as text among
   * numbers. Default: none.
   */
  onNote?: (note: string) => void;
}

/** Rows taken at a time where there are many. */
const CHUNK = 4096;
const WHERE = "predictor";

/** A row: cells in a table's order, an object by its columns' names, or a network's inputs. */
export type PredictorRow = Row | ArrayLike<number>;

/** What is said beside numbers. */
interface Spoken {
  readonly onNote?: ((note: string) => void) | undefined;
  /** As the file of another program has them. */
  readonly labels?: readonly (string | number)[] | null;
}

/** A model that takes unscaled rows and returns labels or values. Made by `predictor`. */
export class Predictor {
  readonly #columns: Columns | null;
  readonly #onNote: ((note: string) => void) | undefined;
  /** As the file of another program has them. */
  readonly #labels: readonly (string | number)[] | null;
  readonly #pass: RowPass;
  /**
   * The classes in the order of the outputs, as numbers where the model has no names for them; null
   * for a model of values.
   */
  readonly classes: readonly string[] | null;

  /** @internal */
  constructor(
    /** The network behind it; it follows the network's parameters. */
    readonly network: Network,
    columns: Columns | null,
    { onNote, labels = null }: Spoken = {},
  ) {
    this.#columns = columns;
    this.#onNote = onNote;
    this.#labels = labels;
    this.#pass = rowPass(network);
    this.classes = columns ? columns.classes : (labels?.map(String) ?? numbered(network));
  }

  /**
   * The label or the value of one row (an array of values where there are several targets), or an
   * array of these for an array of rows.
   *
   * @param rows a row, or an array of rows or a matrix of inputs. A missing cell is filled in as in
   * training.
   * @throws TypeError or RangeError for rows of another width, objects without a column that is
   * needed, and inputs that are not finite numbers.
   */
  predict(rows: readonly PredictorRow[] | Matrix): Decoded[];
  predict(row: PredictorRow): Decoded;
  predict(given: PredictorRow | readonly PredictorRow[] | Matrix): Decoded | Decoded[] {
    if (isMatrix(given)) return this.#decoded(this.network.predict(given));
    return isMany(given) ? Array.from(this.each(given)) : this.#decoded(this.#outputs(given))[0];
  }

  /**
   * Predictions of a stream of rows, in memory that does not grow with their number.
   *
   * @param rows anything that can be iterated.
   */
  *each(rows: Iterable<PredictorRow>): Generator<Decoded> {
    let chunk: PredictorRow[] = [];
    for (const row of rows) {
      chunk.push(row);
      if (chunk.length < CHUNK) continue;
      yield* this.#decoded(this.network.predict(this.#inputs(chunk)));
      chunk = [];
    }
    if (chunk.length > 0) yield* this.#decoded(this.network.predict(this.#inputs(chunk)));
  }

  /**
   * The probabilities of the classes for one row, in the order of `classes`.
   *
   * @throws Error for a model of values.
   */
  probabilities(row: PredictorRow): Float64Array {
    if (!decidesClasses(this.network.spec.loss)) {
      throw new Error("probabilities: the model gives values and has no classes; use predict");
    }
    const data = this.outputs(row);
    const { exp } = coreMath(this.network.build);
    if (this.network.spec.loss === "binary-cross-entropy") {
      const p = data.map((z) => (z >= 0 ? 1 / (1 + exp(-z)) : exp(z) / (1 + exp(z))));
      return p.length === 1 ? Float64Array.of(1 - p[0], p[0]) : p;
    }
    const largest = data.reduce((a, b) => Math.max(a, b), -Infinity);
    const powers = data.map((z) => exp(z - largest));
    const sum = powers.reduce((a, b) => a + b, 0);
    return powers.map((power) => power / sum);
  }

  /**
   * The network's outputs for one row, owned by the caller: logits of classes, or values on the
   * scale of training.
   */
  outputs(row: PredictorRow): Float64Array {
    return Float64Array.from(this.#outputs(row).data);
  }

  #outputs(row: PredictorRow): Matrix {
    const { layout } = this.network;
    const { data } = this.#columns ? this.#inputs([row]) : { data: this.#checked(row, 0) as Float64Array };
    return { rows: 1, columns: layout.outputs, data: this.#pass.outputs(data) };
  }

  #inputs(rows: readonly PredictorRow[]): Matrix {
    if (this.#columns) {
      const { inputs, notes } = this.#columns.encode(rows as readonly Row[]);
      if (this.#onNote) for (const note of notes) this.#onNote(note);
      return inputs;
    }
    const width = this.network.layout.inputs;
    const data = new Float64Array(rows.length * width);
    rows.forEach((row, r) => {
      data.set(this.#checked(row, r), r * width);
    });
    return matrix(rows.length, width, data);
  }

  #checked(row: PredictorRow, index: number): ArrayLike<number> {
    const { inputs } = this.network.layout;
    if (!Array.isArray(row) && !ArrayBuffer.isView(row)) {
      const remedy = "objects and texts need a model with columns";
      wrongType(WHERE, `rows[${index}]`, `an array of ${inputs} numbers`, row, remedy);
    }
    const values = row as ArrayLike<number>;
    if (values.length !== inputs) {
      wrongValue(WHERE, `rows[${index}]`, `${inputs} numbers, as the network has inputs`, String(values.length));
    }
    for (let i = 0; i < inputs; ++i) {
      const value: unknown = values[i];
      if (typeof value !== "number") {
        wrongType(WHERE, `rows[${index}][${i}]`, "a number", value, "texts need a model with columns");
      }
      if (value - value !== 0) wrongValue(WHERE, `rows[${index}][${i}]`, "a finite number", String(value));
    }
    return values;
  }

  #decoded(outputs: Matrix): Decoded[] {
    if (this.#columns) return this.#columns.decode(outputs);
    const { rows, columns, data } = outputs;
    return Array.from({ length: rows }, (_, row) => {
      const own = Array.from(data.subarray(row * columns, (row + 1) * columns));
      if (!this.classes) return own.length === 1 ? own[0] : own;
      const label = own.length === 1 ? Number(own[0] > 0) : own.indexOf(Math.max(...own));
      return this.#labels?.[label] ?? label;
    });
  }
}

/**
 * A model ready to take rows: scaling, encoding, network and classes in one object that keeps the
 * weights where they are used.
 *
 * Single rows are computed by a loop in a small network, and by products with weights that stay in
 * the core in a large one. Many rows are computed in chunks.
 *
 * @param model a network, or what `loadNetwork`, `fromJson`, `fromSafetensors` or `fromOnnx`
 * returned: of a model that `hessia train` saved, rows are cells of its table.
 * @param options see `PredictorOptions`.
 * @returns an object that holds an instance of the core, which is garbage collected with it. It
 * follows the network's parameters. Cost: a copy of them.
 * @throws TypeError or RangeError for an invalid model, unknown options, and columns that do not
 * fit the network.
 * @example
 * const net = network({ inputs: 2, layers: [{ units: 1 }] });
 * net.setParameters([2, 3, 1]);
 * predictor(net).predict([1, 1]); // 6
 */
export function predictor(model: Network | Saved | Imported, options: PredictorOptions = {}): Predictor {
  checkObject(WHERE, "options", options);
  checkKeys(WHERE, options, ["columns", "onNote"]);
  const { onNote } = options as PredictorOptions;
  if (onNote !== undefined && typeof onNote !== "function") wrongType(WHERE, "onNote", "a function", onNote);
  const saved = isObject(model) && "network" in model && "metadata" in model ? (model as Saved) : null;
  const imported = isObject(model) && "network" in model && "classes" in model ? (model as Imported) : null;
  const net = saved?.network ?? imported?.network ?? model;
  checkNetwork(WHERE, net);
  const given = options.columns ?? columnsOf(saved);
  if (given === null) return new Predictor(net, null, { onNote, labels: imported?.classes ?? null });
  if (!isObject(given)) wrongType(WHERE, "columns", "what describe found", given);
  const columns = "encode" in given ? (given as unknown as Columns) : columnsFrom(given as unknown as ColumnsData);
  const { inputs } = net.layout;
  if (columns.inputNames.length !== inputs) {
    wrongValue(WHERE, "columns", `columns for ${inputs} inputs, as the network has`, String(columns.inputNames.length));
  }
  return new Predictor(net, columns, { onNote });
}

/** What `hessia train` keeps of the table in a model's file. */
function columnsOf(saved: Saved | null): ColumnsData | null {
  const table = saved?.metadata.table;
  return isObject(table) && Array.isArray(table.columns) ? (table as unknown as ColumnsData) : null;
}

/** Numbers for names; null for values, and for separate decisions. */
function numbered({ spec, layout }: Network): string[] | null {
  if (spec.loss === "cross-entropy") return Array.from({ length: layout.outputs }, (_, k) => String(k));
  return spec.loss === "binary-cross-entropy" && layout.outputs === 1 ? ["0", "1"] : null;
}

function isMatrix(given: unknown): given is Matrix {
  return isObject(given) && "rows" in given && "columns" in given && ArrayBuffer.isView(given.data);
}

function isMany(given: PredictorRow | readonly PredictorRow[]): given is readonly PredictorRow[] {
  if (!Array.isArray(given)) return false;
  const [first] = given;
  return (
    given.length === 0 ||
    Array.isArray(first) ||
    ArrayBuffer.isView(first) ||
    (isObject(first) && !("getTime" in first))
  );
}
