import { solveDefinite } from "../../linalg/factorization.js";
import type { SymmetricMatrix } from "../../linalg/symmetric.js";
import { dot } from "../../linalg/vector.js";
import type { Local } from "../local.js";
import type { End } from "../optimizer.js";
import { type Direction, type Escape, firstLength, isEnd, type Model, type Proposal, solved } from "./direction.js";
import { type Eigenbasis, judgeDense, short, spectrumOf, stepScaling } from "./eigenbasis.js";
import { frozenOf } from "./frozen.js";

/** What to do where the Hessian is not positive definite. */
export type Indefinite = "shift" | "abs" | "clip" | "gradient" | "error";

/** Eigenvalues are made at least this share of the largest. */
export const LEAST_SHARE = 1e-8;

/** p = −H⁻¹·g, with H made positive definite where it is not. */
export class NewtonDirection implements Direction {
  readonly needs = { kind: "exact", form: "dense" } as const;

  /**
   * `scaled`: where H is not positive definite, change the eigenvalues of D^(−½)·H·D^(−½), which do
   * not depend on the parameters' units.
   */
  constructor(
    readonly indefinite: Indefinite,
    readonly scaled = false,
  ) {}

  model(local: Local): Model | End {
    const matrix = local.hessian("exact");
    const frozen = frozenOf(local, matrix);
    const step = minus(solveDefinite(matrix, local.gradient));
    if (step) return new DefiniteModel(local, matrix, solved(local, step, 0), frozen);
    const spectrum = spectrumOf(local, matrix, this.scaled ? stepScaling(local, matrix) : null);
    if (isEnd(spectrum)) return spectrum;
    if (this.indefinite === "error" && spectrum.smallest <= spectrum.noise) return refusal(spectrum);
    return new IndefiniteModel(spectrum, this.indefinite, frozen);
  }

  critical(local: Local): Escape | End {
    const verdict = judgeDense(local, local.hessian("exact"));
    if (isEnd(verdict)) return verdict;
    if (this.indefinite === "error") return refused(atSaddle(local, verdict));
    if (this.indefinite === "gradient") return { status: "stalled", reason: atSaddle(local, verdict) };
    return verdict;
  }
}

function refusal({ smallest, noise, lowestCurvature }: Eigenbasis): End {
  const rounding = smallest < -noise ? "" : ", which is 0 to rounding";
  return refused(`the Hessian's smallest eigenvalue is ${short(lowestCurvature)}${rounding}`);
}

function refused(reason: string): End {
  return { status: "not-positive-definite", reason: `${reason}; newton's \`indefinite\` says what else to do` };
}

function atSaddle({ gradientNorm }: Local, { curvature }: Escape): string {
  return `at a saddle: the gradient's norm is ${gradientNorm.toExponential(1)} and the smallest eigenvalue ${short(curvature)}`;
}

/** H is positive definite, and its Newton step known. */
class DefiniteModel implements Model {
  readonly exact = true;

  constructor(
    readonly local: Local,
    readonly matrix: SymmetricMatrix,
    readonly whole: Proposal,
    readonly frozen: readonly number[],
  ) {}

  damped(damping: number): Proposal | null {
    if (damping === 0) return this.whole;
    const step = minus(solveDefinite(this.matrix, this.local.gradient, damping));
    return step && solved(this.local, step, damping);
  }

  gauge(gradient: Float64Array): number {
    return gaugeBy(this.matrix, gradient);
  }
}

/** gᵀ·H⁻¹·g for a positive definite H. */
export function gaugeBy(matrix: SymmetricMatrix, gradient: Float64Array): number {
  const solution = solveDefinite(matrix, gradient);
  return solution ? dot(gradient, Float64Array.from(solution)) : Number.NaN;
}

/** H as its eigenvalues, changed so that all are positive. */
class IndefiniteModel implements Model {
  readonly exact = true;
  readonly smallestEigenvalue: number;

  constructor(
    readonly spectrum: Eigenbasis,
    readonly indefinite: Indefinite,
    readonly frozen: readonly number[],
  ) {
    this.smallestEigenvalue = spectrum.lowestCurvature;
  }

  get open(): boolean {
    return this.spectrum.open;
  }

  get whole(): Proposal {
    return this.damped(0);
  }

  damped(damping: number): Proposal {
    const { values, slopes } = this.spectrum;
    const used = this.#used(damping);
    const coefficients = new Float64Array(values.length);
    let slope = 0;
    let model = 0;
    let curvature = 0;
    for (let i = 0; i < values.length; ++i) {
      coefficients[i] = -slopes[i] / used[i];
      slope += coefficients[i] * slopes[i];
      model += (used[i] - damping) * coefficients[i] ** 2;
      curvature += values[i] * coefficients[i] ** 2;
    }
    return { step: this.spectrum.combine(coefficients), slope, decrease: -slope - 0.5 * model, curvature };
  }

  gauge(gradient: Float64Array): number {
    const used = this.#used(0);
    return this.spectrum.slopesOf(gradient).reduce((sum, slope, i) => sum + (slope * slope) / used[i], 0);
  }

  /** What stands for the eigenvalues. */
  #used(damping: number): Float64Array {
    const { indefinite, spectrum } = this;
    const { values, size, noise, local } = spectrum;
    if (indefinite === "gradient" && values[0] <= noise) return values.map(() => (size || pace(local)) + damping);
    const least = LEAST_SHARE * size || pace(local);
    const shift = indefinite === "shift" ? Math.max(0, least - values[0]) : 0;
    return values.map((given) => {
      const value = indefinite === "abs" ? Math.abs(given) : given + shift;
      const known = indefinite === "abs" && value > noise;
      return (known ? value : Math.max(value, least)) + damping;
    });
  }
}

/**
 * The curvature for which the first step is of a length that the parameters themselves give, where
 * the Hessian is 0.
 */
function pace(local: Local): number {
  return local.gradientNorm / firstLength(local) || 1;
}

/** −x, in double precision. */
export function minus(x: ArrayLike<number> | undefined): Float64Array | null {
  if (!x) return null;
  const negative = new Float64Array(x.length);
  for (let i = 0; i < x.length; ++i) negative[i] = -x[i];
  return negative;
}
