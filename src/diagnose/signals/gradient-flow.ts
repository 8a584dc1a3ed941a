import { checkNonNegative, isObject, wrongType, wrongValue } from "../../check.js";
import type { Matrix } from "../../linalg/matrix.js";
import type { Dataset } from "../../network/dataset.js";
import type { LayerLayout } from "../../network/layout.js";
import { checkNetwork, type Network } from "../../network/network.js";
import type { PassOptions } from "../../network/pass.js";
import type { BatchNormMode, Propagation } from "../../network/propagation.js";
import { isPenalised } from "../../network/spec.js";
import { Optimizer, type OptimizerState } from "../../optimize/optimizer.js";
import type { Dtype } from "../../wasm/kernels.js";
import { coreMath } from "../../wasm/math.js";
import type { FloatArray } from "../../wasm/workspace.js";
import { euclidean, holdsSquares, slopeOf } from "./arithmetic.js";
import { withProbe } from "./probe.js";

/** What `gradientFlow` takes beside network and data. */
export interface GradientFlowOptions extends PassOptions {
  /**
   * The optimizer that trains the network, or its state: its momentum moves parameters that get no
   * gradient. Default: none.
   */
  optimizer?: Optimizer | OptimizerState;
  /**
   * The weight decay that the optimizer applies. The network's own penalty is known and need not
   * be given. Default: 0.
   */
  weightDecay?: number;
}

/**
 * Of a unit's parameters; norms are Euclidean, of the gradient of the mean loss without the
 * penalty.
 */
export interface UnitGradient {
  /** ‖∂L/∂w‖ of the row of weights into it. */
  readonly weights: number;
  /** |∂L/∂b|. */
  readonly bias: number;
  /** Of batch norm's scale; 0 without batch norm. */
  readonly scale: number;
  /** Of batch norm's shift; 0 without batch norm. */
  readonly shift: number;
  /**
   * ‖∂L/∂a‖ over the samples, in double precision, a being the pre-activation before batch norm.
   */
  readonly signal: number;
  /** Parameters of it whose gradient is exactly 0. */
  readonly zeros: number;
}

/** How many gradients single precision loses. */
export interface SinglePrecision {
  /** Not 0 in double precision, but 0 in single. */
  readonly zero: number;
  /**
   * Not 0 in double precision, but subnormal (below 2⁻¹²⁶, with fewer digits the smaller) in
   * single.
   */
  readonly subnormal: number;
  /** Finite in double precision, but not in single. */
  readonly overflow: number;
}

/**
 * Parameters whose gradient of the mean loss is exactly 0, and what would move them all the same.
 */
export interface ZeroGradients {
  /** How many there are. */
  readonly count: number;
  /** Of these, those whose penalty has a gradient. */
  readonly movedByPenalty: number;
  /** With a momentum other than 0. */
  readonly movedByMomentum: number;
  /** That weight decay shrinks. */
  readonly movedByWeightDecay: number;
  /** Those that nothing moves. */
  readonly stuck: number;
}

/** What reaches a layer. */
export interface LayerGradient {
  /** Index of the layer. */
  readonly layer: number;
  /** Number of parameters. */
  readonly parameters: number;
  /** ‖∂L/∂θ‖ over the layer, without the penalty. */
  readonly gradientNorm: number;
  /** With the penalty. */
  readonly objectiveNorm: number;
  /** ‖θ‖ over the layer. */
  readonly parameterNorm: number;
  /** ‖∂L/∂a‖ over samples and units, a being the pre-activation before batch norm. */
  readonly signal: number;
  /** One by one. */
  readonly units: readonly UnitGradient[];
  /** Units whose gradients are all exactly 0. */
  readonly frozenUnits: readonly number[];
  /**
   * Inputs of the layer whose weights' gradients are all exactly 0, such as those that are 0 for
   * every sample.
   */
  readonly frozenInputs: readonly number[];
  /** Of its parameters. */
  readonly zeroGradients: ZeroGradients;
  /** What single precision loses of them. */
  readonly singlePrecision: SinglePrecision;
  /** Entries that are NaN or infinite in the network's own precision; norms leave them out. */
  readonly nonFinite: number;
}

/** How the signal ∂L/∂a changes on its way down. */
export interface SignalGrowth {
  /** ‖∂L/∂a‖ of layer l over that of layer l + 1; null where one of them is 0. */
  readonly ratios: readonly (number | null)[];
  /**
   * The factor a layer, by least squares on the logarithms; null with fewer than two signals that
   * are not 0.
   */
  readonly rate: number | null;
  /** What that makes from the last layer to the first: rate to the number of layers between. */
  readonly total: number | null;
  /**
   * "vanishing" where the first layer gets at most a thousandth of the last one's signal,
   * "exploding" where it gets a thousand times as much: then no one learning rate serves both.
   * "blocked" where a layer gets none at all.
   */
  readonly verdict: "steady" | "vanishing" | "exploding" | "blocked";
  /** The last layer that gets no signal, or −1. */
  readonly blockedAt: number;
}

/** What `gradientFlow` returns. */
export interface GradientFlow {
  /** The training objective, penalty included. */
  readonly loss: number;
  /** ‖∂L/∂θ‖ over all parameters, without the penalty. */
  readonly gradientNorm: number;
  /** With the penalty. */
  readonly objectiveNorm: number;
  /** Precision of the network's parameters. */
  readonly dtype: Dtype;
  /** Which statistics batch norm used. */
  readonly batchNorm: BatchNormMode;
  /** The first one first. */
  readonly layers: readonly LayerGradient[];
  /** Of the signal, from layer to layer. */
  readonly growth: SignalGrowth;
  /** Of all parameters. */
  readonly zeroGradients: ZeroGradients;
  /** What single precision loses of all gradients. */
  readonly singlePrecision: SinglePrecision;
  /** Entries that are NaN or infinite; norms leave them out. */
  readonly nonFinite: number;
}

/** From the last layer to the first. */
const VANISHING = 1e-3;
const EXPLODING = 1e3;
/** Below this single precision has no normal numbers. */
const SMALLEST_NORMAL = 2 ** -126;
/** A sum Σ δ·h of double precision is known to about this share of ‖δ‖·‖h‖. */
const ROUNDING = 2 ** -48;

/**
 * Where the gradient goes: its norm per layer and per unit, exact zeros, and the growth of the
 * signal ∂L/∂a from layer to layer (Glorot and Bengio 2010). Also what is lost in single precision,
 * and which parameters cannot move at all, or only by momentum, penalty or weight decay.
 *
 * Gradients are taken in both precisions at the same parameters. Entries Σ δ·h below 2⁻⁴⁸·‖δ‖·‖h‖
 * are not counted as lost, being rounding errors of sums that are 0, such as the gradient of a bias
 * before batch norm. The counts also hold what rounding absorbs: a softmax that rounds to 1 leaves
 * no gradient in single precision.
 *
 * @param options batchNorm: "batch" (default) or "running"; optimizer, weightDecay: what else moves
 * parameters.
 * @returns plain data, owned by the caller. Cost: about one and a half gradients in double
 * precision.
 * @throws TypeError or RangeError as `net.gradient`, and for an optimizer or state of another
 * number of parameters.
 * @example
 * const net = network({ inputs: 1, layers: [{ units: 2, activation: "relu" }, { units: 1 }] });
 * net.setParameters([1, 1, 0, -5, 1, 1, 0]);
 * const flow = gradientFlow(net, dataset([[1], [2]], [0, 0]));
 * flow.layers[0].frozenUnits; // [1]
 * flow.zeroGradients; // { count: 3, stuck: 3 }
 */
export function gradientFlow(net: Network, data: Dataset, options: GradientFlowOptions = {}): GradientFlow {
  const where = "gradientFlow";
  checkNetwork(where, net);
  const mode = net.mode(where, data, options, ["optimizer", "weightDecay"]);
  const { weightDecay = 0 } = options;
  checkNonNegative(where, "weightDecay", weightDecay);
  const momentum = momentumOf(where, options.optimizer, net.parameterCount);
  const { layout, spec } = net;
  const { parameters } = net.current();
  const { double, signals, inputs } = doublePass(net, data, mode);
  const singleOptions = { dtype: "f32", gradients: "transient", penalty: false } as const;
  const single = withProbe(net, data, mode, singleOptions, (probe) => probe.gradient(parameters));
  const own = spec.dtype === "f64" ? double : single;
  const penalty = penaltyOf(net, parameters);
  const field: Field = {
    parameters,
    gradient: own.gradient,
    double: double.gradient,
    single: single.gradient,
    penalty,
    momentum,
    weightDecay,
  };
  const layers = layout.layers.map((layer, l) => layerGradient(layer, l, field, signals[l], inputs[l], data.size));
  const norm = (of: (layer: LayerGradient) => number): number => euclidean(0, layers.length, (l) => of(layers[l]));
  return {
    loss: own.loss + penalty.value,
    gradientNorm: norm((layer) => layer.gradientNorm),
    objectiveNorm: norm((layer) => layer.objectiveNorm),
    dtype: spec.dtype,
    batchNorm: mode,
    layers,
    growth: growthOf(net, layers),
    zeroGradients: sumOf(layers.map(({ zeroGradients }) => zeroGradients)),
    singlePrecision: sumOf(layers.map(({ singlePrecision }) => singlePrecision)),
    nonFinite: layers.reduce((sum, { nonFinite }) => sum + nonFinite, 0),
  };
}

/** What is known of every parameter. */
interface Field {
  readonly parameters: FloatArray;
  /** Of the mean loss: in the network's precision, in double and in single. */
  readonly gradient: FloatArray;
  readonly double: FloatArray;
  readonly single: FloatArray;
  readonly penalty: PenaltyGradient;
  readonly momentum: readonly ArrayLike<number>[];
  readonly weightDecay: number;
}

/** Vectors of an optimizer's memory that are a direction, and so move what has no gradient. */
const MOMENTA = ["velocity", "m"];

function momentumOf(where: string, optimizer: unknown, count: number): ArrayLike<number>[] {
  if (optimizer === undefined) return [];
  const state = optimizer instanceof Optimizer ? optimizer.state() : optimizer;
  if (!isObject(state) || !isObject(state.vectors)) {
    wrongType(where, "optimizer", "an optimizer or its state()", optimizer);
  }
  return Object.entries(state.vectors).flatMap(([name, vector]) => {
    const values = vector as ArrayLike<number>;
    if (values?.length !== count) {
      wrongValue(where, "optimizer", `vectors of ${count} numbers`, `${values?.length} in "${name}"`);
    }
    return MOMENTA.includes(name) ? [values] : [];
  });
}

interface DoublePass {
  readonly double: { readonly loss: number; readonly gradient: FloatArray };
  /** For each layer and unit ‖∂L/∂a‖, and for each layer and input ‖h‖, over the samples. */
  readonly signals: readonly Float64Array[];
  readonly inputs: readonly Float64Array[];
}

/** The gradient of the mean loss in double precision, with the norms of what it is made of. */
function doublePass(net: Network, data: Dataset, mode: BatchNormMode): DoublePass {
  const { layers: layouts } = net.layout;
  const signals = layouts.map(({ units }) => new Float64Array(units));
  const outputs = layouts.map(({ units }) => new Float64Array(units));
  return withProbe(net, data, mode, { gradients: "kept", penalty: false }, (probe) => {
    const { propagation } = probe;
    const double = probe.gradient(net.current().parameters, () => {
      propagation.layers.forEach(({ delta, h }, l) => {
        addNorms(propagation, delta, signals[l]);
        if (l + 1 < layouts.length) addNorms(propagation, h, outputs[l]);
      });
    });
    return { double, signals, inputs: [columnNorms(data.inputs), ...outputs.slice(0, -1)] };
  });
}

/** Takes the loaded samples into the norms of rows. */
function addNorms({ workspace, kernels, stride, size }: Propagation, at: number, norms: Float64Array): void {
  const view = workspace.view("f64");
  for (let unit = 0; unit < norms.length; ++unit) {
    const row = at + unit * stride * 8;
    const squares = kernels.sumSquares(row, size);
    const chunk = holdsSquares(squares) ? Math.sqrt(squares) : euclidean(0, size, (i) => view[row / 8 + i]);
    const before = norms[unit];
    norms[unit] = before === 0 ? chunk : euclidean(0, 2, (i) => (i === 0 ? before : chunk));
  }
}

function columnNorms({ rows, columns, data }: Matrix): Float64Array {
  const squares = new Float64Array(columns);
  for (let k = 0, i = 0; i < rows; ++i) {
    for (let j = 0; j < columns; ++j, ++k) squares[j] += data[k] * data[k];
  }
  return squares.map((sum, j) =>
    holdsSquares(sum) ? Math.sqrt(sum) : euclidean(0, rows, (i) => data[i * columns + j]),
  );
}

interface PenaltyGradient {
  readonly value: number;
  /** 0 throughout where there is none. */
  at(k: number): number;
}

/** l1·sign θ + l2·θ where it is on, with sign 0 = 0. */
function penaltyOf({ spec, layout }: Network, parameters: FloatArray): PenaltyGradient {
  if (!isPenalised(spec)) return { value: 0, at: () => 0 };
  const { l1 } = spec.penalty;
  const gradient = new Float64Array(parameters.length);
  let value = 0;
  for (const { offset, count, l2 } of layout.penalised) {
    for (let k = offset; k < offset + count; ++k) {
      const x = parameters[k];
      value += l1 * Math.abs(x) + 0.5 * l2 * x * x;
      gradient[k] = l1 * Math.sign(x) + l2 * x;
    }
  }
  return { value, at: (k) => gradient[k] };
}

function layerGradient(
  layer: LayerLayout,
  index: number,
  field: Field,
  signals: Float64Array,
  inputNorms: Float64Array,
  samples: number,
): LayerGradient {
  const { gradient, parameters, penalty } = field;
  const { inputs, weight, bias, scale, shift, end } = layer;
  const usedInputs = new Uint8Array(inputs);
  const units = Array.from(signals, (signal, unit): UnitGradient => {
    const row = weight + unit * inputs;
    let zeros = 0;
    for (let j = 0; j < inputs; ++j) {
      if (gradient[row + j] === 0) ++zeros;
      else usedInputs[j] = 1;
    }
    const single = (from: number): number => {
      if (from < 0) return 0;
      const g = gradient[from + unit];
      if (g === 0) ++zeros;
      return g - g === 0 ? Math.abs(g) : 0;
    };
    const [atBias, atScale, atShift] = [bias, scale, shift].map(single);
    return {
      weights: euclidean(row, row + inputs, (k) => gradient[k]),
      bias: atBias,
      scale: atScale,
      shift: atShift,
      signal,
      zeros,
    };
  });
  const perUnit = (end - weight) / units.length;
  const sums = sumsOver(field, weight, end);
  const norm = (of: (k: number) => number): number => euclidean(weight, end, of);
  return {
    layer: index,
    parameters: end - weight,
    gradientNorm: norm((k) => gradient[k]),
    objectiveNorm: norm((k) => gradient[k] + penalty.at(k)),
    parameterNorm: norm((k) => parameters[k]),
    signal: euclidean(0, units.length, (unit) => signals[unit]),
    units,
    frozenUnits: units.flatMap(({ zeros }, unit) => (zeros === perUnit ? [unit] : [])),
    frozenInputs: Array.from(usedInputs.keys()).filter((j) => !usedInputs[j]),
    zeroGradients: sums.zeroGradients,
    singlePrecision: singlePrecision(layer, field, signals, inputNorms, samples),
    nonFinite: sums.nonFinite,
  };
}

function sumsOver(
  { gradient, parameters, penalty, momentum, weightDecay }: Field,
  from: number,
  to: number,
): { zeroGradients: ZeroGradients; nonFinite: number } {
  const zeros = { count: 0, movedByPenalty: 0, movedByMomentum: 0, movedByWeightDecay: 0, stuck: 0 };
  let nonFinite = 0;
  for (let k = from; k < to; ++k) {
    const g = gradient[k];
    if (g - g !== 0) ++nonFinite;
    if (g !== 0) continue;
    const byPenalty = penalty.at(k) !== 0;
    const byMomentum = momentum.some((vector) => vector[k] !== 0);
    const byDecay = weightDecay > 0 && parameters[k] !== 0;
    ++zeros.count;
    if (byPenalty) ++zeros.movedByPenalty;
    if (byMomentum) ++zeros.movedByMomentum;
    if (byDecay) ++zeros.movedByWeightDecay;
    if (!byPenalty && !byMomentum && !byDecay) ++zeros.stuck;
  }
  return { zeroGradients: zeros, nonFinite };
}

function singlePrecision(
  { weight, bias, units, inputs, end }: LayerLayout,
  { double, single }: Field,
  signals: Float64Array,
  inputNorms: Float64Array,
  samples: number,
): SinglePrecision {
  const lost = { zero: 0, subnormal: 0, overflow: 0 };
  const look = (k: number, terms: number): void => {
    const size = Math.abs(double[k]);
    const held = Math.abs(single[k]);
    if (size - size !== 0) return;
    if (held - held !== 0) ++lost.overflow;
    else if (held < SMALLEST_NORMAL && size > ROUNDING * terms) ++lost[held === 0 ? "zero" : "subnormal"];
  };
  for (let unit = 0; unit < units; ++unit) {
    for (let j = 0; j < inputs; ++j) look(weight + unit * inputs + j, signals[unit] * inputNorms[j]);
    look(bias + unit, signals[unit] * Math.sqrt(samples));
  }
  for (let k = bias + units; k < end; ++k) look(k, 0);
  return lost;
}

function growthOf(net: Network, layers: readonly LayerGradient[]): SignalGrowth {
  const signals = layers.map(({ signal }) => signal);
  const ratios = signals.slice(1).map((above, l) => (above > 0 && signals[l] > 0 ? signals[l] / above : null));
  const { exp, log } = coreMath(net.build);
  const points = signals.flatMap((signal, l): [number, number][] =>
    signal > 0 && signal < Infinity ? [[l, log(signal)]] : [],
  );
  const slope = slopeOf(points);
  const total = slope === null ? null : Math.min(Number.MAX_VALUE, exp(-slope * (signals.length - 1)));
  const blockedAt = signals.lastIndexOf(0);
  const steady = total === null || (total > VANISHING && total < EXPLODING);
  return {
    ratios,
    rate: slope === null ? null : exp(-slope),
    total,
    verdict:
      blockedAt >= 0 ? "blocked" : steady ? "steady" : (total as number) <= VANISHING ? "vanishing" : "exploding",
    blockedAt,
  };
}

function sumOf<T extends object>(counts: readonly T[]): T {
  const sum = { ...counts[0] } as Record<string, number>;
  for (const key of Object.keys(sum)) {
    sum[key] = counts.reduce((total, count) => total + (count as Record<string, number>)[key], 0);
  }
  return sum as T;
}
