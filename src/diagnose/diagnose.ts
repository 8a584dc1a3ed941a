import { checkChoice, checkInteger, wrongValue } from "../check.js";
import { checkDataset, type Dataset } from "../network/dataset.js";
import { checkNetwork, type Network, network } from "../network/network.js";
import type { PassOptions } from "../network/pass.js";
import type { BatchNormMode } from "../network/propagation.js";
import { decidesClasses, lossName, lossTraits } from "../network/spec.js";
import { checkOptimizer, type Optimizer } from "../optimize/optimizer.js";
import { coreMath } from "../wasm/math.js";
import type { Drawn, Growth } from "./advice/table.js";
import { adviceOn } from "./advice.js";
import type { Diagnosis, LayerDiagnosis } from "./diagnosis.js";
import type { CurvatureChoice } from "./point/cost.js";
import { classifyCriticalPoint } from "./point/critical.js";
import { DENSE_FLOPS, denseFlops } from "./point/ends.js";
import { render } from "./report.js";
import { findOffence, type GuardFinding } from "./run/guard.js";
import { rateFacts } from "./run/rates.js";
import { slopeOf } from "./signals/arithmetic.js";
import { conflictsIn } from "./signals/conflicts.js";
import { type GradientFlow, gradientFlow } from "./signals/gradient-flow.js";
import { inputScale } from "./signals/inputs.js";
import { type Outputs, outputsOf } from "./signals/outputs.js";
import { penaltyFacts } from "./signals/penalty.js";
import { type Constant, constantOf, type Judged, judge, targetRows } from "./signals/score.js";
import { targetFacts } from "./signals/targets.js";
import { type ActivationStatistics, activationStatistics } from "./units/activation-statistics.js";

const WHERE = "diagnose";

/** What `diagnose` takes beside network and data. */
export interface DiagnoseOptions extends PassOptions {
  /** How much of the curvature to compute. Default: by size, see `diagnose`. */
  curvature?: CurvatureChoice;
  /** Data that the network was not trained on, from which overfitting is judged. Default: none. */
  validation?: Dataset;
  /**
   * The optimizer that trains the network, or has trained it: its learning rate and weight decay
   * are compared with the curvature. Default: none.
   */
  optimizer?: Optimizer;
  /** Seed of random vectors. Default: 0. */
  seed?: number;
}

/**
 * Flops for a dense matrix, and N·P for the products of Lanczos's method, that a diagnosis takes
 * unasked: it is to be there at once.
 */
const SOON_FLOPS = DENSE_FLOPS / 10;
const PRODUCT_SIZE = 2e7;

/**
 * Why a network does not learn, and what to do about it: one report on units, signals and the
 * point, with advice.
 *
 * Units: `activationStatistics`; signals: `gradientFlow`; the point: `classifyCriticalPoint`. Each
 * advice has a code, evidence, a remedy and a source. The thresholds and their reasons are in
 * tables (src/diagnose/advice). A fit is compared with that of the mean, or of the classes' shares.
 * A network without faults gets no advice. A NaN or infinity is reported alone, with layer,
 * quantity and sample.
 *
 * @param options curvature: "none" computes gradients alone, "lanczos" the ends of the spectrum,
 * "dense" all of it. The default is "dense" where N·P² + 4/3·P³ ≤ 3·10⁹, otherwise "lanczos" where
 * N·P ≤ 2·10⁷, otherwise "none"; the result says which and why. batchNorm: as in `net.loss`.
 * @returns plain data for structured cloning and JSON (with null for NaN and infinities), and
 * `toString()` for a terminal.
 * Cost: "none" takes less than 10 evaluations of the gradient; `diagnosisCost` predicts the others.
 * @throws TypeError or RangeError as `net.loss`, and for unknown options.
 * @example
 * const net = network({ inputs: 1, layers: [{ units: 2, activation: "relu" }, { units: 1 }] });
 * net.setParameters([1, 1, -9, -9, 1, 1, 0]);
 * diagnose(net, dataset([[-1], [0], [1], [2]], [0, 0, 1, 2])).advice[0].code; // "dead-layer"
 */
export function diagnose(net: Network, data: Dataset, options: DiagnoseOptions = {}): Diagnosis {
  checkNetwork(WHERE, net);
  const mode = net.mode(WHERE, data, options, ["curvature", "validation", "optimizer", "seed"]);
  const { curvature: asked, validation, optimizer, seed = 0 } = options;
  if (asked !== undefined) checkChoice(WHERE, "curvature", asked, ["none", "lanczos", "dense"]);
  checkInteger(WHERE, "seed", seed, 0);
  const { outputs: meaning } = lossTraits(net.spec.loss);
  if (meaning !== "values" && meaning !== "logits") {
    const remedy = "use its parts: deadUnits, activationStatistics, gradientFlow, classifyCriticalPoint, spectrum";
    wrongValue(WHERE, "net", "outputs that are values or logits", `the loss ${lossName(net.spec.loss)}`, remedy);
  }
  if (validation !== undefined) checkDataset(WHERE, validation, net);
  if (optimizer !== undefined) checkOptimizer(WHERE, optimizer);
  const statistics = activationStatistics(net, data, { batchNorm: mode });
  const flow = gradientFlow(net, data, { batchNorm: mode });
  const offence = offenceIn(net, data, mode, statistics, flow);
  const { curvature, reason } = choose(net, data, asked, offence !== null);
  const point = curvature === "none" ? null : classifyCriticalPoint(net, data, { curvature, batchNorm: mode, seed });
  const duplicates = net.spec.layers.map((_, l) => duplicatesIn(net, l, statistics.layers[l].dead));
  const { judged, outputs } = judgedOn(net, data, mode);
  const held = validation ? judgedOn(net, validation, "running", constantOf(net, data)).judged : null;
  const inputs = inputScale(data, net);
  const batchNorm = net.spec.layers.map((layer) => layer.batchNorm !== false);
  const fresh = outputsOf(network(net.spec), data, mode);
  const broken = offence !== null;
  const diagnosis = {
    parameters: net.parameterCount,
    samples: data.size,
    dtype: net.spec.dtype,
    batchNorm: mode,
    loss: flow.loss,
    gradientNorm: flow.objectiveNorm,
    fit: judged.report.score,
    score: judged.report,
    validation: held?.report ?? null,
    layers: statistics.layers.map((_, l) => layerOf(statistics, flow, duplicates[l], batchNorm[l], l)),
    blocked: statistics.blocked,
    signal: flow.growth,
    inputs,
    point: point && { ...point, escape: point.escape && Array.from(point.escape) },
    curvature,
    curvatureReason: reason,
    advice: adviceOn({
      statistics,
      flow,
      growth: growthOf(net, flow),
      inputs,
      duplicates,
      point,
      offence,
      judged,
      judgedAsUsed: held && net.layout.batchNorm ? judgedOn(net, data, "running").judged : judged,
      validation: held,
      fits: judged.fits,
      targets: targetFacts(net, data),
      conflicts: conflictsIn(net, data),
      rates: optimizer && !broken ? rateFacts(net, data, mode, optimizer, judged.report.baselineLoss, seed) : null,
      penalty: broken ? null : penaltyFacts(net, data, mode, optimizer, outputs, fresh),
      drawn: besideDrawn(net, data, outputs, fresh, optimizer),
      batchNorm,
      affine: net.spec.layers.every(({ activation }) => activation.type === "identity"),
    }),
  };
  // Not enumerable, so that JSON and structured cloning see data alone.
  return Object.defineProperty(diagnosis, "toString", { value: () => render(diagnosis) });
}

function choose(
  net: Network,
  data: Dataset,
  asked: CurvatureChoice | undefined,
  broken: boolean,
): { curvature: CurvatureChoice; reason: string } {
  if (broken) return { curvature: "none", reason: "none, since something is not finite" };
  if (asked !== undefined) return { curvature: asked, reason: `"${asked}", as asked for` };
  const flops = denseFlops(net.parameterCount, data.size);
  if (flops <= SOON_FLOPS) {
    return { curvature: "dense", reason: `dense, since N·P² + 4/3·P³ = ${flops.toPrecision(2)} flops are soon done` };
  }
  const size = data.size * net.parameterCount;
  const large = `N·P² + 4/3·P³ = ${flops.toPrecision(2)} flops exceed ${SOON_FLOPS.toPrecision(1)}`;
  if (size <= PRODUCT_SIZE)
    return { curvature: "lanczos", reason: `the ends of the spectrum from products, since ${large}` };
  return {
    curvature: "none",
    reason: `none, since ${large} and N·P = ${size.toPrecision(2)} exceeds ${PRODUCT_SIZE.toPrecision(1)}; ask for "lanczos"`,
  };
}

/** Looked for sample by sample only where sums say that there is something. */
function offenceIn(
  net: Network,
  data: Dataset,
  mode: BatchNormMode,
  { layers }: ActivationStatistics,
  flow: GradientFlow,
): GuardFinding | null {
  const suspicious = flow.nonFinite > 0 || !Number.isFinite(flow.loss) || layers.some(({ nonFinite }) => nonFinite > 0);
  return suspicious ? findOffence(net, data, mode, { nan: true, inf: true, big: Infinity }) : null;
}

function layerOf(
  { layers }: ActivationStatistics,
  flow: GradientFlow,
  duplicates: number[][],
  batchNorm: boolean,
  l: number,
): LayerDiagnosis {
  const { type, units, dead, active, sparsity, saturated, exactZeros, preActivation, activation } = layers[l];
  const { parameters, frozenUnits, gradientNorm, parameterNorm, signal } = flow.layers[l];
  return {
    layer: l,
    type,
    units: units.length,
    batchNorm,
    parameters,
    deadUnits: dead.slice(),
    duplicates,
    frozenUnits: frozenUnits.slice(),
    active,
    sparsity,
    saturated,
    exactZeros,
    preActivation,
    activation,
    gradientNorm,
    parameterNorm,
    signal,
  };
}

/** Groups of hidden units that compute the same, the dead ones aside: those compute nothing. */
function duplicatesIn(net: Network, l: number, dead: readonly number[]): number[][] {
  const layer = net.layout.layers[l];
  if (l === net.layout.layers.length - 1) return [];
  const { parameters } = net.current();
  const { weight, bias, scale, shift, inputs, units } = layer;
  const groups = new Map<string, number[]>();
  for (let unit = 0; unit < units; ++unit) {
    if (dead.includes(unit)) continue;
    const row = parameters.subarray(weight + unit * inputs, weight + (unit + 1) * inputs);
    const rest = scale < 0 ? [bias] : [bias, scale, shift];
    const key = `${row.join()},${rest.map((at) => parameters[at + unit]).join()}`;
    groups.set(key, [...(groups.get(key) ?? []), unit]);
  }
  return Array.from(groups.values()).filter((group) => group.length > 1);
}

/**
 * Under running statistics, or those of the data where that is better: early in training the
 * running ones are not there yet.
 */
function judgedOn(
  net: Network,
  data: Dataset,
  mode: BatchNormMode,
  constant?: Constant,
): { judged: Judged; outputs: Outputs } {
  const outputs = outputsOf(net, data, mode);
  const judged = judge(net, data, outputs, constant);
  if (!net.layout.batchNorm || mode === "running") return { judged, outputs };
  const other = outputsOf(net, data, "running");
  const running = judge(net, data, other, constant);
  return running.report.score > judged.report.score ? { judged: running, outputs: other } : { judged, outputs };
}

function besideDrawn(
  net: Network,
  data: Dataset,
  outputs: Outputs,
  fresh: Outputs,
  optimizer: Optimizer | undefined,
): Drawn {
  const { parameters } = net.current();
  const drawn = network(net.spec).current().parameters;
  const classes = decidesClasses(net.spec.loss);
  return {
    untouched: parameters.every((value: number, i: number) => value === drawn[i]),
    trained: (optimizer?.steps ?? 0) > 0,
    outputs: rootMeanSquare(outputs.values),
    asDrawn: rootMeanSquare(fresh.values),
    targets: classes ? 1 : rootMeanSquare(targetRows(net, data)),
  };
}

/**
 * As `flow.growth`, over the hidden layers alone: the step from the outputs is in the targets'
 * unit, and says how large the targets are.
 */
function growthOf(net: Network, { layers }: GradientFlow): Growth | null {
  const { exp, log } = coreMath(net.build);
  const hidden = layers.slice(0, -1);
  const slope = slopeOf(
    hidden.flatMap(({ signal }, l): [number, number][] => (signal > 0 && signal < Infinity ? [[l, log(signal)]] : [])),
  );
  if (slope === null) return null;
  return { rate: exp(-slope), total: Math.min(Number.MAX_VALUE, exp(-slope * (hidden.length - 1))) };
}

/** Of the largest size first, so that squares neither overflow nor underflow. */
function rootMeanSquare(values: ArrayLike<number>): number {
  let most = 0;
  for (let k = 0; k < values.length; ++k) most = Math.max(most, Math.abs(values[k]));
  if (!(most > 0 && most < Infinity)) return most;
  let sum = 0;
  for (let k = 0; k < values.length; ++k) sum += (values[k] / most) ** 2;
  return most * Math.sqrt(sum / values.length);
}
