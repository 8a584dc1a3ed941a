import { toNpy } from "../../formats/index.js";
import { matrix, type Spectrum, type SymmetricMatrix } from "../../index.js";
import { badInput } from "../errors.js";
import { count } from "../output/format.js";

/** Endings of files for matrices and spectra. */
export const matrixEndings = [".npy", ".json", ".csv"];

/** Numbers that a text may hold: the engine's strings end at about half a gigabyte. */
const MOST_IN_TEXT = 2e7;

/** Refuses beforehand what would not fit into a text. */
export function checkMatrixFile(option: string, path: string | undefined, parameters: number): void {
  if (path === undefined || path.toLowerCase().endsWith(".npy") || parameters ** 2 <= MOST_IN_TEXT) return;
  badInput(`${option}: expected a name that ends in .npy for the ${count(parameters ** 2)} entries, got ${path}`);
}

/** A matrix as a file: NumPy's, JSON with the layers' ranges of rows, or CSV without a header. */
export function matrixFile(path: string, H: SymmetricMatrix): string | Uint8Array {
  const { size, data, ranges } = H;
  if (path.toLowerCase().endsWith(".npy")) return toNpy(matrix(size, size, data));
  const rows = Array.from({ length: size }, (_, i) => Array.from(data.subarray(i * size, (i + 1) * size)));
  if (path.toLowerCase().endsWith(".json")) {
    const blocks = ranges.map(({ name, from, to }) => ({ layer: Number(name), from, to }));
    return `${JSON.stringify({ size, blocks, rows })}\n`;
  }
  return `${rows.map((row) => row.join(",")).join("\n")}\n`;
}

/**
 * A spectrum as a file: its eigenvalues for NumPy, all that is known as JSON, or eigenvalues with
 * their errors as CSV.
 */
export function spectrumFile(path: string, found: Spectrum): string | Uint8Array {
  if (path.toLowerCase().endsWith(".npy")) return toNpy(found.values);
  if (path.toLowerCase().endsWith(".json")) {
    return `${JSON.stringify(found, (_, value) => (ArrayBuffer.isView(value) ? Array.from(value as Float64Array) : value))}\n`;
  }
  const rows = Array.from(found.values, (value, i) => `${value},${found.residuals[i] ?? ""}`);
  return `eigenvalue,error bound\n${rows.join("\n")}\n`;
}
