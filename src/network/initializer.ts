import type { Random } from "../random.js";
import type { ScalarMath } from "../wasm/kernels.js";
import type { FloatArray } from "../wasm/workspace.js";

/** The weight to be drawn: its place, its layer's size and a random stream. */
export interface WeightPlace {
  /** Index of the layer. */
  readonly layer: number;
  /** Index of the unit in its layer. */
  readonly unit: number;
  /** Index of the input in its layer. */
  readonly input: number;
  /** How many the layer has. */
  readonly units: number;
  /** How many the layer has. */
  readonly inputs: number;
  /** Uniform in [0, 1). */
  uniform(): number;
  /** Standard normal. */
  normal(): number;
}

/** A weight for each place. */
export type WeightFunction = (place: WeightPlace) => number;

/** Rules by name; see `Initializer`. */
export type InitializerName = "he-normal" | "he-uniform" | "glorot-normal" | "glorot-uniform" | "zeros";

/**
 * How weights start; biases start at 0, batch norm's scale at 1 and shift at 0. he-normal: N(0,
 * 2/inputs) and he-uniform: U(±√(6/inputs)) (He et al. 2015, fan-in); glorot-normal: N(0,
 * 2/(inputs + units)) and glorot-uniform: U(±√(6/(inputs + units))) (Glorot and Bengio 2010).
 */
export type Initializer = InitializerName | WeightFunction;

export const initializers: Record<InitializerName, WeightFunction> = {
  "he-normal": ({ inputs, normal }) => normal() * Math.sqrt(2 / inputs),
  "he-uniform": ({ inputs, uniform }) => (2 * uniform() - 1) * Math.sqrt(6 / inputs),
  "glorot-normal": ({ inputs, units, normal }) => normal() * Math.sqrt(2 / (inputs + units)),
  "glorot-uniform": ({ inputs, units, uniform }) => (2 * uniform() - 1) * Math.sqrt(6 / (inputs + units)),
  zeros: () => 0,
};

/** Where a layer's weights and batch norm's scale (or −1) start in the vector of parameters. */
interface LayerPlace {
  readonly inputs: number;
  readonly units: number;
  readonly weight: number;
  readonly scale: number;
}

/** Fills a zeroed vector of parameters. */
export function initialize(
  parameters: FloatArray,
  layers: readonly LayerPlace[],
  initializer: Initializer,
  random: Random,
  math: ScalarMath,
): void {
  const draw = typeof initializer === "function" ? initializer : initializers[initializer];
  const uniform = (): number => random.uniform();
  const normal = (): number => random.normal(math);
  layers.forEach(({ inputs, units, weight, scale }, layer) => {
    for (let unit = 0; unit < units; ++unit) {
      for (let input = 0; input < inputs; ++input) {
        const value = draw({ layer, unit, input, units, inputs, uniform, normal });
        parameters[weight + unit * inputs + input] = value;
        if (typeof value !== "number" || !Number.isFinite(parameters[weight + unit * inputs + input])) {
          throw new RangeError(
            `network: "initializer" expected a finite weight for layer ${layer}, unit ${unit}, input ${input}, got ${value}`,
          );
        }
      }
    }
    if (scale >= 0) parameters.fill(1, scale, scale + units);
  });
}
