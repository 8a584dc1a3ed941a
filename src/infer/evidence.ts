/** Priors and noise from the data: MacKay's fixed point for the evidence. */

import { Mixing } from "./mixing.js";
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

const MOST_ROUNDS = 40;
/**
 * How far from 0 the slopes of the evidence may end, in numbers of parameters, and in shares of
 * those of a group.
 */
const CLOSE = 1e-9;
/** The same where the rounds are over: what is left of the slopes decides nothing. */
const ENOUGH = 1e-4;
/**
 * Factor by which the prior of parameters that are all 0 grows a round: no finite one is the best.
 */
const GROWTH = 100;
/** Least precision of a prior, in units of its parameters' mean square. */
const WEAKEST = 1e-12;
/** Most that a step changes a prior or the noise by, as a logarithm. */
const LONGEST = 5;

/**
 * Evidence at priors and noise, those that are null being chosen by it; null where the precision is
 * not positive definite.
 *
 * The slopes of ln p(D) are ½·(γ − α·‖θ‖²) in ln α and ½·(Σr²/σ² − N·C + γ) in ln σ². MacKay's α ←
 * γ/‖θ‖² and σ² ← Σr²/(N·C − γ) make them 0. γ falls with both by Σ γᵢ·(1 − γᵢ), so the bare
 * iteration oscillates where the data determine little. Each step is Newton's instead, in
 * logarithms, with Anderson's mixing.
 */
export function evidenceOf(
  problem: EvidenceProblem,
  prior: Float64Array | null,
  noise: number | null,
): Evidence | null {
  const { squares, misfit, terms } = problem;
  let alpha = prior ?? firstPrior(problem);
  let variance = squares ? (noise ?? leastNoise(problem, misfit / terms)) : 1;
  const measure = noise === null && squares;
  let settled = prior !== null && !measure;
  const determined = settled ? null : counter(problem);
  const mixing = new Mixing();
  for (let round = 0; determined && !settled && round < MOST_ROUNDS; ++round) {
    const counts = determined(alpha, variance);
    if (!counts) return null;
    const slopes = prior ? null : slopesOf(problem, alpha, counts);
    const steps = Float64Array.from([
      ...(slopes ? priorSteps(problem, alpha, counts) : []),
      ...(measure ? [noiseStep(problem, variance, counts)] : []),
    ]);
    const within = (close: number): boolean =>
      (!slopes || slopes.every((slope, g) => Math.abs(slope) <= close * Math.max(1, counts.gamma[g]))) &&
      !(measure && Math.abs(steps[steps.length - 1]) > close);
    settled = within(round < MOST_ROUNDS - 1 ? CLOSE : ENOUGH);
    if (settled) break;
    const at = [...(slopes ? alpha : []), ...(measure ? [variance] : [])];
    const next = mixing.next(Float64Array.from(at, Math.log), steps).map(Math.exp);
    if (slopes) alpha = atLeast(problem, next.slice(0, alpha.length));
    if (measure) variance = leastNoise(problem, next[next.length - 1]);
  }
  const precision = precisionOf(problem, alpha, variance);
  if (!precision) return null;
  const effectiveParameters = sumOf(byVariances(problem, precision, alpha).gamma);
  const evidence = logEvidence(problem, alpha, variance, precision);
  return { alpha, noise: variance, precision, effectiveParameters, logEvidence: evidence, settled };
}

/**
 * For each group γ, how many of its parameters the data determine, and Σ γᵢ·(1 − γᵢ), by which γ
 * falls as ln α grows.
 */
interface Counts {
  readonly gamma: Float64Array;
  readonly falls: Float64Array;
}

type Counter = (alpha: Float64Array, noise: number) => Counts | null;

/**
 * With one prior for all the eigenvalues say it, γ = Σ λ/(λ + α); else each prior takes a
 * factorization.
 */
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
    return countsOf(spectrum.length, 1, (i) => [0, (factor * spectrum[i]) / (factor * spectrum[i] + alpha)]);
  };
}

/** γᵢ = 1 − αᵢ·Σᵢᵢ. */
function byVariances({ group, groups }: EvidenceProblem, precision: Precision, alpha: Float64Array): Counts {
  const variances = precision.variances();
  return countsOf(group.length, groups, (i) => [group[i], 1 - alpha[group[i]] * variances[i]]);
}

function countsOf(count: number, groups: number, of: (i: number) => [group: number, share: number]): Counts {
  const [gamma, falls] = [new Float64Array(groups), new Float64Array(groups)];
  for (let i = 0; i < count; ++i) {
    const [g, share] = of(i);
    gamma[g] += share;
    falls[g] += Math.max(0, share * (1 - share));
  }
  return { gamma, falls };
}

function precisionOf(
  { curvature, group, squares }: EvidenceProblem,
  alpha: Float64Array,
  noise: number,
): Precision | null {
  const own = Float64Array.from(group, (g) => alpha[g]);
  return curvature.precision(own, squares ? 1 / noise : 1);
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

/**
 * Parameters that the data say nothing of would have a prior of 0: a deviation of a million times
 * their size stands in.
 */
function atLeast({ theta, group, groups }: EvidenceProblem, alpha: Float64Array): Float64Array {
  const { squares, counts } = groupSums(theta, group, groups);
  return alpha.map((value, g) => (squares[g] > 0 ? Math.max(value, (WEAKEST * counts[g]) / squares[g]) : value));
}

/** γ − α·‖θ‖². */
function slopesOf({ theta, group, groups }: EvidenceProblem, alpha: Float64Array, { gamma }: Counts): Float64Array {
  const { squares } = groupSums(theta, group, groups);
  return gamma.map((value, g) => value - alpha[g] * squares[g]);
}

/** In ln α of each group. */
function priorSteps(
  { theta, group, groups }: EvidenceProblem,
  alpha: Float64Array,
  { gamma, falls }: Counts,
): Float64Array {
  const { squares } = groupSums(theta, group, groups);
  return alpha.map((value, g) => {
    if (!(squares[g] > 0 && gamma[g] > 0)) return (squares[g] > 0 ? -1 : 1) * Math.log(GROWTH);
    return limited(Math.log(gamma[g] / squares[g] / value) / (1 + falls[g] / gamma[g]));
  });
}

/**
 * In ln σ². Where γ exceeds the number of values, as approximate structures may have it, the noise
 * is too small by far.
 */
function noiseStep(problem: EvidenceProblem, noise: number, { gamma, falls }: Counts): number {
  const { misfit, terms } = problem;
  const left = terms - sumOf(gamma);
  const [ratio, fall] = [misfit / noise, sumOf(falls)];
  const step = limited(left > 0 ? Math.log(ratio / left) / (1 + fall / left) : (ratio - left) / (ratio + fall));
  return Math.log(leastNoise(problem, noise * Math.exp(step)) / noise);
}

function limited(step: number): number {
  return Math.max(-LONGEST, Math.min(LONGEST, step));
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
