/** φ, φ′ and φ″ of every activation, straight from its formula. */

import type { ActivationSpec } from "./spec.js";
import { normalDensity, normalDistribution } from "./special.js";

export interface Activation {
  value(x: number): number;
  first(x: number): number;
  second(x: number): number;
  /** Whether φ or φ′ jumps at 0, so that differences across 0 mean nothing. */
  kinked: boolean;
}

function sigmoid(x: number): number {
  return x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x));
}

export function activation(spec: ActivationSpec = "identity"): Activation {
  const given: { type: string; atZero?: number; slope?: number; alpha?: number } =
    typeof spec === "string" ? { type: spec } : spec;
  switch (given.type) {
    case "identity":
      return { value: (x) => x, first: () => 1, second: () => 0, kinked: false };
    case "relu": {
      const atZero = given.atZero ?? 0;
      return {
        value: (x) => Math.max(x, 0),
        first: (x) => (x > 0 ? 1 : x < 0 ? 0 : atZero),
        second: () => 0,
        kinked: true,
      };
    }
    case "leaky-relu": {
      const slope = given.slope ?? 0.01;
      return {
        value: (x) => (x > 0 ? x : slope * x),
        first: (x) => (x > 0 ? 1 : slope),
        second: () => 0,
        kinked: true,
      };
    }
    case "elu": {
      const alpha = given.alpha ?? 1;
      return {
        value: (x) => (x > 0 ? x : alpha * Math.expm1(x)),
        first: (x) => (x > 0 ? 1 : alpha * Math.exp(x)),
        second: (x) => (x > 0 ? 0 : alpha * Math.exp(x)),
        kinked: true, // φ′ is continuous for alpha = 1 only, φ″ for none
      };
    }
    case "softplus":
      return {
        value: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
        first: sigmoid,
        second: (x) => sigmoid(x) * sigmoid(-x),
        kinked: false,
      };
    case "gelu":
      return {
        value: (x) => x * normalDistribution(x),
        first: (x) => normalDistribution(x) + x * normalDensity(x),
        second: (x) => (2 - x * x) * normalDensity(x),
        kinked: false,
      };
    case "silu":
      return {
        value: (x) => x * sigmoid(x),
        first: (x) => sigmoid(x) * (1 + x * sigmoid(-x)),
        second: (x) => sigmoid(x) * sigmoid(-x) * (2 - x * Math.tanh(x / 2)),
        kinked: false,
      };
    case "tanh":
      return {
        value: Math.tanh,
        first: (x) => 1 / Math.cosh(x) ** 2,
        second: (x) => (-2 * Math.tanh(x)) / Math.cosh(x) ** 2,
        kinked: false,
      };
    case "sigmoid":
      return {
        value: sigmoid,
        first: (x) => sigmoid(x) * sigmoid(-x),
        second: (x) => -sigmoid(x) * sigmoid(-x) * Math.tanh(x / 2),
        kinked: false,
      };
    case "step":
      return { value: (x) => (x > 0 ? 1 : 0), first: () => 0, second: () => 0, kinked: true };
    default:
      throw new RangeError(`activation: unknown type "${given.type}"`);
  }
}
