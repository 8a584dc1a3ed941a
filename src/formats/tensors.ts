import { isFloat32, show, wrongType, wrongValue } from "../check.js";
import type { Dtype } from "../wasm/kernels.js";
import type { FloatArray } from "../wasm/workspace.js";
import { clip } from "./plain.js";

/** Numbers with a shape, row-major. */
export interface Tensor {
  /** Sizes, the outermost first. */
  readonly shape: readonly number[];
  /** As many numbers as the sizes make. */
  readonly data: FloatArray;
}

/** A tensor in a file: what is said about it, and its numbers once they are asked for. */
export interface StoredTensor {
  readonly dtype: string;
  readonly shape: readonly number[];
  /** A copy of its own. */
  read(): FloatArray;
}

export function dtypeOf(data: FloatArray): Dtype {
  return isFloat32(data) ? "f32" : "f64";
}

/** Number of elements; NaN or more than any file has where the sizes make no sense. */
export function countOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

export function checkShape(where: string, name: string, shape: unknown): asserts shape is number[] {
  if (!Array.isArray(shape)) wrongType(where, name, "an array of sizes", shape);
  for (const size of shape as unknown[]) {
    if (!Number.isSafeInteger(size) || (size as number) < 0) wrongValue(where, name, "sizes from 0", show(size));
  }
}

/**
 * The tensors of a file by name. Each is given out once, so that a file cannot ask for more memory
 * than it has itself.
 */
export class TensorShelf {
  readonly #where: string;
  readonly #tensors: Map<string, StoredTensor>;

  constructor(where: string, tensors: Map<string, StoredTensor>) {
    this.#where = where;
    this.#tensors = tensors;
  }

  get size(): number {
    return this.#tensors.size;
  }

  /** Whether there is a tensor of this name, type and shape. */
  check(name: string, dtype: Dtype, shape: readonly number[]): void {
    const found = this.#tensors.get(name);
    const expected = describe(dtype, shape);
    if (!found) wrongValue(this.#where, name, `a tensor of ${expected}`, "none");
    const got = describe(found.dtype, found.shape);
    if (got !== expected) wrongValue(this.#where, name, expected, got);
  }

  take(name: string): FloatArray {
    const found = this.#tensors.get(name);
    if (!found) return wrongValue(this.#where, clip(name), "a tensor of this name that is used once", "none");
    if (found.dtype !== "f32" && found.dtype !== "f64") {
      wrongValue(this.#where, clip(name), "f32 or f64", show(found.dtype));
    }
    this.#tensors.delete(name);
    return found.read();
  }
}

function describe(dtype: string, shape: readonly number[]): string {
  const sizes = shape.length > 8 ? `${shape.slice(0, 8).join(" × ")} × …` : shape.join(" × ");
  return `${dtype.slice(0, 40)} ${sizes || "scalar"}`;
}
