import {
  checkInteger,
  checkKeys,
  checkObject,
  checkPositive,
  isObject,
  show,
  wrongType,
  wrongValue,
} from "../check.js";
import { isFloatArray } from "../linalg/matrix.js";
import type { Dtype } from "../wasm/kernels.js";
import { type FloatArray, floatArray, type Workspace } from "../wasm/workspace.js";

/** How to limit a gradient before it is used: by its Euclidean norm, or entry by entry. */
export type Clip = { norm: number } | { value: number };

/** What an optimizer may ask of what it minimises. Points and gradients are addresses in the workspace. */
export interface Problem {
  readonly workspace: Workspace;
  readonly dtype: Dtype;
  /** Number of parameters. */
  readonly size: number;
  /** The current point. */
  theta: number;
  /** Room for another point; a step that succeeds swaps the two. */
  next: number;
  /** Value at a point, its gradient written to an address. */
  valueAndGradient(point: number, gradient: number): number;
}

/** Where in a step something ceased to be finite. */
export type Breakdown = "value" | "gradient" | "update";

/** What a step found; one object an optimizer, overwritten by the next step. */
export interface StepOutcome {
  value: number;
  /** Euclidean norm before clipping. */
  gradientNorm: number;
  /** The point has moved unless this says why not. */
  breakdown: Breakdown | null;
}

/** An optimizer's memory between steps, as plain data. */
export interface OptimizerState {
  /** The optimizer's name. */
  readonly name: string;
  /** Steps taken so far. */
  readonly step: number;
  /** Vectors as long as the parameters, by name. */
  readonly vectors: Readonly<Record<string, FloatArray>>;
}

interface Seat {
  readonly workspace: Workspace;
  readonly dtype: Dtype;
  readonly size: number;
  readonly gradient: number;
  readonly addresses: Record<string, number>;
}

/**
 * A method with its memory. It serves one run at a time: while it does, its vectors live beside the parameters in the
 * run's workspace; between runs they are held here.
 */
export abstract class Optimizer {
  abstract readonly name: string;
  /** Names of the vectors that the method remembers, with the value they start from. */
  protected abstract readonly memory: Readonly<Record<string, number>>;
  protected readonly outcome: StepOutcome = { value: 0, gradientNorm: 0, breakdown: null };
  #learningRate: number;
  #step = 0;
  #vectors: Record<string, FloatArray> | null = null;
  #seat: Seat | null = null;

  protected constructor(where: string, learningRate: number) {
    checkPositive(where, "learningRate", learningRate);
    this.#learningRate = learningRate;
  }

  /** The step length before any schedule; may be set in the middle of a run. */
  get learningRate(): number {
    return this.#learningRate;
  }

  set learningRate(value: number) {
    checkPositive(this.name, "learningRate", value);
    this.#learningRate = value;
  }

  /** Steps taken so far. */
  get steps(): number {
    return this.#step;
  }

  /** A copy of everything the method remembers; plain data that `restore` takes back. */
  state(): OptimizerState {
    const vectors: Record<string, FloatArray> = {};
    for (const name of Object.keys(this.memory)) {
      const held = this.#seat ? this.#read(this.#seat, name) : this.#vectors?.[name]?.slice();
      if (held) vectors[name] = held as FloatArray;
    }
    return { name: this.name, step: this.#step, vectors };
  }

  /**
   * Takes back what `state` gave, from an optimizer with the same name and options.
   *
   * @throws TypeError or RangeError for a state of another kind; Error in the middle of a run.
   */
  restore(state: OptimizerState): this {
    const where = `${this.name}.restore`;
    if (this.#seat) throw new Error(`${where}: the optimizer serves a run that has not ended`);
    this.checkState(where, "state", state);
    const names = Object.keys(state.vectors);
    this.#vectors = names.length
      ? Object.fromEntries(names.map((name) => [name, state.vectors[name].slice() as FloatArray]))
      : null;
    this.#step = state.step;
    return this;
  }

  /**
   * Refuses what `state` of such an optimizer, with a memory of `size` parameters if that is known, cannot have given.
   * @internal
   */
  checkState(where: string, name: string, state: unknown, size?: number): asserts state is OptimizerState {
    checkObject(where, name, state);
    if (state.name !== this.name) wrongValue(where, `${name}.name`, `"${this.name}"`, show(state.name));
    checkInteger(where, `${name}.step`, state.step, 0);
    if (!isObject(state.vectors)) wrongType(where, `${name}.vectors`, "an object of vectors", state.vectors);
    const names = Object.keys(state.vectors);
    const known = Object.keys(this.memory);
    if (names.length > 0 && names.slice().sort().join() !== known.slice().sort().join()) {
      wrongValue(
        where,
        `${name}.vectors`,
        known.join(", ") || "none",
        names.join(", "),
        "the options must be the same",
      );
    }
    for (const [key, vector] of Object.entries(state.vectors)) {
      if (!isFloatArray(vector)) wrongType(where, `${name}.vectors.${key}`, "a Float64Array or Float32Array", vector);
      size ??= vector.length;
      if (vector.length !== size) wrongValue(where, `${name}.vectors.${key}`, `${size} numbers`, String(vector.length));
    }
  }

  /**
   * Moves into a run's workspace.
   * @internal
   */
  attach(where: string, { workspace, dtype, size }: Problem): void {
    this.checkFree(where, size);
    const gradient = workspace.allocate(dtype, size);
    const addresses: Record<string, number> = {};
    for (const name of Object.keys(this.memory)) addresses[name] = workspace.allocate(dtype, size);
    for (const [name, start] of Object.entries(this.memory)) {
      const held = this.#vectors?.[name];
      workspace.write(dtype, addresses[name], held ?? floatArray(dtype, size).fill(start));
    }
    this.#seat = { workspace, dtype, size, gradient, addresses };
  }

  /**
   * Refuses a second run at once, and memory of another number of parameters.
   * @internal
   */
  checkFree(where: string, size: number): void {
    if (this.#seat) {
      throw new Error(
        `${where}: "optimizer" expected one that serves no other run, got one whose run has not ended; ` +
          "end that run, or make an optimizer for each",
      );
    }
    const vector = this.#vectors && Object.values(this.#vectors)[0];
    if (vector && vector.length !== size) {
      const remedy = "make a new optimizer for another network";
      wrongValue(where, "optimizer", `a memory of ${size} parameters`, String(vector.length), remedy);
    }
  }

  /**
   * Takes its memory back from the run's workspace.
   * @internal
   */
  detach(): void {
    const seat = this.#seat;
    if (!seat) return;
    const names = Object.keys(this.memory);
    if (names.length) this.#vectors = Object.fromEntries(names.map((name) => [name, this.#read(seat, name)]));
    this.#seat = null;
  }

  /**
   * One step from `problem.theta`; on success `problem.theta` is the new point.
   * @internal
   */
  step(problem: Problem, learningRate: number, clip: Clip | null): StepOutcome {
    const { outcome } = this;
    const kernels = problem.workspace.kernels(problem.dtype);
    const gradient = this.gradient;
    outcome.breakdown = null;
    outcome.value = problem.valueAndGradient(problem.theta, gradient);
    outcome.gradientNorm = Math.sqrt(kernels.sumSquares(gradient, problem.size));
    if (!Number.isFinite(outcome.value)) outcome.breakdown = "value";
    else if (!Number.isFinite(outcome.gradientNorm) && kernels.firstNonFinite(gradient, problem.size) >= 0) {
      outcome.breakdown = "gradient";
    }
    if (outcome.breakdown) return outcome;
    if (clip) this.#clip(problem, clip);
    if (this.update(problem, learningRate)) {
      outcome.breakdown = "update";
      return outcome;
    }
    ++this.#step;
    const { theta } = problem;
    problem.theta = problem.next;
    problem.next = theta;
    return outcome;
  }

  /** Writes the point after `problem.theta` to `problem.next`; 1 when something in it is not finite. */
  protected abstract update(problem: Problem, learningRate: number): number;

  /**
   * Address of the gradient that the last step took.
   * @internal
   */
  get gradient(): number {
    return (this.#seat as Seat).gradient;
  }

  /** Address of a vector of the memory. */
  protected address(name: string): number {
    return (this.#seat as Seat).addresses[name];
  }

  #clip({ workspace, dtype, size }: Problem, clip: Clip): void {
    const kernels = workspace.kernels(dtype);
    if ("value" in clip) kernels.clipValue(this.gradient, size, clip.value);
    else if (this.outcome.gradientNorm > clip.norm) {
      let norm = this.outcome.gradientNorm;
      if (norm === Infinity) {
        // The entries are finite, their squares are not.
        kernels.scale(size, 1 / kernels.maxAbs(this.gradient, size), this.gradient);
        norm = Math.sqrt(kernels.sumSquares(this.gradient, size));
      }
      kernels.scale(size, clip.norm / norm, this.gradient);
    }
  }

  #read({ workspace, dtype, size, addresses }: Seat, name: string): FloatArray {
    return workspace.read(dtype, addresses[name], size);
  }
}

export function checkOptimizer(where: string, optimizer: unknown): asserts optimizer is Optimizer {
  if (!(optimizer instanceof Optimizer)) {
    wrongType(where, "optimizer", "an optimizer, as in adam()", optimizer);
  }
}

export function checkClip(where: string, clip: unknown): asserts clip is Clip {
  checkObject(where, "clip", clip);
  checkKeys(`${where}: clip`, clip, ["norm", "value"]);
  const names = Object.keys(clip);
  if (names.length !== 1) wrongValue(where, "clip", "either norm or value", names.join(" and ") || "neither");
  checkPositive(where, `clip.${names[0]}`, clip[names[0]]);
}
