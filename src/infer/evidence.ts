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
  const { squares, misfit, terms } = problem;
  const open = prior === null || (noise === null && squares);
  const determined = open ? counter(problem) : null;
  let alpha = prior ?? firstPrior(problem);
  let variance = squares ? (noise ?? leastNoise(problem, misfit / terms)) : 1;
  let settled = !open;
  for (let round = 0; determined && !settled && round < MOST_ROUNDS; ++round) {
    const gamma = determined(alpha, variance);
    if (!gamma) return null;
    const next = prior ?? nextPrior(problem, alpha, gamma);
    const left = terms - sumOf(gamma);
    const quiet = squares && noise === null ? leastNoise(problem, left > 0 ? misfit / left : 0) : variance;
    settled = change(alpha, next) <= CLOSE && Math.abs(Math.log(quiet / variance)) <= CLOSE;
    [alpha, variance] = [next, quiet];
  }
  const precision = precisionOf(problem, alpha, variance);
  if (!precision) return null;
  const effectiveParameters = sumOf(byVariances(problem, precision, alpha));
  const evidence = logEvidence(problem, alpha, variance, precision);
  return { alpha, noise: variance, precision, effectiveParameters, logEvidence: evidence, settled };
}

/** How many parameters of each group the data determine at priors and a noise. */
type Counter = (alpha: Float64Array, noise: number) => Float64Array | null;

/** With one prior for all the eigenvalues say it, γ = Σ λ/(λ + α); else each prior takes a factorization. */
function counter(problem: EvidenceProblem): Counter {
  if (problem.groups > 1) {
    return (alpha, noise) => {
      const precision = precisionOf(problem, alpha, noise);
      return precision && byVariances(problem, precision, alpha);
    };
  }
  const spectrum = problem.curvature.spectrum();
  return ([alpha], noise) => {
    const factor = problem.squares ? 1 / noise : 1;
    return Float64Array.of(
      spectrum.reduce((sum, value) => sum + Math.max(0, (factor * value) / (factor * value + alpha)), 0),
    );
  };
}

function precisionOf(
  { curvature, group, squares }: EvidenceProblem,
  alpha: Float64Array,
  noise: number,
): Precision | null {
  const own = Float64Array.from(group, (g) => alpha[g]);
  return curvature.precision(own, squares ? 1 / noise : 1);
}

/** Σᵢ (1 − αᵢ·Σᵢᵢ) for each group. */
function byVariances({ group, groups }: EvidenceProblem, precision: Precision, alpha: Float64Array): Float64Array {
  const gamma = new Float64Array(groups);
  precision.variances().forEach((variance, i) => {
    gamma[group[i]] += Math.max(0, 1 - alpha[group[i]] * variance);
  });
  return gamma;
}

function sumOf(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0);
}

/** As if all parameters were determined: γ = P. */
function firstPrior({ theta, group, groups }: EvidenceProblem): Float64Array {
  const { squares, counts } = groupSums(theta, group, groups);
  const size = theta.reduce((sum, value) => sum + value * value, 0) / theta.length || 1;
  return squares.map((value, g) => counts[g] / (value || counts[g] * size));
}

function nextPrior({ theta, group, groups }: EvidenceProblem, alpha: Float64Array, gamma: Float64Array): Float64Array {
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
