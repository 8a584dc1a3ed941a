/** Priors and noise from the data: MacKay's fixed point for the evidence. */

import type { Curvature, Precision } from "./precision.js";

/** What the evidence is of: fixed while priors and noise change. */
export interface EvidenceProblem {
  readonly curvature: Curvature;
  /** The chosen parameters. */
  readonly theta: Float64Array;
  /** For each of them the group whose prior it has, from 0. */
  readonly group: Uint32Array;
  readonly groups: number;
  /** Squares have a noise; other likelihoods none. */
  readonly squares: boolean;
  /** Sum of squared residuals, or −Σ ln p. */
  readonly misfit: number;
  /** Values that the squares are of, weights included. */
  readonly terms: number;
  /** Mean of the squared targets: what a noise is small against. */
  readonly size: number;
}

/** Priors and noise, and what they say. */
export interface Evidence {
  /** One for each group. */
  readonly alpha: Float64Array;
  /** Variance of the noise; 1 where there is none. */
  readonly noise: number;
  readonly precision: Precision;
  readonly logEvidence: number;
  readonly effectiveParameters: number;
  readonly settled: boolean;
}

const MOST_ROUNDS = 300;
/** Relative change of priors and noise that ends the iteration. */
const CLOSE = 1e-9;
/** Priors as multiples of the curvature beyond which nothing changes any more. */
const STRONGEST = 1e10;

/** The evidence at priors and noise, those that are null being chosen by it; null where the precision is not positive definite. */
export function evidenceOf(
  problem: EvidenceProblem,
  prior: Float64Array | null,
  noise: number | null,
): Evidence | null {
  let alpha = prior ?? firstPrior(problem);
  let variance = problem.squares ? (noise ?? leastNoise(problem, problem.misfit / problem.terms)) : 1;
  let settled = prior !== null && (noise !== null || !problem.squares);
  let at = look(problem, alpha, variance);
  for (let round = 0; at && !settled && round < MOST_ROUNDS; ++round) {
    const next = prior ?? nextPrior(problem, alpha, at.gamma, variance);
    const left = problem.terms - at.total;
    const quiet =
      problem.squares && noise === null ? leastNoise(problem, left > 0 ? problem.misfit / left : 0) : variance;
    settled = change(alpha, next) <= CLOSE && Math.abs(Math.log(quiet / variance)) <= CLOSE;
    [alpha, variance] = [next, quiet];
    at = look(problem, alpha, variance);
  }
  if (!at) return null;
  return {
    ...{ alpha, noise: variance, precision: at.precision, effectiveParameters: at.total, settled },
    logEvidence: logEvidence(problem, alpha, variance, at.precision),
  };
}

interface At {
  readonly precision: Precision;
  /** Σᵢ (1 − αᵢ·Σᵢᵢ) for each group. */
  readonly gamma: Float64Array;
  readonly total: number;
}

function look({ curvature, group, groups, squares }: EvidenceProblem, alpha: Float64Array, noise: number): At | null {
  const own = Float64Array.from(group, (g) => alpha[g]);
  const precision = curvature.precision(own, squares ? 1 / noise : 1);
  if (!precision) return null;
  const gamma = new Float64Array(groups);
  precision.variances().forEach((variance, i) => {
    gamma[group[i]] += Math.max(0, 1 - own[i] * variance);
  });
  return { precision, gamma, total: gamma.reduce((sum, value) => sum + value, 0) };
}

/** As if all parameters were determined: γ = P. */
function firstPrior({ theta, group, groups }: EvidenceProblem): Float64Array {
  const { squares, counts } = groupSums(theta, group, groups);
  const size = theta.reduce((sum, value) => sum + value * value, 0) / theta.length || 1;
  return squares.map((value, g) => counts[g] / (value || counts[g] * size));
}

function nextPrior(
  { theta, group, groups }: EvidenceProblem,
  alpha: Float64Array,
  gamma: Float64Array,
  _noise: number,
): Float64Array {
  const { squares } = groupSums(theta, group, groups);
  return squares.map((value, g) => {
    const next = gamma[g] / value;
    // A group that the data say nothing of, or that is 0, has a prior beyond all bounds.
    return next > 0 && next < Infinity ? Math.min(next, STRONGEST * alpha[g] || next) : alpha[g] * 10;
  });
}

function groupSums(
  theta: Float64Array,
  group: Uint32Array,
  groups: number,
): { squares: Float64Array; counts: Float64Array } {
  const [squares, counts] = [new Float64Array(groups), new Float64Array(groups)];
  theta.forEach((value, i) => {
    squares[group[i]] += value * value;
    ++counts[group[i]];
  });
  return { squares, counts };
}

/** A perfect fit has no noise to measure: the rounding of the targets stands in. */
function leastNoise({ size }: EvidenceProblem, noise: number): number {
  return Math.max(noise, 1e-24 * (size || 1));
}

function change(before: Float64Array, after: Float64Array): number {
  return before.reduce((most, value, g) => Math.max(most, Math.abs(Math.log(after[g] / value))), 0);
}

/** ln p(D) = log-likelihood − ½·θᵀdiag(α)θ + ½·Σ ln α − ½·ln det Σ⁻¹. */
function logEvidence(problem: EvidenceProblem, alpha: Float64Array, noise: number, precision: Precision): number {
  const { theta, group, squares, misfit, terms } = problem;
  const fit = squares ? -misfit / (2 * noise) - 0.5 * terms * Math.log(2 * Math.PI * noise) : -misfit;
  let prior = 0;
  theta.forEach((value, i) => {
    prior += 0.5 * (Math.log(alpha[group[i]]) - alpha[group[i]] * value * value);
  });
  return fit + prior - 0.5 * precision.logDeterminant;
}
