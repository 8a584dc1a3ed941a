import {
  classifyCriticalPoint,
  type Dataset,
  hessianOperator,
  lanczos,
  type Network,
  type SymmetricMatrix,
} from "hessia";
import { digestOf } from "../model/place.ts";
import type { HessianPicture, Point } from "../model/protocol.ts";

/** Parameters of the largest network whose matrix is made and drawn. */
export const MOST_DENSE = 1200;
/** Eigenpairs asked for at either end beyond that. */
const EXTREMES = 6;

/** The Hessian at a point, exact and Gauss-Newton, with its eigenvalues. */
export function hessianPicture(
  net: Network,
  data: Dataset,
  { place: there, step, epoch }: Pick<Point, "place" | "step" | "epoch">,
): HessianPicture {
  const began = performance.now();
  const size = net.parameterCount;
  const place = { place: { ...there, digest: digestOf(net.getParameters()) }, size, step, epoch };
  if (size > MOST_DENSE) {
    const { values } = lanczos(hessianOperator(net, data), { k: 2 * EXTREMES, which: "both", seed: 1 });
    return {
      ...place,
      matrices: null,
      blocks: [],
      eigenvalues: values,
      complete: false,
      ...signs(values),
      point: verdict(net, data),
      norms: null,
      seconds: (performance.now() - began) / 1000,
    };
  }
  const exact = net.hessian(data);
  const ggn = net.hessian(data, { kind: "ggn" });
  const eigenvalues = exact.eigenvalues();
  return {
    ...place,
    matrices: { exact: Float32Array.from(exact.data), ggn: Float32Array.from(ggn.data) },
    blocks: exact.ranges.map(({ from, to }) => ({ from, to })),
    eigenvalues,
    complete: true,
    ...inertia(exact),
    point: verdict(net, data),
    norms: norms(exact, ggn),
    seconds: (performance.now() - began) / 1000,
  };
}

function verdict(net: Network, data: Dataset): NonNullable<HessianPicture["point"]> {
  const { kind, index, reason } = classifyCriticalPoint(net, data);
  return { kind, index, reason };
}

function inertia(H: SymmetricMatrix): { positive: number; negative: number; zero: number } {
  const { positive, negative, zero } = H.inertia();
  return { positive, negative, zero };
}

function signs(values: Float64Array): { positive: number; negative: number; zero: number } {
  const negative = values.filter((value) => value < 0).length;
  const positive = values.filter((value) => value > 0).length;
  return { positive, negative, zero: values.length - positive - negative };
}

/** Frobenius norms. */
function norms(exact: SymmetricMatrix, ggn: SymmetricMatrix): NonNullable<HessianPicture["norms"]> {
  let sums = [0, 0, 0];
  for (let i = 0; i < exact.data.length; ++i) {
    const h = exact.data[i];
    const g = ggn.data[i];
    sums[0] += h * h;
    sums[1] += g * g;
    sums[2] += (h - g) ** 2;
  }
  sums = sums.map(Math.sqrt);
  return { exact: sums[0], ggn: sums[1], difference: sums[2] };
}

/** Unit eigenvectors of the most negative and the most positive eigenvalue. */
export function extremes(
  net: Network,
  data: Dataset,
): { low: number; high: number; lowVector: Float64Array; highVector: Float64Array } {
  const size = net.parameterCount;
  if (size > MOST_DENSE) {
    const { values, vectors } = lanczos(hessianOperator(net, data), { k: 2, which: "both", seed: 1 });
    const last = values.length - 1;
    return { low: values[0], high: values[last], lowVector: vectors[0], highVector: vectors[last] };
  }
  const { values, vectors } = net.hessian(data).eigen();
  const column = (index: number): Float64Array =>
    Float64Array.from({ length: size }, (_, i) => vectors.data[i * size + index]);
  return { low: values[0], high: values[size - 1], lowVector: column(0), highVector: column(size - 1) };
}

/**
 * Steps along the direction of most negative curvature, downhill, as far as the loss falls: lengths
 * double from a hundredth on. Stays where it is when no curvature is negative.
 */
export function leaveSaddle(net: Network, data: Dataset): boolean {
  const { escape: direction, loss } = classifyCriticalPoint(net, data);
  if (!direction) return false;
  const start = net.getParameters();
  const at = (length: number): Float64Array => Float64Array.from(start, (value, i) => value + length * direction[i]);
  let best = 0;
  let lowest = loss;
  for (let length = 0.01; length <= 10.24; length *= 2) {
    net.setParameters(at(length));
    const reached = net.loss(data);
    if (!(reached < lowest)) break;
    lowest = reached;
    best = length;
  }
  net.setParameters(at(best));
  return best > 0;
}

export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; ++i) sum += a[i] * b[i];
  return sum;
}
