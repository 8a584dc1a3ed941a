import type { Dtype, Kernels } from "../wasm/kernels.js";
import { bytesPer, type FloatArray, type Workspace } from "../wasm/workspace.js";
import type { LayerLayout } from "./layout.js";

/** Bytes of H that are made in WebAssembly at once. */
const PANEL_BYTES = 16 << 20;
/** The most rows of a register tile: there is room for the tile that the last rows do not fill. */
const TILE_ROWS = 6;
/** Columns that are turned round at once; with 64 rows these stay in the second-level cache. */
const TURNED_COLUMNS = 256;

/** Rows of H while they are made: those of the weights into one unit, and of its bias behind them, or some of these. */
export class Panel {
  /** Address; rows are `size` numbers apart, a column for each parameter. */
  readonly at: number;
  /** As many rows as fit. */
  readonly rows: number;
  readonly #kernels: Kernels;
  readonly #bytes: number;
  /** Some columns, as rows. */
  readonly #turned: number;

  constructor(
    readonly workspace: Workspace,
    readonly dtype: Dtype,
    readonly size: number,
    /** As many rows as are wanted at once. */
    wanted: number,
    readonly matrix: FloatArray,
  ) {
    this.#bytes = bytesPer(dtype);
    this.#kernels = workspace.kernels(dtype);
    this.rows = Math.max(1, Math.min(wanted, Math.floor(PANEL_BYTES / this.#bytes / size)));
    this.at = workspace.allocate(dtype, (this.rows + TILE_ROWS) * size);
    this.#turned = workspace.allocate(dtype, this.rows * TURNED_COLUMNS);
  }

  /**
   * Copies rows `from` … of the weights into unit i to H, as rows and, turned round, as columns. What of it lies among the unit's own parameters is symmetric
   * already, or else only taken from right of the diagonal.
   */
  write({ inputs, weight, bias }: LayerLayout, i: number, from: number, rows: number, add: boolean): void {
    const { size } = this;
    const own = weight + i * inputs;
    const whole = rows === inputs + 1;
    for (let j = 0; j < rows; ++j) {
      const row = from + j < inputs ? own + from + j : bias + i;
      if (whole) this.#copyRow(j, row, own, own + inputs, add);
      else this.#copyOwn(j, row, own + inputs, bias + i, add);
      this.#copyRow(j, row, own + inputs, bias, add);
      if (whole) this.#copyRow(j, row, bias + i, bias + i + 1, add);
      this.#copyRow(j, row, bias + i + 1, size, add);
    }
    this.#copyColumns(own + from, bias + i, rows, from + rows > inputs, own + inputs, bias, add);
    this.#copyColumns(own + from, bias + i, rows, from + rows > inputs, bias + i + 1, size, add);
  }

  #copyRow(j: number, row: number, start: number, end: number, add: boolean): void {
    const view = this.workspace.view(this.dtype);
    const { size } = this;
    const at = this.at / this.#bytes + j * size;
    if (!add && end - start > 32) this.matrix.set(view.subarray(at + start, at + end), row * size + start);
    else copy(view, at + start, this.matrix, row * size + start, end - start, add);
  }

  /** Columns `start` … `end` of the panel, as rows of H: the weights' part lies at `weights`, the bias's at `bias`. */
  #copyColumns(
    weights: number,
    bias: number,
    rows: number,
    hasBias: boolean,
    start: number,
    end: number,
    add: boolean,
  ): void {
    const { size } = this;
    const { matrix } = this;
    const inner = hasBias ? rows - 1 : rows;
    const step = Math.min(TURNED_COLUMNS, end - start);
    for (let column = start; column < end; column += step) {
      const count = Math.min(step, end - column);
      this.#kernels.transpose(this.at + column * this.#bytes, rows, count, size, this.#turned, rows);
      const view = this.workspace.view(this.dtype);
      const at = this.#turned / this.#bytes;
      copyRuns(view, at, rows, count, inner, matrix, column * size + weights, size, add);
      if (hasBias) copyRuns(view, at + inner, rows, count, 1, matrix, column * size + bias, size, add);
    }
  }

  /** A row among the unit's own parameters, from the diagonal on, to both sides of it. */
  #copyOwn(j: number, row: number, end: number, bias: number, add: boolean): void {
    const view = this.workspace.view(this.dtype);
    const { size } = this;
    const { matrix } = this;
    const at = this.at / this.#bytes + j * size;
    const take = (column: number): void => {
      const value = (add ? matrix[row * size + column] : 0) + view[at + column];
      matrix[row * size + column] = value;
      matrix[column * size + row] = value;
    };
    if (row < bias) for (let column = row; column < end; ++column) take(column);
    take(bias);
  }
}

/** Plain loops in functions of their own, which the engine compiles for one kind of array at a time. */
function copy(from: FloatArray, at: number, to: FloatArray, start: number, count: number, add: boolean): void {
  if (add) for (let i = 0; i < count; ++i) to[start + i] += from[at + i];
  else for (let i = 0; i < count; ++i) to[start + i] = from[at + i];
}

/** `runs` runs of `length` numbers, `gap` apart in one array and `stride` in the other. */
function copyRuns(
  from: FloatArray,
  at: number,
  gap: number,
  runs: number,
  length: number,
  to: FloatArray,
  start: number,
  stride: number,
  add: boolean,
): void {
  for (let run = 0; run < runs; ++run, at += gap, start += stride) {
    if (add) for (let i = 0; i < length; ++i) to[start + i] += from[at + i];
    else for (let i = 0; i < length; ++i) to[start + i] = from[at + i];
  }
}
