/** The table of what `diagnose` advises: when, why, what to do, and where that is from. */

import type { CriticalPoint } from "./point/critical.js";
import type { GuardFinding } from "./run/guard.js";
import type { GradientFlow } from "./signals/gradient-flow.js";
import type { InputScale } from "./signals/inputs.js";
import type { ActivationStatistics } from "./units/activation-statistics.js";

/** Kinds of advice; docs/diagnostics.md explains each. */
export type AdviceCode =
  | "non-finite"
  | "dead-layer"
  | "step-activation"
  | "dead-units"
  | "saturated-units"
  | "duplicated-units"
  | "linear-layer"
  | "vanishing-gradients"
  | "exploding-gradients"
  | "underflow"
  | "unscaled-inputs"
  | "saddle"
  | "maximum"
  | "degenerate-point"
  | "zero-gradient";

/** A cause for trouble, with what shows it and what helps. */
export interface Advice {
  /** Its kind. */
  readonly code: AdviceCode;
  /** What is the matter, in words. */
  readonly message: string;
  /** The numbers behind it. */
  readonly evidence: Readonly<Record<string, number | string | readonly number[]>>;
  /** What to do, as code where code can do it. */
  readonly remedy: string;
  /** Where that is from. */
  readonly source: string;
}

/** What the advice is drawn from. */
export interface Signs {
  readonly statistics: ActivationStatistics;
  readonly flow: GradientFlow;
  readonly inputs: InputScale;
  /** Groups of units of each layer with the same incoming parameters. */
  readonly duplicates: readonly (readonly (readonly number[])[])[];
  readonly point: CriticalPoint | null;
  readonly offence: GuardFinding | null;
  /** Whether the outputs are right for nearly all samples: nothing is wrong with what gets there. */
  readonly fits: boolean;
  readonly batchNorm: readonly boolean[];
}

type Case = Pick<Advice, "message" | "evidence">;

interface Row {
  readonly code: AdviceCode;
  readonly remedy: string;
  readonly source: string;
  /** Each case of it. */
  find(signs: Signs): Case[];
}

/**
 * Dead units of a layer from which on they matter, two at least. With d inputs that are never negative a random unit without bias is dead with probability
 * 2⁻ᵈ, so that a quarter is usual for two inputs.
 */
const DEAD_SHARE = 1 / 3;
/** Of a layer's activations: more than half of what could teach it is lost (a tanh with standard normal pre-activations: 0.3 %). */
const SATURATED_SHARE = 0.5;
/** Always active units that make a layer linear: fewer are so by chance. */
const LINEAR_LEAST = 4;
/** Of a layer's gradients, lost to single precision: well-fitted classes and saturated units cost some. */
const UNDERFLOWN_SHARE = 0.5;
/** Root mean square of an input. The curvature of its weights grows with its square: 400 times the bias's, or a millionth. */
const INPUT_MOST = 20;
const INPUT_LEAST = 1e-3;
/** With batch norm, in place of the signals, the products ‖g‖·‖θ‖ of first and last layer, which a rescaling of inputs or weights leaves alone. */
const NORMED_RATIO = 1e-3;

const rows: readonly Row[] = [
  {
    code: "non-finite",
    remedy: "scale inputs to unit size; reinitialize(net, { seed }); then a lower learning rate, or clip: { norm: 1 }",
    source: "Goodfellow, Bengio and Courville 2016, section 4.1 (overflow)",
    find: ({ offence }) => (offence ? [offenceCase(offence)] : []),
  },
  {
    code: "dead-layer",
    remedy: 'net.setParameters(reviveUnits(net, data).network.getParameters()), or withActivation(net, "leaky-relu")',
    source: "Lu, Shin, Su and Karniadakis 2020, Dying ReLU and initialization",
    find: ({ statistics }) =>
      statistics.blocked
        .filter(({ cause }) => cause === "dead")
        .map(({ layer, frozen, learning, message }) => ({ message, evidence: { layer, frozen, learning } })),
  },
  {
    code: "step-activation",
    remedy: 'withActivation(net, "sigmoid", { layers }), or train the layers above it alone',
    source: "Bengio, Léonard and Courville 2013, Estimating or propagating gradients through stochastic neurons",
    find: ({ statistics }) =>
      statistics.blocked
        .filter(({ cause }) => cause === "step")
        .map(({ layer, frozen, learning, message }) => ({ message, evidence: { layer, frozen, learning } })),
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
          message: `${dead.length} of the ${units.length} units of layer ${layer} give 0 for every sample`,
          evidence: { layer, dead, units: units.length },
        })),
  },
  {
    code: "saturated-units",
    remedy:
      'reinitialize(net, { initializer: "glorot-normal", seed }), inputs of unit size, or withBatchNorm(net, data)',
    source: "Glorot and Bengio 2010, Understanding the difficulty of training deep feedforward neural networks",
    find: ({ statistics, fits }) =>
      statistics.layers
        .filter(
          ({ type, saturated }) =>
            !fits && (type === "tanh" || type === "sigmoid") && (saturated ?? 0) >= SATURATED_SHARE,
        )
        .map(({ layer, type, saturated }) => ({
          message: `${percent(saturated ?? 0)} of the ${type} activations of layer ${layer} are saturated (a slope of at most ${percent(statistics.saturation)} of the largest)`,
          evidence: { layer, saturated: saturated ?? 0 },
        })),
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
                message: `layer ${layer} has units with the same incoming parameters: ${groups.map((group) => group.join(" = ")).join("; ")}`,
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
    find: ({ statistics }) =>
      statistics.layers
        .slice(0, -1)
        .filter(({ alwaysActive, units }) => alwaysActive.length === units.length && units.length >= LINEAR_LEAST)
        .map(({ layer, units }) => ({
          message: `all ${units.length} units of layer ${layer} are active for all samples: the layer is linear`,
          evidence: { layer, units: units.length },
        })),
  },
  {
    code: "vanishing-gradients",
    remedy: 'reinitialize(net, { seed }) by He\'s rule, withActivation(net, "relu"), or withBatchNorm(net, data)',
    source: "Hochreiter 1991; Glorot and Bengio 2010; He, Zhang, Ren and Sun 2015",
    find: (signs) => (signs.fits ? [] : growthCases(signs, "vanishing")),
  },
  {
    code: "exploding-gradients",
    remedy: "reinitialize(net, { seed }) by He's rule, withBatchNorm(net, data), or clip: { norm: 1 }",
    source: "Pascanu, Mikolov and Bengio 2013, On the difficulty of training recurrent neural networks",
    find: (signs) => growthCases(signs, "exploding"),
  },
  {
    code: "underflow",
    remedy: 'dtype: "f64"; or a larger scale for weights, inputs or loss, so that gradients stay above 10⁻³⁸',
    source: "Micikevicius et al. 2018, Mixed precision training (loss scaling)",
    find: ({ flow, fits }) =>
      fits || flow.dtype !== "f32"
        ? []
        : flow.layers
            .filter(
              ({ parameters, singlePrecision: { zero, subnormal } }) =>
                zero + subnormal >= UNDERFLOWN_SHARE * parameters,
            )
            .map(({ layer, parameters, singlePrecision: { zero, subnormal } }) => ({
              message: `of the ${parameters} gradients of layer ${layer} ${zero} are 0 and ${subnormal} subnormal in single precision, but not in double`,
              evidence: { layer, zero, subnormal, parameters },
            })),
  },
  {
    code: "unscaled-inputs",
    remedy:
      "give each input mean 0 and deviation 1 before dataset(inputs, targets), or withBatchNorm(net, data, { layers: [0] })",
    source: "LeCun, Bottou, Orr and Müller 1998, Efficient BackProp, section 4.3",
    find: ({ inputs, batchNorm, fits, point }) => {
      if (batchNorm[0] || fits || point?.kind === "minimum") return [];
      const { largest, column } = inputs;
      if (largest === 0 || (largest <= INPUT_MOST && largest >= INPUT_LEAST)) return [];
      const message = `input ${column} has a root mean square of ${largest.toPrecision(3)}, the largest of all`;
      return [{ message, evidence: { column, rootMeanSquare: largest } }];
    },
  },
  {
    code: "saddle",
    remedy:
      "step along the escape direction: const { escape } = classifyCriticalPoint(net, data); net.setParameters(net.getParameters().map((x, i) => x + 0.1 * escape[i]))",
    source: "Dauphin et al. 2014, Identifying and attacking the saddle point problem",
    find: ({ point }) =>
      point?.kind === "saddle"
        ? [
            {
              message: `the gradient vanishes at a saddle: ${point.reason}`,
              evidence: { index: point.index, smallest: point.smallest, gradientNorm: point.gradientNorm },
            },
          ]
        : [],
  },
  {
    code: "maximum",
    remedy:
      "any step leads down: reinitialize(net, { seed }), or step along the escape direction of classifyCriticalPoint(net, data)",
    source: "Dauphin et al. 2014",
    find: ({ point }) =>
      point?.kind === "maximum"
        ? [
            {
              message: `the gradient vanishes at a maximum: ${point.reason}`,
              evidence: { index: point.index, smallest: point.smallest },
            },
          ]
        : [],
  },
  {
    code: "degenerate-point",
    remedy: "second order does not tell what is here: add noise to the parameters, or reinitialize(net, { seed })",
    source: "Kawaguchi 2016, Deep learning without poor local minima (saddles without negative curvature)",
    find: ({ point, statistics, fits }) =>
      point?.kind === "degenerate" && !fits && statistics.blocked.length === 0
        ? [
            {
              message: `the gradient vanishes where the curvature does: ${point.reason}`,
              evidence: {
                gradientNorm: point.gradientNorm,
                zero: point.zeroModes.count ?? -1,
                explained: point.zeroModes.explained,
              },
            },
          ]
        : [],
  },
  {
    code: "zero-gradient",
    remedy:
      'diagnose(net, data, { curvature: "lanczos" }) tells what kind of point this is; reinitialize(net, { seed }) leaves it',
    source: "Dauphin et al. 2014",
    find: ({ flow, point, statistics, fits }) =>
      flow.objectiveNorm === 0 && flow.nonFinite === 0 && !fits && point === null && statistics.blocked.length === 0
        ? [{ message: "the gradient is exactly 0: no parameter will move", evidence: { loss: flow.loss } }]
        : [],
  },
];

/** Everything that the signs call for, in the order of the table. */
export function adviceOn(signs: Signs): Advice[] {
  // Where something is not finite, sums over it say nothing.
  const applicable = signs.offence ? rows.slice(0, 1) : rows;
  return applicable.flatMap(({ code, remedy, source, find }) =>
    find(signs).map(({ message, evidence }) => ({ code, message, evidence, remedy, source })),
  );
}

function offenceCase({ quantity, layer, unit, sample, value }: GuardFinding): Case {
  const of = layer < 0 ? "" : ` of layer ${layer}, unit ${unit}`;
  const at = sample < 0 ? "" : ` for sample ${sample}`;
  return {
    message: `the first ${quantity} that is not finite: ${value}${of}${at}`,
    evidence: { quantity, layer, unit, sample, value: String(value) },
  };
}

function growthCases({ flow, batchNorm }: Signs, verdict: "vanishing" | "exploding"): Case[] {
  const { growth, layers } = flow;
  const first = layers[0];
  const last = layers[layers.length - 1];
  if (growth.verdict !== verdict || growth.total === null || growth.rate === null) return [];
  if (batchNorm.includes(true)) {
    const ratio = (first.gradientNorm * first.parameterNorm) / (last.gradientNorm * last.parameterNorm);
    if (ratio > NORMED_RATIO && ratio < 1 / NORMED_RATIO) return [];
  }
  return [
    {
      message: `the signal ∂L/∂a ${verdict === "vanishing" ? "shrinks" : "grows"} by ${growth.rate.toPrecision(2)} a layer on its way down, ${growth.total.toExponential(1)} in all`,
      evidence: { rate: growth.rate, total: growth.total },
    },
  ];
}

export function percent(share: number): string {
  return `${Number((100 * share).toPrecision(2))} %`;
}
