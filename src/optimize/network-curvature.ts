import { wrongValue } from "../check.js";
import { SymmetricMatrix } from "../linalg/symmetric.js";
import { OutputBend } from "../network/bend.js";
import type { CurvatureProducts } from "../network/curvature.js";
import { type Dataset, samplesOf, weighedAs } from "../network/dataset.js";
import type { LayerFactors, SecondMoments } from "../network/fisher.js";
import type { JacobianProducts } from "../network/jacobian.js";
import type { LayerLayout } from "../network/layout.js";
import type { Batch, Objective } from "../network/objective.js";
import { ActivationPattern, switches } from "../network/pattern.js";
import type { Propagation } from "../network/propagation.js";
import { isPenalised, lossName, lossTraits } from "../network/spec.js";
import type { CurvatureKind } from "../network/tangent.js";
import { acquire, bytesPer, describeBytes, type FloatArray, release } from "../wasm/workspace.js";
import type { NetworkProblem } from "./network-problem.js";
import type { CurvatureNeeds, MomentsFactory, RowsFactory } from "./problem.js";

/** Bytes of the largest dense matrix that a method may ask for; as `net.hessian` has it. */
const MOST_BYTES = 2 ** 31;

/** Share of a step over which second differences are taken. */
const BEND_LENGTH = 0.03;

/**
 * Of the random signs in the diagonal's estimate: always the same, so that there is nothing to keep
 * between steps.
 */
const DIAGONAL_SEED = 0;

/** Memory that products need, made when the first is asked for. */
interface ProductSeat {
  readonly products: CurvatureProducts;
  readonly v: number;
  readonly out: number;
}

let made: typeof NetworkProblem | null = null;

/** A network's objective with its curvature: what second-order methods bring along to a run. */
export function withCurvature(Base: typeof NetworkProblem): typeof NetworkProblem {
  made ??= derive(Base);
  return made;
}

function derive(Base: typeof NetworkProblem): typeof NetworkProblem {
  const { CurvatureProducts, Objective, assembleBlock, assembleHessian, blockOf } = Base.tools;

  return class extends Base {
    /**
     * What holds the activations of the last look ahead; it and the objective change places when
     * its point is taken.
     */
    #trial: Objective;
    /** Activation patterns at the point of the last gradient and at the last look ahead. */
    #patterns: readonly [ActivationPattern, ActivationPattern] | null;
    /** Batch norm's statistics of the batch, as the patterns. */
    #kept: readonly [number, number] | null;
    /** Which of both the pass at hand is. */
    #pattern = 0;
    #moments: SecondMoments | null = null;
    #jacobian: JacobianProducts | null = null;
    /** The point whose activations are in the trial's memory; 0 for none. */
    #heldAhead = 0;
    /**
     * The point that the Jacobian's rows are of, where they are those of the whole batch and a
     * single output.
     */
    #rowsAt = 0;
    #bend: { ahead: number; behind: number; out: number } | null = null;
    #seat: ProductSeat | null = null;
    #linearized = 0;
    /** The last dense matrix, whose memory the next one takes. */
    #assembled: FloatArray | undefined;
    #subset: { rows: Uint32Array; data: Dataset } | null = null;

    constructor(...given: ConstructorParameters<typeof NetworkProblem>) {
      super(...given);
      const { spec, layout } = this.net;
      const { workspace, capacity } = this;
      const gradients = layout.batchNorm ? "none" : "transient";
      this.#trial = new Objective(workspace, spec, layout, this.data, "batch", { capacity, gradients });
      this.#trial.propagation.lowest = this.objective.propagation.lowest;
      const keep = (): number => workspace.allocate(spec.dtype, layout.statisticsCount);
      this.#kept = layout.batchNorm ? [keep(), keep()] : null;
      this.#patterns = switches(spec)
        ? [new ActivationPattern(spec, capacity), new ActivationPattern(spec, capacity)]
        : null;
      if (!this.#patterns) return;
      const { visit } = this;
      this.visit = (from) => {
        visit?.(from);
        this.#patterns?.[this.#pattern].record(this.objective.propagation, from - this.batch.from);
      };
    }

    override get penalised(): boolean {
      return isPenalised(this.net.spec);
    }

    override placesOf(parameters: readonly number[]): readonly number[] {
      const { free } = this.net.layout;
      return free ? parameters.map((i) => free[i]) : parameters;
    }

    override pin(): void {
      super.pin();
      this.#trial.pinned = true;
    }

    override valueAndGradient(point: number, gradient: number): number {
      this.#pattern = 0;
      return super.valueAndGradient(point, gradient);
    }

    protected override reuse(): void {
      if (this.#patterns) this.#patterns = [this.#patterns[1], this.#patterns[0]];
      if (this.#kept) this.#kept = [this.#kept[1], this.#kept[0]];
    }

    protected override keptAt(): number {
      return this.#kept?.[0] ?? 0;
    }

    override valueAhead(): number {
      this.#pattern = 1;
      return super.valueAhead();
    }

    override gradientAhead(gradient: number): number {
      this.#pattern = 1;
      this.held = 0;
      this.#heldAhead = 0;
      return super.gradientAhead(gradient);
    }

    override advance(): void {
      const taken = this.next;
      super.advance();
      this.#linearized = 0;
      if (this.#heldAhead === taken) {
        [this.objective, this.#trial] = [this.#trial, this.objective];
        this.held = taken;
      }
      this.#heldAhead = 0;
      this.#rowsAt = 0;
    }

    override changed(): void {
      super.changed();
      this.#heldAhead = 0;
      this.#rowsAt = 0;
      this.#linearized = 0;
    }

    override kinksAhead(): number | null {
      if (!this.#patterns) return null;
      const [here, ahead] = this.#patterns;
      return here.differences(ahead, this.batch.count);
    }

    override checkCurvature(where: string, { form }: CurvatureNeeds): void {
      const { spec } = this.net;
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
        wrongValue(
          where,
          "optimizer",
          "a first-order one under an l1 penalty, which has a kink",
          "a smooth one",
          remedy,
        );
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
      const diagonal = seconds.curvatureDiagonal(point, this.statistics, this.batch, DIAGONAL_SEED);
      const { free } = this.net.layout;
      return free ? Float64Array.from(free, (place) => diagonal[place]) : diagonal;
    }

    override kroneckerFactors(
      moments: MomentsFactory,
      seed: number,
    ): { layers: readonly LayerLayout[]; factors: LayerFactors[] } {
      ++this.evaluations.gradient;
      const point = this.place(this.theta);
      const factors = this.#secondMoments(moments).factors(point, this.statistics, this.batch, seed);
      const chosen = factors.filter((_, l) => !this.net.layout.layers[l].frozen);
      return { layers: closedUp(this.net.layout.layers), factors: chosen };
    }

    #secondMoments(make: MomentsFactory): SecondMoments {
      const { spec, layout } = this.net;
      this.#moments ??= new make(this.workspace, spec, layout, this.data, this.capacity);
      return this.#moments;
    }

    override accelerationAt(step: Float64Array): Float64Array {
      const { workspace, dtype, size, theta, objective } = this;
      const count = this.net.parameterCount;
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
      this.gathered(out, (to) =>
        new OutputBend(objective, this.#trial).pullBack(line, this.statistics, this.batch, to, this.holds),
      );
      this.held = theta;
      return Float64Array.from(workspace.read(dtype, out, size));
    }

    #bendOfRows(jacobian: JacobianProducts, step: Float64Array): Float64Array {
      const { workspace, dtype, size } = this;
      const [at, to] = [this.theta / bytesPer(dtype), this.next / bytesPer(dtype)];
      const view = workspace.view(dtype);
      for (let i = 0; i < size; ++i) view[to + i] = view[at + i] + BEND_LENGTH * step[i];
      this.valueAhead();
      const bend = jacobian.acceleration(this.#whole(step), this.#trial.propagation.output, BEND_LENGTH);
      const { free } = this.net.layout;
      return free ? Float64Array.from(free, (place) => bend[place]) : bend;
    }

    /** A step of all parameters, 0 for fixed ones. */
    #whole(step: Float64Array): Float64Array {
      const { free } = this.net.layout;
      if (!free) return step;
      const all = new Float64Array(this.net.parameterCount);
      free.forEach((place, i) => {
        all[place] = step[i];
      });
      return all;
    }

    protected override gradientAt(point: number, gradient: number): number {
      const value = super.gradientAt(point, gradient);
      if (this.#kept) keepStatistics(this.objective.propagation, this.#kept[this.#pattern]);
      return value;
    }

    protected override valueAt(point: number): number {
      const objective = this.#trial;
      const { propagation } = objective;
      const patterns = this.#patterns;
      if (objective === this.objective) this.held = 0;
      const whole = this.batch.count <= propagation.capacity && !this.net.layout.batchNorm;
      this.#heldAhead = whole && objective !== this.objective ? point : 0;
      const at = this.place(point);
      const data = objective.dataLoss(at, this.statistics, this.batch, (from) =>
        patterns?.[this.#pattern].record(propagation, from - this.batch.from),
      );
      return this.checked(objective, data + objective.penalty(at));
    }

    protected override productAt(kind: CurvatureKind, share: number): (v: FloatArray) => FloatArray {
      const { workspace, dtype, size } = this;
      const { products, v, out } = this.#open();
      return (vector) => {
        if (this.#linearized !== share) {
          products.linearize(this.place(this.theta), this.statistics, this.#part(share));
          this.#linearized = share;
        }
        workspace.write(dtype, v, vector);
        const [point, direction] = [this.place(this.theta), this.spread(v)];
        this.gathered(out, (to) => products.multiply(point, this.statistics, direction, to, kind));
        return workspace.read(dtype, out, size);
      };
    }

    protected override *hessianAt(kind: CurvatureKind, rows?: RowsFactory): Generator<void, SymmetricMatrix> {
      const { build, spec, layout } = this.net;
      if (kind === "ggn" && rows?.suits(spec, layout, this.batch.count)) {
        this.#jacobian ??= new rows(this.objective);
        const single = layout.outputs === 1 && this.batch.count <= this.objective.propagation.capacity;
        this.#rowsAt = single ? this.theta : 0;
        const point = this.place(this.theta);
        const matrix = this.#jacobian.gaussNewton(this.objective, point, this.statistics, this.batch, this.holds);
        const block = layout.free ? blockOf(matrix, layout.parameterCount, layout.free) : matrix;
        return new SymmetricMatrix(this.size, block, build);
      }
      const data = this.#batchData();
      const theta = this.workspace.read(this.dtype, this.place(this.theta), layout.parameterCount);
      const held = this.workspace.slice(this.dtype, this.statistics, layout.statisticsCount);
      const workspace = acquire(build);
      try {
        const point = workspace.allocate(this.dtype, layout.parameterCount);
        const statistics = workspace.allocate(this.dtype, layout.statisticsCount);
        workspace.write(this.dtype, point, theta);
        workspace.write(this.dtype, statistics, held);
        const { free } = layout;
        const given = [workspace, spec, layout, data, "batch", kind, point, statistics] as const;
        this.#assembled = yield* free ? assembleBlock(...given, free) : assembleHessian(...given, this.#assembled);
      } finally {
        release(workspace);
      }
      return new SymmetricMatrix(this.size, this.#assembled, build);
    }

    #open(): ProductSeat {
      const { workspace, dtype, size } = this;
      const { spec, layout } = this.net;
      this.#seat ??= {
        products: new CurvatureProducts(workspace, spec, layout, this.data, "batch", this.capacity),
        v: workspace.allocate(dtype, size),
        out: workspace.allocate(dtype, size),
      };
      return this.#seat;
    }

    /** The first samples of the batch at hand; at least two, for batch norm. */
    #part(share: number): Batch {
      const { order, from, count } = this.batch;
      return { order, from, count: share >= 1 ? count : Math.max(Math.min(count, 2), Math.round(count * share)) };
    }

    /** The batch as a data set of its own; what is asked for again is kept. */
    #batchData(): Dataset {
      const { order, from, count } = this.batch;
      if (!order || count === this.data.size) return this.data;
      const rows = order.subarray(from, from + count);
      const known = this.#subset;
      if (known && known.rows.length === count && known.rows.every((row, i) => row === rows[i])) return known.data;
      this.#subset = { rows: rows.slice(), data: weighedAs(samplesOf(this.data, rows), this.data.meanWeight) };
      return this.#subset.data;
    }
  };
}

/**
 * Copies the batch's means and biased variances of the last pass by its statistics to an address.
 */
function keepStatistics({ workspace, layout, layers, spec }: Propagation, to: number): void {
  const size = bytesPer(spec.dtype);
  const view = workspace.view(spec.dtype);
  layout.layers.forEach(({ batchNorm, frozen, statistics, units }, l) => {
    if (!batchNorm || frozen) return;
    const { mean, variance } = layers[l];
    view.copyWithin(to / size + statistics, mean / size, mean / size + units);
    view.copyWithin(to / size + statistics + units, variance / size, variance / size + units);
  });
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
