import {
  checkBoolean,
  checkInteger,
  checkKeys,
  checkObject,
  isFloat32,
  isFloat64,
  isObject,
  wrongType,
  wrongValue,
} from "../check.js";
import { currentBuild } from "../wasm/load.js";
import { borrow, type FloatArray } from "../wasm/workspace.js";

/** A dense matrix, row-major: element (i, j) is data[i·columns + j]. */
export interface Matrix {
  /** Number of rows. */
  readonly rows: number;
  /** Number of columns. */
  readonly columns: number;
  /** rows · columns numbers. */
  readonly data: FloatArray;
}

/**
 * Makes a matrix from rows of numbers, or wraps numbers that already lie row by row.
 *
 * A Float64Array or Float32Array is wrapped as it is, without a copy; anything else is copied to a
 * Float64Array.
 *
 * @param rows an array of rows of equal length; or the number of rows, followed by the number of
 * columns and the data.
 * @returns the matrix; its data belongs to the caller.
 * @throws TypeError for what is not numbers, RangeError for ragged rows or data of the wrong
 * length.
 * @example
 * matrix([[1, 2], [3, 4]]).data; // Float64Array [1, 2, 3, 4]
 */
export function matrix(rows: readonly (readonly number[])[]): Matrix;
export function matrix(rows: number, columns: number, data: ArrayLike<number>): Matrix;
export function matrix(
  rows: readonly (readonly number[])[] | number,
  columns?: number,
  data?: ArrayLike<number>,
): Matrix {
  if (typeof rows !== "number") return fromRows("matrix", "rows", rows);
  checkInteger("matrix", "rows", rows, 0);
  checkInteger("matrix", "columns", columns, 0);
  if (data === null || typeof data !== "object" || typeof data.length !== "number") {
    wrongType("matrix", "data", "an array of numbers", data);
  }
  if (data.length !== rows * columns) {
    wrongValue("matrix", "data", `${rows} × ${columns} = ${rows * columns} numbers`, String(data.length));
  }
  return { rows, columns, data: asFloats("matrix", "data", data) };
}

export function isFloatArray(value: unknown): value is FloatArray {
  return isFloat64(value) || isFloat32(value);
}

/** Numbers as floats; floats as they are. Converting alone would make 0 of null and 1 of "1". */
function asFloats(where: string, name: string, values: ArrayLike<number>): FloatArray {
  return isFloatArray(values) ? values : copyNumbers(where, name, values, "at index");
}

/** A copy in double precision; refuses what is not a number, with its `place`. */
export function copyNumbers(where: string, name: string, values: ArrayLike<unknown>, place: string): Float64Array {
  const copy = new Float64Array(values.length);
  for (let i = 0; i < copy.length; ++i) {
    const value = values[i];
    if (typeof value !== "number") wrongType(where, name, `a number ${place} ${i}`, value);
    copy[i] = value;
  }
  return copy;
}

/** Rows of numbers into a matrix; every row must be an array of the first one's length. */
export function fromRows(where: string, name: string, rows: unknown): Matrix {
  if (!Array.isArray(rows)) wrongType(where, name, "an array of rows or a matrix", rows);
  const columns = rows.length > 0 ? rowLength(where, name, rows[0], 0) : 0;
  const data = new Float64Array(rows.length * columns);
  for (let i = 0; i < rows.length; ++i) {
    const row = rows[i] as ArrayLike<number>;
    const length = rowLength(where, name, row, i);
    if (length !== columns) {
      wrongValue(where, name, `rows of equal length (${columns}, as in row 0)`, `${length} in row ${i}`);
    }
    for (let j = 0; j < columns; ++j) {
      if (typeof row[j] !== "number") wrongType(where, name, `a number in row ${i}, column ${j}`, row[j]);
      data[i * columns + j] = row[j];
    }
  }
  return { rows: rows.length, columns, data };
}

function rowLength(where: string, name: string, row: unknown, index: number): number {
  if (!Array.isArray(row) && !ArrayBuffer.isView(row)) {
    wrongType(where, name, `an array of numbers in row ${index}`, row);
  }
  return (row as ArrayLike<number>).length;
}

/** A matrix as given, or rows made into one. */
export function toMatrix(where: string, name: string, value: unknown): Matrix {
  if (!isObject(value)) return fromRows(where, name, value);
  const { rows, columns, data } = value as Partial<Matrix>;
  checkInteger(where, `${name}.rows`, rows, 0);
  checkInteger(where, `${name}.columns`, columns, 0);
  if (!isFloatArray(data)) wrongType(where, `${name}.data`, "a Float64Array or Float32Array", data);
  if (data.length !== rows * columns) {
    wrongValue(where, `${name}.data`, `${rows} × ${columns} numbers`, String(data.length));
  }
  return value as unknown as Matrix;
}

/** Refuses NaN and infinity, and says where they are. */
export function checkFinite(where: string, name: string, { rows, columns, data }: Matrix): void {
  for (let i = 0; i < data.length; ++i) {
    if (data[i] - data[i] !== 0) {
      const place = `row ${Math.floor(i / columns)}, column ${i % columns} of ${rows} × ${columns}`;
      wrongValue(where, name, "finite numbers", `${data[i]} in ${place}`);
    }
  }
}

/** What `multiply` takes beside the factors. */
export interface MultiplyOptions {
  /** Multiply by Aᵀ instead of A. Default: false. */
  transposeA?: boolean;
  /** Multiply by Bᵀ instead of B. Default: false. */
  transposeB?: boolean;
}

/**
 * The matrix product op(A)·op(B), computed by the SIMD core.
 *
 * @param A m × k, or k × m with `transposeA`.
 * @param B k × n, or n × k with `transposeB`.
 * @returns m × n, owned by the caller: single precision where both operands are Float32Array,
 * double precision otherwise.
 * Cost: 2·m·n·k flops; the operands are copied to and the result from WebAssembly memory.
 * @throws RangeError where the inner dimensions differ, or where the operands do not fit into 4
 * GiB.
 * @example
 * multiply(matrix([[1, 2]]), matrix([[3], [4]])).data; // Float64Array [11]
 */
export function multiply(A: Matrix, B: Matrix, options: MultiplyOptions = {}): Matrix {
  const a = toMatrix("multiply", "A", A);
  const b = toMatrix("multiply", "B", B);
  checkObject("multiply", "options", options);
  checkKeys("multiply", options, ["transposeA", "transposeB"]);
  const { transposeA = false, transposeB = false } = options as MultiplyOptions;
  checkBoolean("multiply", "transposeA", transposeA);
  checkBoolean("multiply", "transposeB", transposeB);
  const [m, k] = transposeA ? [a.columns, a.rows] : [a.rows, a.columns];
  const [inner, n] = transposeB ? [b.columns, b.rows] : [b.rows, b.columns];
  if (k !== inner) {
    wrongValue("multiply", "B", `${k} ${transposeB ? "columns" : "rows"}, as A asks for`, String(inner));
  }
  const dtype = isFloat32(a.data) && isFloat32(b.data) ? "f32" : "f64";
  return borrow(currentBuild(), (workspace) => {
    const aAt = workspace.allocate(dtype, m * k);
    const bAt = workspace.allocate(dtype, k * n);
    const cAt = workspace.allocate(dtype, m * n);
    workspace.write(dtype, aAt, a.data);
    workspace.write(dtype, bAt, b.data);
    const [aRow, aColumn] = transposeA ? [1, a.columns] : [a.columns, 1];
    const [bRow, bColumn] = transposeB ? [1, b.columns] : [b.columns, 1];
    workspace
      .kernels(dtype)
      .product(m, n, k, 1, aAt, aRow, aColumn, bAt, bRow, bColumn, 0, cAt, n, 0, -1, 0, cAt, workspace.scratch);
    return { rows: m, columns: n, data: workspace.read(dtype, cAt, m * n) };
  });
}
