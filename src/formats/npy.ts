import { isFloat32, isFloat64, isObject, tagOf, wrongType } from "../check.js";
import { type Matrix, toMatrix } from "../linalg/matrix.js";

/** The header ends at a multiple of this, so that the numbers can be mapped into memory. */
const ALIGNMENT = 64;

/**
 * A matrix or vector as a NumPy file, version 1.0
 * (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html): `numpy.load` reads it.
 *
 * @param values a matrix, which becomes an array of rows × columns in C order; or a Float64Array,
 * Float32Array or Int32Array, which becomes one of one dimension. The type of the numbers is kept.
 * A symmetric matrix is written by its `toDense()`.
 * @returns the bytes of the file, owned by the caller.
 * @throws TypeError for anything else.
 * @example
 * toNpy(matrix([[1, 2], [3, 4]])).length; // 160
 */
export function toNpy(values: Matrix | Float64Array | Float32Array | Int32Array): Uint8Array<ArrayBuffer> {
  const { shape, data } = isObject(values) ? ofMatrix(values) : ofVector(values);
  const description = `{'descr': '${descriptionOf(data)}', 'fortran_order': False, 'shape': ${shape}, }`;
  const beforeText = 10;
  const size = Math.ceil((beforeText + description.length + 1) / ALIGNMENT) * ALIGNMENT;
  const bytes = new Uint8Array(size + data.byteLength);
  bytes.set([0x93, ...ascii("NUMPY"), 1, 0]);
  new DataView(bytes.buffer).setUint16(8, size - beforeText, true);
  bytes.fill(0x20, beforeText, size);
  bytes.set(ascii(description), beforeText);
  bytes[size - 1] = 0x0a;
  bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), size);
  return bytes;
}

function isInt32(values: unknown): values is Int32Array {
  return ArrayBuffer.isView(values) && tagOf(values) === "Int32Array";
}

type Numbers = Float64Array | Float32Array | Int32Array;

function ofMatrix(values: unknown): { shape: string; data: Numbers } {
  const { rows, columns, data } = toMatrix("toNpy", "values", values);
  return { shape: `(${rows}, ${columns})`, data };
}

function ofVector(values: unknown): { shape: string; data: Numbers } {
  if (isFloat64(values) || isFloat32(values) || isInt32(values)) {
    return { shape: `(${values.length},)`, data: values };
  }
  return wrongType("toNpy", "values", "a matrix, a Float64Array, a Float32Array or an Int32Array", values);
}

/** Little-endian, as WebAssembly's memory is. */
function descriptionOf(data: Numbers): string {
  if (isInt32(data)) return "<i4";
  return isFloat32(data) ? "<f4" : "<f8";
}

function ascii(text: string): number[] {
  return Array.from(text, (letter) => letter.charCodeAt(0));
}
