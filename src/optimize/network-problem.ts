import { CurvatureProducts } from "../network/curvature.js";
import type { Dataset } from "../network/dataset.js";
import { assembleBlock, assembleHessian, blockOf } from "../network/hessian.js";
import { freeCount, type Layout } from "../network/layout.js";
import type { Network } from "../network/network.js";
import { type Batch, Objective, type Visit } from "../network/objective.js";
import { Score } from "../network/score.js";
import { lowestLayer, Selection } from "../network/selection.js";
import { decidesClasses } from "../network/spec.js";
import { Random } from "../random.js";
import type { FloatArray, Workspace } from "../wasm/workspace.js";
import { Problem } from "./problem.js";

/** Not one that anything else of a run's seed draws from. */
const DROPOUT_STREAM = 12;

/** Addresses of vectors over all parameters, the fixed ones included. */
interface AllParameters {
  readonly selection: Selection;
  /** The fixed parameters are always in it. */
  readonly point: number;
  /** Zero but at chosen places. */
  readonly direction: number;
  readonly out: number;
}

/**
 * A network's training objective over the batch at hand, as first-order methods see it: its value
 * and gradient. What methods with curvature ask for beside these they bring along
 * (network-curvature.ts), so that the others do not pay for its code.
 */
export class NetworkProblem extends Problem {
  /**
   * What `Network` has loaded already: the methods' own code takes it from here, and does not load
   * it for functions.
   */
  static readonly tools = {
    CurvatureProducts,
    Objective,
    assembleBlock,
    assembleHessian,
    blockOf,
  };
  /** What holds the activations of the step's start. */
  objective: Objective;
  /** What the masks of dropout are drawn from: the run's seed and the step. */
  drawn: readonly [seed: number, step: number] = [0, 0];
  protected readonly score: Score | null;
  /** Called between the passes of a chunk and the next. */
  protected visit: Visit | undefined;
  /** The point whose activations, of the whole batch, are in the objective's memory; 0 for none. */
  protected held = 0;
  /** Of the two points, by address: decisions that were right when a gradient was taken there. */
  readonly #right: [number, number] = [0, 0];
  readonly #first: number;
  readonly #dropping: boolean;
  /**
   * All parameters, and vectors as long, where only some take steps: those are what points and
   * gradients hold.
   */
  readonly #all: AllParameters | null;

  /** `batch` is overwritten by the run as it goes; say `changed` then. */
  constructor(
    workspace: Workspace,
    protected readonly net: Network,
    protected readonly data: Dataset,
    protected readonly statistics: number,
    protected readonly batch: Batch,
    protected readonly capacity: number,
  ) {
    const { spec, layout } = net;
    super(workspace, spec.dtype, freeCount(layout));
    this.#first = this.theta;
    this.#dropping = layout.layers.some(({ dropout }) => dropout > 0);
    const needs = { capacity, gradients: "transient", dropping: this.#dropping } as const;
    this.objective = new Objective(workspace, spec, layout, data, "batch", needs);
    this.#all = layout.free ? this.#openAll(layout.free) : null;
    this.score = decidesClasses(spec.loss) ? new Score(spec, layout, data) : null;
    if (this.score) this.visit = (from) => this.score?.add(this.objective.propagation, batch.order, from);
  }

  #openAll(free: Uint32Array): AllParameters {
    const { workspace, dtype } = this;
    const { layout, parameterCount } = this.net;
    this.objective.propagation.lowest = lowestLayer(layout, free);
    const vector = (): number => workspace.allocate(dtype, parameterCount);
    const [point, direction, out] = [vector(), vector(), vector()];
    workspace.slice(dtype, direction, parameterCount).fill(0);
    return { selection: new Selection(workspace, dtype, free), point, direction, out };
  }

  /** Takes over a network's parameters as the current point. */
  write(parameters: FloatArray): void {
    this.workspace.write(this.dtype, this.#all?.point ?? this.theta, parameters);
    this.#all?.selection.gather(this.#all.point, this.theta);
  }

  /**
   * All parameters at a point, fixed ones included, as an address that holds them until the next
   * call.
   */
  place(point: number): number {
    if (!this.#all) return point;
    this.#all.selection.scatter(point, this.#all.point);
    return this.#all.point;
  }

  /**
   * A vector over all parameters, 0 at fixed ones, as an address that holds it until the next call.
   */
  spread(vector: number): number {
    if (!this.#all) return vector;
    this.#all.selection.scatter(vector, this.#all.direction);
    return this.#all.direction;
  }

  /**
   * Has a vector over all parameters written, and takes from it what belongs to those that take
   * steps.
   */
  protected gathered<T>(to: number, write: (at: number) => T): T {
    if (!this.#all) return write(to);
    const result = write(this.#all.out);
    this.#all.selection.gather(this.#all.out, to);
    return result;
  }

  /** Says that every step is over the same samples in the same order. */
  pin(): void {
    this.objective.pinned = true;
  }

  /** Decisions that were right at a point when its gradient was taken. */
  rightAt(point: number): number {
    return this.#right[point === this.#first ? 0 : 1];
  }

  /**
   * Moves the running statistics towards those of the batch where the step started; once a step.
   */
  updateRunning(): void {
    if (this.net.layout.batchNorm) this.objective.propagation.updateRunning(this.statistics, this.keptAt());
  }

  /**
   * Address of the batch's statistics where the step started; 0 where they are those of the last
   * pass.
   */
  protected keptAt(): number {
    return 0;
  }

  override changed(): void {
    super.changed();
    this.held = 0;
  }

  override get layout(): Layout {
    return this.net.layout;
  }

  protected override gradientAt(point: number, gradient: number): number {
    const { objective } = this;
    this.score?.reset();
    const held = this.held === point && this.holds;
    const at = this.place(point);
    if (this.#dropping) objective.propagation.random = new Random(...this.drawn, DROPOUT_STREAM);
    const value = this.gathered(gradient, (to) =>
      objective.valueAndGradient(at, this.statistics, this.batch, to, this.visit, held),
    );
    this.held = point;
    if (this.score) this.#right[point === this.#first ? 0 : 1] = this.score.right;
    return this.checked(objective, value);
  }

  /** Whether the objective's memory holds the activations of the whole batch at `theta`. */
  protected get holds(): boolean {
    return this.held === this.theta && this.batch.count <= this.objective.propagation.capacity;
  }

  /** NaN where a batch variance overflowed: the outputs stay finite then. */
  protected checked({ propagation }: Objective, value: number): number {
    return this.net.layout.batchNorm && propagation.firstOverflownVariance() >= 0 ? Number.NaN : value;
  }
}
