import { isObject, wrongType, wrongValue } from "../check.js";
import { isFloatArray } from "../linalg/matrix.js";
import type { Dtype } from "../wasm/kernels.js";
import { type FloatArray, floatArray, type Workspace } from "../wasm/workspace.js";
import { type Clip, Optimizer, type OptimizerState, type StepOutcome } from "./optimizer.js";
import type { Problem } from "./problem.js";

interface Seat {
  readonly workspace: Workspace;
  readonly dtype: Dtype;
  readonly size: number;
  readonly gradient: number;
  readonly addresses: Record<string, number>;
}

/**
 * A method that needs gradients alone and updates the parameters by a kernel. While it serves a
 * run, its vectors live beside the parameters in the run's workspace; between runs they are held
 * here.
 */
export abstract class FirstOrder extends Optimizer {
  /** Names of the vectors that the method remembers, with the value they start from. */
  protected abstract readonly memory: Readonly<Record<string, number>>;
  #vectors: Record<string, FloatArray> | null = null;
  #seat: Seat | null = null;

  override attach(where: string, { workspace, dtype, size }: Problem): void {
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

  override detach(): void {
    const seat = this.#seat;
    if (!seat) return;
    const names = Object.keys(this.memory);
    if (names.length) this.#vectors = Object.fromEntries(names.map((name) => [name, this.#read(seat, name)]));
    this.#seat = null;
  }

  override step(problem: Problem, learningRate: number, clip: Clip | null): StepOutcome {
    const { outcome } = this;
    const kernels = problem.workspace.kernels(problem.dtype);
    const gradient = this.gradient;
    outcome.breakdown = null;
    outcome.end = null;
    outcome.value = problem.valueAndGradient(problem.theta, gradient);
    outcome.objective = outcome.value;
    outcome.gradientNorm = Math.sqrt(kernels.sumSquares(gradient, problem.size));
    if (!Number.isFinite(outcome.value)) outcome.breakdown = "value";
    else if (!Number.isFinite(outcome.gradientNorm) && kernels.firstNonFinite(gradient, problem.size) >= 0) {
      outcome.breakdown = "gradient";
    }
    if (outcome.breakdown) return outcome;
    outcome.end = problem.judge(outcome, gradient);
    if (outcome.end) return outcome;
    if (clip) this.#clip(problem, clip);
    if (this.update(problem, learningRate)) {
      outcome.breakdown = "update";
      return outcome;
    }
    this.countStep();
    problem.advance();
    return outcome;
  }

  /**
   * Writes the point after `problem.theta` to `problem.next`; 1 when something in it is not finite.
   */
  protected abstract update(problem: Problem, learningRate: number): number;

  override get gradient(): number {
    return (this.#seat as Seat).gradient;
  }

  /** Address of a vector of the memory. */
  protected address(name: string): number {
    return (this.#seat as Seat).addresses[name];
  }

  protected override recall(): Pick<OptimizerState, "vectors"> {
    const vectors: Record<string, FloatArray> = {};
    for (const name of Object.keys(this.memory)) {
      const held = this.#seat ? this.#read(this.#seat, name) : this.#vectors?.[name]?.slice();
      if (held) vectors[name] = held as FloatArray;
    }
    return { vectors };
  }

  protected override adopt({ vectors }: OptimizerState): void {
    const names = Object.keys(vectors);
    this.#vectors = names.length
      ? Object.fromEntries(names.map((name) => [name, vectors[name].slice() as FloatArray]))
      : null;
  }

  protected override checkMemory(where: string, name: string, state: Record<string, unknown>, size?: number): void {
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

  protected override get attached(): boolean {
    return this.#seat !== null;
  }

  protected override get remembered(): number {
    const vector = this.#vectors && Object.values(this.#vectors)[0];
    return vector ? vector.length : -1;
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
