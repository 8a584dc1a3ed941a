import { checkInteger, checkKeys, checkObject, checkPositive, show, wrongType, wrongValue } from "../check.js";
import type { Layout } from "../network/layout.js";
import type { FloatArray } from "../wasm/workspace.js";
import type { NetworkProblem } from "./network-problem.js";
import type { CurvatureNeeds, Problem } from "./problem.js";

/** How to limit a gradient before it is used: by its Euclidean norm, or entry by entry. */
export type Clip =
  | {
      /** Largest ‖g‖; a longer gradient is scaled down to it. */
      norm: number;
    }
  | {
      /** Largest |gᵢ|; larger entries are cut. */
      value: number;
    };

/** Where in a step something ceased to be finite. */
export type Breakdown = "value" | "gradient" | "update";

/** Why a method ends. */
export interface End {
  readonly status: "converged" | "stalled" | "unbounded" | "not-positive-definite" | "non-finite";
  /** Why, in words. */
  readonly reason: string;
}

/**
 * What a second-order step reports beside the value. A method leaves out what it does not know.
 */
export interface StepReport {
  /** Whether the point has moved. */
  readonly accepted: boolean;
  /** Euclidean length of the step taken. */
  readonly stepNorm: number;
  /** The objective's fall over the one that the quadratic model predicted. */
  readonly gainRatio?: number;
  /** What is added to the curvature's diagonal, as the next step finds it. */
  readonly damping?: number;
  /** Radius of the trust region, as the next step finds it. */
  readonly radius?: number;
  /** Smallest eigenvalue of the matrix that the step was made from. */
  readonly smallestEigenvalue?: number;
  /**
   * Parameters whose gradient and row of the curvature are exactly 0: no such step can move them.
   */
  readonly frozen?: readonly number[];
  /** Units × samples whose piecewise-linear activation switched sides. */
  readonly kinksCrossed?: number;
}

/** What a step found; one object an optimizer, overwritten by the next step. */
export interface StepOutcome {
  value: number;
  /** What the method minimises: the value, and its own weight decay where that is part of it. */
  objective: number;
  /**
   * The objective where the step led, where a second-order method has evaluated it; otherwise the
   * objective where the step started.
   */
  ahead: number;
  /** Euclidean norm before clipping. */
  gradientNorm: number;
  /** Something was not finite, and the point has not moved. */
  breakdown: Breakdown | null;
  /** The method is done, and the point has not moved. */
  end: End | null;
  /** Of a second-order method. */
  report: StepReport | null;
  /**
   * The step waits for the event loop's turn, and the point has not moved: the next call takes it
   * up again.
   */
  waits: boolean;
}

/** A look at a point that no step is taken from. */
export interface Look {
  readonly objective: number;
  readonly gradientNorm: number;
  /** The verdict "converged" on the point, or null; may cost a step's curvature. */
  settled(): End | null;
}

/** An optimizer's memory between steps, as plain data. */
export interface OptimizerState {
  /** The optimizer's name. */
  readonly name: string;
  /** Steps taken so far. */
  readonly step: number;
  /** Vectors by name; most are as long as the parameters. */
  readonly vectors: Readonly<Record<string, FloatArray>>;
  /** Single numbers by name, where the method keeps any. */
  readonly scalars?: Readonly<Record<string, number>>;
}

/**
 * Numbers of networks, from 1: an optimizer that held its last network would keep it alive, a
 * WeakRef would until the job ends.
 */
const numbers = new WeakMap<object, number>();
let numbered = 0;

function numberOf(network: object): number {
  const known = numbers.get(network) ?? ++numbered;
  numbers.set(network, known);
  return known;
}

/**
 * A method with its memory. It serves one run at a time. A run on another network starts with fresh
 * memory, unless it is resumed or the memory restored.
 */
export abstract class Optimizer {
  /** The factory's name, such as "adam". */
  abstract readonly name: string;
  /**
   * Whether each step needs the same objective, which is all of the data: what the method learns
   * from one batch would mislead it on the next.
   * @internal
   */
  readonly fullBatch: boolean = false;
  /**
   * Samples per step unless `batchSize` says otherwise: 32, or Infinity for all of them with
   * second-order methods.
   */
  readonly defaultBatch: number = 32;
  /**
   * What the method needs of the curvature, or null.
   * @internal
   */
  readonly curvature: CurvatureNeeds | null = null;
  /**
   * Makes of a network's objective one that also knows what this method asks for, or null where
   * that is gradients alone.
   * @internal
   */
  readonly extend: ((Base: typeof NetworkProblem) => typeof NetworkProblem) | null = null;
  /**
   * Whether the learning rate scales its steps.
   * @internal
   */
  readonly rated: boolean = true;
  /**
   * What each step adds of the parameters to the gradient, or takes from them.
   * @internal
   */
  get weightDecay(): number {
    return 0;
  }

  /**
   * Share of the last step that is repeated, for methods whose steps are proportional to the
   * gradient.
   * @internal
   */
  get momentum(): number {
    return 0;
  }

  /**
   * Whether a run that has not begun waits for it.
   * @internal
   */
  claimed = false;

  /**
   * The options that it was made with, in a form to compare.
   * @internal
   */
  settings = "";

  protected readonly outcome: StepOutcome = {
    value: 0,
    objective: 0,
    ahead: 0,
    gradientNorm: 0,
    breakdown: null,
    end: null,
    report: null,
    waits: false,
  };
  #learningRate: number;
  #step = 0;
  /** Whether the memory was given by `restore`, and not left by a run. */
  #restored = false;
  /** Number of the network that the memory belongs to. */
  #network = 0;

  protected constructor(where: string, learningRate: number) {
    checkPositive(where, "learningRate", learningRate);
    this.#learningRate = learningRate;
  }

  /** The step length before any schedule; may be set in the middle of a run. */
  get learningRate(): number {
    return this.#learningRate;
  }

  /** @throws TypeError or RangeError for what is not a positive number. */
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
    return { name: this.name, step: this.#step, ...this.recall() };
  }

  /**
   * Takes back what `state` gave, from an optimizer with the same name and options. The next run
   * resumes with it.
   *
   * @param state copied.
   * @returns the optimizer itself.
   * @throws TypeError or RangeError for a state of another kind; Error in the middle of a run.
   */
  restore(state: OptimizerState): this {
    const where = `${this.name}.restore`;
    if (this.attached || this.claimed) throw new Error(`${where}: the optimizer is in use by a run that has not ended`);
    this.checkState(where, "state", state);
    this.adopt(state);
    this.#step = state.step;
    this.#restored = true;
    return this;
  }

  /**
   * Forgets what a run on another network has left; what `restore` gave stays. True where there is
   * the memory of a run on this one.
   * @internal
   */
  begin(where: string, network: object): boolean {
    if (this.#restored) return false;
    const same = this.#network === numberOf(network);
    if (!same) this.forget(where);
    return same && this.#step > 0;
  }

  /**
   * Sets the network that the memory will belong to.
   * @internal
   */
  serve(network: object): void {
    this.#network = numberOf(network);
  }

  /**
   * Called when something else has moved the parameters since the last step.
   * @internal
   */
  displaced(): void {}

  /**
   * Forgets all steps; the next run starts fresh.
   * @internal
   */
  forget(where: string): void {
    this.#checkIdle(where);
    this.adopt({ name: this.name, step: 0, vectors: {} });
    this.#step = 0;
    this.#restored = false;
  }

  /**
   * Refuses what `state` of such an optimizer, with a memory of `size` parameters if that is known,
   * cannot have given.
   * @internal
   */
  checkState(where: string, name: string, state: unknown, size?: number): asserts state is OptimizerState {
    checkObject(where, name, state);
    if (state.name !== this.name) wrongValue(where, `${name}.name`, `"${this.name}"`, show(state.name));
    checkInteger(where, `${name}.step`, state.step, 0);
    this.checkMemory(where, name, state, size);
  }

  /**
   * Notes on a run that has ended, on a network of this layout.
   * @internal
   */
  notes(_layout: Layout): readonly string[] {
    return [];
  }

  /**
   * Moves into a run.
   * @internal
   */
  abstract attach(where: string, problem: Problem): void;

  /**
   * Takes its memory back from the run.
   * @internal
   */
  abstract detach(): void;

  /**
   * Refuses a second run at once, and memory of another number of parameters.
   * @internal
   */
  checkFree(where: string, size: number): void {
    this.#checkIdle(where);
    const remembered = this.remembered;
    if (remembered >= 0 && remembered !== size) {
      const remedy = "make a new optimizer for another network";
      wrongValue(where, "optimizer", `a memory of ${size} parameters`, String(remembered), remedy);
    }
  }

  #checkIdle(where: string): void {
    if (this.attached || this.claimed) {
      throw new Error(
        `${where}: "optimizer" expected one that serves no other run, got one whose run has not ended; ` +
          "end that run, or make an optimizer for each",
      );
    }
  }

  /**
   * One step from `problem.theta`; on success `problem.theta` is the new point.
   * @internal
   */
  abstract step(problem: Problem, learningRate: number, clip: Clip | null): StepOutcome;

  /**
   * What the method minimises at `problem.theta`, the norm of its gradient, and whether it has
   * converged there.
   * @internal
   */
  inspect(problem: Problem): Look {
    const objective = problem.valueAndGradient(problem.theta, this.gradient);
    const squares = problem.workspace.kernels(problem.dtype).sumSquares(this.gradient, problem.size);
    return { objective, gradientNorm: Math.sqrt(squares), settled: () => null };
  }

  /**
   * Address of the gradient that the last step took.
   * @internal
   */
  abstract get gradient(): number;

  /** The memory as plain data, copied. */
  protected abstract recall(): Pick<OptimizerState, "vectors" | "scalars">;
  /** Takes memory over, copied. */
  protected abstract adopt(state: OptimizerState): void;
  protected abstract checkMemory(where: string, name: string, state: Record<string, unknown>, size?: number): void;
  protected abstract get attached(): boolean;
  /** Parameters that the memory is of, or −1 where there is none. */
  protected abstract get remembered(): number;

  protected countStep(): void {
    this.#restored = false;
    ++this.#step;
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
