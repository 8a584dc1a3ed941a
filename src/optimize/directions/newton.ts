import { solveDefinite } from "../../linalg/factorization.js";
import type { SymmetricMatrix } from "../../linalg/symmetric.js";
import type { Local } from "../local.js";
import type { End } from "../optimizer.js";
import { type Direction, type Escape, isEnd, type Model, type Proposal, solved, steepest } from "./direction.js";
import { frozenOf } from "./frozen.js";
import { judge, type Spectrum, short, spectrumOf, wayOut } from "./spectrum.js";

/** What to do where the Hessian is not positive definite. */
export type Indefinite = "shift" | "abs" | "clip" | "gradient" | "error";

/** Eigenvalues are made at least this share of the largest. */
const LEAST_SHARE = 1e-8;

/** p = −H⁻¹·g, with H made positive definite where it is not. */
export class NewtonDirection implements Direction {
  readonly needs = { kind: "exact", form: "dense" } as const;

  constructor(readonly indefinite: Indefinite) {}

  model(local: Local): Model | End {
    const matrix = local.hessian("exact");
    const frozen = frozenOf(local, matrix);
    const step = minus(solveDefinite(matrix, local.gradient));
    if (step) return new DefiniteModel(local, matrix, solved(local, step, 0), frozen);
    const spectrum = spectrumOf(local, matrix);
    if (isEnd(spectrum)) return spectrum;
    if (this.indefinite === "error" && spectrum.smallest <= spectrum.noise) return this.#refusal(local, spectrum);
    return new IndefiniteModel(spectrum, this.indefinite, frozen);
  }

  critical(local: Local): Escape | End {
    const spectrum = spectrumOf(local, local.hessian("exact"));
    if (isEnd(spectrum)) return spectrum;
    const verdict = judge(local, spectrum);
    if (verdict !== "saddle") return verdict;
    if (this.indefinite === "error") return this.#refusal(local, spectrum);
    if (this.indefinite === "gradient") return { status: "stalled", reason: atSaddle(local, spectrum) };
    return wayOut(spectrum);
  }

  #refusal(local: Local, spectrum: Spectrum): End {
    const { smallest, noise } = spectrum;
    const critical = local.gradientNorm <= Math.max(local.problem.tolerance, noise);
    const reason =
      critical && smallest < -noise
        ? atSaddle(local, spectrum)
        : `the Hessian's smallest eigenvalue is ${short(smallest)}` +
          (smallest < -noise ? "" : ", which is 0 to rounding");
    return { status: "not-positive-definite", reason: `${reason}; newton's \`indefinite\` says what else to do` };
  }
}

function atSaddle({ gradientNorm }: Local, { smallest }: Spectrum): string {
  return `at a saddle: the gradient's norm is ${gradientNorm.toExponential(1)} and the smallest eigenvalue ${short(smallest)}`;
}

/** H is positive definite, and its Newton step known. */
class DefiniteModel implements Model {
  constructor(
    readonly local: Local,
    readonly matrix: SymmetricMatrix,
    readonly newton: Proposal,
    readonly frozen: readonly number[],
  ) {}

  damped(damping: number): Proposal | null {
    if (damping === 0) return this.newton;
    const step = minus(solveDefinite(this.matrix, this.local.gradient, damping));
    return step && solved(this.local, step, damping);
  }
}

/** H as its eigenvalues, changed so that all are positive. */
class IndefiniteModel implements Model {
  readonly smallestEigenvalue: number;

  constructor(
    readonly spectrum: Spectrum,
    readonly indefinite: Indefinite,
    readonly frozen: readonly number[],
  ) {
    this.smallestEigenvalue = spectrum.smallest;
  }

  damped(damping: number): Proposal | null {
    const { values, slopes, local } = this.spectrum;
    const size = Math.max(Math.abs(values[0]), Math.abs(values[values.length - 1]));
    if (this.indefinite === "gradient" && values[0] <= this.spectrum.noise) {
      return steepest(local, 1 / (size + damping || 1));
    }
    const least = LEAST_SHARE * size || 1;
    const shift = this.indefinite === "shift" ? Math.max(0, least - values[0]) : 0;
    const coefficients = new Float64Array(values.length);
    let slope = 0;
    let curvature = 0;
    for (let i = 0; i < values.length; ++i) {
      const value = this.indefinite === "abs" ? Math.abs(values[i]) : values[i] + shift;
      const known = this.indefinite === "abs" && value > this.spectrum.noise;
      const used = (known ? value : Math.max(value, least)) + damping;
      coefficients[i] = -slopes[i] / used;
      slope += coefficients[i] * slopes[i];
      curvature += (used - damping) * coefficients[i] ** 2;
    }
    return { step: this.spectrum.combine(coefficients), slope, decrease: -slope - 0.5 * curvature };
  }
}

/** −x, in double precision. */
export function minus(x: ArrayLike<number> | undefined): Float64Array | null {
  if (!x) return null;
  const negative = new Float64Array(x.length);
  for (let i = 0; i < x.length; ++i) negative[i] = -x[i];
  return negative;
}
