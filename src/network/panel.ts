import type { Dtype, Kernels } from "../wasm/kernels.js";
import { bytesPer, type FloatArray, type Workspace } from "../wasm/workspace.js";
import { behindWeights, type LayerLayout } from "./layout.js";

/** Bytes of H that are made in WebAssembly at once. */
const PANEL_BYTES = 16 << 20;
/** The most rows of a register tile: there is room for the tile that the last rows do not fill. */
const TILE_ROWS = 6;
/** Columns that are turned round at once; with 64 rows these stay in the second-level cache. */
const TURNED_COLUMNS = 256;

/**
 * Rows of H while they are made: those of the weights into one unit, and of its other parameters
 * behind them, or some of these.
 */
export class Panel {
  /** Address; rows are `size` numbers apart, a column for each parameter. */
  readonly at: number;
  /** As many rows as fit. */
  readonly rows: number;
  /** Of a panel of another thread: its rows and, from `turned` on, its columns as rows. */
  readonly bytes: number;
  readonly turned: number;
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
    this.turned = (this.rows + TILE_ROWS) * size * this.#bytes;
    this.bytes = Math.ceil((this.turned + this.rows * size * this.#bytes) / 64) * 64;
    this.at = workspace.allocateBytes(this.turned);
    this.#turned = workspace.allocate(dtype, this.rows * TURNED_COLUMNS);
  }

  /**
   * Copies rows `from` … of unit i's parameters to H, as rows and, turned round, as columns. What
   * of it lies among the unit's own parameters is only taken from right of the diagonal, but for
   * its weights alone where they are all there: these are symmetric already. `at`: of another
   * thread's panel.
   */
  write(layer: LayerLayout, i: number, from: number, rows: number, add: boolean, at = this.at): void {
    const { inputs, units, weight, bias } = layer;
    const own = weight + i * inputs;
    const behind = behindWeights(layer, i);
    const whole = rows === inputs + behind.length;
    const rightOf = behind.map((at, r) => [at + 1, r + 1 < behind.length ? bias + (r + 1) * units : this.size]);
    const runs = [[own + inputs, bias], ...rightOf];
    for (let j = 0; j < rows; ++j) {
      const isWeight = from + j < inputs;
      const row = isWeight ? own + from + j : behind[from + j - inputs];
      const line = at / this.#bytes + j * this.size;
      if (isWeight && whole) this.#copyRow(line, row, own, own + inputs, add);
      else if (isWeight) this.#copyOwn(line, row, row, own + inputs, add);
      for (const place of behind) if (place >= row) this.#copyOwn(line, row, place, place + 1, add);
      for (const [start, end] of runs) this.#copyRow(line, row, start, end, add);
    }
    const weights = Math.max(0, Math.min(rows, inputs - from));
    const others = behind.slice(Math.max(0, from - inputs), Math.max(0, from + rows - inputs));
    const turned = at === this.at ? 0 : at + this.turned;
    for (const [start, end] of runs) {
      const ready = turned && turned + (start - own - inputs) * rows * this.#bytes;
      this.#copyColumns(own + from, weights, others, start, end, add, ready);
    }
  }

  #copyRow(at: number, row: number, start: number, end: number, add: boolean): void {
    const view = this.workspace.view(this.dtype);
    const { size } = this;
    if (!add && end - start > 32) this.matrix.set(view.subarray(at + start, at + end), row * size + start);
    else copy(view, at + start, this.matrix, row * size + start, end - start, add);
  }

  /**
   * Columns `start` … `end` of the panel, as rows of H: the first numbers of each from column `at`
   * on, the others one by one. `ready`: where they are turned round already, or 0.
   */
  #copyColumns(
    at: number,
    first: number,
    others: readonly number[],
    start: number,
    end: number,
    add: boolean,
    ready: number,
  ): void {
    const { size } = this;
    const { matrix } = this;
    const rows = first + others.length;
    const step = ready ? end - start : Math.min(TURNED_COLUMNS, end - start);
    for (let column = start; column < end; column += step) {
      const count = Math.min(step, end - column);
      if (!ready) this.#kernels.transpose(this.at + column * this.#bytes, rows, count, size, this.#turned, rows);
      const view = this.workspace.view(this.dtype);
      const turned = (ready || this.#turned) / this.#bytes;
      copyRuns(view, turned, rows, count, first, matrix, column * size + at, size, add);
      others.forEach((other, r) => {
        copyRuns(view, turned + first + r, rows, count, 1, matrix, column * size + other, size, add);
      });
    }
  }

  /**
   * Columns `start` … `end` of a row among the unit's own parameters, to both sides of the
   * diagonal.
   */
  #copyOwn(at: number, row: number, start: number, end: number, add: boolean): void {
    const view = this.workspace.view(this.dtype);
    const { size } = this;
    const { matrix } = this;
    for (let column = start; column < end; ++column) {
      const value = view[at + column];
      matrix[row * size + column] = add ? matrix[row * size + column] + value : value;
      matrix[column * size + row] = matrix[row * size + column];
    }
  }
}

/**
 * Plain loops in functions of their own, which the engine compiles for one kind of array at a time.
 */
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
  const fours = length & ~3;
  for (let run = 0; run < runs; ++run, at += gap, start += stride) {
    let i = 0;
    if (add) for (; i < length; ++i) to[start + i] += from[at + i];
    // Engines leave such a loop as it is, and it takes a good part of a small matrix's time.
    for (; i < fours; i += 4) {
      to[start + i] = from[at + i];
      to[start + i + 1] = from[at + i + 1];
      to[start + i + 2] = from[at + i + 2];
      to[start + i + 3] = from[at + i + 3];
    }
    for (; i < length; ++i) to[start + i] = from[at + i];
  }
}
