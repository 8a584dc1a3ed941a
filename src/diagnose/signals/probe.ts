import type { Dataset } from "../../network/dataset.js";
import type { Network } from "../../network/network.js";
import { Objective, type Visit, wholeBatch } from "../../network/objective.js";
import type { BatchNormMode, Gradients, Propagation } from "../../network/propagation.js";
import type { Dtype } from "../../wasm/kernels.js";
import { borrow, type FloatArray, type Workspace } from "../../wasm/workspace.js";

export interface ProbeOptions {
  /** Precision of the values, whatever the network's. Default: double precision. */
  dtype?: Dtype;
  /** Which derivatives to add; "none" gives values only. Default: "none". */
  gradients?: Gradients;
  /** Whether the network's penalty is part of the objective. Default: true. */
  penalty?: boolean;
}

/**
 * The objective of a network on all of a data set at any parameters, in a precision of its own, in
 * the memory of one workspace.
 */
export class Probe {
  readonly #objective: Objective;
  readonly #theta: number;
  readonly #gradient: number;
  readonly #statistics: number;
  readonly #size: number;

  constructor(
    readonly workspace: Workspace,
    net: Network,
    readonly data: Dataset,
    mode: BatchNormMode,
    readonly dtype: Dtype,
    { gradients = "none", penalty = true }: ProbeOptions = {},
  ) {
    const spec = { ...net.spec, dtype, ...(penalty ? {} : { penalty: { l1: 0, l2: 0, on: "weights" as const } }) };
    const layout = penalty ? net.layout : { ...net.layout, penalised: [] };
    const needs = { capacity: data.size, gradients };
    this.#size = net.parameterCount;
    this.#theta = workspace.allocate(dtype, this.#size);
    this.#gradient = gradients === "none" ? 0 : workspace.allocate(dtype, this.#size);
    this.#statistics = workspace.allocate(dtype, net.layout.statisticsCount);
    this.#objective = new Objective(workspace, spec, layout, data, mode, needs);
    workspace.write(dtype, this.#statistics, net.current().statistics);
  }

  get propagation(): Propagation {
    return this.#objective.propagation;
  }

  value(parameters: ArrayLike<number>): number {
    this.workspace.write(this.dtype, this.#theta, parameters);
    return this.#objective.value(this.#theta, this.#statistics, wholeBatch(this.data));
  }

  /** The value, with a visit after each chunk's forward pass. */
  visit(parameters: ArrayLike<number>, visit: Visit): number {
    this.workspace.write(this.dtype, this.#theta, parameters);
    const loss = this.#objective.dataLoss(this.#theta, this.#statistics, wholeBatch(this.data), visit);
    return loss + this.#objective.penalty(this.#theta);
  }

  /** The gradient belongs to the caller. `visit` is called after each chunk's backward pass. */
  gradient(parameters: ArrayLike<number>, visit?: Visit): { loss: number; gradient: FloatArray } {
    this.workspace.write(this.dtype, this.#theta, parameters);
    const batch = wholeBatch(this.data);
    const loss = this.#objective.valueAndGradient(this.#theta, this.#statistics, batch, this.#gradient, visit);
    return { loss, gradient: this.workspace.read(this.dtype, this.#gradient, this.#size) };
  }
}

/** Lends a probe for one call. */
export function withProbe<T>(
  net: Network,
  data: Dataset,
  mode: BatchNormMode,
  options: ProbeOptions,
  use: (probe: Probe) => T,
): T {
  const { dtype = "f64" } = options;
  return borrow(net.build, (workspace) => use(new Probe(workspace, net, data, mode, dtype, options)));
}
