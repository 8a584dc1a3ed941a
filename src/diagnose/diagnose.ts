import { checkChoice, checkInteger } from "../check.js";
import type { Dataset } from "../network/dataset.js";
import { checkNetwork, type Network } from "../network/network.js";
import type { PassOptions } from "../network/pass.js";
import type { BatchNormMode } from "../network/propagation.js";
import { adviceOn } from "./advice.js";
import type { Diagnosis, LayerDiagnosis } from "./diagnosis.js";
import type { CurvatureChoice } from "./point/cost.js";
import { classifyCriticalPoint } from "./point/critical.js";
import { denseFlops } from "./point/ends.js";
import { render } from "./report.js";
import { findOffence, type GuardFinding } from "./run/guard.js";
import { type GradientFlow, gradientFlow } from "./signals/gradient-flow.js";
import { inputScale } from "./signals/inputs.js";
import { type ActivationStatistics, activationStatistics } from "./units/activation-statistics.js";

const WHERE = "diagnose";

/** What `diagnose` takes beside network and data. */
export interface DiagnoseOptions extends PassOptions {
  /** How much of the curvature to look at; by size where not given. */
  curvature?: CurvatureChoice;
  /** Of random vectors; 0. */
  seed?: number;
}

/** Outputs that fit the targets so well are not to be improved by what advice is about. */
const FITS = 0.98;
/** Flops for a dense matrix, and N·P for the products of Lanczos's method, that a diagnosis takes unasked. */
const DENSE_FLOPS = 3e9;
const PRODUCT_SIZE = 2e7;

/**
 * Why doesn't it learn, and what to do about it: units, signals and the point, gathered into one answer with advice.
 *
 * Units: `activationStatistics`; signals: `gradientFlow`; the point: `classifyCriticalPoint`. Each advice has a code, the evidence, the remedy and
 * its source; their thresholds and the reasons for these are in one table (src/diagnose/advice.ts). A network that is well gets none. Where
 * a NaN or infinity is met, that alone is reported, with layer, quantity and sample.
 *
 * @param options curvature: "none" looks at gradients alone, "lanczos" at the ends of the spectrum, "dense" at all of it; by default dense where
 * N·P² + 4/3·P³ ≤ 3·10⁹, else "lanczos" where N·P ≤ 2·10⁷, else none, and the result says which and why. batchNorm: as in `net.loss`.
 * @returns plain data that structured cloning takes and JSON too (with null for NaN and infinities), and `toString()` for a terminal.
 * Cost: "none" takes less than 10 evaluations of the gradient; `diagnosisCost` predicts the others.
 * @throws TypeError or RangeError as `net.loss`, and for unknown options.
 * @example
 * const net = network({ inputs: 1, layers: [{ units: 2, activation: "relu" }, { units: 1 }] });
 * net.setParameters([1, 1, -9, -9, 1, 1, 0]);
 * diagnose(net, dataset([[-1], [0], [1], [2]], [0, 0, 1, 2])).advice[0].code; // "dead-layer"
 */
export function diagnose(net: Network, data: Dataset, options: DiagnoseOptions = {}): Diagnosis {
  checkNetwork(WHERE, net);
  const mode = net.mode(WHERE, data, options, ["curvature", "seed"]);
  const { curvature: asked, seed = 0 } = options;
  if (asked !== undefined) checkChoice(WHERE, "curvature", asked, ["none", "lanczos", "dense"]);
  checkInteger(WHERE, "seed", seed, 0);
  const statistics = activationStatistics(net, data, { batchNorm: mode });
  const flow = gradientFlow(net, data, { batchNorm: mode });
  const offence = offenceIn(net, data, mode, statistics, flow);
  const { curvature, reason } = choose(net, data, asked, offence !== null);
  const point = curvature === "none" ? null : classifyCriticalPoint(net, data, { curvature, batchNorm: mode, seed });
  const duplicates = net.spec.layers.map((_, l) => duplicatesIn(net, l, statistics.layers[l].dead));
  const fit = fitOf(net, data, flow.loss);
  const inputs = inputScale(data);
  const batchNorm = net.spec.layers.map((layer) => layer.batchNorm !== false);
  const diagnosis = {
    parameters: net.parameterCount,
    samples: data.size,
    dtype: net.spec.dtype,
    batchNorm: mode,
    loss: flow.loss,
    gradientNorm: flow.objectiveNorm,
    fit,
    layers: statistics.layers.map((_, l) => layerOf(statistics, flow, duplicates[l], batchNorm[l], l)),
    blocked: statistics.blocked,
    signal: flow.growth,
    inputs,
    point: point && { ...point, escape: point.escape && Array.from(point.escape) },
    curvature,
    curvatureReason: reason,
    advice: adviceOn({ statistics, flow, inputs, duplicates, point, offence, fits: fit >= FITS, batchNorm }),
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
  if (flops <= DENSE_FLOPS) {
    return { curvature: "dense", reason: `dense, since N·P² + 4/3·P³ = ${flops.toPrecision(2)} flops are soon done` };
  }
  const size = data.size * net.parameterCount;
  const large = `N·P² + 4/3·P³ = ${flops.toPrecision(2)} flops exceed ${DENSE_FLOPS.toPrecision(1)}`;
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

/** Under running statistics, or those of the data where that is better: early in training the running ones are not there yet. */
function fitOf(net: Network, data: Dataset, loss: number): number {
  const { accuracy, rmse = Number.NaN } = net.evaluate(data);
  if (accuracy !== undefined) return accuracy;
  const { targets } = data;
  const values = "data" in targets ? targets.data : targets;
  const width = values.length / data.size;
  const means = new Float64Array(width);
  for (let k = 0; k < values.length; ++k) means[k % width] += values[k] / data.size;
  let squares = 0;
  for (let k = 0; k < values.length; ++k) squares += (values[k] - means[k % width]) ** 2;
  const variance = squares / values.length;
  // Huber's loss is at most half of the squared error.
  const square = net.spec.loss === "mse" ? Math.min(rmse ** 2, loss) : rmse ** 2;
  return variance > 0 ? 1 - square / variance : square === 0 ? 1 : 0;
}
