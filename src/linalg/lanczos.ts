import {
  checkBoolean,
  checkChoice,
  checkInteger,
  checkKeys,
  checkNonNegative,
  checkObject,
  checkVector,
  wrongValue,
} from "../check.js";
import { Random } from "../random.js";
import type { ScalarMath } from "../wasm/kernels.js";
import { coreMath } from "../wasm/math.js";
import { Krylov, type Ritz } from "./krylov.js";
import { checkOperator, type LinearOperator, Products } from "./operator.js";
import { fillNormal, hypotenuse, maxAbs } from "./vector.js";

const WHERE = "lanczos";
const WITHIN = "all residuals are within the tolerance";
/** The probability that a search from a random vector misses what it looks for. */
const MISSED = 1e-6;
/** … where that lies at least so much of the spectrum's width beyond what the search has seen. */
const LEAST_SHARE = 0.05;

/**
 * Which eigenvalues: those of largest size, the largest, the smallest (most negative), or from both
 * ends alternately.
 */
export type Which = "magnitude" | "largest" | "smallest" | "both";

/** What `lanczos` takes beside the operator. */
export interface LanczosOptions {
  /**
   * How many eigenvalues; all of them where k is the size or more. Default: 6 (SciPy's `eigsh`).
   */
  k?: number;
  /**
   * Which eigenvalues. "both" takes ⌈k/2⌉ from the top and ⌊k/2⌋ from the bottom. Default:
   * "magnitude" (SciPy's `eigsh`).
   */
  which?: Which;
  /** Seed of the random vectors. Default: 0. */
  seed?: number;
  /**
   * Largest residuals, relative to ‖A‖. Default: 1e-8, or 1e-5 where products come in single
   * precision.
   */
  tolerance?: number;
  /** The most products. Default: 20 · `basis`, at least 1000. */
  steps?: number;
  /** Vectors held at a time, between k + 2 and the size. Default: min(size, 2k + 30). */
  basis?: number;
  /** Search again, from fresh vectors, for further copies of eigenvalues. Default: true. */
  verify?: boolean;
  /** The start, `size` numbers. Default: a random vector. */
  start?: ArrayLike<number>;
}

/** Eigenvalues by Lanczos's method. */
export interface LanczosResult {
  /** Ascending. */
  readonly values: Float64Array;
  /** Unit vectors, orthogonal to each other, one for each value. */
  readonly vectors: readonly Float64Array[];
  /** Bounds of ‖A·x − λ·x‖ for each pair: an eigenvalue lies within so much of λ. */
  readonly residuals: Float64Array;
  /** Products taken. */
  readonly steps: number;
  /**
   * The largest ‖A·v‖ over unit vectors met: a lower bound of ‖A‖, and close to it where an end of
   * the spectrum was asked for.
   */
  readonly norm: number;
  /** See `lanczos`. */
  readonly status: "converged" | "max-steps" | "stalled" | "non-finite";
  /** Why, in words. */
  readonly reason: string;
}

interface Settings {
  /** At most the size. */
  readonly k: number;
  readonly which: Which;
  readonly random: Random;
  readonly math: ScalarMath;
  readonly tolerance: number | undefined;
  readonly steps: number;
  readonly basis: number;
  readonly verify: boolean;
  readonly start: Float64Array | null;
}

/** The chosen Ritz values, and from where on another one would be chosen instead. */
interface Wanted {
  /** Indices, ascending. */
  readonly indices: readonly number[];
  /** A Ritz value above would enter; ∞ where that end is not asked for. */
  readonly upper: number;
  /** A Ritz value below would enter. */
  readonly lower: number;
}

/**
 * The k eigenvalues of a symmetric operator at an end of its spectrum, with their eigenvectors,
 * from products A·v alone: Lanczos's method with full reorthogonalisation (every vector against all
 * before it, until nothing is taken away), restarted with the best Ritz vectors when `basis`
 * vectors are held.
 *
 * A Krylov space holds one copy of each multiple eigenvalue. So when the k values have converged,
 * or when an invariant subspace is reached (as happens with low rank), the search continues from a
 * random vector orthogonal to what was found. It ends when such a search finds nothing that belongs
 * among the k. An eigenvalue that lies at least a twentieth of the spectrum's width beyond what was
 * reported is then missed with a probability of about 1e-6 at most. `verify: false` leaves this
 * search out: it needs a third to two thirds of the products, and may miss copies.
 *
 * @param op a symmetric operator: `hessianOperator(…)`, or any { size, matvec(v) }.
 * @param options see their own descriptions. The tolerance is relative to ‖A‖, so small eigenvalues
 * have fewer right digits than large ones: "smallest" means the most negative, not those next to 0.
 * @returns values, vectors and residuals, the caller's. The error of an eigenvalue is at most its
 * residual ρ, and of the order of ρ² over the distance to the next eigenvalue. Residuals are those
 * of the recurrence |β·s|, with the products' lack of symmetry added; other errors of the products
 * are not in them.
 * Cost: `steps` products, each with up to 8·basis·size flops, and (basis + k + 3)·size·8 bytes: 360
 * MB for 10⁶ parameters and k = 4.
 * Statuses: "converged". "max-steps": the best so far is returned, with its residuals. "stalled":
 * the products are not symmetric to within the tolerance, as happens where the tolerance is finer
 * than their own precision. "non-finite": a product was not finite; what was known before it is
 * returned.
 * @throws TypeError or RangeError for what is no operator, unknown options and values outside their
 * range, or products of the wrong length.
 * Source: Lanczos 1950; Wu and Simon 2000 (thick restart); Kuczyński and Woźniakowski 1992 (the
 * probability, at most 1.648·√n·e^(−√ε·(2j − 1)) after j steps).
 * @example
 * lanczos({ size: 3, matvec: (v) => v.map((x, i) => (i + 1) * x) }, { k: 1 }).values; // Float64Array [3], to rounding
 */
export function lanczos(op: LinearOperator, options: LanczosOptions = {}): LanczosResult {
  checkOperator(WHERE, "op", op);
  return new Search(new Products(WHERE, op), settle(op.size, options)).run();
}

function settle(size: number, options: LanczosOptions): Settings {
  checkObject(WHERE, "options", options);
  checkKeys(WHERE, options, ["k", "which", "seed", "tolerance", "steps", "basis", "verify", "start"]);
  const { k: asked = 6, which = "magnitude", seed = 0, tolerance, verify = true, start } = options as LanczosOptions;
  checkInteger(WHERE, "k", asked, 1);
  const k = Math.min(asked, size);
  checkChoice(WHERE, "which", which, ["magnitude", "largest", "smallest", "both"]);
  checkInteger(WHERE, "seed", seed, 0);
  if (tolerance !== undefined) checkNonNegative(WHERE, "tolerance", tolerance);
  const { basis = Math.max(1, Math.min(size, 2 * k + 30)) } = options;
  checkInteger(WHERE, "basis", basis, 1);
  if (basis < Math.min(size, k + 2)) {
    wrongValue(WHERE, "basis", `at least k + 2 = ${k + 2} vectors`, String(basis), "or ask for fewer eigenvalues");
  }
  const { steps = Math.max(1000, 20 * basis) } = options;
  checkInteger(WHERE, "steps", steps, 1);
  checkBoolean(WHERE, "verify", verify);
  return {
    k,
    which,
    random: new Random(seed),
    math: coreMath(),
    tolerance,
    steps,
    basis: Math.min(basis, size),
    verify,
    start: start === undefined ? null : checkStart(start, size),
  };
}

function checkStart(start: ArrayLike<number>, size: number): Float64Array {
  const vector = Float64Array.from(checkVector(WHERE, "start", start, size, "f64"));
  if (size > 0 && maxAbs(vector) === 0) wrongValue(WHERE, "start", "a vector other than 0", "0");
  return vector;
}

class Search {
  readonly #krylov: Krylov;
  /** Products since the last fresh vector. */
  #fresh = 0;
  /** Basis vectors at the next look at the Ritz values, which costs about their cube. */
  #due = 0;
  /** The wanted values when the last fresh vector came in to search on; null before. */
  #found: Float64Array | null = null;

  constructor(
    readonly products: Products,
    readonly settings: Settings,
  ) {
    this.#krylov = new Krylov(products, settings.basis, "ask for fewer eigenvalues or a smaller basis");
  }

  run(): LanczosResult {
    const { products, settings } = this;
    const { k, math, random, start } = settings;
    const krylov = this.#krylov;
    if (k === 0) return this.#result(null, "converged", "an operator of size 0 has no eigenvalues");
    krylov.begin((v) => (start ? v.set(start) : fillNormal(v, random, math)));
    for (;;) {
      if (!krylov.step()) return this.#result(this.#ritz(), "non-finite", products.trouble);
      this.#fresh += 1;
      if (this.#worthALook()) {
        const result = this.#look();
        if (result) return result;
      } else if (krylov.closed) {
        this.#inject();
      }
    }
  }

  #worthALook(): boolean {
    const { steps, closed, products } = this.#krylov;
    if (products.count >= this.settings.steps || steps === this.settings.basis) return true;
    return steps >= this.settings.k && (closed || steps >= this.#due);
  }

  /** The result, if this is the end; otherwise prepares the next step. */
  #look(): LanczosResult | null {
    const { k, which, basis, steps, verify } = this.settings;
    const krylov = this.#krylov;
    const ritz = krylov.ritz();
    const wanted = choose(ritz.values, k, which);
    const values = valuesAt(ritz, wanted.indices);
    // What is open when a fresh vector comes in stays, and must leave room for more of it.
    const limit = this.#limit(ritz) / 10;
    const open = (i: number): number => Math.abs(ritz.open[i]);
    const complete = values.length === k;
    const converged = complete && wanted.indices.every((i) => open(i) <= limit);
    if (krylov.steps === krylov.products.size) return this.#end(ritz, "the basis spans the whole space");
    const stuck = complete && wanted.indices.every((i) => open(i) <= Math.max(limit, ritz.fixed(i)));
    if ((converged && !verify) || (stuck && !this.#attainable(ritz, wanted))) return this.#end(ritz, WITHIN);
    const known = this.#found?.every((value, i) => Math.abs(value - values[i]) <= limit);
    if (converged && known && (krylov.closed || this.#nothingBehind(ritz, wanted, limit))) {
      return this.#end(ritz, `${WITHIN}, and a further search found nothing new`);
    }
    if (krylov.products.count >= steps) return this.#outOfSteps(ritz, wanted, limit, converged);
    if (converged && !known) {
      this.#found = values;
      if (!krylov.closed || krylov.steps === basis) krylov.compress(ritz, wanted.indices);
      this.#inject();
    } else {
      if (krylov.steps === basis) krylov.compress(ritz, choose(ritz.values, k + ((basis - k) >> 1), which).indices);
      if (krylov.closed) this.#inject();
    }
    this.#due = krylov.steps + Math.max(8, krylov.steps >> 3);
    return null;
  }

  #inject(): void {
    this.#krylov.inject(this.settings.random, this.settings.math);
    this.#fresh = 0;
  }

  #ritz(): Ritz | null {
    return this.#krylov.steps > 0 ? this.#krylov.ritz() : null;
  }

  /** An estimate of ‖A‖ from below. */
  #norm(ritz: Ritz | null): number {
    return Math.max(this.#krylov.norm, ritz ? maxAbs(ritz.values) : 0);
  }

  /** What residuals may be; rounding errors always may. */
  #limit(ritz: Ritz): number {
    const { size, single } = this.products;
    const tolerance = this.settings.tolerance ?? (single ? 1e-5 : 1e-8);
    return Math.max(tolerance, 16 * Math.sqrt(size) * Number.EPSILON) * this.#norm(ritz);
  }

  /**
   * Whether the search since the last fresh vector rules out that others than the wanted belong
   * among them.
   */
  #nothingBehind({ values, open }: Ritz, { indices, upper, lower }: Wanted, limit: number): boolean {
    const { size } = this.products;
    const { log } = this.settings.math;
    const width = values[values.length - 1] - values[0];
    const settled = (i: number, gap: number): boolean => {
      const share = width > 0 ? Math.min(Math.max(gap / width, LEAST_SHARE), 1) : 1;
      const steps = (log((1.648 * Math.sqrt(size)) / MISSED) / Math.sqrt(share) + 1) / 2;
      return this.#fresh >= steps && Math.abs(open[i]) <= Math.max(limit, gap / 10);
    };
    const others = Array.from(values.keys()).filter((i) => !indices.includes(i));
    if (others.length === 0) return false;
    const low = others[0];
    const high = others[others.length - 1];
    return (
      (upper === Infinity || settled(high, upper - values[high])) &&
      (lower === -Infinity || settled(low, values[low] - lower))
    );
  }

  /** Whether further steps can bring the residuals below the limit. */
  #attainable(ritz: Ritz, { indices }: Wanted): boolean {
    return indices.every((i) => ritz.fixed(i) <= this.#limit(ritz));
  }

  #end(ritz: Ritz, reason: string): LanczosResult {
    const wanted = choose(ritz.values, this.settings.k, this.settings.which);
    if (this.#attainable(ritz, wanted)) return this.#result(ritz, "converged", reason);
    const worst = Math.max(...wanted.indices.map((i) => ritz.fixed(i))) / this.#norm(ritz);
    const trouble = `the products are symmetric only to within ${worst.toExponential(1)} of the operator's norm`;
    return this.#result(ritz, "stalled", `${trouble}, which is beyond the tolerance`);
  }

  #outOfSteps(ritz: Ritz, { indices }: Wanted, limit: number, converged: boolean): LanczosResult {
    const { k, steps } = this.settings;
    const count = indices.filter((i) => Math.abs(ritz.open[i]) <= limit).length;
    const reason = converged
      ? `all residuals are within the tolerance, but the search for further copies had not ended after ${steps} products`
      : `${count} of ${k} residuals are within the tolerance after ${steps} products`;
    return this.#result(ritz, "max-steps", reason);
  }

  #result(ritz: Ritz | null, status: LanczosResult["status"], reason: string): LanczosResult {
    const { products } = this;
    const { k, which } = this.settings;
    const indices = ritz ? choose(ritz.values, k, which).indices : [];
    return {
      values: ritz ? valuesAt(ritz, indices) : new Float64Array(0),
      vectors: ritz ? this.#krylov.vectors(ritz, indices) : [],
      residuals: Float64Array.from(indices, (i) => (ritz ? hypotenuse(ritz.open[i], ritz.fixed(i)) : 0)),
      steps: products.count,
      norm: this.#norm(ritz),
      status,
      reason,
    };
  }
}

function valuesAt({ values }: Ritz, indices: readonly number[]): Float64Array {
  return Float64Array.from(indices, (i) => values[i]);
}

/** Up to k of the ascending values. */
function choose(values: Float64Array, k: number, which: Which): Wanted {
  const count = values.length;
  const all = Array.from(values.keys());
  if (which === "magnitude") {
    const order = all.sort((i, j) => Math.abs(values[j]) - Math.abs(values[i]) || j - i).slice(0, k);
    const least = Math.abs(values[order[order.length - 1]]);
    return { indices: order.sort((i, j) => i - j), upper: least, lower: -least };
  }
  const taken = Math.min(k, count);
  const top = which === "largest" ? taken : which === "smallest" ? 0 : Math.ceil(taken / 2);
  const bottom = taken - top;
  return {
    indices: [...all.slice(0, bottom), ...all.slice(count - top)],
    upper: top > 0 ? values[count - top] : Infinity,
    lower: bottom > 0 ? values[bottom - 1] : -Infinity,
  };
}
