import type { Network } from "hessia";
import { normal, randomOf } from "../data/random.ts";
import { digestOf } from "../model/place.ts";
import type { DirectionName, Point, Surface, SurfaceRequest } from "../model/protocol.ts";
import { dot, extremes } from "./curvature.ts";
import type { World } from "./world.ts";

/** Points a side of the raster. */
export const SIZE = 41;
const SLICE_POINTS = 121;

/**
 * The loss in a plane through the network's point, with the models that Taylor's formula makes of
 * it there.
 */
export function surfaceOf(
  net: Network,
  { train }: World,
  { directions, radius, path }: SurfaceRequest,
  { place }: Pick<Point, "place">,
): Surface {
  const start = Float64Array.from(net.getParameters());
  const { loss: value, gradient } = net.gradient(train);
  const notes: string[] = [];
  const [a, b] = basis(directions, net, train, Float64Array.from(gradient), path, start, notes);
  const loss = lossOver(net, train, { middle: start, a, b, radius });
  const at = (s: number): number => {
    net.setParameters(start.map((theta, i) => theta + s * a[i]));
    return net.loss(train);
  };
  const t = Float64Array.from({ length: SLICE_POINTS }, (_, i) => ((2 * i) / (SLICE_POINTS - 1) - 1) * radius);
  const slice = { t, loss: t.map(at) };
  net.setParameters(start);
  const products = (product: (v: Float64Array) => ArrayLike<number>): [number, number, number] => {
    const alongA = product(a);
    return [dot(a, alongA), dot(b, alongA), dot(b, product(b))];
  };
  return {
    place: { ...place, digest: digestOf(start) },
    size: SIZE,
    radius,
    loss,
    value,
    slope: [dot(gradient, a), dot(gradient, b)],
    exact: products((v) => net.hvp(train, v)),
    ggn: products((v) => net.ggnvp(train, v)),
    path: path.filter((point) => point.length === start.length).map((point) => coordinates(point, start, a, b)),
    note: notes.join(" "),
    slice,
  };
}

/** The loss over a square of a plane, row by row from the top left corner. */
export function lossOver(
  net: Network,
  train: World["train"],
  { middle, a, b, radius }: { middle: Float64Array; a: Float64Array; b: Float64Array; radius: number },
): Float64Array {
  return Float64Array.from({ length: SIZE * SIZE }, (_, i) => {
    const s = ((2 * (i % SIZE)) / (SIZE - 1) - 1) * radius;
    const t = (1 - (2 * Math.floor(i / SIZE)) / (SIZE - 1)) * radius;
    net.setParameters(middle.map((theta, j) => theta + s * a[j] + t * b[j]));
    return net.loss(train);
  });
}

export function coordinates(
  point: Float64Array,
  start: Float64Array,
  a: Float64Array,
  b: Float64Array,
): [number, number] {
  const away = point.map((value, i) => value - start[i]);
  return [dot(away, a), dot(away, b)];
}

/**
 * Two directions of length 1 at right angles. A direction of curvature stays what it is, and the
 * other one gives way: the part of it that lies along the first is taken out, and said so.
 */
function basis(
  names: readonly DirectionName[],
  net: Network,
  train: World["train"],
  gradient: Float64Array,
  path: readonly Float64Array[],
  start: Float64Array,
  notes: string[],
): [Float64Array, Float64Array] {
  const needed = names.some((name) => name.startsWith("most"));
  const ends = needed ? extremes(net, train) : null;
  const vectors = names.map((name) => {
    if (name === "gradient") return gradient;
    if (ends && name === "most negative") return ends.lowVector;
    if (ends && name === "most positive") return ends.highVector;
    if (name === "last step") return lastStep(path, start);
    return randomDirection(start.length, name === "random 1" ? 1 : 2);
  });
  if (ends && ends.low >= 0 && names.includes("most negative"))
    notes.push("No curvature is negative here: the direction of the smallest is shown.");
  const [kept, other] = names[1].startsWith("most") && !names[0].startsWith("most") ? [1, 0] : [0, 1];
  const first = unit(vectors[kept]) ?? replacement(names[kept], start.length, 3, notes);
  const second = besides(first, vectors[other], [names[kept], names[other]], notes);
  return kept === 0 ? [first, second] : [second, first];
}

/** Below this share of a direction's length, what lies along another is not worth a word. */
const SLIGHT = 0.01;

/** The part of a direction at right angles to another one. */
function besides(
  first: Float64Array,
  vector: Float64Array,
  [kept, name]: readonly [DirectionName, DirectionName],
  notes: string[],
): Float64Array {
  const along = dot(first, vector);
  const rest = vector.map((value, i) => value - along * first[i]);
  const length = Math.sqrt(dot(vector, vector));
  const second = Math.sqrt(dot(rest, rest)) > 1e-9 * length ? unit(rest) : null;
  if (!second) return orthogonal(first, replacement(name, vector.length, 4, notes));
  if (Math.abs(along) > SLIGHT * length)
    notes.push(`Of the ${name} direction the part at right angles to the ${kept} one is shown.`);
  return second;
}

function replacement(name: DirectionName, size: number, seed: number, notes: string[]): Float64Array {
  notes.push(`There is no ${name} direction of its own here: a random one takes its place.`);
  return unit(randomDirection(size, seed)) as Float64Array;
}

function orthogonal(to: Float64Array, v: Float64Array): Float64Array {
  const along = dot(to, v);
  return unit(v.map((value, i) => value - along * to[i])) ?? v;
}

function lastStep(path: readonly Float64Array[], start: Float64Array): Float64Array {
  const before = path.findLast(
    (point) => point.length === start.length && point.some((value, i) => value !== start[i]),
  );
  return before ? start.map((value, i) => value - before[i]) : new Float64Array(start.length);
}

function randomDirection(size: number, seed: number): Float64Array {
  const random = randomOf(seed);
  return Float64Array.from({ length: size }, () => normal(random));
}

export function unit(v: Float64Array): Float64Array | null {
  const length = Math.sqrt(dot(v, v));
  return length > 0 && Number.isFinite(length) ? v.map((value) => value / length) : null;
}
