import { isFloat64 } from "../check.js";
import { axpy, dot, norm2 } from "../linalg/vector.js";
import type { FloatArray } from "../wasm/workspace.js";
import { exhausted, measureOf, perfect, type Verdict } from "./criticality.js";
import type { End } from "./optimizer.js";
import { type Problem, remember } from "./problem.js";

/** Steps in a row that have to agree. */
const STEPS = 10;

/**
 * Convergence of a method that knows gradients alone. The curvature along each step is κ = sᵀy/sᵀs,
 * from the step s and the gradient's change y (Barzilai and Borwein 1988), and the predicted
 * decrease ½·‖g‖²/κ with the least κ of the last steps. A point has converged where the test of
 * criticality.ts holds for ten steps in a row. What is flat compared with all of these steps, no
 * step has seen.
 */
export class Secants {
  #theta: Float64Array | null = null;
  #gradient: Float64Array | null = null;
  readonly #curvatures: number[] = [];
  #held = 0;
  #resting = 0;

  judge(problem: Problem, value: number, gradientAt: number): End | null {
    const read = (at: number): Float64Array => {
      const values: FloatArray = problem.workspace.read(problem.dtype, at, problem.size);
      return isFloat64(values) ? values : Float64Array.from(values);
    };
    const theta = read(problem.theta);
    const gradient = read(gradientAt);
    remember(problem, value, norm2(gradient), theta);
    const [before, changed] = [this.#theta, this.#gradient];
    this.#theta = theta;
    this.#gradient = gradient;
    if (!before || !changed) return null;
    const s = theta.slice();
    axpy(-1, before, s);
    const y = gradient.slice();
    axpy(-1, changed, y);
    return norm2(s) === 0 ? this.#rest() : this.#look(problem, value, dot(s, y) / dot(s, s));
  }

  #look(problem: Problem, value: number, curvature: number): End | null {
    this.#resting = 0;
    this.#curvatures.push(curvature);
    if (this.#curvatures.length > STEPS) this.#curvatures.shift();
    const verdict = this.#verdict(problem, value);
    this.#held = verdict ? this.#held + 1 : 0;
    return verdict && this.#held >= STEPS
      ? { status: "converged", reason: `${verdict}, by the curvature along the last steps` }
      : null;
  }

  #verdict(problem: Problem, value: number): Verdict {
    const least = Math.min(...this.#curvatures);
    if (!(least > 0)) return null;
    const gradient = norm2(this.#gradient as Float64Array);
    const decrease = (0.5 * gradient * gradient) / least;
    const measure = measureOf(value, gradient, problem.first);
    const close = exhausted(decrease, measure, problem.tolerance);
    if (close || !problem.first) return close;
    const reach = Math.max(norm2(this.#theta as Float64Array), norm2(problem.first.theta));
    return perfect(decrease, problem.first.value, gradient / least, reach, problem.dtype);
  }

  /** The point has not moved: the updates are less than the parameters' rounding. */
  #rest(): End | null {
    if (++this.#resting < STEPS) return null;
    const reason = `the updates have been below the rounding of the parameters for ${STEPS} steps`;
    return {
      status: "stalled",
      reason: `${reason}; the gradient's norm is ${norm2(this.#gradient as Float64Array).toExponential(1)}`,
    };
  }
}
