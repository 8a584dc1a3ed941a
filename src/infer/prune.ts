import { checkChoice, checkKeys, checkNumber, checkObject, isObject, wrongType, wrongValue } from "../check.js";
import { SymmetricMatrix } from "../linalg/symmetric.js";
import { checkDataset, type Dataset } from "../network/dataset.js";
import { checkNetwork, type Network, network } from "../network/network.js";
import type { NetworkSpec } from "../network/spec.js";
import { lbfgs } from "../optimize/lbfgs.js";
import { minimize } from "../optimize/minimize.js";
import { freeParameters } from "./curvature.js";
import { groupsOf as kindsOf } from "./prior-groups.js";
import { blockOf, PruningCurvature } from "./pruning-curvature.js";
import { fixedWhereGone, withoutDeadEnds, withoutIdleUnits } from "./shrink.js";

/** When to stop pruning: at the first condition that holds. */
export interface PruneUntil {
  /** Stops when this share of the weights, in (0, 1], is removed; biases do not count. */
  share?: number;
  /** Stops when this number of parameters is left, biases and batch norm's included. */
  parameters?: number;
  /** Stops before the loss rises by more than this share of its value, such as 0.05. */
  lossIncrease?: number;
}

/** Options of `prune`. */
export interface PruneOptions {
  /**
   * "obs" uses the whole curvature, and adjusts the other weights; "obd" uses its diagonal;
   * "magnitude" removes the smallest weights. Default: "obs".
   */
  method?: "obs" | "obd" | "magnitude";
  /** When to stop; required. */
  until: PruneUntil;
  /**
   * Single "weights" and biases, whole hidden "units", or all weights of "inputs". Default:
   * "weights".
   */
  of?: "weights" | "units" | "inputs";
  /**
   * Whether the remaining parameters are trained between removals, by damped Gauss-Newton steps.
   * Default: true.
   */
  retrain?: boolean;
  /** Bytes of the largest matrix to make. Default: 2 GiB. */
  maxBytes?: number;
}

/** The state after some removals. */
export interface PruneRecord {
  /** Parameters that are left. */
  readonly parameters: number;
  /** The objective that the curvature predicts. */
  readonly predicted: number;
  /** The actual objective, before the remaining parameters are trained. */
  readonly pruned: number;
  /** The objective after the remaining parameters were trained. */
  readonly loss: number;
}

/** A pruned network. */
export interface Pruning {
  /**
   * The network with removed weights fixed at 0, and without hidden units that have no outgoing
   * weights left. Training leaves fixed weights at 0, and a posterior does not include them (see
   * `withParameters`).
   */
  readonly network: Network;
  /**
   * The given network with removed parameters fixed at 0; `mask` is over its parameters.
   */
  readonly masked: Network;
  /** 1 for remaining parameters, 0 for removed ones. */
  readonly mask: Uint8Array;
  /** After each batch of removals. */
  readonly history: readonly PruneRecord[];
  /**
   * "converged": `until` is reached, so any further removal would go beyond it; "stalled": nothing
   * is left to remove before it is reached; "non-finite": the loss is not finite, and nothing is
   * removed.
   */
  readonly status: "converged" | "stalled" | "non-finite";
  /** Why, in words. */
  readonly reason: string;
}

const WHERE = "prune";
/** Share of the parameters left that goes before the curvature is made again. */
const BATCH = 0.1;
/**
 * What a parameter's move by as much as those of its kind measure costs at least, as a share of the
 * objective: no null direction leads far away.
 */
const SLACK = 1e-5;
/**
 * The objective may rise by this multiple of the predicted rise before the curvature is computed
 * again.
 */
const TRUST = 2;
/** A rise by this share of the objective is none. */
const NOISE = 1e-5;
/** Shares of the others' moves that are tried where the model is not trusted. */
const SHARES = [1, 0.5, 0.2, 0];
const RETRAINING_STEPS = 8;
/**
 * Parameters up to which a matrix is so soon made and solved with that every removal may have one.
 */
const CHEAP = 150;
/** The cheapest removals that are compared by what they cost after training, where that is soon. */
const CANDIDATES = 5;
/** Of the parameters beyond these the share that goes at least before a matrix is made again. */
const LEAST_SHARE = 0.06;
/** Parameters up to which what is left is trained with the matrix; beyond, by gradients. */
const DENSE = 300;
const GRADIENT_STEPS = 60;

/**
 * Removes weights from a trained network; first those whose removal raises the objective least.
 *
 * Optimal Brain Surgeon (Hassibi and Stork 1993): removing weight q costs θ_q²/(2·[H⁻¹]_qq), if all
 * others move by −θ_q·H⁻¹e_q/[H⁻¹]_qq. H⁻¹ is downdated by rank one. It is computed again where the
 * objective has risen by twice the predicted rise, or after a tenth of the weights. H is the
 * Gauss-Newton matrix with the penalty. Optimal Brain Damage (LeCun, Denker and Solla 1990) uses
 * H's diagonal, θ_q²·H_qq/2, and changes no other weight. Batch norm's parameters are kept, except
 * for hidden units without outgoing weights. The constant output of a unit without inputs is added
 * to the biases of the next layer.
 *
 * @param net a trained network; it is not changed.
 * @param data the rows that it was trained on.
 * @param options see `PruneOptions`; `until` is required.
 * @returns networks owned by the caller. Cost: for "obs", P³ each time the curvature is computed,
 * and P² for each weight.
 * @throws TypeError or RangeError for bad options and data, and, before anything is computed, where
 * the matrix would be larger than `maxBytes`.
 * @example
 * const net = network({ inputs: 2, layers: [{ units: 1 }] });
 * net.setParameters([2, 0.01, 0]);
 * const data = dataset([[1, 0], [0, 1], [1, 1]], [2, 0, 2]);
 * prune(net, data, { until: { share: 0.5 } }).mask; // Uint8Array [1, 0, 1]
 */
export function prune(net: Network, data: Dataset, options: PruneOptions): Pruning {
  checkNetwork(WHERE, net);
  checkObject(WHERE, "options", options);
  checkKeys(WHERE, options, ["method", "until", "of", "retrain", "maxBytes"]);
  const { method = "obs", until, of = "weights", retrain = true, maxBytes = 2 ** 31 } = options as PruneOptions;
  checkChoice(WHERE, "method", method, ["obs", "obd", "magnitude"]);
  checkChoice(WHERE, "of", of, ["weights", "units", "inputs"]);
  checkUntil(until);
  checkDataset(WHERE, data, net);
  if ((method === "obs" || retrain) && 8 * net.parameterCount ** 2 > maxBytes) {
    const remedy = 'method "magnitude" with retrain: false needs no matrix';
    wrongValue(
      WHERE,
      "maxBytes",
      `at least the ${8 * net.parameterCount ** 2} bytes that ${net.parameterCount} parameters take`,
      String(maxBytes),
      remedy,
    );
  }
  return new Pruner(net, data, { method, until, of, retrain }).run();
}

function checkUntil(until: unknown): asserts until is PruneUntil {
  if (!isObject(until)) wrongType(WHERE, "until", "{ share }, { parameters } or { lossIncrease }", until);
  checkKeys(`${WHERE}: until`, until, ["share", "parameters", "lossIncrease"]);
  const { share, parameters, lossIncrease } = until;
  if (share === undefined && parameters === undefined && lossIncrease === undefined) {
    wrongType(WHERE, "until", "{ share }, { parameters } or { lossIncrease }", until);
  }
  if (share !== undefined) checkNumber(WHERE, "until.share", share, "a share in (0, 1]", (x) => x > 0 && x <= 1);
  if (parameters !== undefined)
    checkNumber(
      WHERE,
      "until.parameters",
      parameters,
      "a whole number of at least 0",
      (x) => Number.isInteger(x) && x >= 0,
    );
  if (lossIncrease !== undefined)
    checkNumber(WHERE, "until.lossIncrease", lossIncrease, "a number of at least 0", (x) => x >= 0);
}

/** Weights that go together, as indices; a unit's incoming parameters follow it. */
interface Group {
  readonly weights: readonly number[];
  readonly followers: readonly number[];
}

class Pruner {
  readonly #given: Network;
  /** In double precision. */
  readonly #net: Network;
  readonly #theta: Float64Array;
  readonly #mask: Uint8Array;
  readonly #history: PruneRecord[] = [];
  readonly #weights: number;
  #groups: Group[];

  constructor(
    net: Network,
    readonly data: Dataset,
    readonly options: Required<Omit<PruneOptions, "maxBytes">>,
  ) {
    this.#given = net;
    this.#net = network({ ...(net.spec as unknown as NetworkSpec), dtype: "f64" });
    this.#net.setRunningStatistics(net.getRunningStatistics());
    this.#theta = Float64Array.from(net.getParameters());
    this.#mask = new Uint8Array(net.parameterCount).fill(1);
    const free = new Set(freeParameters(net));
    // What is fixed at 0 went before.
    this.#theta.forEach((value, i) => {
      if (value === 0 && !free.has(i)) this.#mask[i] = 0;
    });
    const all = groupsOf(net, options.of);
    this.#groups = all.filter(({ weights, followers }) => [...weights, ...followers].every((i) => free.has(i)));
    this.#weights = net.layout.layers.reduce((sum, { inputs, units }) => sum + inputs * units, 0);
  }

  run(): Pruning {
    const first = this.#loss();
    if (!Number.isFinite(first)) return this.#result("non-finite", "the loss is not finite");
    const { lossIncrease = Infinity } = this.options.until;
    const allowed = first + lossIncrease * Math.abs(first);
    let batch = Math.max(1, Math.ceil(BATCH * this.#groups.length));
    // Only where the gradient is 0 is the curvature all that a removal costs.
    if (this.options.retrain) this.#retrain();
    while (this.#groups.length > 0) {
      const reached = this.#reached();
      if (reached) return this.#result("converged", reached);
      const [theta, mask, groups] = [this.#theta.slice(), this.#mask.slice(), this.#groups];
      const predicted = this.#remove(Math.min(batch, this.#groups.length));
      const pruned = this.#loss();
      if (this.options.retrain) this.#retrain();
      const loss = this.#loss();
      if (loss <= allowed) {
        this.#history.push({ parameters: this.#left, predicted, pruned, loss });
        continue;
      }
      // Too much at once: fewer, down to one.
      this.#theta.set(theta);
      this.#mask.set(mask);
      this.#groups = groups;
      if (batch === 1)
        return this.#result("converged", `the loss would rise by more than ${lossIncrease} of what it was`);
      batch = Math.max(1, Math.floor(batch / 4));
    }
    return this.#result(this.#reached() ? "converged" : "stalled", this.#reached() ?? "nothing is left to remove");
  }

  get #left(): number {
    return this.#mask.reduce((sum, kept) => sum + kept, 0);
  }

  #reached(): string | null {
    const { share = Infinity, parameters = -1 } = this.options.until;
    const gone = this.#weights - this.#countWeights();
    if (gone >= share * this.#weights) return `${gone} of ${this.#weights} weights are gone`;
    return this.#left <= parameters ? `${this.#left} parameters are left` : null;
  }

  #countWeights(): number {
    let left = 0;
    for (const { weight, inputs, units } of this.#net.layout.layers) {
      for (let i = weight; i < weight + inputs * units; ++i) left += this.#mask[i];
    }
    return left;
  }

  #loss(): number {
    this.#net.setParameters(this.#theta);
    return this.#net.loss(this.data, { batchNorm: "running" });
  }

  /**
   * Takes out some groups, the cheapest first; returns the objective that the curvature predicts.
   */
  #remove(count: number): number {
    const before = this.#loss();
    const active = this.#active();
    const { method } = this.options;
    const curvature =
      method === "magnitude"
        ? null
        : new PruningCurvature(this.#net, this.data, active, method === "obs" ? this.#slack(active, before) : null);
    const least = 1 + Math.ceil(LEAST_SHARE * Math.max(0, active.length - CHEAP));
    let rise = 0;
    for (let k = 0; k < count && this.#groups.length > 0 && !(k > 0 && this.#reached()); ++k) {
      const costs = this.#groups.map(({ weights }) => this.#cost(weights, curvature));
      const best = this.#choose(costs, curvature);
      const [theta, mask] = [this.#theta.slice(), this.#mask.slice()];
      this.#takeOut(this.#groups[best], method === "obs" ? curvature : null);
      const foretold = TRUST * (rise + costs[best]) + NOISE * Math.abs(before);
      const trusted = curvature === null || this.#loss() - before <= foretold;
      if (!trusted && k > 0 && k >= least) {
        // The model has been left behind: once more from here, with a new one.
        this.#theta.set(theta);
        this.#mask.set(mask);
        break;
      }
      if (!trusted && method === "obs") this.#shorten(theta);
      rise += costs[best];
      this.#groups = this.#groups.filter(({ weights }) => weights.some((q) => this.#mask[q] === 1));
      if (!trusted && k + 1 >= least) break;
    }
    return before + rise;
  }

  /**
   * The group to take out: the cheapest; or of some that are, the one without which the objective
   * is lowest after training. Far from the point the model's order is not the real one.
   */
  #choose(costs: readonly number[], curvature: PruningCurvature | null): number {
    const order = Array.from(costs.keys()).sort((a, b) => costs[a] - costs[b]);
    const { method, retrain } = this.options;
    if (method !== "obs" || !retrain || !curvature || curvature.active.length > CHEAP) return order[0];
    const [theta, mask] = [this.#theta.slice(), this.#mask.slice()];
    const losses = order.slice(0, CANDIDATES).map((index) => {
      const back = curvature.mark();
      this.#takeOut(this.#groups[index], curvature);
      this.#retrain();
      const loss = this.#loss();
      back();
      this.#theta.set(theta);
      this.#mask.set(mask);
      return loss;
    });
    return order[losses.reduce((best, loss, k) => (loss < losses[best] ? k : best), 0)];
  }

  /** The others have moved too far for the model: as far as is best of some shares. */
  #shorten(from: Float64Array): void {
    const to = this.#theta.slice();
    const trials = SHARES.map((share) => {
      for (let i = 0; i < to.length; ++i) this.#theta[i] = this.#mask[i] ? from[i] + share * (to[i] - from[i]) : 0;
      return { theta: this.#theta.slice(), loss: this.#loss() };
    });
    this.#theta.set(trials.reduce((best, next) => (next.loss < best.loss ? next : best)).theta);
  }

  /**
   * For each active parameter; weights of an input are of a kind, as are those of a layer and its
   * biases, whatever their units.
   */
  #slack(active: Uint32Array, loss: number): Float64Array {
    const { group, groups } = kindsOf(WHERE, this.#net.layout, active, "evidence", "inputs");
    const [squares, counts] = [new Float64Array(groups), new Float64Array(groups)];
    active.forEach((i, k) => {
      squares[group[k]] += this.#theta[i] ** 2;
      ++counts[group[k]];
    });
    return Float64Array.from(group, (g) => (squares[g] > 0 ? (SLACK * Math.abs(loss) * counts[g]) / squares[g] : 0));
  }

  #takeOut({ weights, followers }: Group, curvature: PruningCurvature | null): void {
    for (const q of weights) {
      curvature?.takeOut(q, this.#theta);
      this.#theta[q] = 0;
      this.#mask[q] = 0;
    }
    for (const q of followers) {
      this.#theta[q] = 0;
      this.#mask[q] = 0;
    }
    // What went stays 0, to the bit.
    this.#mask.forEach((kept, i) => {
      if (!kept) this.#theta[i] = 0;
    });
    this.#net.setParameters(this.#theta);
    const swept = withoutDeadEnds(this.#net, this.data, this.#mask);
    this.#theta.set(swept.theta);
    this.#mask.set(swept.mask);
  }

  /** What is left and not fixed: these move. */
  #active(): Uint32Array {
    return freeParameters(this.#net).filter((i) => this.#mask[i] === 1);
  }

  /** The rise of the objective; for magnitudes the square, which orders alike. */
  #cost(weights: readonly number[], curvature: PruningCurvature | null): number {
    const kept = weights.filter((q) => this.#mask[q] === 1);
    if (curvature?.inverse) return curvature.costOf(kept, this.#theta);
    return kept.reduce((sum, q) => sum + this.#theta[q] ** 2 * (curvature ? 0.5 * curvature.stiffness(q) : 1), 0);
  }

  /**
   * Damped Gauss-Newton steps of what is left, as long as they help; by gradients alone where the
   * matrix would take long.
   */
  #retrain(): void {
    const active = this.#active();
    if (active.length > DENSE) {
      this.#descend(active);
      return;
    }
    let mu = 1e-6;
    let loss = this.#loss();
    for (let step = 0; step < RETRAINING_STEPS && active.length > 0; ++step) {
      this.#net.setParameters(this.#theta);
      const { gradient } = this.#net.gradient(this.data, { batchNorm: "running" });
      const G = blockOf(this.#net, this.data, active);
      const before = this.#theta.slice();
      const taken = this.#damped(G, active, gradient, mu, loss);
      if (taken === null) {
        this.#theta.set(before);
        return;
      }
      const fall = loss - taken.loss;
      [mu, loss] = [Math.max(1e-12, taken.mu / 10), taken.loss];
      if (!(fall > 1e-9 * Math.abs(loss))) return;
    }
  }

  #descend(active: Uint32Array): void {
    const at = (x: ArrayLike<number>): Network => {
      active.forEach((i, k) => {
        this.#theta[i] = x[k];
      });
      this.#net.setParameters(this.#theta);
      return this.#net;
    };
    const options = { batchNorm: "running" } as const;
    const f = {
      value: (x: ArrayLike<number>) => at(x).loss(this.data, options),
      gradient: (x: ArrayLike<number>) => {
        const { gradient } = at(x).gradient(this.data, options);
        return Float64Array.from(active, (i) => gradient[i]);
      },
    };
    const start = Float64Array.from(active, (i) => this.#theta[i]);
    const { x } = minimize(f, start, { optimizer: lbfgs(), maxSteps: GRADIENT_STEPS });
    at(x);
  }

  #damped(
    G: Float64Array,
    active: Uint32Array,
    gradient: ArrayLike<number>,
    first: number,
    loss: number,
  ): { mu: number; loss: number } | null {
    const n = active.length;
    const start = this.#theta.slice();
    for (let mu = first; mu < 1e6; mu *= 10) {
      const A = G.slice();
      for (let i = 0; i < n; ++i) A[i * (n + 1)] = (1 + mu) * A[i * (n + 1)] || 1;
      const found = new SymmetricMatrix(n, A).cholesky();
      if (!found.factor) continue;
      const step = found.solve(Float64Array.from(active, (i) => gradient[i]));
      active.forEach((i, k) => {
        this.#theta[i] = start[i] - step[k];
      });
      const now = this.#loss();
      if (now < loss) return { mu, loss: now };
    }
    return null;
  }

  #result(status: Pruning["status"], reason: string): Pruning {
    const whole = network(this.#given.spec as unknown as NetworkSpec);
    whole.setParameters(this.#theta);
    whole.setRunningStatistics(this.#given.getRunningStatistics());
    return {
      ...{
        network: withoutIdleUnits(whole, this.#mask),
        masked: fixedWhereGone(whole, this.#mask),
        mask: this.#mask,
        history: this.#history,
      },
      ...{ status, reason },
    };
  }
}

function groupsOf(net: Network, of: "weights" | "units" | "inputs"): Group[] {
  const { layers, inputs } = net.layout;
  if (of === "weights") {
    return layers.flatMap(({ weight, bias, units }) =>
      Array.from({ length: bias + units - weight }, (_, i): Group => ({ weights: [weight + i], followers: [] })),
    );
  }
  if (of === "inputs") {
    const [{ weight, units }] = layers;
    return Array.from(
      { length: inputs },
      (_, i): Group => ({
        weights: Array.from({ length: units }, (_, u) => weight + u * inputs + i),
        followers: [],
      }),
    );
  }
  return layers.slice(0, -1).flatMap(({ weight, bias, scale, shift, inputs: width, units, batchNorm }, l) =>
    Array.from({ length: units }, (_, u): Group => {
      const next = layers[l + 1];
      const out = Array.from({ length: next.units }, (_, v) => next.weight + v * next.inputs + u);
      const own = Array.from({ length: width }, (_, i) => weight + u * width + i);
      return { weights: out, followers: [...own, bias + u, ...(batchNorm ? [scale + u, shift + u] : [])] };
    }),
  );
}
