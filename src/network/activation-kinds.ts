import type { Activation } from "./spec.js";

/**
 * The two straight lines of relu, leaky-relu and step, and elu's bend: whether anything happens at
 * a pre-activation of 0.
 */
export function hasKink({ type }: Readonly<Activation>): boolean {
  return type === "relu" || type === "leaky-relu" || type === "elu" || type === "step";
}

/**
 * Whether the activation is straight on either side of 0: a sample's network is then affine in its
 * input, region by region.
 */
export function isPiecewiseLinear(activation: Readonly<Activation>): boolean {
  return activation.type === "identity" || (hasKink(activation) && activation.type !== "elu");
}

/** φ′ left of 0 of a piecewise-linear activation; NaN for others. */
export function slopeBelow(activation: Readonly<Activation>): number {
  if (!isPiecewiseLinear(activation)) return Number.NaN;
  if (activation.type === "identity") return 1;
  return activation.type === "leaky-relu" ? (activation.slope as number) : 0;
}

/** φ′ right of 0 of a piecewise-linear activation. */
export function slopeAbove({ type }: Readonly<Activation>): number {
  return type === "step" ? 0 : 1;
}

/** Whether nothing passes where the pre-activation is negative, so that a unit can die. */
export function canDie(activation: Readonly<Activation>): boolean {
  return activation.type === "relu" || (activation.type === "leaky-relu" && activation.slope === 0);
}

/**
 * The largest |φ′| of activations that saturate; 0 for the step, which always does, and null for
 * those that don't.
 */
export function steepest(activation: Readonly<Activation>): number | null {
  switch (activation.type) {
    case "tanh":
    case "softplus":
      return 1;
    case "sigmoid":
      return 0.25;
    case "elu":
      return Math.max(1, Math.abs(activation.alpha as number));
    case "gelu":
      return 1.1289;
    case "silu":
      return 1.0998;
    case "step":
      return 0;
    default:
      return null;
  }
}
