import { conjugateGradientsInParts } from "../../linalg/conjugate-gradients.js";
import { lanczos } from "../../linalg/lanczos.js";
import { eigenvalueNoise } from "../../linalg/noise.js";
import { divide, dot } from "../../linalg/vector.js";
import type { Local } from "../local.js";
import type { End } from "../optimizer.js";
import { type Direction, type Escape, type Model, NON_FINITE, type Proposal } from "./direction.js";
import { epsilon, judge } from "./eigenbasis.js";

/** Products that a look for negative curvature may take where the gradient has vanished. */
const LOOKS = 500;

/**
 * The quadratic model minimised by conjugate gradients, from products with the Hessian alone, until
 * the residual is small against the gradient, or the path leaves the ball or meets negative
 * curvature (Steihaug 1983; Toint 1981).
 */
export class TruncatedDirection implements Direction {
  readonly needs = { kind: "exact", form: "products" } as const;

  constructor(readonly maxProducts: number) {}

  model(local: Local): Model {
    return new TruncatedModel(local, this.maxProducts);
  }

  critical(local: Local): Escape | End {
    const search = { k: 1, which: "smallest", tolerance: 1e-6, steps: LOOKS } as const;
    const { values, vectors, norm } = local.once(() => lanczos(local.products("exact"), search));
    const noise = eigenvalueNoise(local.size, Math.sqrt(local.size) * norm, epsilon(local));
    const verdict = judge(local, { smallest: values[0], largest: norm, noise });
    if (verdict !== "saddle") return verdict;
    const direction = vectors[0].slice();
    if (dot(direction, local.gradient) > 0) for (let i = 0; i < direction.length; ++i) direction[i] = -direction[i];
    return { direction, curvature: values[0] };
  }
}

class TruncatedModel implements Model {
  readonly exact = true;
  failure: End | null = null;

  constructor(
    readonly local: Local,
    readonly maxProducts: number,
  ) {}

  /** Nothing where conjugate gradients end at a direction that does not curve up. */
  get whole(): Proposal | null {
    const whole = this.#solveTo(1e-14, 0);
    return whole.decrease > 0 ? whole : null;
  }

  /** Products alone give no other norm than the Euclidean one. */
  gauge(gradient: Float64Array): number {
    return dot(gradient, gradient);
  }

  damped(damping: number): Proposal {
    return this.#solve(damping);
  }

  within(radius: number): Proposal {
    return this.#solve(0, radius);
  }

  /**
   * To forcing terms that make the steps near a minimum converge faster than linearly (Nocedal and
   * Wright, section 7.1).
   */
  #solve(damping: number, radius?: number): Proposal {
    const { local } = this;
    const share = local.gradientNorm / (local.problem.first?.gradientNorm ?? 1);
    const proposal = this.#solveTo(Math.min(0.1, Math.sqrt(share)), damping, radius);
    // That there is nowhere to fall is for a full solve to say.
    const { decrease, step } = proposal;
    const short = !local.sees(decrease) || local.settled(decrease, step);
    return short ? this.#solveTo(1e-14, damping, radius) : proposal;
  }

  #solveTo(tolerance: number, damping: number, radius?: number): Proposal {
    const { local, maxProducts } = this;
    const { gradient, gradientNorm, size } = local;
    // In units of the gradient, whose square may be out of range.
    const products = local.products("exact", damping);
    const operator = {
      size,
      matvec: (v: Float64Array | Float32Array) => {
        const product = products.matvec(v) as Float64Array;
        divide(product, gradientNorm);
        return product;
      },
    };
    const options = {
      tolerance,
      maxSteps: Math.min(maxProducts, 2 * size),
      ...(radius === undefined ? {} : { radius }),
    };
    const { x, model, status } = local.inParts(() =>
      conjugateGradientsInParts(
        operator,
        gradient.map((value) => -value / gradientNorm),
        options,
      ),
    );
    this.failure = status === "non-finite" ? NON_FINITE : null;
    return { step: x, slope: dot(gradient, x), decrease: -model * gradientNorm };
  }
}
