import { isObject, wrongType, wrongValue } from "../check.js";
import { isFloatArray } from "../linalg/matrix.js";
import { norm2, scale } from "../linalg/vector.js";
import { type Direction, type Escape, isEnd } from "./directions/direction.js";
import { Local } from "./local.js";
import { Memory } from "./memory.js";
import { type End, Optimizer, type OptimizerState, type StepOutcome, type StepReport } from "./optimizer.js";
import type { CurvatureNeeds, Problem } from "./problem.js";
import type { Move, Search } from "./searches/search.js";

export interface SecondOrderParts {
  readonly name: string;
  readonly direction: Direction;
  readonly search: Search;
  readonly learningRate?: number;
  readonly weightDecay: number;
  /** Whether it is sound on full batches only. */
  readonly fullBatch: boolean;
}

/** A method made of a direction (where to) and a search (how far). Its memory is held here, in double precision. */
export class SecondOrder extends Optimizer {
  override readonly name: string;
  override readonly fullBatch: boolean;
  override readonly curvature: CurvatureNeeds;
  override readonly rated: boolean;
  readonly #direction: Direction;
  readonly #search: Search;
  readonly #weightDecay: number;
  #memory = new Memory();
  /** Parameters that the memory is of. */
  #size = -1;
  #gradient = 0;
  #attached = false;

  constructor({ name, direction, search, learningRate = 1, weightDecay, fullBatch }: SecondOrderParts) {
    super(name, learningRate);
    this.name = name;
    this.fullBatch = fullBatch;
    this.curvature = direction.needs ?? { kind: "exact", form: "none" };
    this.rated = search.rated ?? false;
    this.#direction = direction;
    this.#search = search;
    this.#weightDecay = weightDecay;
  }

  override get weightDecay(): number {
    return this.#weightDecay;
  }

  override attach(where: string, problem: Problem): void {
    this.checkFree(where, problem.size);
    problem.checkCurvature(where, this.curvature);
    this.#gradient = problem.workspace.allocate(problem.dtype, problem.size);
    this.#size = problem.size;
    this.#attached = true;
  }

  override checkFree(where: string, size: number): void {
    super.checkFree(where, size);
    for (const [name, vector] of this.#memory.vectors) {
      const length = this.#lengthOf(name, size);
      if (length !== undefined && length >= 0 && vector.length !== length) {
        const remedy = "make a new optimizer for another network";
        wrongValue(where, "optimizer", `a memory of ${size} parameters`, String(vector.length), remedy);
      }
    }
  }

  override detach(): void {
    this.#attached = false;
  }

  override step(problem: Problem, learningRate: number): StepOutcome {
    const { outcome } = this;
    outcome.breakdown = null;
    outcome.end = null;
    outcome.report = null;
    const local = new Local(problem, this.#gradient, this.#weightDecay);
    outcome.value = local.loss;
    outcome.objective = local.value;
    outcome.ahead = local.value;
    outcome.gradientNorm = local.gradientNorm;
    if (!Number.isFinite(local.value)) outcome.breakdown = "value";
    else if (!Number.isFinite(local.gradientNorm)) outcome.breakdown = "gradient";
    if (outcome.breakdown) return outcome;
    this.#move(local, learningRate, outcome);
    if (!outcome.end) this.countStep();
    return outcome;
  }

  override inspect(problem: Problem): { objective: number; gradientNorm: number } {
    const { value, gradientNorm } = new Local(problem, this.#gradient, this.#weightDecay);
    return { objective: value, gradientNorm };
  }

  override get gradient(): number {
    return this.#gradient;
  }

  #move(local: Local, learningRate: number, outcome: StepOutcome): void {
    const { problem } = local;
    if (learningRate === 0 && this.rated) {
      outcome.report = { accepted: false, stepNorm: 0 };
      return;
    }
    const model = this.#critical(local) ? null : this.#direction.model(local, this.#memory);
    if (model && isEnd(model)) {
      this.#stop(model, outcome, problem);
      return;
    }
    let found = model ? this.#search.find(local, model, this.#memory, learningRate) : "critical";
    if (found === "critical") found = model?.failure ?? this.#leave(local);
    const known = {
      ...(model?.smallestEigenvalue === undefined ? {} : { smallestEigenvalue: model.smallestEigenvalue }),
      ...(model?.frozen?.length ? { frozen: model.frozen } : {}),
    };
    if (isEnd(found)) {
      this.#stop(found, outcome, problem, known);
      return;
    }
    outcome.ahead = found.value;
    const kinks = problem.kinksAhead();
    outcome.report = {
      accepted: true,
      stepNorm: norm2(found.step),
      ...known,
      ...found.report,
      ...(kinks === null ? {} : { kinksCrossed: kinks }),
    };
    this.#direction.taken?.(local, found.step, this.#memory);
    problem.advance();
  }

  #critical({ gradientNorm, problem }: Local): boolean {
    return gradientNorm <= Math.max(problem.tolerance, 0);
  }

  /** The gradient tells nothing more: out along a direction of negative curvature, or the verdict. */
  #leave(local: Local): Move | End {
    const way = this.#direction.critical(local);
    return isEnd(way) ? way : descend(local, way);
  }

  /** On a batch among others nothing is final: the step is left out. */
  #stop(end: End, outcome: StepOutcome, { stochastic }: Problem, known: Partial<StepReport> = {}): void {
    outcome.report = { accepted: false, stepNorm: 0, ...known };
    if (!stochastic) outcome.end = end;
  }

  protected override recall(): Pick<OptimizerState, "vectors" | "scalars"> {
    const { vectors, scalars } = this.#memory;
    return {
      vectors: Object.fromEntries(Array.from(vectors, ([name, vector]) => [name, vector.slice()])),
      ...(scalars.size ? { scalars: Object.fromEntries(scalars) } : {}),
    };
  }

  protected override adopt({ vectors, scalars = {} }: OptimizerState): void {
    this.#memory = new Memory();
    for (const [name, vector] of Object.entries(vectors)) this.#memory.vectors.set(name, Float64Array.from(vector));
    for (const [name, value] of Object.entries(scalars)) this.#memory.scalars.set(name, value);
  }

  protected override checkMemory(where: string, name: string, state: Record<string, unknown>, size?: number): void {
    const { vectors, scalars = {} } = state;
    if (!isObject(vectors)) wrongType(where, `${name}.vectors`, "an object of vectors", vectors);
    if (!isObject(scalars)) wrongType(where, `${name}.scalars`, "an object of numbers", scalars);
    for (const [key, vector] of Object.entries(vectors)) {
      if (!isFloatArray(vector)) wrongType(where, `${name}.vectors.${key}`, "a Float64Array or Float32Array", vector);
      const length = this.#lengthOf(key, size ?? vector.length);
      if (length === undefined) wrongValue(where, `${name}.vectors`, "vectors that this method keeps", key);
      if (length >= 0 && vector.length !== length) {
        wrongValue(where, `${name}.vectors.${key}`, `${length} numbers`, String(vector.length));
      }
    }
    const known = [...(this.#direction.scalars ?? []), ...(this.#search.scalars ?? [])];
    for (const [key, value] of Object.entries(scalars)) {
      if (!known.includes(key)) wrongValue(where, `${name}.scalars`, known.join(", ") || "none", key);
      if (typeof value !== "number" || Number.isNaN(value)) {
        wrongType(where, `${name}.scalars.${key}`, "a number", value);
      }
    }
  }

  #lengthOf(name: string, size: number): number | undefined {
    return this.#direction.vectorLength?.(name, size) ?? this.#search.vectorLength?.(name, size);
  }

  protected override get attached(): boolean {
    return this.#attached;
  }

  protected override get remembered(): number {
    return this.#memory.vectors.size + this.#memory.scalars.size > 0 ? this.#size : -1;
  }
}

/** Share of the fall that the curvature promises which a step out of a saddle has to realise. */
const SUFFICIENT = 1e-2;
const MOST_TRIALS = 60;

/** From a saddle along its escape direction, to either side, as far as the objective falls as the curvature says. */
function descend(local: Local, { direction, curvature }: Escape): Move | End {
  let length = Math.max(1, norm2(local.theta));
  for (let trial = 0; trial < MOST_TRIALS; ++trial, length /= 2) {
    const decrease = -0.5 * curvature * length * length;
    if (!(decrease > local.noise)) break;
    for (const side of [length, -length]) {
      const value = local.valueAt(direction, side);
      if (local.value - value >= SUFFICIENT * decrease) {
        const step = direction.slice();
        scale(side, step);
        return { step, value, report: { gainRatio: (local.value - value) / decrease, smallestEigenvalue: curvature } };
      }
    }
  }
  return {
    status: "stalled",
    reason: `at a saddle (smallest eigenvalue ${curvature.toPrecision(3)}), but the objective does not fall along its direction`,
  };
}
