import { type Dataset, hessianCost, hessianOperator, type Network, type SymmetricMatrix } from "../../index.js";

/** A symmetric matrix made small enough to be looked at. */
export interface MatrixPicture {
  /** Pixels a side. */
  readonly pixels: number;
  /** Row-major. */
  readonly values: Float64Array;
  /** P. */
  readonly size: number;
  /** The largest entry, in absolute value, of those looked at. */
  readonly greatest: number;
  /** In words: how it was made, and what a pixel stands for. */
  readonly method: string;
}

/** A picture has at most so many pixels a side. */
export const MOST_PIXELS = 600;
const MOST_BYTES = 2 ** 30;

/**
 * The Hessian or the Gauss-Newton matrix as a picture: from the dense matrix, or from some of its
 * columns, whichever costs less.
 */
export function matrixPicture(net: Network, data: Dataset, kind: "exact" | "ggn"): MatrixPicture {
  const { bytes, flops, product } = hessianCost(net, data.size);
  const pixels = Math.min(net.parameterCount, MOST_PIXELS);
  // With batch norm the matrix is made from P products.
  const coupled = net.spec.layers.some(({ batchNorm }) => batchNorm);
  const dense = coupled ? net.parameterCount * product.flops : flops;
  if (bytes <= MOST_BYTES && dense <= 2 * pixels * product.flops) return pooled(net.hessian(data, { kind }));
  return sampled(net, data, kind, pixels);
}

/** Each pixel is the entry of largest size among those that it stands for. */
export function pooled(matrix: SymmetricMatrix): MatrixPicture {
  const { size, data } = matrix;
  const pixels = Math.min(size, MOST_PIXELS);
  const values = new Float64Array(pixels * pixels);
  let greatest = 0;
  for (let i = 0; i < size; ++i) {
    const row = Math.floor((i * pixels) / size) * pixels;
    for (let j = 0; j < size; ++j) {
      const value = data[i * size + j];
      const at = row + Math.floor((j * pixels) / size);
      if (Math.abs(value) > Math.abs(values[at])) values[at] = value;
      if (Math.abs(value) > greatest) greatest = Math.abs(value);
    }
  }
  const method =
    pixels === size
      ? `Dense; a pixel for each of the ${size}² entries.`
      : `Dense, ${size}² entries, downsampled to ${pixels}²: each pixel shows the entry of largest size among those it stands for.`;
  return { pixels, values, size, greatest, method };
}

/** Entries of evenly spread rows and columns, from products with unit vectors. */
function sampled(net: Network, data: Dataset, kind: "exact" | "ggn", pixels: number): MatrixPicture {
  const size = net.parameterCount;
  const operator = hessianOperator(net, data, { kind });
  const chosen = Array.from({ length: pixels }, (_, k) => Math.floor(((k + 0.5) * size) / pixels));
  const values = new Float64Array(pixels * pixels);
  const unit = new Float64Array(size);
  let greatest = 0;
  chosen.forEach((index, column) => {
    unit[index] = 1;
    const product = operator.matvec(unit);
    unit[index] = 0;
    chosen.forEach((other, row) => {
      const value = product[other];
      values[row * pixels + column] = value;
      greatest = Math.max(greatest, Math.abs(value));
    });
  });
  const method = `Matrix-free, since all ${size}² entries cost more: the entries of ${pixels} evenly spread rows and columns, from ${pixels} products.`;
  return { pixels, values, size, greatest, method };
}
