import { counted, percent, type Row, type Signs } from "./table.js";

/**
 * Dead units of a layer from which on they matter, two at least. With d inputs that are never
 * negative a random unit without bias is dead with probability 2⁻ᵈ, so that a quarter is usual for
 * two inputs.
 */
const DEAD_SHARE = 1 / 3;
/**
 * Of a layer's activations: more than half of what could teach it is lost (a tanh with standard
 * normal pre-activations: 0.3 %).
 */
const SATURATED_SHARE = 0.5;
/** One-sided units that make a layer affine: fewer are so by chance. */
const AFFINE_LEAST = 4;
/**
 * Left of it gelu's and silu's slope goes to 0; the dip at −0.75 and −1.28, where it is 0 too, is
 * none of their ends.
 */
const DIP = -1.5;
/** Activations that saturate at both ends; the others let the gradient through on one side. */
const TWO_ENDED = ["tanh", "sigmoid"];

/** Whether units are lost that long steps may have driven to their ends. */
export function driven(signs: Signs): boolean {
  const ends = ["dead-layer", "dead-units", "saturated-units"];
  return unitRows.some((row) => ends.includes(row.code) && row.find(signs).length > 0);
}

export const unitRows: readonly Row[] = [
  {
    code: "dead-layer",
    remedy: 'net.setParameters(reviveUnits(net, data).network.getParameters()), or withActivation(net, "leaky-relu")',
    source: "Lu, Shin, Su and Karniadakis 2020, Dying ReLU and initialization",
    find: ({ statistics }) =>
      statistics.blocked
        .filter(({ cause }) => cause === "dead")
        .map(({ layer, frozen, learning, message }) => ({ message, layer, evidence: { layer, frozen, learning } })),
  },
  {
    code: "step-activation",
    remedy: 'withActivation(net, "sigmoid", { layers }), or train the layers above it alone',
    source: "Bengio, Léonard and Courville 2013, Estimating or propagating gradients through stochastic neurons",
    find: ({ statistics }) =>
      statistics.blocked
        .filter(({ cause }) => cause === "step")
        .map(({ layer, frozen, learning, message }) => ({ message, layer, evidence: { layer, frozen, learning } })),
  },
  {
    code: "dead-units",
    remedy:
      'net.setParameters(reviveUnits(net, data).network.getParameters()); if they died in training, a lower learning rate or withActivation(net, "leaky-relu")',
    source: "Lu, Shin, Su and Karniadakis 2020; Sokar, Agarwal, Castro and Evci 2023",
    find: ({ statistics, fits }) =>
      statistics.layers
        .filter(
          ({ layer, dead, units }) =>
            !fits &&
            dead.length >= Math.max(2, DEAD_SHARE * units.length) &&
            dead.length < units.length &&
            // Those above a dead layer see a constant.
            !statistics.blocked.some((below) => below.cause === "dead" && below.layer < layer),
        )
        .map(({ layer, dead, units }) => ({
          message: `${dead.length} of the ${units.length} units of layer ${layer + 1} give 0 for every sample`,
          layer,
          units: dead,
          evidence: { layer, dead, units: units.length },
        })),
  },
  {
    code: "saturated-units",
    remedy:
      'reinitialize(net, { initializer: "glorot-normal", seed }), inputs of unit size, or withBatchNorm(net, data)',
    source: "Glorot and Bengio 2010, Understanding the difficulty of training deep feedforward neural networks",
    find: ({ statistics, fits }) =>
      fits
        ? []
        : statistics.layers.flatMap(({ layer, type, saturated, units }) => {
            const slope = `a slope of at most ${percent(statistics.saturation)} of the largest`;
            if (TWO_ENDED.includes(type)) {
              if ((saturated ?? 0) < SATURATED_SHARE) return [];
              const message = `${percent(saturated ?? 0)} of the ${type} activations of layer ${layer + 1} are saturated (${slope})`;
              return [{ message, layer, evidence: { layer, saturated: saturated ?? 0 } }];
            }
            // Where one side lets gradients through, half at the other is as usual as for relu:
            // only units that never leave their end are lost.
            const stuck =
              type === "step"
                ? []
                : units.flatMap((unit, u) => (unit.saturated === 1 && unit.preActivation.maximum < DIP ? [u] : []));
            if (stuck.length < Math.min(units.length, Math.max(2, DEAD_SHARE * units.length))) return [];
            const message = `${stuck.length} of the ${units.length} ${type} units of layer ${layer + 1} are saturated for every sample (${slope})`;
            return [{ message, layer, units: stuck, evidence: { layer, saturated: saturated ?? 0, stuck } }];
          }),
  },
  {
    code: "duplicated-units",
    remedy: "reinitialize(net, { seed }): units that begin alike and count alike stay alike",
    source: "Goodfellow, Bengio and Courville 2016, section 8.4 (breaking symmetry)",
    find: ({ duplicates }) =>
      duplicates.flatMap((groups, layer) =>
        groups.length > 0
          ? [
              {
                message: `layer ${layer + 1} has units with the same incoming parameters: ${groups.map((group) => group.map((unit) => unit + 1).join(" = ")).join("; ")}`,
                layer,
                units: groups.flat(),
                evidence: { layer, groups: groups.length, units: groups.flat() },
              },
            ]
          : [],
      ),
  },
  {
    code: "linear-layer",
    remedy: "reinitialize(net, { seed }), or withBatchNorm(net, data): where no unit ever switches, a layer is linear",
    source: "He, Zhang, Ren and Sun 2015, Delving deep into rectifiers (biases that begin at 0)",
    // Inputs far from 0 put every unit on one side.
    behind: ["dead-layer", "unscaled-inputs", "shifted-inputs"],
    find: ({ statistics, fits }) =>
      fits
        ? []
        : statistics.layers.slice(0, -1).flatMap(({ layer, type, alwaysActive, neverActive, dead, units }) => {
            // Units that give 0 for every sample add nothing; leaky ones below their kink are as
            // straight as those above it.
            const straight = alwaysActive.length + neverActive.length - dead.length;
            const bends = type === "elu" || type === "step";
            const whole = alwaysActive.length + neverActive.length === units.length;
            if (bends || !whole || straight < AFFINE_LEAST) return [];
            const rest = dead.length > 0 ? ` (${counted(dead)} being dead)` : "";
            const message =
              alwaysActive.length === units.length
                ? `all ${units.length} units of layer ${layer + 1} are active for all samples: the layer is linear`
                : `none of the ${units.length} units of layer ${layer + 1} ever switches${rest}: the layer is linear`;
            return [{ message, layer, evidence: { layer, units: units.length } }];
          }),
  },
];
