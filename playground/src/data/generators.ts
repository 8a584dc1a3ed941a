import type { DataName } from "../model/settings.ts";
import { normal, randomOf } from "./random.ts";

/** A sample of the plane: a class (0 or 1) or a value in [−1, 1]. */
export interface Sample {
  readonly x: number;
  readonly y: number;
  readonly label: number;
}

type Generator = (count: number, noise: number, random: () => number) => Sample[];

/** Half the side of the square that all data lies in. */
export const EXTENT = 6;

const between = (random: () => number, low: number, high: number): number => low + (high - low) * random();

const repeat = (count: number, make: (index: number) => Sample): Sample[] =>
  Array.from({ length: count }, (_, i) => make(i));

const circle: Generator = (count, noise, random) =>
  repeat(count, (i) => {
    const inside = i < count / 2;
    const radius = inside ? between(random, 0, 2.5) : between(random, 3.5, 5);
    const angle = between(random, 0, 2 * Math.PI);
    const x = radius * Math.sin(angle);
    const y = radius * Math.cos(angle);
    const seen = Math.hypot(x + between(random, -5, 5) * noise, y + between(random, -5, 5) * noise);
    return { x, y, label: seen < 2.5 ? 1 : 0 };
  });

const xor: Generator = (count, noise, random) =>
  repeat(count, () => {
    const away = (v: number): number => v + (v > 0 ? 0.3 : -0.3);
    const x = away(between(random, -5, 5));
    const y = away(between(random, -5, 5));
    const sign = (x + between(random, -5, 5) * noise) * (y + between(random, -5, 5) * noise);
    return { x, y, label: sign >= 0 ? 1 : 0 };
  });

const gauss: Generator = (count, noise, random) => {
  const spread = Math.sqrt(0.5 + 7 * noise);
  return repeat(count, (i) => {
    const label = i < count / 2 ? 1 : 0;
    const centre = label ? 2 : -2;
    return { x: centre + spread * normal(random), y: centre + spread * normal(random), label };
  });
};

const spiral: Generator = (count, noise, random) => {
  const arm = Math.ceil(count / 2);
  return repeat(count, (i) => {
    const label = i < arm ? 1 : 0;
    const along = (i % arm) / arm;
    const angle = 1.75 * along * 2 * Math.PI + (label ? 0 : Math.PI);
    const x = 5 * along * Math.sin(angle) + between(random, -1, 1) * noise;
    const y = 5 * along * Math.cos(angle) + between(random, -1, 1) * noise;
    return { x, y, label };
  });
};

const clamp = (v: number): number => Math.max(-1, Math.min(1, v));

const plane: Generator = (count, noise, random) =>
  repeat(count, () => {
    const x = between(random, -EXTENT, EXTENT);
    const y = between(random, -EXTENT, EXTENT);
    const off = (between(random, -EXTENT, EXTENT) + between(random, -EXTENT, EXTENT)) * noise;
    return { x, y, label: clamp((x + y + off) / 10) };
  });

const peaks = [
  [-4, 2.5, 1],
  [0, 2.5, -1],
  [4, 2.5, 1],
  [-4, -2.5, -1],
  [0, -2.5, 1],
  [4, -2.5, -1],
];

const sixGauss: Generator = (count, noise, random) =>
  repeat(count, () => {
    const x = between(random, -EXTENT, EXTENT);
    const y = between(random, -EXTENT, EXTENT);
    const seenX = x + between(random, -EXTENT, EXTENT) * noise;
    const seenY = y + between(random, -EXTENT, EXTENT) * noise;
    let label = 0;
    for (const [cx, cy, sign] of peaks) {
      const value = sign * Math.max(0, 1 - Math.hypot(seenX - cx, seenY - cy) / 2);
      if (Math.abs(value) > Math.abs(label)) label = value;
    }
    return { x, y, label };
  });

export const generators: Record<Exclude<DataName, "own">, { readonly label: string; readonly make: Generator }> = {
  circle: { label: "Circle", make: circle },
  xor: { label: "Exclusive or", make: xor },
  gauss: { label: "Two Gaussians", make: gauss },
  spiral: { label: "Spiral", make: spiral },
  plane: { label: "Plane", make: plane },
  "six-gauss": { label: "Six Gaussians", make: sixGauss },
};

/**
 * Samples in single precision, so that engines whose sines differ in the last place give the same
 * ones.
 */
export function generate(name: Exclude<DataName, "own">, count: number, noise: number, seed: number): Sample[] {
  return generators[name]
    .make(count, noise / 100, randomOf(seed))
    .map(({ x, y, label }) => ({ x: Math.fround(x), y: Math.fround(y), label: Math.fround(label) }));
}
