import { checkChoice, checkKeys, checkNumber, checkObject, wrongType, wrongValue } from "../check.js";
import { type Dataset, totalWeight } from "../network/dataset.js";
import { checkNetwork, type Network } from "../network/network.js";
import { exactHessian, gaussNewton, gaussNewtonDiagonal } from "./curvature.js";
import { type Evidence, type EvidenceProblem, evidenceOf } from "./evidence.js";
import { kroneckerCurvature } from "./kronecker.js";
import { isLikelihood, type Likelihood, likelihoodOf, targetsOf } from "./likelihood.js";
import { checkPoint } from "./point.js";
import { Posterior } from "./posterior.js";
import { type Curvature, DenseCurvature, DiagonalCurvature } from "./precision.js";

/** What the precision of a posterior is made of. */
export type Structure = "full" | "last-layer" | "kronecker" | "diagonal";

/** Which parameters share a prior. */
export type PriorGroups = "all" | "layers" | "inputs";

/** What `laplace` takes beside network and data. */
export interface LaplaceOptions {
  /** "full": all parameters and how they covary; "last-layer": those of the last layer, the others being fixed; "kronecker": a product of two
   * matrices a layer; "diagonal": no covariances. Default: "full". */
  structure?: Structure;
  /** Precision of the prior N(0, 1/α): a number, one for each group, or from the evidence. Default: "evidence". */
  prior?: number | readonly number[] | "evidence";
  /** "all" parameters share a prior; each of the "layers" has one; or the weights of each of the "inputs" have one, and all other parameters
   * one more (automatic relevance determination). Default: "all"; "layers" where `prior` has as many numbers. */
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
 * The posterior of a trained network's parameters as a normal distribution about them (MacKay 1992): Σ⁻¹ = G + diag(α), G being the Gauss-Newton matrix of the
 * summed negative log-likelihood. With it come error bars of predictions, calibrated probabilities and the log evidence, by which models and priors are
 * compared without rows held out.
 *
 * mse is the likelihood N(f, σ²) of each output, the cross-entropies are those of classes. Batch norm counts with its running statistics; single precision
 * is computed in double. The point is checked first, and `status` says what was found.
 *
 * @param net a trained network.
 * @param data the rows that it was trained on.
 * @param options see `LaplaceOptions`.
 * @returns a posterior. Cost: "full" the Gauss-Newton matrix and some P³, one for each round of the evidence; "diagonal" N·C·P; "kronecker" the same
 * and the cubes of the layers' widths.
 * @throws TypeError or RangeError for bad options and data, for losses that are no likelihood, and, before anything is computed, where the
 * matrix would be larger than `maxBytes`.
 * Source: MacKay 1992, A practical Bayesian framework for backpropagation networks; Daxberger et al. 2021, Laplace redux.
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
  if (!isLikelihood(net.spec.loss)) wrongType(WHERE, "net", "mse or a cross-entropy, which are likelihoods", net);
  checkSize(net, structure, maxBytes);
  const likelihood = likelihoodOf(net, data);
  const curvature = curvatureOf(net, data, likelihood, structure, hessian);
  const problem = problemOf(net, data, likelihood, curvature, options as LaplaceOptions);
  const { prior, noise } = given(net, problem, options as LaplaceOptions);
  const found = Number.isFinite(likelihood.misfit) ? evidenceOf(problem, prior, noise) : null;
  return new Posterior(net, {
    structure,
    curvature,
    problem,
    evidence: found,
    ...verdict(net, data, likelihood, found, structure),
  });
}

function checkSize(net: Network, structure: Structure, maxBytes: number): void {
  const [last] = net.layout.layers.slice(-1);
  const size = structure === "full" ? net.parameterCount : structure === "last-layer" ? last.end - last.weight : 0;
  if (8 * size ** 2 <= maxBytes) return;
  const remedy = `structure "${structure === "full" ? "last-layer" : "diagonal"}" or "kronecker" needs less`;
  wrongValue(
    WHERE,
    "maxBytes",
    `at least the ${8 * size ** 2} bytes that ${size} parameters take`,
    String(maxBytes),
    remedy,
  );
}

function curvatureOf(
  net: Network,
  data: Dataset,
  likelihood: Likelihood,
  structure: Structure,
  hessian: "ggn" | "exact",
): Curvature {
  const { parameterCount: size } = net;
  if (structure === "kronecker") return kroneckerCurvature(net, data, likelihood);
  const all = Uint32Array.from({ length: size }, (_, i) => i);
  if (structure === "diagonal") return new DiagonalCurvature(all, gaussNewtonDiagonal(net, data, likelihood));
  const [last] = net.layout.layers.slice(-1);
  const chosen = structure === "full" ? all : all.slice(last.weight, last.end);
  const matrix = hessian === "exact" ? exactHessian(net, data) : gaussNewton(net, data, likelihood);
  return DenseCurvature.of(matrix, size, chosen);
}

function problemOf(
  net: Network,
  data: Dataset,
  likelihood: Likelihood,
  curvature: Curvature,
  options: LaplaceOptions,
): EvidenceProblem {
  const { chosen } = curvature;
  const parameters = net.getParameters();
  const theta = Float64Array.from(chosen, (i) => parameters[i]);
  const { group, groups } = groupsOf(net, chosen, options);
  const squares = net.spec.loss === "mse";
  const y = targetsOf(data, net.layout.outputs, net.spec.loss === "cross-entropy");
  const rows = totalWeight(data);
  const size = y.reduce((sum, value) => sum + value * value, 0) / Math.max(1, y.length);
  return {
    curvature,
    theta,
    group,
    groups,
    squares,
    misfit: likelihood.misfit,
    terms: rows * net.layout.outputs,
    size,
  };
}

function groupsOf(
  net: Network,
  chosen: Uint32Array,
  { prior, groups }: LaplaceOptions,
): { group: Uint32Array; groups: number } {
  const { layers, inputs } = net.layout;
  const many = typeof prior === "object" ? prior.length : 1;
  const kind = groups ?? (many > 1 && many === layers.length ? "layers" : "all");
  checkChoice(WHERE, "groups", kind, ["all", "layers", "inputs"]);
  if (kind === "all") return { group: new Uint32Array(chosen.length), groups: 1 };
  if (kind === "layers") {
    const first = layers.findIndex(({ end }) => chosen[0] < end);
    const group = Uint32Array.from(chosen, (i) => layers.findIndex(({ end }) => i < end) - first);
    return { group, groups: group[group.length - 1] + 1 };
  }
  const [{ weight, units }] = layers;
  if (chosen[0] > weight) wrongValue(WHERE, "groups", '"all" or "layers" for the last layer alone', '"inputs"');
  const group = Uint32Array.from(chosen, (i) =>
    i >= weight && i < weight + units * inputs ? (i - weight) % inputs : inputs,
  );
  return { group, groups: inputs + 1 };
}

function given(
  net: Network,
  { groups }: EvidenceProblem,
  options: LaplaceOptions,
): { prior: Float64Array | null; noise: number | null } {
  const { prior = "evidence", noise = "evidence", structure, groups: kind } = options;
  if (noise !== "evidence") checkNumber(WHERE, "noise", noise, "a positive number", (x) => x > 0 && x < Infinity);
  if (noise !== "evidence" && net.spec.loss !== "mse")
    wrongValue(WHERE, "noise", "nothing for classes, which have none", String(noise));
  if (structure === "kronecker" && kind === "inputs")
    wrongValue(WHERE, "groups", '"all" or "layers" with "kronecker"', '"inputs"');
  const variance = noise === "evidence" ? null : noise;
  if (prior === "evidence") return { prior: null, noise: variance };
  const values = typeof prior === "number" ? new Array<number>(groups).fill(prior) : Array.from(prior);
  if (values.length !== groups)
    wrongValue(WHERE, "prior", `a number, or ${groups}, one for each group`, String(values.length));
  for (const value of values) checkNumber(WHERE, "prior", value, "positive numbers", (x) => x > 0 && x < Infinity);
  return { prior: Float64Array.from(values), noise: variance };
}

/** The check of the point, unless the posterior itself failed. */
function verdict(
  net: Network,
  data: Dataset,
  likelihood: Likelihood,
  found: Evidence | null,
  structure: Structure,
): { status: string; reason: string } {
  if (!Number.isFinite(likelihood.misfit))
    return { status: "non-finite", reason: "the network's outputs are not finite on the data" };
  if (!found) {
    return {
      status: "not-positive-definite",
      reason: "the precision is not positive definite here; a stronger prior, or the Gauss-Newton matrix, helps",
    };
  }
  if (structure === "full" || structure === "last-layer") {
    const point = checkPoint(net, data, likelihood, found.noise);
    if (point.status !== "converged" || found.settled) return point;
  }
  if (!found.settled)
    return { status: "max-steps", reason: "prior and noise have not settled: the data hardly determine them" };
  return { status: "converged", reason: "prior and noise have settled; the point was not checked" };
}
