import { wrongValue } from "../check.js";
import { SymmetricMatrix } from "../linalg/symmetric.js";
import { CurvatureProducts } from "../network/curvature.js";
import { type Dataset, samplesOf, weighedAs } from "../network/dataset.js";
import type { LayerFactors, SecondMoments } from "../network/fisher.js";
import { assembleBlock, assembleHessian, blockOf } from "../network/hessian.js";
import type { JacobianProducts } from "../network/jacobian.js";
import { freeCount, type LayerLayout, type Layout } from "../network/layout.js";
import type { Network } from "../network/network.js";
import { type Batch, Objective, type Visit } from "../network/objective.js";
import { ActivationPattern, switches } from "../network/pattern.js";
import { Score } from "../network/score.js";
import { lowestLayer, Selection } from "../network/selection.js";
import { decidesClasses, lossName, lossTraits } from "../network/spec.js";
import type { CurvatureKind } from "../network/tangent.js";
import { Random } from "../random.js";
import { borrow, bytesPer, describeBytes, type FloatArray, type Workspace } from "../wasm/workspace.js";
import { type CurvatureNeeds, type MomentsFactory, Problem, type RowsFactory } from "./problem.js";

/** Bytes of the largest dense matrix that a method may ask for; as `net.hessian` has it. */
const MOST_BYTES = 2 ** 31;

/** Share of a step over which second differences are taken. */
const BEND_LENGTH = 0.03;

/** Of the random signs in the diagonal's estimate: always the same, so that there is nothing to keep between steps. */
const DIAGONAL_SEED = 0;

/** Not one that anything else of a run's seed draws from. */
const DROPOUT_STREAM = 12;

/** Memory that products need, made when the first is asked for. */
interface ProductSeat {
  readonly products: CurvatureProducts;
  readonly v: number;
  readonly out: number;
}

/** Addresses of vectors over all parameters, the fixed ones included. */
interface AllParameters {
  readonly selection: Selection;
  /** The fixed parameters are always in it. */
  readonly point: number;
  /** Zero but at chosen places. */
  readonly direction: number;
  readonly out: number;
}

/** A network's training objective over the batch at hand, as optimizers see it. */
export class NetworkProblem extends Problem {
  /** What holds the activations of the step's start. */
  objective: Objective;
  readonly #net: Network;
  readonly #data: Dataset;
  readonly #statistics: number;
  readonly #batch: Batch;
  readonly #capacity: number;
  /** What holds those of the last look ahead; the two change places when its point is taken. */
  #trial: Objective;
  readonly #score: Score | null;
  /** Activation patterns at the point of the last gradient and at the last look ahead. */
  #patterns: readonly [ActivationPattern, ActivationPattern] | null;
  readonly #visit: Visit | undefined;
  /** Of the two points, by address: decisions that were right when a gradient was taken there. */
  readonly #right: [number, number] = [0, 0];
  readonly #first: number;
  /** Batch norm's statistics of the batch, as the patterns. */
  #kept: readonly [number, number] | null;
  /** Which of both the pass at hand is. */
  #pattern = 0;
  #moments: SecondMoments | null = null;
  #jacobian: JacobianProducts | null = null;
  /** The point whose activations, of the whole batch, are in the objective's memory; 0 for none. */
  #held = 0;
  /** The same of the look ahead. */
  #heldAhead = 0;
  /** The point that the Jacobian's rows are of, where they are those of the whole batch and a single output. */
  #rowsAt = 0;
  #bend: { ahead: number; behind: number; out: number } | null = null;
  #seat: ProductSeat | null = null;
  #linearized = 0;
  /** The last dense matrix, whose memory the next one takes. */
  #assembled: FloatArray | undefined;
  readonly #dropping: boolean;
  /** What the masks of dropout are drawn from: the run's seed and the step. */
  drawn: readonly [seed: number, step: number] = [0, 0];
  /** All parameters, and vectors as long, where only some take steps: those are what points and gradients hold. */
  readonly #all: AllParameters | null;
  #subset: { rows: Uint32Array; data: Dataset } | null = null;

  /** `batch` is overwritten by the run as it goes; say `changed` then. */
  constructor(
    workspace: Workspace,
    net: Network,
    data: Dataset,
    statistics: number,
    batch: Batch,
    capacity: number,
    second: boolean,
  ) {
    const { spec, layout } = net;
    super(workspace, spec.dtype, freeCount(layout));
    this.#net = net;
    this.#data = data;
    this.#statistics = statistics;
    this.#batch = batch;
    this.#capacity = capacity;
    this.#first = this.theta;
    const dropping = !second && layout.layers.some(({ dropout }) => dropout > 0);
    this.#dropping = dropping;
    const open = (gradients: "transient" | "none"): Objective =>
      new Objective(workspace, spec, layout, data, "batch", { capacity, gradients, dropping });
    this.objective = open("transient");
    this.#trial = second ? open(layout.batchNorm ? "none" : "transient") : this.objective;
    this.#all = layout.free ? this.#openAll(layout.free) : null;
    this.#score = decidesClasses(spec.loss) ? new Score(spec, layout, data) : null;
    const patterned = second && switches(spec);
    this.#patterns = patterned ? [new ActivationPattern(spec, capacity), new ActivationPattern(spec, capacity)] : null;
    const keep = (): number => workspace.allocate(spec.dtype, layout.statisticsCount);
    this.#kept = second && layout.batchNorm ? [keep(), keep()] : null;
    this.#visit =
      this.#score || patterned
        ? (from) => {
            const { propagation } = this.objective;
            this.#score?.add(propagation, batch.order, from);
            this.#patterns?.[this.#pattern].record(propagation, from - batch.from);
          }
        : undefined;
  }

  #openAll(free: Uint32Array): AllParameters {
    const { workspace, dtype } = this;
    const { layout, parameterCount } = this.#net;
    const lowest = lowestLayer(layout, free);
    this.objective.propagation.lowest = lowest;
    this.#trial.propagation.lowest = lowest;
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

  /** All parameters at a point, fixed ones included, as an address that holds them until the next call. */
  place(point: number): number {
    if (!this.#all) return point;
    this.#all.selection.scatter(point, this.#all.point);
    return this.#all.point;
  }

  /** A vector over all parameters, 0 at fixed ones, as an address that holds it until the next call. */
  spread(vector: number): number {
    if (!this.#all) return vector;
    this.#all.selection.scatter(vector, this.#all.direction);
    return this.#all.direction;
  }

  /** Has a vector over all parameters written, and takes from it what belongs to those that take steps. */
  #gathered<T>(to: number, write: (at: number) => T): T {
    if (!this.#all) return write(to);
    const result = write(this.#all.out);
    this.#all.selection.gather(this.#all.out, to);
    return result;
  }

  override placesOf(parameters: readonly number[]): readonly number[] {
    const { free } = this.#net.layout;
    return free ? parameters.map((i) => free[i]) : parameters;
  }

  /** Says that every step is over the same samples in the same order. */
  pin(): void {
    this.objective.pinned = true;
    this.#trial.pinned = true;
  }

  /** Decisions that were right at a point when its gradient was taken. */
  rightAt(point: number): number {
    return this.#right[point === this.#first ? 0 : 1];
  }

  override valueAndGradient(point: number, gradient: number): number {
    this.#pattern = 0;
    return super.valueAndGradient(point, gradient);
  }

  protected override reuse(): void {
    if (this.#patterns) this.#patterns = [this.#patterns[1], this.#patterns[0]];
    if (this.#kept) this.#kept = [this.#kept[1], this.#kept[0]];
  }

  /** Moves the running statistics towards those of the batch where the step started; once a step. */
  updateRunning(): void {
    if (this.#net.layout.batchNorm) this.objective.propagation.updateRunning(this.#statistics, this.#kept?.[0]);
  }

  override valueAhead(): number {
    this.#pattern = 1;
    return super.valueAhead();
  }

  override gradientAhead(gradient: number): number {
    this.#pattern = 1;
    this.#held = 0;
    this.#heldAhead = 0;
    return super.gradientAhead(gradient);
  }

  override advance(): void {
    const taken = this.next;
    super.advance();
    this.#linearized = 0;
    if (this.#heldAhead === taken) {
      [this.objective, this.#trial] = [this.#trial, this.objective];
      this.#held = taken;
    }
    this.#heldAhead = 0;
    this.#rowsAt = 0;
  }

  override changed(): void {
    super.changed();
    this.#held = 0;
    this.#heldAhead = 0;
    this.#rowsAt = 0;
    this.#linearized = 0;
  }

  override get layout(): Layout {
    return this.#net.layout;
  }

  override kinksAhead(): number | null {
    if (!this.#patterns) return null;
    const [here, ahead] = this.#patterns;
    return here.differences(ahead, this.#batch.count);
  }

  override checkCurvature(where: string, { form }: CurvatureNeeds): void {
    const { spec } = this.#net;
    if (this.layout.layers.some(({ dropout }) => dropout > 0)) {
      const expected = "a first-order one beside dropout, which makes each step's objective another";
      wrongValue(where, "optimizer", expected, "a second-order one", "use a penalty instead of dropout");
    }
    if (form === "factors" && spec.trainable) {
      const expected = "one that needs no Kronecker factors where single parameters of a layer are fixed";
      wrongValue(where, "optimizer", expected, "kfac", "fix whole layers, or use hessianFree()");
    }
    if (spec.penalty.l1 > 0) {
      const remedy = "use a first-order optimizer, or l2";
      wrongValue(where, "optimizer", "a first-order one under an l1 penalty, which has a kink", "a smooth one", remedy);
    }
    if (!lossTraits(spec.loss).curved) {
      const remedy = 'use a first-order optimizer, or the loss "huber" or "log-cosh"';
      const expected = `a first-order one under ${lossName(spec.loss)}, which has a kink and no curvature`;
      wrongValue(where, "optimizer", expected, "a second-order one", remedy);
    }
    const bytes = this.size ** 2 * bytesPer(spec.dtype);
    if (form === "dense" && bytes > MOST_BYTES) {
      const remedy =
        "use hessianFree(), kfac(), lbfgs() or trustRegion({ products: true }), which need vectors of " +
        `${describeBytes(this.size * bytesPer(spec.dtype))} instead`;
      const got = `P = ${this.size}, whose matrix takes ${describeBytes(bytes)}`;
      wrongValue(where, "optimizer", `a network whose curvature fits into ${describeBytes(MOST_BYTES)}`, got, remedy);
    }
  }

  override curvatureDiagonal(moments: MomentsFactory): Float64Array {
    ++this.evaluations.gradient;
    const point = this.place(this.theta);
    const seconds = this.#secondMoments(moments);
    const diagonal = seconds.curvatureDiagonal(point, this.#statistics, this.#batch, DIAGONAL_SEED);
    const { free } = this.#net.layout;
    return free ? Float64Array.from(free, (place) => diagonal[place]) : diagonal;
  }

  override kroneckerFactors(
    moments: MomentsFactory,
    seed: number,
  ): { layers: readonly LayerLayout[]; factors: LayerFactors[] } {
    ++this.evaluations.gradient;
    const point = this.place(this.theta);
    const factors = this.#secondMoments(moments).factors(point, this.#statistics, this.#batch, seed);
    const chosen = factors.filter((_, l) => !this.#net.layout.layers[l].frozen);
    return { layers: closedUp(this.#net.layout.layers), factors: chosen };
  }

  #secondMoments(make: MomentsFactory): SecondMoments {
    const { spec, layout } = this.#net;
    this.#moments ??= new make(this.workspace, spec, layout, this.#data, this.#capacity);
    return this.#moments;
  }

  override accelerationAt(step: Float64Array): Float64Array {
    const { workspace, dtype, size, theta, objective } = this;
    const count = this.#net.parameterCount;
    if (this.#jacobian && this.#rowsAt === theta) return this.#bendOfRows(this.#jacobian, step);
    this.#bend ??= {
      ahead: workspace.allocate(dtype, count),
      behind: workspace.allocate(dtype, count),
      out: workspace.allocate(dtype, size),
    };
    const { ahead, behind, out } = this.#bend;
    const point = this.place(theta);
    const all = this.#whole(step);
    const view = workspace.view(dtype);
    const [at, plus, minus] = [point, ahead, behind].map((address) => address / bytesPer(dtype));
    for (let i = 0; i < count; ++i) {
      view[plus + i] = view[at + i] + BEND_LENGTH * all[i];
      view[minus + i] = view[at + i] - BEND_LENGTH * all[i];
    }
    this.evaluations.value += 2;
    ++this.evaluations.gradient;
    this.#heldAhead = 0;
    const line = { theta: point, ahead, behind, length: BEND_LENGTH };
    this.#gathered(out, (to) =>
      objective.acceleration(line, this.#statistics, this.#batch, to, this.#trial, this.#holds),
    );
    this.#held = theta;
    return Float64Array.from(workspace.read(dtype, out, size));
  }

  #bendOfRows(jacobian: JacobianProducts, step: Float64Array): Float64Array {
    const { workspace, dtype, size } = this;
    const [at, to] = [this.theta / bytesPer(dtype), this.next / bytesPer(dtype)];
    const view = workspace.view(dtype);
    for (let i = 0; i < size; ++i) view[to + i] = view[at + i] + BEND_LENGTH * step[i];
    this.valueAhead();
    const bend = jacobian.acceleration(this.#whole(step), this.#trial.propagation.output, BEND_LENGTH);
    const { free } = this.#net.layout;
    return free ? Float64Array.from(free, (place) => bend[place]) : bend;
  }

  /** A step of all parameters, 0 for fixed ones. */
  #whole(step: Float64Array): Float64Array {
    const { free } = this.#net.layout;
    if (!free) return step;
    const all = new Float64Array(this.#net.parameterCount);
    free.forEach((place, i) => {
      all[place] = step[i];
    });
    return all;
  }

  protected override gradientAt(point: number, gradient: number): number {
    const { objective } = this;
    this.#score?.reset();
    const held = this.#held === point && this.#holds;
    const at = this.place(point);
    if (this.#dropping) objective.propagation.random = new Random(...this.drawn, DROPOUT_STREAM);
    const value = this.#gathered(gradient, (to) =>
      objective.valueAndGradient(at, this.#statistics, this.#batch, to, this.#visit, held),
    );
    this.#held = point;
    if (this.#score) this.#right[point === this.#first ? 0 : 1] = this.#score.right;
    if (this.#kept) objective.propagation.keepStatistics(this.#kept[this.#pattern]);
    return this.#checked(objective, value);
  }

  protected override valueAt(point: number): number {
    const objective = this.#trial;
    const { propagation } = objective;
    const patterns = this.#patterns;
    if (objective === this.objective) this.#held = 0;
    const whole = this.#batch.count <= propagation.capacity && !this.#net.layout.batchNorm;
    this.#heldAhead = whole && objective !== this.objective ? point : 0;
    const at = this.place(point);
    const data = objective.dataLoss(at, this.#statistics, this.#batch, (from) =>
      patterns?.[this.#pattern].record(propagation, from - this.#batch.from),
    );
    return this.#checked(objective, data + objective.penalty(at));
  }

  protected override productAt(kind: CurvatureKind, share: number): (v: FloatArray) => FloatArray {
    const { workspace, dtype, size } = this;
    const { products, v, out } = this.#open();
    if (this.#linearized !== share) {
      products.linearize(this.place(this.theta), this.#statistics, this.#part(share));
      this.#linearized = share;
    }
    return (vector) => {
      workspace.write(dtype, v, vector);
      const [point, direction] = [this.place(this.theta), this.spread(v)];
      this.#gathered(out, (to) => products.multiply(point, this.#statistics, direction, to, kind));
      return workspace.read(dtype, out, size);
    };
  }

  protected override hessianAt(kind: CurvatureKind, rows?: RowsFactory): SymmetricMatrix {
    const { build, spec, layout } = this.#net;
    if (kind === "ggn" && rows?.suits(spec, layout, this.#batch.count)) {
      this.#jacobian ??= new rows(this.objective);
      const single = layout.outputs === 1 && this.#batch.count <= this.objective.propagation.capacity;
      this.#rowsAt = single ? this.theta : 0;
      const point = this.place(this.theta);
      const matrix = this.#jacobian.gaussNewton(this.objective, point, this.#statistics, this.#batch, this.#holds);
      const block = layout.free ? blockOf(matrix, layout.parameterCount, layout.free) : matrix;
      return new SymmetricMatrix(this.size, block, build);
    }
    const data = this.#batchData();
    const theta = this.workspace.read(this.dtype, this.place(this.theta), layout.parameterCount);
    const held = this.workspace.slice(this.dtype, this.#statistics, layout.statisticsCount);
    this.#assembled = borrow(build, (workspace) => {
      const point = workspace.allocate(this.dtype, layout.parameterCount);
      const statistics = workspace.allocate(this.dtype, layout.statisticsCount);
      workspace.write(this.dtype, point, theta);
      workspace.write(this.dtype, statistics, held);
      const { free } = layout;
      if (free) return assembleBlock(workspace, spec, layout, data, "batch", kind, point, statistics, free);
      return assembleHessian(workspace, spec, layout, data, "batch", kind, point, statistics, this.#assembled);
    });
    return new SymmetricMatrix(this.size, this.#assembled, build);
  }

  #open(): ProductSeat {
    const { workspace, dtype, size } = this;
    const { spec, layout } = this.#net;
    this.#seat ??= {
      products: new CurvatureProducts(workspace, spec, layout, this.#data, "batch", this.#capacity),
      v: workspace.allocate(dtype, size),
      out: workspace.allocate(dtype, size),
    };
    return this.#seat;
  }

  /** The first samples of the batch at hand; at least two, for batch norm. */
  #part(share: number): Batch {
    const { order, from, count } = this.#batch;
    return { order, from, count: share >= 1 ? count : Math.max(Math.min(count, 2), Math.round(count * share)) };
  }

  /** Whether the objective's memory holds the activations of the whole batch at `theta`. */
  get #holds(): boolean {
    return this.#held === this.theta && this.#batch.count <= this.objective.propagation.capacity;
  }

  /** The batch as a data set of its own; what is asked for again is kept. */
  #batchData(): Dataset {
    const { order, from, count } = this.#batch;
    if (!order || count === this.#data.size) return this.#data;
    const rows = order.subarray(from, from + count);
    const known = this.#subset;
    if (known && known.rows.length === count && known.rows.every((row, i) => row === rows[i])) return known.data;
    this.#subset = { rows: rows.slice(), data: weighedAs(samplesOf(this.#data, rows), this.#data.meanWeight) };
    return this.#subset.data;
  }

  /** NaN where a batch variance overflowed: the outputs stay finite then. */
  #checked({ propagation }: Objective, value: number): number {
    return this.#net.layout.batchNorm && propagation.firstOverflownVariance() >= 0 ? Number.NaN : value;
  }
}

/** The layers that take steps, as if their parameters alone lay one after another. */
function closedUp(layers: readonly LayerLayout[]): readonly LayerLayout[] {
  let gone = 0;
  return layers.flatMap((layer) => {
    const { weight, bias, scale, shift, end, frozen } = layer;
    if (frozen) {
      gone += end - weight;
      return [];
    }
    const moved = (offset: number): number => (offset < 0 ? offset : offset - gone);
    return {
      ...layer,
      ...{ weight: moved(weight), bias: moved(bias), scale: moved(scale), shift: moved(shift), end: moved(end) },
    };
  });
}
