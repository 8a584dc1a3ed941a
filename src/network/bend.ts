import type { Batch, Objective } from "./objective.js";

/** Three points of a line, as addresses: θ and θ ± length·step. */
export interface Line {
  readonly theta: number;
  readonly ahead: number;
  readonly behind: number;
  readonly length: number;
}

/**
 * What the second derivative of a network's outputs along a line adds to the objective's gradient.
 * `trial` serves the points beside the first one.
 */
export class OutputBend {
  constructor(
    readonly objective: Objective,
    readonly trial: Objective,
  ) {}

  /**
   * out = Jᵀ·∇²ℓ·f̈ of the batch, f̈ ≈ (f(ahead) − 2·f(θ) + f(behind)) / h². `held`: the
   * objective's activations are those of the whole batch at θ already.
   */
  pullBack(points: Line, statistics: number, batch: Batch, out: number, held: boolean): void {
    const { propagation, layout, workspace, spec, loss, mode } = this.objective;
    const { capacity, kernels, output, stride, cotangent } = propagation;
    const other = this.trial.propagation;
    const numbers = layout.outputs * stride;
    const { order, from, count } = batch;
    for (let done = 0; done < count; done += capacity) {
      const size = Math.min(capacity, count - done);
      if (!held) this.objective.forward(points.theta, statistics, order, from + done, size);
      this.trial.forward(points.ahead, statistics, order, from + done, size);
      kernels.axpy(numbers, -2, output, other.output);
      const bend = workspace.slice(spec.dtype, cotangent, numbers);
      bend.set(workspace.slice(spec.dtype, other.output, numbers));
      this.trial.forward(points.behind, statistics, order, from + done, size);
      kernels.axpy(numbers, 1, cotangent, other.output);
      loss.hessianProduct(other.output, cotangent, 1 / this.objective.terms(count) / points.length ** 2);
      propagation.pullBack(points.theta, out, done > 0, mode);
    }
  }
}
