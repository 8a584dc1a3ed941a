import { axpy, dot, norm2, scale } from "../../linalg/vector.js";
import type { LayerFactors } from "../../network/fisher.js";
import { SecondMoments } from "../../network/fisher.js";
import type { LayerLayout } from "../../network/layout.js";
import type { Local } from "../local.js";
import type { Memory } from "../memory.js";
import type { End } from "../optimizer.js";
import { converged, type Direction, type Model, type Proposal } from "./direction.js";
import { KroneckerInverse } from "./kronecker.js";

export interface KfacSettings {
  /** Share of the running averages that is kept at most (the paper's 0.95). */
  readonly decay: number;
  /** Steps between decompositions of the factors. */
  readonly refresh: number;
  readonly momentum: boolean;
  readonly seed: number;
}

/**
 * Factors of γ that are tried when the factors are refreshed (the paper's ω₂ is 0.95 to the 20th
 * power, every 20 steps).
 */
const TRIED = [1, 0.6, 1 / 0.6];
/** Refreshed at each of the first steps, while the averages still change much. */
const EARLY = 5;

/**
 * −F̂⁻¹·g with the block-diagonal, Kronecker-factored approximation F̂ of the Fisher matrix. It is
 * scaled and combined with the last step so as to minimise the quadratic model with the exact
 * Gauss-Newton matrix (Martens and Grosse 2015, sections 6.4 and 7).
 */
export class KfacDirection implements Direction {
  readonly needs = { kind: "ggn", form: "factors" } as const;
  readonly scalars = ["updates", "gamma"];
  /** The decomposition of what the memory calls "used". */
  #inverse: { of: Float64Array; made: KroneckerInverse } | null = null;

  constructor(readonly settings: KfacSettings) {}

  vectorLength(name: string, size: number): number | undefined {
    if (name === "velocity") return size;
    return name === "factors" || name === "used" ? -1 : undefined;
  }

  model(local: Local, memory: Memory): Model | End {
    const inverse = this.#refresh(local, memory);
    if (!inverse.finite) return { status: "non-finite", reason: "the Kronecker factors are not finite" };
    const velocity = this.settings.momentum ? memory.vector("velocity") : undefined;
    const product = local.products("ggn");
    const known = new Map<Float64Array, Float64Array>();
    const times = (v: Float64Array): Float64Array => {
      const done = known.get(v) ?? local.once(() => product.matvec(v) as Float64Array);
      known.set(v, done);
      return done;
    };
    const due = this.#due(memory.scalar("updates", 1) - 1);
    const unit = inverse.meanDiagonal || 1;
    return {
      damped: (share) => {
        const damping = share * unit;
        const start = Math.sqrt(damping + local.weightDecay);
        const gamma = memory.scalar("gamma", start);
        let best: Candidate | null = null;
        for (const factor of due ? TRIED : [1]) {
          const candidate = combine(local, inverse, damping, gamma * factor, velocity, times);
          if (candidate && !(best && best.fall >= candidate.fall)) best = candidate;
        }
        if (best) memory.scalars.set("gamma", best.gamma);
        return best;
      },
    };
  }

  critical(local: Local): End {
    return converged(local);
  }

  taken(_local: Local, step: Float64Array, memory: Memory): void {
    memory.vectors.set("velocity", step.slice());
  }

  #due(updates: number): boolean {
    return updates < EARLY || updates % this.settings.refresh === 0;
  }

  /** Averages the factors over the steps, and decomposes them now and then. */
  #refresh(local: Local, memory: Memory): KroneckerInverse {
    const { decay, seed } = this.settings;
    const updates = memory.scalar("updates", 0);
    const { layers, factors } = local.once(() => local.problem.kroneckerFactors(SecondMoments, seed + updates));
    const now = join(factors);
    const before = memory.vector("factors");
    const keep = Math.min(1 - 1 / (updates + 1), decay);
    if (before) for (let i = 0; i < now.length; ++i) now[i] = keep * before[i] + (1 - keep) * now[i];
    memory.vectors.set("factors", now);
    memory.scalars.set("updates", updates + 1);
    if (this.#due(updates)) memory.vectors.set("used", now);
    const used = memory.vector("used") as Float64Array;
    const kept = this.#inverse?.of === used ? this.#inverse.made : null;
    const made = local.once(() => kept ?? new KroneckerInverse(layers, part(layers, used)));
    this.#inverse = { of: used, made };
    return made;
  }
}

interface Candidate extends Proposal {
  readonly gamma: number;
  /** By how much the damped model falls: what candidates are compared by. */
  readonly fall: number;
}

/** α·Δ + μ·v with the α and μ for which gᵀp + ½pᵀ(G + damping·I)p is least. */
function combine(
  local: Local,
  inverse: KroneckerInverse,
  damping: number,
  gamma: number,
  velocity: Float64Array | undefined,
  times: (v: Float64Array) => Float64Array,
): Candidate | null {
  const { gradient } = local;
  const delta = inverse.solve(gradient, gamma);
  scale(-1, delta);
  const basis = velocity && norm2(velocity) > 0 ? [delta, velocity] : [delta];
  const images = basis.map(times);
  const inner = (i: number, j: number): number => dot(basis[i], images[j]) + damping * dot(basis[i], basis[j]);
  const slopes = basis.map((v) => dot(gradient, v));
  const weights = least(inner, slopes);
  if (!weights) return null;
  const step = new Float64Array(gradient.length);
  const image = new Float64Array(gradient.length);
  weights.forEach((weight, i) => {
    axpy(weight, basis[i], step);
    axpy(weight, images[i], image);
  });
  const slope = dot(gradient, step);
  const decrease = -slope - 0.5 * dot(step, image);
  return { step, slope, decrease, gamma, fall: decrease - 0.5 * damping * dot(step, step) };
}

/** The minimiser of cᵀw + ½wᵀBw for one or two weights; null where there is none. */
function least(inner: (i: number, j: number) => number, slopes: readonly number[]): number[] | null {
  const a = inner(0, 0);
  if (!(a > 0)) return null;
  if (slopes.length === 2) {
    const [b, c] = [inner(0, 1), inner(1, 1)];
    const determinant = a * c - b * b;
    if (determinant > 1e-12 * a * c) {
      return [(b * slopes[1] - c * slopes[0]) / determinant, (b * slopes[0] - a * slopes[1]) / determinant];
    }
  }
  return [-slopes[0] / a, ...slopes.slice(1).map(() => 0)];
}

function join(factors: readonly LayerFactors[]): Float64Array {
  const parts = factors.flatMap(({ inputs, outputs, norm }) => [inputs, outputs, norm]);
  const joined = new Float64Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const values of parts) {
    joined.set(values, at);
    at += values.length;
  }
  return joined;
}

function part(layers: readonly LayerLayout[], joined: Float64Array): LayerFactors[] {
  let at = 0;
  const take = (length: number): Float64Array => {
    at += length;
    return joined.subarray(at - length, at);
  };
  return layers.map(({ inputs, units, batchNorm }) => ({
    inputs: take((inputs + 1) ** 2),
    outputs: take(units ** 2),
    norm: take(batchNorm ? 2 * units : 0),
  }));
}
