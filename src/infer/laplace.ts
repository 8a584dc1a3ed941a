import { checkChoice, checkKeys, checkNumber, checkObject, wrongType, wrongValue } from "../check.js";
import { checkDataset, type Dataset, totalWeight } from "../network/dataset.js";
import { checkNetwork, type Network } from "../network/network.js";
import { describeBytes } from "../wasm/workspace.js";
import { curvatureBlock, freeParameters, gaussNewtonDiagonal } from "./curvature.js";
import { type Evidence, evidenceOf } from "./evidence.js";
import { hasWholeLayers, kroneckerCurvature } from "./kronecker.js";
import { checkLoss, type Likelihood, likelihoodOf, targetsOf } from "./likelihood.js";
import { checkPoint } from "./point.js";
import { Posterior, type PosteriorStatus } from "./posterior.js";
import { type Curvature, DenseCurvature, DiagonalCurvature } from "./precision.js";
import { groupsOf, type PriorGroups } from "./prior-groups.js";

/** Structures of a posterior's precision matrix; see `LaplaceOptions`. */
export type Structure = "full" | "last-layer" | "kronecker" | "diagonal";

/** Options of `laplace`. */
export interface LaplaceOptions {
  /**
   * "full": all parameters and how they covary; "last-layer": the parameters of the last layer, the
   * others being fixed; "kronecker": a product of two matrices for each layer; "diagonal": no
   * covariances. Default: "full".
   */
  structure?: Structure;
  /**
   * Precision of the prior N(0, 1/α): a number, one for each group, or from the evidence. Default:
   * "evidence".
   */
  prior?: number | ArrayLike<number> | "evidence";
  /**
   * Which parameters share a prior. Default: "tensors" from the evidence, "all" for a number, else
   * the groups of which there are as many as `prior` has numbers.
   */
  groups?: PriorGroups;
  /** mse: variance of the targets around the outputs, or from the evidence. Default: "evidence". */
  noise?: number | "evidence";
  /** "ggn", which is never indefinite, or "exact", for minima. Default: "ggn". */
  hessian?: "ggn" | "exact";
  /** Bytes of the largest matrix to make. Default: 2 GiB. */
  maxBytes?: number;
}

const WHERE = "laplace";
const STRUCTURES = ["full", "last-layer", "kronecker", "diagonal"] as const;

/**
 * The posterior of a trained network's parameters as a normal distribution around them (MacKay
 * 1992): Σ⁻¹ = G + diag(α), G being the Gauss-Newton matrix of the summed negative log-likelihood.
 * The posterior gives error bars of predictions, calibrated probabilities, and the log evidence.
 * The log evidence compares models and priors without held-out rows.
 *
 * Parameters that are fixed (`withParameters`, frozen layers) have no posterior. Under mse targets
 * are N(f, σ²) for each output. Under the cross-entropies they are classes, and under poisson they
 * are counts, with the logarithm of their rate as output. Batch norm uses its running statistics.
 * All computations are in double precision. The point is checked first: see `Posterior.status`.
 *
 * @param net a trained network.
 * @param data the rows that it was trained on.
 * @param options see `LaplaceOptions`.
 * @returns a posterior. Cost: "full" takes N·P² flops for the Gauss-Newton matrix, and 2/3·P³ for
 * each of some ten rounds of the evidence, or once 4/3·P³ for a single prior. "last-layer" takes
 * the same with the last layer's parameters alone. "diagonal" takes N·C·P flops. "kronecker" takes
 * N·C·P and the cubes of the layers' widths. A matrix larger than `maxBytes` is not computed: the
 * status is "too-large", and the reason names a structure that fits.
 * @throws TypeError or RangeError for bad options and data, and for losses that are not
 * likelihoods.
 * Source: MacKay 1992, A practical Bayesian framework for backpropagation networks; Daxberger et
 * al. 2021, Laplace redux.
 * @example
 * const net = network({ inputs: 1, layers: [{ units: 1 }] });
 * net.setParameters([1, 0]);
 * const data = dataset([[-1], [0], [1]], [-1.1, 0.2, 0.9]);
 * laplace(net, data, { prior: 1e-6, noise: 0.02 }).predict([[0]]).deviation.data[0]; // about √(0.02/3)
 */
export function laplace(net: Network, data: Dataset, options: LaplaceOptions = {}): Posterior {
  checkNetwork(WHERE, net);
  checkObject(WHERE, "options", options);
  checkKeys(WHERE, options, ["structure", "prior", "groups", "noise", "hessian", "maxBytes"]);
  const { structure = "full", hessian = "ggn", maxBytes = 2 ** 31 } = options as LaplaceOptions;
  checkChoice(WHERE, "structure", structure, STRUCTURES);
  checkChoice(WHERE, "hessian", hessian, ["ggn", "exact"]);
  checkNumber(WHERE, "maxBytes", maxBytes, "a positive number", (x) => x > 0);
  if (hessian === "exact" && structure !== "full" && structure !== "last-layer")
    wrongValue(WHERE, "hessian", `"ggn" with structure "${structure}"`, '"exact"');
  checkLoss(WHERE, "net", net, "likelihood");
  checkDataset(WHERE, data, net);
  const chosen = chosenOf(net, structure);
  const { group, groups, prior, noise } = priorOf(net, chosen, options as LaplaceOptions);
  const likelihood = likelihoodOf(net, data);
  const result = (evidence: Evidence | null, verdict: Verdict): Posterior =>
    new Posterior(net, { structure, chosen, groups, evidence, ...verdict });
  if (!Number.isFinite(likelihood.misfit)) return result(null, NOT_FINITE);
  const large = tooLarge(net, structure, chosen.length, maxBytes);
  if (large) return result(null, large);
  const curvature = curvatureOf(net, data, likelihood, structure, hessian, chosen);
  const parameters = net.getParameters();
  const theta = Float64Array.from(chosen, (i) => parameters[i]);
  const terms = totalWeight(data) * net.layout.outputs;
  const y = targetsOf(data, net.layout.outputs, net.spec.loss === "cross-entropy");
  const found = evidenceOf(
    {
      ...{ curvature, theta, group, groups, misfit: likelihood.misfit, squares: net.spec.loss === "mse" },
      terms,
      size: y.reduce((sum, value) => sum + value * value, 0) / Math.max(1, y.length),
    },
    prior,
    noise,
  );
  if (!found) return result(null, NOT_DEFINITE);
  const whole =
    curvature instanceof DenseCurvature && structure === "full" && hessian === "ggn" ? curvature.block : null;
  const alpha = new Float64Array(net.parameterCount);
  chosen.forEach((i, k) => {
    alpha[i] = found.alpha[group[k]];
  });
  const point = checkPoint(net, data, found.noise, alpha, whole);
  return result(found, verdictOn(found, point, terms));
}

interface Verdict {
  readonly status: PosteriorStatus;
  readonly reason: string;
}

const NOT_FINITE: Verdict = { status: "non-finite", reason: "the network's outputs are not finite on the data" };
const NOT_DEFINITE: Verdict = {
  status: "not-positive-definite",
  reason: "the precision is not positive definite here; a stronger prior, or the Gauss-Newton matrix, helps",
};

function chosenOf(net: Network, structure: Structure): Uint32Array {
  const chosen = freeParameters(net, structure === "last-layer");
  if (chosen.length === 0) wrongValue(WHERE, "net", "parameters that are not fixed", "none");
  if (structure === "kronecker" && !hasWholeLayers(net, chosen))
    wrongValue(WHERE, "structure", '"full" or "diagonal" where single parameters of a layer are fixed', '"kronecker"');
  return chosen;
}

/** Where the matrix would be too large, and which structure is not. */
function tooLarge(net: Network, structure: Structure, size: number, maxBytes: number): Verdict | null {
  const bytes = 8 * size ** 2;
  if (structure === "kronecker" || structure === "diagonal" || bytes <= maxBytes) return null;
  const last = freeParameters(net, true).length;
  const fits = structure === "full" && last > 0 && 8 * last ** 2 <= maxBytes;
  const reason =
    `the matrix of ${size} parameters takes ${describeBytes(bytes)}, more than maxBytes, ` +
    `${describeBytes(maxBytes)}; use structure ${fits ? '"last-layer" or "kronecker"' : '"kronecker" or "diagonal"'}`;
  return { status: "too-large", reason };
}

function curvatureOf(
  net: Network,
  data: Dataset,
  likelihood: Likelihood,
  structure: Structure,
  hessian: "ggn" | "exact",
  chosen: Uint32Array,
): Curvature {
  if (structure === "kronecker") return kroneckerCurvature(net, data, likelihood, chosen);
  if (structure === "diagonal") return new DiagonalCurvature(gaussNewtonDiagonal(net, data, likelihood, chosen));
  return new DenseCurvature(curvatureBlock(net, data, hessian, chosen), hessian === "ggn");
}

/** What is given of prior and noise, null being for the evidence to find. */
function priorOf(
  net: Network,
  chosen: Uint32Array,
  { prior = "evidence", noise = "evidence", structure, groups: asked }: LaplaceOptions,
): { group: Uint32Array; groups: number; prior: Float64Array | null; noise: number | null } {
  if (noise !== "evidence") checkNumber(WHERE, "noise", noise, "a positive number", (x) => x > 0 && x < Infinity);
  if (noise !== "evidence" && net.spec.loss !== "mse")
    wrongValue(WHERE, "noise", "nothing for classes, which have none", String(noise));
  const list = Array.isArray(prior) || ArrayBuffer.isView(prior);
  if (!list && typeof prior !== "number" && prior !== "evidence")
    wrongType(WHERE, "prior", 'a number, one for each group, or "evidence"', prior);
  const { kind, group, groups } = groupsOf(WHERE, net.layout, chosen, prior, asked);
  if (structure === "kronecker" && kind === "parameters")
    wrongValue(
      WHERE,
      "groups",
      'priors that units share with "kronecker"',
      '"parameters"',
      'use "tensors" or "inputs"',
    );
  const variance = noise === "evidence" ? null : noise;
  if (prior === "evidence") return { group, groups, prior: null, noise: variance };
  const values = typeof prior === "number" ? new Array<number>(groups).fill(prior) : Array.from(prior);
  if (values.length !== groups)
    wrongValue(WHERE, "prior", `a number, or ${groups}, one for each group`, String(values.length));
  for (const value of values) checkNumber(WHERE, "prior", value, "positive numbers", (x) => x > 0 && x < Infinity);
  return { group, groups, prior: Float64Array.from(values), noise: variance };
}

/** What was found of the point, unless prior and noise themselves were not found. */
function verdictOn({ settled, effectiveParameters }: Evidence, point: Verdict, terms: number): Verdict {
  if (point.status !== "converged" || settled) return point;
  const why =
    effectiveParameters > 0.99 * terms
      ? "the network passes through nearly all of the targets, which leaves no noise to measure; give noise, or a penalty"
      : "the data hardly determine them";
  return { status: "max-steps", reason: `prior and noise have not settled: ${why}` };
}
