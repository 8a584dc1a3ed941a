import type { FeatureName } from "../model/settings.ts";

/**
 * What the network may be given of a point; single precision for the same reason as in `generate`.
 */
export const features: Record<
  FeatureName,
  { readonly label: string; readonly spoken: string; of(x: number, y: number): number }
> = {
  x1: { label: "x₁", spoken: "x1", of: (x) => x },
  x2: { label: "x₂", spoken: "x2", of: (_, y) => y },
  "x1^2": { label: "x₁²", spoken: "x1 squared", of: (x) => Math.fround(x * x) },
  "x2^2": { label: "x₂²", spoken: "x2 squared", of: (_, y) => Math.fround(y * y) },
  "x1*x2": { label: "x₁x₂", spoken: "x1 times x2", of: (x, y) => Math.fround(x * y) },
  "sin x1": { label: "sin x₁", spoken: "sine of x1", of: (x) => Math.fround(Math.sin(x)) },
  "sin x2": { label: "sin x₂", spoken: "sine of x2", of: (_, y) => Math.fround(Math.sin(y)) },
};

export const featureNames = Object.keys(features) as FeatureName[];
