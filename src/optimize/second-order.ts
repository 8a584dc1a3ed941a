import { isObject, wrongType, wrongValue } from "../check.js";
import { isFloatArray } from "../linalg/matrix.js";
import { norm2 } from "../linalg/vector.js";
import type { Layout } from "../network/layout.js";
import { bottomless, drowned, endless, isSeen, measureOf, nearer, noiseOf, vanished } from "./criticality.js";
import { type Direction, type Escape, isEnd, type Model } from "./directions/direction.js";
import { describeFrozen } from "./directions/frozen.js";
import { measured } from "./evidence.js";
import { Local } from "./local.js";
import { Memory } from "./memory.js";
import { withCurvature } from "./network-curvature.js";
import { type End, type Look, Optimizer, type OptimizerState, type StepOutcome, type StepReport } from "./optimizer.js";
import { type CurvatureNeeds, type Problem, remember } from "./problem.js";
import { WAITS } from "./replay.js";
import { extended, type Move, type Search, scaled } from "./searches/search.js";

export interface SecondOrderParts {
  readonly name: string;
  readonly direction: Direction;
  readonly search: Search;
  readonly learningRate?: number;
  readonly weightDecay: number;
  /** Whether it is sound on full batches only. */
  readonly fullBatch: boolean;
}

/** Share of the first gradient above which the last one need not be looked at more closely. */
const FALLEN = 1e-3;

/**
 * A method made of a direction (where to) and a search (how far). Its memory is held here, in
 * double precision.
 */
export class SecondOrder extends Optimizer {
  override readonly name: string;
  override readonly fullBatch: boolean;
  override readonly defaultBatch = Number.POSITIVE_INFINITY;
  override readonly curvature: CurvatureNeeds;
  override readonly extend = withCurvature;
  override readonly rated: boolean;
  readonly #direction: Direction;
  readonly #search: Search;
  readonly #weightDecay: number;
  #memory = new Memory();
  /** Parameters that the memory is of. */
  #size = -1;
  #gradient = 0;
  #attached = false;
  /** Parameters that the last step could not move. */
  #frozen: readonly number[] = [];
  /** Where a step that waits started from. */
  #waiting: Local | null = null;

  constructor({ name, direction, search, learningRate = 1, weightDecay, fullBatch }: SecondOrderParts) {
    super(name, learningRate);
    this.name = name;
    this.fullBatch = fullBatch;
    this.curvature = direction.needs ?? { kind: "exact", form: "none" };
    this.rated = search.rated ?? false;
    this.#direction = direction;
    this.#search = search;
    this.#weightDecay = weightDecay;
    this.settings = JSON.stringify({ name, direction, search, learningRate, weightDecay });
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
    this.#frozen = [];
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

  override notes(layout: Layout): readonly string[] {
    return this.#frozen.length > 0 ? [describeFrozen(this.#frozen, layout, this.name)] : [];
  }

  override detach(): void {
    this.#attached = false;
    this.#giveUp();
  }

  /** Forgets a step that waits. */
  #giveUp(): void {
    this.#waiting?.abandon();
    this.#waiting = null;
  }

  override displaced(): void {
    this.#giveUp();
    this.#direction.displaced?.(this.#memory);
    this.#search.displaced?.(this.#memory);
  }

  override step(problem: Problem, learningRate: number): StepOutcome {
    const { outcome } = this;
    outcome.breakdown = null;
    outcome.end = null;
    outcome.report = null;
    outcome.waits = false;
    this.#waiting?.again();
    const local = this.#waiting ?? new Local(problem, this.#gradient, this.#weightDecay);
    outcome.value = local.loss;
    outcome.objective = local.value;
    outcome.ahead = local.value;
    outcome.gradientNorm = local.gradientNorm;
    if (!Number.isFinite(local.value)) outcome.breakdown = "value";
    else if (!Number.isFinite(local.gradientNorm)) outcome.breakdown = "gradient";
    if (outcome.breakdown) return outcome;
    remember(problem, local.value, local.gradientNorm, local.theta);
    this.#attempt(local, learningRate, outcome);
    if (!outcome.end && !outcome.waits) this.countStep();
    return outcome;
  }

  /**
   * A step, or as much of it as there is time for: then nothing is as if it had begun, but for what
   * it has computed.
   */
  #attempt(local: Local, learningRate: number, outcome: StepOutcome): void {
    const before = this.#memory;
    this.#memory = before.copy();
    try {
      this.#move(local, learningRate, outcome);
      this.#waiting = null;
    } catch (thrown) {
      this.#memory = before;
      if (thrown !== WAITS) throw thrown;
      this.#waiting = local;
      outcome.waits = true;
    }
  }

  override inspect(problem: Problem): Look {
    const local = new Local(problem, this.#gradient, this.#weightDecay);
    const { value, gradientNorm } = local;
    return { objective: value, gradientNorm, settled: () => this.#settled(local) };
  }

  #settled(local: Local): End | null {
    const { gradientNorm, problem } = local;
    const least = Math.max(problem.tolerance, FALLEN) * (problem.first?.gradientNorm ?? 0);
    if (!(gradientNorm <= least)) return null;
    const model = this.#direction.model(local, this.#memory.copy());
    if (isEnd(model)) return null;
    const whole = model.whole ?? model.damped(0);
    const verdict = whole && local.verdict(whole.decrease, whole.step, model.scale);
    const end = verdict ? this.#direction.critical(local) : null;
    return end && isEnd(end) ? { ...end, reason: `${end.reason}; ${verdict}` } : null;
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
    const { first } = problem;
    const fallen = first !== null && local.value < first.value;
    const fall = fallen
      ? (bottomless(local.value) ?? endless(norm2(local.theta), first.gradientNorm, local.gradientNorm))
      : null;
    const { found, model } = fall ? { found: unbounded(fall), model: null } : this.#find(local, learningRate);
    const known = {
      ...(model?.smallestEigenvalue === undefined ? {} : { smallestEigenvalue: model.smallestEigenvalue }),
      ...(model?.frozen?.length ? { frozen: problem.placesOf(model.frozen) } : {}),
    };
    if (known.frozen) this.#frozen = known.frozen;
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

  /**
   * The next step or the verdict. Where a search finds nothing it is tried again without what the
   * method remembers.
   */
  #find(local: Local, learningRate: number): { found: Move | End; model: Model | null } {
    const remembers = !this.#memory.empty;
    const once = this.#tried(local, learningRate);
    const lost = isEnd(once.found) && once.found.status === "stalled";
    if (!lost || local.problem.stochastic) return once;
    if (!remembers) return this.#confirmed(local, once);
    this.#memory.clear();
    return this.#confirmed(local, this.#tried(local, learningRate));
  }

  /**
   * A fresh estimate of the curvature promises falls that rounding drowns: what is measured along
   * the gradient then decides.
   */
  #confirmed(
    local: Local,
    last: { found: Move | End; model: Model | null },
  ): { found: Move | End; model: Model | null } {
    const lost = isEnd(last.found) && last.found.status === "stalled" && last.model && !last.model.exact;
    return lost ? { ...last, found: this.#measured(local) ?? last.found } : last;
  }

  #tried(local: Local, learningRate: number): { found: Move | End; model: Model | null } {
    if (vanished(local.gradientNorm)) return { found: this.#leave(local), model: null };
    const model = this.#direction.model(local, this.#memory);
    if (isEnd(model)) return { found: model, model: null };
    let found = this.#search.find(local, model, this.#memory, learningRate);
    if (found === "critical") found = model.failure ?? this.#judge(local, model);
    return { found, model };
  }

  /**
   * The model has no fall left that is needed or seen: converged, or a full step that the gradient
   * speaks for.
   */
  #judge(local: Local, model: Model): Move | End {
    const { whole, gauge, exact } = model;
    const { first, dtype, tolerance } = local.problem;
    // A run that no tolerance ends takes no step that its values do not show.
    if (tolerance < 0) return this.#leave(local);
    const measure = measureOf(local.value, local.gradientNorm, first);
    if (model.open || measure < Math.abs(local.value)) {
      const way = this.#leave(local);
      return isEnd(way) ? LOST : way;
    }
    if (!whole || !gauge) return this.#leave(local);
    const verdict = local.verdict(whole.decrease, whole.step, model.scale);
    if (verdict && exact) return this.#leave(local, verdict);
    // An estimate of the curvature may be wrong where the gradient has grown.
    const most = first ? Math.min(RISEN * first.steepest, first.gradientNorm) : Infinity;
    if (!exact && first?.theta !== local.theta && local.gradientNorm >= most) return LOST;
    const before = gauge.call(model, local.gradient);
    const { value, gradient } = local.gradientAt(whole.step);
    const after = gauge.call(model, gradient);
    if (nearer(before, after) && value <= local.value + local.noise) {
      return verdict ? this.#leave(local, verdict) : { step: whole.step, value, report: {} };
    }
    if (!verdict && isSeen(whole.decrease, noiseOf(dtype, measure))) return LOST;
    const drowning = `the further fall of ${whole.decrease.toExponential(1)} that the model predicts is below rounding`;
    if (exact) return this.#leave(local, `${drowning}, and the gradient falls no more`);
    return this.#measured(local) ?? LOST;
  }

  /**
   * Where the method's own curvature is an estimate that a step did not confirm: by the curvature
   * measured along the gradient.
   */
  #measured(local: Local): End | null {
    const found = measured(local);
    if (!found) return null;
    const verdict = local.verdict(found.decrease, found.step);
    if (verdict) return this.#leave(local, verdict) as End;
    if (!drowned(found.decrease, local.noise)) return null;
    return this.#leave(local, `a further fall of ${found.decrease.toExponential(1)} is below rounding`) as End;
  }

  /**
   * The gradient is of no more use: a step out along a direction of negative curvature, or the
   * verdict.
   */
  #leave(local: Local, why = ""): Move | End {
    const way = this.#direction.critical(local);
    if (!isEnd(way)) return descend(local, way);
    return why ? { ...way, reason: `${way.reason}; ${why}` } : way;
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

/** Share of the greatest gradient of a run up to which an estimated curvature is believed. */
const RISEN = 0.1;

const LOST: End = { status: "stalled", reason: "no step lets the objective or its gradient fall" };

function unbounded(reason: string): End {
  return { status: "unbounded", reason };
}

/** Share of the fall that the curvature promises which a step out of a saddle has to realise. */
const SUFFICIENT = 1e-2;
const MOST_TRIALS = 60;

/**
 * From a saddle along its escape direction, to either side, as far as the objective falls as the
 * curvature says.
 */
function descend(local: Local, { direction, curvature }: Escape): Move | End {
  const visible = Math.sqrt((40 * local.noise) / -curvature);
  let length = Math.max(local.unit, visible);
  for (let trial = 0; trial < MOST_TRIALS; ++trial, length /= 2) {
    const decrease = -0.5 * curvature * length * length;
    if (!(decrease > local.noise)) break;
    for (const side of [length, -length]) {
      const value = local.valueAt(direction, side);
      if (!(local.value - value >= SUFFICIENT * decrease)) continue;
      const step = scaled(direction, side);
      const from = { scale: 1, value };
      const found = trial > 0 ? from : extended(local, { step, slope: -decrease, curvature: -decrease }, from);
      const report = { gainRatio: (local.value - value) / decrease, smallestEigenvalue: curvature };
      return { step: scaled(step, found.scale), value: found.value, report };
    }
  }
  return {
    status: "stalled",
    reason: `at a saddle (smallest eigenvalue ${curvature.toPrecision(3)}), but the objective does not fall along its direction`,
  };
}
