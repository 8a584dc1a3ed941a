import { bytesPer } from "../wasm/workspace.js";
import { hasKink, isPiecewiseLinear } from "./activation-kinds.js";
import type { Propagation } from "./propagation.js";
import type { Activation, ResolvedSpec } from "./spec.js";

/** Two straight lines with a kink between them. */
function hasSides(activation: Readonly<Activation>): boolean {
  return hasKink(activation) && isPiecewiseLinear(activation);
}

/** Whether a network has units that switch: relu, leaky-relu or step. */
export function switches({ layers }: ResolvedSpec): boolean {
  return layers.some(({ activation }) => hasSides(activation));
}

/**
 * Which units of piecewise-linear layers are on (pre-activation above 0) for which samples of a
 * batch.
 */
export class ActivationPattern {
  readonly #layers: readonly { index: number; units: number }[];
  readonly #on: Uint8Array;
  readonly #width: number;

  constructor({ layers }: ResolvedSpec, samples: number) {
    this.#layers = layers
      .map(({ units, activation }, index) => ({ units, index, activation }))
      .filter(({ activation }) => hasSides(activation));
    this.#width = this.#layers.reduce((sum, { units }) => sum + units, 0);
    this.#on = new Uint8Array(samples * this.#width);
  }

  /** Takes down the chunk just passed forward, whose first sample is at `from` in the batch. */
  record({ workspace, layers, spec, stride, size }: Propagation, from: number): void {
    const view = workspace.view(spec.dtype);
    let unit = 0;
    for (const { index, units } of this.#layers) {
      for (let u = 0; u < units; ++u, ++unit) {
        const at = layers[index].a / bytesPer(spec.dtype) + u * stride;
        const to = unit + from * this.#width;
        for (let i = 0; i < size; ++i) this.#on[to + i * this.#width] = view[at + i] > 0 ? 1 : 0;
      }
    }
  }

  /** In how many units × samples, of the first `samples`, two patterns differ. */
  differences(other: ActivationPattern, samples: number): number {
    let count = 0;
    for (let i = 0; i < samples * this.#width; ++i) count += this.#on[i] ^ other.#on[i];
    return count;
  }
}
