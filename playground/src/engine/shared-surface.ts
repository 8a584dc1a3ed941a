import type { Network } from "hessia";
import { normal, randomOf } from "../data/random.ts";
import type { SharedSurface } from "../model/protocol.ts";
import { dot } from "./curvature.ts";
import { coordinates, lossOver, SIZE, unit } from "./surface.ts";
import type { World } from "./world.ts";

/** Free ground around what the paths need, as a share of it. */
const MARGIN = 1.25;

/**
 * The loss in the plane through the first path's start and both paths' ends, with the paths on it:
 * where both begin at one point nothing of these three lies off the plane.
 */
export function sharedSurfaceOf(
  net: Network,
  { train }: World,
  paths: readonly (readonly Float64Array[])[],
): SharedSurface {
  const origin = paths[0][0];
  const [a, b] = planeOf(paths, origin);
  const lines = paths.map((path) => path.map((point) => coordinates(point, origin, a, b)));
  const { centre, radius } = squareOf(lines.flat());
  const middle = origin.map((value, i) => value + centre[0] * a[i] + centre[1] * b[i]);
  const loss = lossOver(net, train, { middle, a, b, radius });
  return {
    size: SIZE,
    radius,
    loss,
    paths: lines.map((line) => line.map(([s, t]) => [s - centre[0], t - centre[1]] as const)),
  };
}

/** Two directions at right angles that reach both ends, as far as those lie apart. */
function planeOf(paths: readonly (readonly Float64Array[])[], origin: Float64Array): [Float64Array, Float64Array] {
  const random = randomOf(1);
  const ends = paths.map((path) => path[path.length - 1]);
  const wanted = [ends[0], ends[1], paths[1][0]].map((end) => end.map((value, i) => value - origin[i]));
  const spare = () => Float64Array.from(origin, () => normal(random));
  const basis: Float64Array[] = [];
  for (const vector of [...wanted, spare(), spare()]) {
    if (basis.length === 2) break;
    const along = basis.map((other) => dot(other, vector));
    const rest = vector.map((value, i) => value - basis.reduce((sum, other, j) => sum + along[j] * other[i], 0));
    const direction = dot(rest, rest) > 1e-12 * dot(vector, vector) ? unit(rest) : null;
    if (direction) basis.push(direction);
  }
  return [basis[0], basis[1]];
}

/** The square around some points; of side 1 where they are one. */
function squareOf(points: readonly (readonly [number, number])[]): { centre: [number, number]; radius: number } {
  const [low, high] = [Math.min, Math.max].map((pick) => [0, 1].map((i) => pick(...points.map((point) => point[i]))));
  const half = Math.max(high[0] - low[0], high[1] - low[1]) / 2;
  return { centre: [(low[0] + high[0]) / 2, (low[1] + high[1]) / 2], radius: half > 0 ? half * MARGIN : 0.5 };
}
