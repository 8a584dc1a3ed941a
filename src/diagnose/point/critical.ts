import { checkInteger } from "../../check.js";
import { lanczos } from "../../linalg/lanczos.js";
import type { LinearOperator } from "../../linalg/operator.js";
import type { Inertia, SymmetricMatrix } from "../../linalg/symmetric.js";
import { dot, norm2 } from "../../linalg/vector.js";
import type { Dataset } from "../../network/dataset.js";
import { checkNetwork, type Network } from "../../network/network.js";
import { hessianOperator } from "../../network/operator.js";
import type { PassOptions } from "../../network/pass.js";
import type { BatchNormMode } from "../../network/propagation.js";
import { isPenalised } from "../../network/spec.js";
import { coreMath } from "../../wasm/math.js";
import { inDouble } from "../remedies/copy.js";
import { type Canonical, inCanonicalUnits } from "./canonical-units.js";
import {
  type CurvatureMethod,
  checkMethod,
  checkTolerance,
  chooseMethod,
  denseEnds,
  type Ends,
  lanczosEnds,
  methodReason,
  type PointTolerance,
} from "./ends.js";
import { type Facts, gatherFacts } from "./features.js";
import { findInvariances, type Invariances } from "./invariances.js";
import { deflated, verify, type ZeroModeFamily } from "./zero-modes.js";

const WHERE = "classifyCriticalPoint";

/** Kinds of points; `classifyCriticalPoint` defines them. */
export type PointKind = "minimum" | "saddle" | "maximum" | "degenerate" | "gradient-flat" | "not-critical";

/** What `classifyCriticalPoint` takes beside network and data. */
export interface CriticalPointOptions extends PassOptions {
  /**
   * All eigenvalues ("dense"), or the ends of the spectrum from products alone ("lanczos").
   * Default: by size.
   */
  curvature?: CurvatureMethod;
  /**
   * Absolute tolerances to use instead of the computed ones. Default: the computed ones, which the
   * result explains.
   */
  tolerance?: PointTolerance;
  /** Eigenvalues that "lanczos" searches for, half of them at each end. Default: 8. */
  k?: number;
  /** Seed of random vectors. Default: 0. */
  seed?: number;
  /** Bytes of the largest matrix to make, as in `net.hessian`. Default: 2 GiB. */
  maxBytes?: number;
}

/** Zero eigenvalues and what explains them. */
export interface ZeroModes {
  /** Eigenvalues within the tolerance of 0; null where only the ends of the spectrum are known. */
  readonly count: number | null;
  /** Of these, how many are known directions in which the loss does not change. */
  readonly explained: number;
  /** What is known of them, by where it comes from. */
  readonly families: readonly ZeroModeFamily[];
  /**
   * Whether the outputs meet the targets, so that H = G, of which every zero mode leaves the
   * outputs as they are.
   */
  readonly fitted: boolean;
  /** Whether all directions that were found could be held. */
  readonly complete: boolean;
}

/** What kind of point the parameters are. */
export interface CriticalPoint {
  /** The verdict. */
  readonly kind: PointKind;
  /** Why, in words. */
  readonly reason: string;
  /** How the search for eigenvalues ended. */
  readonly status: "converged" | "max-steps" | "stalled" | "non-finite";
  /** L, penalty included. */
  readonly loss: number;
  /** ‖∇L‖. */
  readonly gradientNorm: number;
  /** Eigenvalues below −tolerance. */
  readonly index: number;
  /** Whether there cannot be more of them. */
  readonly indexIsExact: boolean;
  /** Null where only the ends of the spectrum are known. */
  readonly inertia: Inertia | null;
  /** Eigenvalue, or the smallest found. */
  readonly smallest: number;
  /** Eigenvalue, or the largest found. */
  readonly largest: number;
  /**
   * A unit vector with the smallest eigenvalue, where that is below −tolerance, turned so that the
   * gradient does not rise along it; else null.
   */
  readonly escape: Float64Array | null;
  /**
   * ‖H·g‖ / (‖H‖·‖g‖), 0 for a gradient in the kernel of H, or where ‖H‖·max(1, ‖θ‖) ≤ 10⁻⁸·‖g‖;
   * NaN where g = 0.
   */
  readonly flatness: number;
  /** Eigenvalues within the tolerance of 0, and what explains them. */
  readonly zeroModes: ZeroModes;
  /**
   * Pre-activations that are exactly at a kink, where H is what the chain rule gives and not a
   * second derivative.
   */
  readonly atKink: number;
  /** What counted as 0. */
  readonly tolerance: {
    /** ‖∇L‖ up to which the point is critical. */
    readonly gradient: number;
    /** |λ| up to which an eigenvalue is zero. */
    readonly eigenvalue: number;
    /** Why so much of the gradient. */
    readonly gradientReason: string;
    /** Why so much of an eigenvalue. */
    readonly eigenvalueReason: string;
  };
  /** How eigenvalues were found. */
  readonly curvature: CurvatureMethod;
  /** Why so. */
  readonly curvatureReason: string;
}

/** ‖g‖ / (‖H‖₂·max(1, ‖θ‖)) up to which a point counts as critical. */
const CRITICAL = { f64: 2 ** -26, f32: 2 ** -21 } as const;
/** ‖H·g‖ / (‖H‖·‖g‖) up to which the gradient counts as in the kernel. */
const FLAT = 1e-3;
/**
 * ‖H‖·max(1, ‖θ‖) / ‖g‖ up to which curvature is negligible: the gradient stays the same over the
 * size of the parameters.
 */
const NO_CURVATURE = 1e-8;
/** RMS of the output errors, relative to the targets, up to which they count as met. */
const FITTED = { f64: 1e-6, f32: 1e-4 } as const;

/**
 * What kind of point of the training objective the parameters are, from the gradient and the
 * eigenvalues of the exact Hessian:
 *
 * - "minimum": critical, no eigenvalue below −tolerance, and every zero mode is a direction along
 *   which the loss is known not to change;
 * - "saddle": critical, with eigenvalues of both signs; "maximum": critical, with none above the
 *   tolerance and some below;
 * - "degenerate": critical, with zero modes that nothing explains, so that higher derivatives
 *   decide;
 * - "gradient-flat": not critical, but ‖H·g‖ ≤ 10⁻³·‖H‖·‖g‖, where minimising ‖g‖² stops (Frye et
 *   al. 2021);
 * - "not-critical": anything else.
 *
 * Zero modes are explained by construction: directions in which the loss cannot change are made as
 * vectors, and those that H takes to 0 are counted. They come from dead units, constant and
 * dependent inputs, the softmax's shift, a bias or the length of weights before batch norm, and
 * ReLU's rescaling (w, v) → (c·w, v/c). They also come from duplicated units, units that are active
 * on the same samples, unused units, and dependent features. Where the outputs meet the targets
 * (mse, huber), all of H's zero modes are also G's and leave the outputs unchanged. A penalty
 * removes the zero modes along which it changes. The verdict depends on no unit: inputs and targets
 * are measured by their own size, and the numbers are then given in the caller's units. A penalty's
 * factor has units itself, so with a penalty the units stay the caller's.
 *
 * All is computed in double precision, also for a network of single precision.
 *
 * @param options curvature: "dense" computes all eigenvalues, "lanczos" the ends of the spectrum
 * from at most some hundreds of products. With "lanczos" a saddle is certain, but its index is a
 * lower bound. A minimum then means that no eigenvalue outside of the explained directions was
 * found within the tolerance of 0. The default is "dense" where N·P² + 4/3·P³ ≤ 3·10¹⁰.
 * @returns a plain object whose `reason` says why; `escape` belongs to the caller. At kinks
 * (`atKink` above 0) H is the chain rule's.
 * Cost: see `diagnosisCost`; where the point is critical, making the zero modes orthonormal comes
 * on top.
 * @throws TypeError or RangeError for data that does not fit the network, unknown options and
 * values outside their range.
 * Source: Dauphin et al. 2014 (index); Frye et al. 2021 (gradient-flat points).
 * @example
 * const net = network({ inputs: 1, layers: [{ units: 3, activation: "tanh" }, { units: 1 }], initializer: "zeros" });
 * classifyCriticalPoint(net, dataset([[-2], [-1], [0], [1], [2]], [-2, -1, 0, 1, 2])).kind; // "saddle"
 */
export function classifyCriticalPoint(net: Network, data: Dataset, options: CriticalPointOptions = {}): CriticalPoint {
  checkNetwork(WHERE, net);
  const mode = net.mode(WHERE, data, options, ["curvature", "tolerance", "k", "seed", "maxBytes"]);
  const { curvature: asked, tolerance = {}, k = 8, seed = 0 } = options;
  checkMethod(WHERE, asked);
  checkTolerance(WHERE, tolerance);
  checkInteger(WHERE, "k", k, 2);
  checkInteger(WHERE, "seed", seed, 0);
  const curvature = asked ?? chooseMethod(net.parameterCount, data.size);
  const double = inDouble(net);
  // Whoever gives tolerances gives them in units of the objective.
  const canonical = Object.keys(tolerance).length > 0 ? null : inCanonicalUnits(double, data);
  const [own, rows] = canonical ? [canonical.net, canonical.data] : [double, data];
  const op = hessianOperator(own, rows, { batchNorm: mode });
  const maxBytes = options.maxBytes === undefined ? {} : { maxBytes: options.maxBytes };
  const H = curvature === "dense" ? own.hessian(rows, { batchNorm: mode, ...maxBytes }) : null;
  const ends = H ? denseEnds(H) : lanczosEnds(op, k, seed);
  const facts = gatherFacts(own, rows, mode);
  const point = new Classification(net, own, rows, mode, op, ends, facts, tolerance, seed, {
    curvature,
    curvatureReason: methodReason(curvature, asked !== undefined, net.parameterCount, data.size),
  }).result();
  if (!canonical) return point;
  const given = hessianOperator(double, data, { batchNorm: mode });
  const bounds = H ? denseEnds(inGivenUnits(H, canonical)) : lanczosEnds(given, 2, seed, REPORT_STEPS);
  return restored(point, canonical, facts.gradient, bounds, given, seed);
}

/** Products for the ends in the caller's units, which are reported and decide nothing. */
const REPORT_STEPS = 100;

/**
 * H of the objective and the parameters in the caller's units, in the memory of the canonical one.
 */
function inGivenUnits(H: SymmetricMatrix, { scale, value }: Canonical): SymmetricMatrix {
  const { size, data } = H;
  for (let i = 0, at = 0; i < size; ++i) {
    for (let j = 0; j < size; ++j) data[at++] *= value / scale[i] / scale[j];
  }
  return H;
}

/** What was judged in canonical units, with its numbers in the caller's. */
function restored(
  point: CriticalPoint,
  { scale, value }: Canonical,
  gradient: ArrayLike<number>,
  ends: Ends,
  op: LinearOperator,
  seed: number,
): CriticalPoint {
  const g = Float64Array.from(gradient, (slope, i) => (slope * value) / scale[i]);
  const { smallest, largest } = ends;
  const [length, radius] = [norm2(g), Math.max(Math.abs(smallest), Math.abs(largest))];
  const judged = Math.max(Math.abs(point.smallest), Math.abs(point.largest));
  const { tolerance } = point;
  const down = point.escape && turned(ends.vector ?? lowest(op, seed), g);
  return {
    ...point,
    loss: point.loss * value,
    gradientNorm: length,
    smallest,
    largest,
    escape: down,
    reason: `${point.reason}, inputs and targets being measured by their own size`,
    tolerance: {
      ...tolerance,
      gradient: tolerance.gradient * (point.gradientNorm > 0 ? length / point.gradientNorm : value),
      eigenvalue: tolerance.eigenvalue * (judged > 0 ? radius / judged : value),
    },
  };
}

/** Turned so that the gradient does not rise along it. */
function turned(vector: Float64Array, gradient: Float64Array): Float64Array {
  if (dot(vector, gradient) > 0) for (let i = 0; i < vector.length; ++i) vector[i] = -vector[i];
  return vector;
}

function lowest(op: LinearOperator, seed: number): Float64Array {
  return lanczos(op, { k: 1, which: "smallest", seed, verify: false, tolerance: 1e-6 }).vectors[0];
}

class Classification {
  readonly #gradient: Float64Array;
  readonly #gradientNorm: number;
  readonly #radius: number;
  readonly #tolerance: CriticalPoint["tolerance"];

  constructor(
    readonly net: Network,
    readonly double: Network,
    readonly data: Dataset,
    readonly mode: BatchNormMode,
    readonly op: LinearOperator,
    readonly ends: Ends,
    readonly facts: Facts,
    given: PointTolerance,
    readonly seed: number,
    readonly how: Pick<CriticalPoint, "curvature" | "curvatureReason">,
  ) {
    this.#gradient = Float64Array.from(facts.gradient);
    this.#gradientNorm = norm2(this.#gradient);
    this.#radius = Math.max(Math.abs(ends.smallest), Math.abs(ends.largest));
    this.#tolerance = this.#tolerances(given);
  }

  #tolerances(given: PointTolerance): CriticalPoint["tolerance"] {
    const { dtype } = this.net.spec;
    const { parameters } = this.double.current();
    const length = Math.max(1, norm2(Float64Array.from(parameters)));
    const share = CRITICAL[dtype];
    const size = parameters.length;
    const rounding = size * Number.EPSILON * this.ends.norm;
    const gradient = given.gradient ?? share * this.#radius * length;
    const critical = this.#gradientNorm <= gradient;
    const asked = "as asked for";
    return {
      gradient,
      gradientReason:
        given.gradient === undefined
          ? `${share.toPrecision(2)}·‖H‖·max(1, ‖θ‖): along the steepest curvature the critical point is then nearer than ` +
            `${dtype === "f64" ? "√ε" : "four times the rounding of single precision"} times the parameters' length`
          : asked,
      eigenvalue: given.eigenvalue ?? rounding + (critical ? this.#gradientNorm : 0),
      eigenvalueReason:
        given.eigenvalue === undefined
          ? "P·ε·‖H‖, what rounding may move an eigenvalue by" +
            (critical ? ", plus ‖g‖, what the zero modes of rescaling move by off the exact critical point" : "")
          : asked,
    };
  }

  result(): CriticalPoint {
    const { ends, facts } = this;
    const finite = ends.status !== "non-finite" && Number.isFinite(this.#gradientNorm) && Number.isFinite(facts.loss);
    const tolerance = this.#tolerance.eigenvalue;
    const { values } = ends;
    const negative = values.filter((value) => value < -tolerance).length;
    const positive = values.filter((value) => value > tolerance).length;
    const zero = ends.complete ? values.length - positive - negative : null;
    const common = {
      status: finite ? ends.status : ("non-finite" as const),
      loss: facts.loss,
      gradientNorm: this.#gradientNorm,
      index: negative,
      indexIsExact: ends.complete || this.#bottomSeen(negative),
      inertia: ends.complete ? { positive, negative, zero: zero as number } : null,
      smallest: ends.smallest,
      largest: ends.largest,
      flatness: this.#flatness(),
      atKink: this.#atKink(),
      tolerance: this.#tolerance,
      ...this.how,
    };
    if (!finite) {
      const reason = `the loss, its gradient or its curvature is not finite (${ends.reason})`;
      const nothing = { count: null, explained: 0, families: [], fitted: false, complete: true };
      return { kind: "not-critical", reason, ...common, escape: null, zeroModes: nothing };
    }
    const invariances = findInvariances(this.double, facts, this.mode);
    const zeroModes = this.#zeroModes(invariances, zero);
    const { kind, reason } = this.#kind(negative, positive, zeroModes, invariances, common.flatness);
    const kinks =
      common.atKink > 0 ? `; ${common.atKink} pre-activations are exactly at a kink, where H is the chain rule's` : "";
    return { kind, reason: reason + kinks, ...common, escape: negative > 0 ? this.#escape() : null, zeroModes };
  }

  /** Whether a value that is not negative was found at the lower end. */
  #bottomSeen(negative: number): boolean {
    const { values, status } = this.ends;
    return status === "converged" && negative < Math.floor(values.length / 2);
  }

  #flatness(): number {
    if (this.#gradientNorm === 0 || !Number.isFinite(this.#gradientNorm)) return Number.NaN;
    const { parameters } = this.double.current();
    const length = Math.max(1, norm2(Float64Array.from(parameters)));
    if (this.#radius * length <= NO_CURVATURE * this.#gradientNorm) return 0;
    return norm2(Float64Array.from(this.op.matvec(this.#gradient))) / (this.#radius * this.#gradientNorm);
  }

  #atKink(): number {
    const kinked = ["relu", "leaky-relu", "step"];
    return this.facts.units.reduce(
      (sum, layer, l) =>
        kinked.includes(this.net.spec.layers[l].activation.type)
          ? sum + layer.reduce((count, { atZero }) => count + atZero, 0)
          : sum,
      0,
    );
  }

  #zeroModes(invariances: Invariances, count: number | null): ZeroModes {
    const families = verify(invariances, this.op, this.#tolerance.eigenvalue, this.seed, coreMath());
    const verified = families.reduce((sum, family) => sum + family.verified, 0);
    const fitted = this.#fitted();
    const explained = fitted && count !== null ? count : count === null ? verified : Math.min(verified, count);
    return { count, explained, families, fitted, complete: invariances.subspace.complete };
  }

  /** Whether the loss of the data is as good as 0, its least value. */
  #fitted(): boolean {
    const { loss, dtype } = this.net.spec;
    if ((loss !== "mse" && loss !== "huber") || isPenalised(this.net.spec)) return false;
    const { targets } = this.data;
    const values = "data" in targets ? targets.data : targets;
    let squares = 0;
    for (let i = 0; i < values.length; ++i) squares += values[i] * values[i];
    return this.facts.loss <= FITTED[dtype] ** 2 * (squares / values.length || 1);
  }

  #kind(
    negative: number,
    positive: number,
    zeroModes: ZeroModes,
    invariances: Invariances,
    flatness: number,
  ): { kind: PointKind; reason: string } {
    const g = this.#gradientNorm.toPrecision(3);
    const tolerance = this.#tolerance.gradient;
    if (this.#gradientNorm > tolerance) {
      if (flatness <= FLAT) {
        const reason = `‖g‖ = ${g} is not 0, but ‖H·g‖ is ${flatness.toPrecision(2)} of ‖H‖·‖g‖: g is nearly in the kernel of H`;
        return { kind: "gradient-flat", reason };
      }
      return { kind: "not-critical", reason: `‖g‖ = ${g} exceeds the tolerance of ${tolerance.toPrecision(2)}` };
    }
    if (zeroModes.fitted) return { kind: "minimum", reason: "the outputs meet the targets: no loss is less" };
    if (negative > 0 && positive > 0) {
      const least = this.ends.complete ? "" : "at least ";
      return {
        kind: "saddle",
        reason: `${least}${counted(negative, "eigenvalue")} below 0, the smallest ${this.ends.smallest.toPrecision(3)}`,
      };
    }
    const open = this.#unexplained(zeroModes, invariances);
    if (open !== null) return { kind: "degenerate", reason: open };
    const known = `the ${counted(zeroModes.explained, "zero eigenvalue")} found belong to directions in which the loss does not change`;
    if (negative > 0) return { kind: "maximum", reason: `no eigenvalue above 0; ${known}` };
    return { kind: "minimum", reason: `no eigenvalue below 0; ${known}` };
  }

  /** What is left to explain, in words; null for nothing. */
  #unexplained({ count, explained, complete }: ZeroModes, invariances: Invariances): string | null {
    const unheld = complete ? "" : " (more directions are known than could be held)";
    if (count !== null) {
      return count > explained
        ? `${count - explained} of ${counted(count, "zero eigenvalue")} unexplained${unheld}`
        : null;
    }
    const shift = this.#radius || 1;
    const rest = lanczosEnds(deflated(this.op, invariances, shift), 1, this.seed + 1);
    if (rest.status === "converged" && rest.smallest > this.#tolerance.eigenvalue) return null;
    return `outside of the explained directions an eigenvalue of ${rest.smallest.toExponential(1)} ± ${(rest.residuals[0] ?? 0).toExponential(0)} was found${unheld}`;
  }

  #escape(): Float64Array {
    return turned(this.ends.vector ?? lowest(this.op, this.seed), this.#gradient);
  }
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
