import { checkVector, wrongValue } from "../../check.js";
import { norm2 } from "../../linalg/vector.js";

/** Refuses what is no direction among so many parameters. */
export function checkDirection(where: string, direction: unknown, count: number): void {
  const values = checkVector(where, "direction", direction, count, "f64");
  if (!Array.prototype.some.call(values, (x: number) => x !== 0)) {
    wrongValue(where, "direction", "a direction", "a vector of zeros");
  }
  const length = norm2(Float64Array.from(values as ArrayLike<number>));
  if (!(length ** 2 < Infinity)) {
    wrongValue(where, "direction", "a length whose square is in the range of doubles", String(length));
  }
}

/**
 * The slope of a straight line through points by least squares; null where they do not determine
 * one.
 */
export function slopeOf(points: readonly (readonly [x: number, y: number])[]): number | null {
  if (points.length < 2) return null;
  const count = points.length;
  const x = points.reduce((sum, point) => sum + point[0], 0) / count;
  const y = points.reduce((sum, point) => sum + point[1], 0) / count;
  let spread = 0;
  let product = 0;
  for (const point of points) {
    spread += (point[0] - x) ** 2;
    product += (point[0] - x) * (point[1] - y);
  }
  return spread > 0 ? product / spread : null;
}

/** Whether a sum of squares has neither underflowed nor overflowed. */
export function holdsSquares(sum: number): boolean {
  return sum > 1e-280 && sum < Infinity;
}

/**
 * √Σ of(k)² over the finite ones, whatever their size: squares may underflow or overflow where the
 * norm doesn't.
 */
export function euclidean(from: number, to: number, of: (k: number) => number): number {
  let sum = 0;
  for (let k = from; k < to; ++k) {
    const x = of(k);
    if (x - x === 0) sum += x * x;
  }
  return holdsSquares(sum) ? Math.sqrt(sum) : scaledNorm(from, to, of);
}

function scaledNorm(from: number, to: number, of: (k: number) => number): number {
  let largest = 0;
  for (let k = from; k < to; ++k) {
    const size = Math.abs(of(k));
    if (size > largest && size < Infinity) largest = size;
  }
  if (largest === 0) return 0;
  let sum = 0;
  for (let k = from; k < to; ++k) {
    const x = of(k) / largest;
    if (x - x === 0) sum += x * x;
  }
  return largest * Math.sqrt(sum);
}
