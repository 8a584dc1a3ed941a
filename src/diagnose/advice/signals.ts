import { type Case, figure, type Row, type Signs } from "./table.js";

/**
 * Of a layer's gradients, lost to single precision: well-fitted classes and saturated units cost
 * some.
 */
const UNDERFLOWN_SHARE = 0.5;
/**
 * With batch norm, in place of the signals, the products ‖g‖·‖θ‖ of first and last layer, which a
 * rescaling of inputs or weights leaves alone.
 */
const NORMED_RATIO = 1e-3;
/**
 * Of the signal, from the last hidden layer to the first: then no one learning rate serves both.
 */
const VANISHING = 1e-3;
const EXPLODING = 1e3;
/**
 * Outputs so many times as far out as both the targets and the outputs of the network as drawn: no
 * table's units make that of a network that is well.
 */
const DIVERGED = 1e3;
/**
 * A learning rate beyond the edge: runs at the edge of stability hover around it, up to a fifth
 * beyond.
 */
const BEYOND = 1.5;
/** Of the largest useful rate: ten thousand steps go as far as one could. */
const FAR_BELOW = 1e-4;

export const brokenRows: readonly Row[] = [
  {
    code: "non-finite",
    remedy: "scale inputs to unit size; reinitialize(net, { seed }); then a lower learning rate, or clip: { norm: 1 }",
    source: "Goodfellow, Bengio and Courville 2016, section 4.1 (overflow)",
    find: ({ offence }) => (offence ? [offenceCase(offence)] : []),
  },
  {
    code: "diverged",
    remedy: "reinitialize(net, { seed }); then divide the learning rate by 10, or clip: { norm: 1 }",
    source: "LeCun, Bottou, Orr and Müller 1998, Efficient BackProp, section 5 (the largest learning rate)",
    find: ({ drawn, judged, growth, flow }) => {
      const { outputs, asDrawn, targets, untouched } = drawn;
      const usual = Math.max(asDrawn, targets);
      // What grows from layer to layer alone is another fault, that of the weights' size.
      const grown = Math.max(1, growth?.rate ?? 1) ** (flow.layers.length + 1);
      const far = outputs > DIVERGED * usual && outputs > 10 * grown * usual;
      if (untouched || !far || !(judged.report.skill < 0)) return [];
      const message = `the outputs have a root mean square of ${figure(outputs)}, where a fresh network's have ${figure(asDrawn)} and the targets ask for ${figure(targets)}: the run has diverged`;
      return [{ message, evidence: { outputs, asDrawn, targets } }];
    },
  },
];

export const signalRows: readonly Row[] = [
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
              message: `of the ${parameters} gradients of layer ${layer + 1} ${zero} are 0 and ${subnormal} subnormal in single precision, but not in double`,
              layer,
              evidence: { layer, zero, subnormal, parameters },
            })),
  },
];

export const rateRows: readonly Row[] = [
  {
    code: "learning-rate-too-high",
    remedy: "lower the learning rate below the edge in the evidence, half of it being safe",
    source: "LeCun, Simard and Pearlmutter 1993; Cohen et al. 2021",
    find: ({ rates }) => {
      if (!rates) return [];
      const { learningRate, edge, above, optimizer } = rates;
      if (edge !== null) {
        if (!(above > BEYOND)) return [];
        const message = `a learning rate of ${figure(learningRate)} is ${figure(above)} times the edge ${figure(edge)}, from which on steps lead away`;
        return [{ message, evidence: { learningRate, edge, above } }];
      }
      // Steps of this length keep the loss above that of a constant.
      if (!(above > 1)) return [];
      const message = `a learning rate of ${figure(learningRate)} is ${figure(above)} times the one at which the steps of ${optimizer} keep the loss above a constant's`;
      return [{ message, evidence: { learningRate, edge: learningRate / above, above } }];
    },
  },
  {
    code: "learning-rate-too-low",
    remedy: "raise the learning rate, to between a hundredth and a half of the edge that sharpness(net, data) shows",
    source: "LeCun, Bottou, Orr and Müller 1998, Efficient BackProp, section 5",
    find: ({ rates, fits, point }) => {
      if (!rates || fits || !(rates.below < FAR_BELOW) || point?.kind === "minimum") return [];
      const { learningRate, edge, below } = rates;
      const beside = edge === null ? "the parameters' size" : "the largest rate that would do";
      const message = `a learning rate of ${figure(learningRate)} is ${figure(below)} of ${beside}`;
      return [{ message, evidence: { learningRate, ...(edge === null ? {} : { edge }), below } }];
    },
  },
];

function offenceCase({ quantity, layer, unit, sample, value }: NonNullable<Signs["offence"]>): Case {
  const of = layer < 0 ? "" : ` of layer ${layer + 1}, unit ${unit + 1}`;
  const at = sample < 0 ? "" : ` for sample ${sample}`;
  return {
    message: `the first ${quantity} that is not finite: ${value}${of}${at}`,
    ...(layer < 0 ? {} : { layer, units: [unit] }),
    evidence: { quantity, layer, unit, sample, value: String(value) },
  };
}

function growthCases({ flow, growth, batchNorm }: Signs, verdict: "vanishing" | "exploding"): Case[] {
  const { layers } = flow;
  const first = layers[0];
  const last = layers[layers.length - 1];
  if (flow.growth.verdict === "blocked" || growth === null) return [];
  if (verdict === "vanishing" ? growth.total > VANISHING : growth.total < EXPLODING) return [];
  if (batchNorm.includes(true)) {
    const ratio = (first.gradientNorm * first.parameterNorm) / (last.gradientNorm * last.parameterNorm);
    if (ratio > NORMED_RATIO && ratio < 1 / NORMED_RATIO) return [];
  }
  return [
    {
      message: `the signal ∂L/∂a ${verdict === "vanishing" ? "shrinks" : "grows"} by ${growth.rate.toPrecision(2)} a layer on its way down, ${growth.total.toExponential(1)} from the last hidden layer to the first`,
      evidence: { rate: growth.rate, total: growth.total },
    },
  ];
}
