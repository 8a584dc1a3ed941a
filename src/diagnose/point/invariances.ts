import { symmetric } from "../../linalg/symmetric.js";
import type { LayerLayout } from "../../network/layout.js";
import type { Network } from "../../network/network.js";
import type { BatchNormMode } from "../../network/propagation.js";
import type { FloatArray } from "../../wasm/workspace.js";
import { type Facts, nullVectors, type UnitFacts } from "./features.js";
import { Subspace } from "./subspace.js";

/** Why a direction leaves the loss as it is. */
export type InvarianceFamily =
  | "dead-units"
  | "constant-inputs"
  | "bias-before-batch-norm"
  | "unused-units"
  | "dependent-inputs"
  | "softmax-shift"
  | "batch-norm-scale"
  | "rescaling"
  | "duplicated-units"
  | "same-pattern"
  | "dependent-features";

/** The part of the subspace that one family adds. */
export interface FamilyPart {
  readonly family: InvarianceFamily;
  readonly axes: ReadonlySet<number>;
  readonly from: number;
  readonly to: number;
}

export interface Invariances {
  readonly subspace: Subspace;
  readonly parts: readonly FamilyPart[];
}

/**
 * Directions along which the loss does not change, to first order in the direction and while no
 * unit switches. They are the tangents of a manifold through the point on which the loss is
 * constant. So they are zero modes of H at a critical point.
 *
 * Not all directions that leave the outputs alone can be taken at once: with a unit's outgoing
 * weights and its activations both 0, either may be changed alone but not both. Where such a choice
 * arises the directions of one side are left out.
 */
export function findInvariances(net: Network, facts: Facts, mode: BatchNormMode): Invariances {
  return new Search(net, facts, mode).run();
}

/** Activations with φ(c·a) = c·φ(a) for c > 0. */
const HOMOGENEOUS = new Set(["identity", "relu", "leaky-relu"]);

/** Units of one pattern beyond which the pairs among them are not all taken. */
const MOST_MIXED = 32;

class Search {
  readonly #layers: readonly LayerLayout[];
  readonly #theta: FloatArray;
  readonly #subspace: Subspace;
  readonly #parts: FamilyPart[] = [];
  /** Unit i of layer l has no influence on the loss nearby. */
  readonly #blocked: boolean[][];
  /** Units whose activations change along directions that are taken. */
  readonly #moving: Set<number>[];
  readonly #penalised: (index: number) => boolean;

  constructor(
    readonly net: Network,
    readonly facts: Facts,
    readonly mode: BatchNormMode,
  ) {
    this.#layers = net.layout.layers;
    this.#theta = net.current().parameters;
    this.#subspace = new Subspace(net.parameterCount);
    this.#blocked = this.#findBlocked();
    this.#moving = this.#layers.map(() => new Set());
    const penalised = net.layout.penalised.filter(({ l2 }) => l2 > 0);
    this.#penalised = (index) => penalised.some(({ offset, count }) => index >= offset && index < offset + count);
  }

  run(): Invariances {
    this.#axes("dead-units", () => this.#deadAxes());
    this.#axes("constant-inputs", () => this.#zeroInputAxes());
    this.#axes("bias-before-batch-norm", () => this.#biasAxes());
    this.#axes("unused-units", () => this.#unusedAxes());
    this.#vectors("constant-inputs", () => this.#constantInputs());
    this.#vectors("bias-before-batch-norm", () => this.#runningBias());
    this.#vectors("dependent-inputs", () => this.#dependentInputs());
    this.#vectors("softmax-shift", () => this.#softmaxShift());
    this.#vectors("batch-norm-scale", () => this.#batchNormScale());
    this.#vectors("rescaling", () => this.#rescaling());
    this.#vectors("duplicated-units", () => this.#duplicates());
    this.#vectors("same-pattern", () => this.#samePattern());
    this.#vectors("same-pattern", () => this.#shifts());
    this.#vectors("dependent-features", () => this.#dependentFeatures());
    return { subspace: this.#subspace, parts: this.#parts };
  }

  #axes(family: InvarianceFamily, find: () => Iterable<number>): void {
    const axes = new Set<number>();
    for (const index of find()) if (!this.#penalised(index) && this.#subspace.addAxis(index)) axes.add(index);
    if (axes.size > 0) this.#parts.push({ family, axes, from: 0, to: 0 });
  }

  #vectors(family: InvarianceFamily, find: () => Iterable<Map<number, number>>): void {
    const from = this.#subspace.vectors.length;
    for (const vector of find()) {
      const indices = Array.from(vector.keys());
      if (!indices.some((index) => vector.get(index) !== 0 && this.#penalised(index))) {
        this.#subspace.add({ indices, values: Array.from(vector.values()) });
      }
      if (!this.#subspace.complete) break;
    }
    const to = this.#subspace.vectors.length;
    if (to > from) this.#parts.push({ family, axes: new Set(), from, to });
  }

  /** φ′ = 0 throughout, strictly on one side of every kink; or nothing but such units above. */
  #findBlocked(): boolean[][] {
    const blocked = this.facts.units.map((layer, l) => {
      const kinked = ["relu", "leaky-relu", "step"].includes(this.net.spec.layers[l].activation.type);
      return layer.map((unit) => unit.flat && !(kinked && unit.atZero > 0));
    });
    for (let l = blocked.length - 2; l >= 0; --l) {
      if (blocked[l + 1].every((is) => is)) blocked[l].fill(true);
    }
    return blocked;
  }

  #live(l: number): number[] {
    return Array.from(this.#blocked[l].keys()).filter((unit) => !this.#blocked[l][unit]);
  }

  *#incoming(l: number, unit: number): Generator<number> {
    const { inputs, weight, bias, scale, shift } = this.#layers[l];
    for (let q = 0; q < inputs; ++q) yield weight + unit * inputs + q;
    yield bias + unit;
    if (scale >= 0) {
      yield scale + unit;
      yield shift + unit;
    }
  }

  #outgoing(l: number, unit: number): number[] {
    const above = this.#layers[l + 1];
    return above ? Array.from({ length: above.units }, (_, p) => above.weight + p * above.inputs + unit) : [];
  }

  *#deadAxes(): Generator<number> {
    for (let l = 0; l < this.#layers.length; ++l) {
      for (let unit = 0; unit < this.#layers[l].units; ++unit) {
        if (!this.#blocked[l][unit]) continue;
        yield* this.#incoming(l, unit);
        const { flat, constant, value } = this.facts.units[l][unit];
        if (flat && constant && value === 0) yield* this.#outgoing(l, unit);
      }
    }
  }

  /** Under batch statistics any constant vanishes in the mean. */
  *#zeroInputAxes(): Generator<number> {
    const [{ units, inputs, weight }] = this.#layers;
    const { constant, first } = this.facts.features[0];
    for (let q = 0; q < inputs; ++q) {
      if (!constant[q] || (first[q] !== 0 && !this.#centred(0))) continue;
      for (let unit = 0; unit < units; ++unit) yield weight + unit * inputs + q;
    }
  }

  #centred(l: number): boolean {
    return this.#layers[l].batchNorm !== false && this.mode === "batch";
  }

  *#biasAxes(): Generator<number> {
    for (let l = 0; l < this.#layers.length; ++l) {
      const { bias, units } = this.#layers[l];
      for (let unit = 0; this.#centred(l) && unit < units; ++unit) yield bias + unit;
    }
  }

  /**
   * Outgoing weights that are all 0 leave the incoming ones free, unless the activations are 0 as
   * well.
   */
  *#unusedAxes(): Generator<number> {
    for (let l = 0; l + 1 < this.#layers.length; ++l) {
      for (const unit of this.#live(l)) {
        const { constant, value, atZero } = this.facts.units[l][unit];
        if ((constant && value === 0) || atZero > 0) continue;
        if (this.#outgoing(l, unit).some((index) => this.#theta[index] !== 0)) continue;
        this.#moving[l].add(unit);
        yield* this.#incoming(l, unit);
      }
    }
  }

  *#constantInputs(): Generator<Map<number, number>> {
    const [{ inputs, weight, bias }] = this.#layers;
    const { constant, first } = this.facts.features[0];
    for (let q = 0; q < inputs; ++q) {
      if (!constant[q] || this.#centred(0)) continue;
      for (const unit of this.#live(0)) {
        yield new Map([
          [weight + unit * inputs + q, 1],
          [bias + unit, -first[q]],
        ]);
      }
    }
  }

  /** γ·(a − μ)/σ + β with μ and σ given: b and β do the same. */
  *#runningBias(): Generator<Map<number, number>> {
    for (let l = 0; l < this.#layers.length; ++l) {
      const { batchNorm, bias, scale, shift } = this.#layers[l];
      if (!batchNorm || this.mode === "batch") continue;
      for (const unit of this.#live(l)) {
        const slope = this.#theta[scale + unit] / this.facts.deviations[l][unit];
        yield new Map([
          [bias + unit, 1],
          [shift + unit, -slope],
        ]);
      }
    }
  }

  *#dependentInputs(): Generator<Map<number, number>> {
    const { constant } = this.facts.features[0];
    const varying = Array.from(constant.keys()).filter((q) => !constant[q]);
    yield* this.#dependent(0, varying);
  }

  /** Adds c with h̃·c = 0 to the weights and bias of each unit. */
  *#dependent(l: number, among: readonly number[]): Generator<Map<number, number>> {
    const { inputs, weight, bias } = this.#layers[l];
    for (const c of nullVectors(this.facts.features[l], among, this.#centred(l))) {
      for (const unit of this.#live(l)) {
        const direction = new Map<number, number>();
        for (const q of among) direction.set(weight + unit * inputs + q, c[q]);
        direction.set(bias + unit, c[inputs]);
        yield direction;
      }
    }
  }

  /** The same change of all logits changes no probability. */
  *#softmaxShift(): Generator<Map<number, number>> {
    const l = this.#layers.length - 1;
    if (this.net.spec.loss !== "cross-entropy" || this.net.spec.layers[l].activation.type !== "identity") return;
    const { inputs, units, weight, bias, shift } = this.#layers[l];
    const all = (index: (unit: number) => number): Map<number, number> =>
      new Map(Array.from({ length: units }, (_, unit) => [index(unit), 1]));
    if (shift >= 0) {
      yield all((unit) => shift + unit);
      return;
    }
    for (let q = 0; q < inputs; ++q) yield all((unit) => weight + unit * inputs + q);
    yield all((unit) => bias + unit);
  }

  /**
   * Longer weights before batch norm change nothing; ε, or the running deviation, is made up for in
   * the scale.
   */
  *#batchNormScale(): Generator<Map<number, number>> {
    for (let l = 0; l < this.#layers.length; ++l) {
      const { batchNorm, inputs, weight, bias, scale, shift, statistics } = this.#layers[l];
      if (!batchNorm) continue;
      for (const unit of this.#live(l)) {
        const direction = new Map<number, number>();
        for (let q = 0; q < inputs; ++q) {
          const index = weight + unit * inputs + q;
          direction.set(index, this.#theta[index]);
        }
        direction.set(bias + unit, this.#theta[bias + unit]);
        const gamma = this.#theta[scale + unit];
        const deviation = this.facts.deviations[l][unit];
        if (this.mode === "batch") direction.set(scale + unit, (-gamma * batchNorm.epsilon) / deviation ** 2);
        else {
          const mean = this.net.current().statistics[statistics + unit];
          direction.set(scale + unit, -gamma);
          direction.set(shift + unit, (-gamma * mean) / deviation);
        }
        yield direction;
      }
    }
  }

  /** (w, v) → (c·w, v/c) */
  *#rescaling(): Generator<Map<number, number>> {
    for (let l = 0; l + 1 < this.#layers.length; ++l) {
      if (!this.#homogeneous(l)) continue;
      for (const unit of this.#live(l)) yield this.#mix(l, unit, unit);
    }
  }

  #homogeneous(l: number): boolean {
    return HOMOGENEOUS.has(this.net.spec.layers[l].activation.type);
  }

  /**
   * Adds unit `from`'s incoming weights to unit `to`'s, and takes what that does away from `from`'s
   * outgoing ones.
   */
  #mix(l: number, to: number, from: number): Map<number, number> {
    const { inputs, weight, bias, scale, shift } = this.#layers[l];
    const direction = new Map<number, number>();
    if (scale >= 0) {
      direction.set(scale + to, this.#theta[scale + from]);
      direction.set(shift + to, this.#theta[shift + from]);
    } else {
      for (let q = 0; q < inputs; ++q) {
        direction.set(weight + to * inputs + q, this.#theta[weight + from * inputs + q]);
      }
      direction.set(bias + to, this.#theta[bias + from]);
    }
    const source = this.#outgoing(l, to);
    this.#outgoing(l, from).forEach((index, p) => {
      direction.set(index, -this.#theta[source[p]]);
    });
    return direction;
  }

  /**
   * Units with the same incoming parameters: what one gives to the layer above the other may give
   * instead.
   */
  *#duplicates(): Generator<Map<number, number>> {
    for (let l = 0; l + 1 < this.#layers.length; ++l) {
      for (const group of groupsBy(this.#live(l), (unit) => this.#incomingKey(l, unit))) {
        for (const unit of group.slice(1)) {
          if (this.#homogeneous(l) && !this.#layers[l].batchNorm && this.#unkinked(l, unit)) {
            yield this.#mix(l, unit, group[0]);
            yield this.#mix(l, group[0], unit);
          }
          if (this.#moving[l].has(unit) || this.#moving[l].has(group[0])) continue;
          const first = this.#outgoing(l, group[0]);
          const own = this.#outgoing(l, unit);
          for (let p = 0; p < own.length; ++p) {
            yield new Map([
              [own[p], 1],
              [first[p], -1],
            ]);
          }
        }
      }
    }
  }

  #incomingKey(l: number, unit: number): string {
    return Array.from(this.#incoming(l, unit), (index) => this.#theta[index]).join();
  }

  #unkinked(l: number, unit: number): boolean {
    return this.net.spec.layers[l].activation.type === "identity" || this.facts.units[l][unit].atZero === 0;
  }

  /** Units that are active on the same samples are linear in each other's place. */
  *#samePattern(): Generator<Map<number, number>> {
    for (let l = 0; l + 1 < this.#layers.length; ++l) {
      if (!this.#homogeneous(l) || this.#layers[l].batchNorm) continue;
      const linear = this.net.spec.layers[l].activation.type === "identity";
      const units = this.#live(l).filter((unit) => this.#unkinked(l, unit) && !this.#moving[l].has(unit));
      const key = ({ pattern }: UnitFacts): string => (linear ? "" : pattern);
      for (const group of groupsBy(units, (unit) => key(this.facts.units[l][unit]))) {
        if (group.length > MOST_MIXED) this.#subspace.complete = false;
        else if (group.length > 1) yield* this.#mixed(l, group);
      }
    }
  }

  *#mixed(l: number, group: readonly number[]): Generator<Map<number, number>> {
    const { inputs, weight, bias } = this.#layers[l];
    for (const z of this.#unseen(l, group)) {
      for (const unit of group) this.#moving[l].add(unit);
      for (let q = 0; q <= inputs; ++q) {
        yield new Map(group.map((unit, k) => [q < inputs ? weight + unit * inputs + q : bias + unit, z[k]]));
      }
    }
    for (const to of group) for (const from of group) if (to !== from) yield this.#mix(l, to, from);
  }

  /** A unit that is linear on all samples may shift, which the biases above make up for. */
  *#shifts(): Generator<Map<number, number>> {
    for (let l = 0; l + 1 < this.#layers.length; ++l) {
      const { bias, shift } = this.#layers[l];
      for (const unit of this.#live(l)) {
        const slope = this.#slope(l, unit);
        if (slope === 0) continue;
        const outgoing = this.#outgoing(l, unit);
        const direction = new Map([[(shift >= 0 ? shift : bias) + unit, 1]]);
        outgoing.forEach((index, p) => {
          direction.set(this.#layers[l + 1].bias + p, -slope * this.#theta[index]);
        });
        yield direction;
      }
    }
  }

  /**
   * φ′ where it is the same on all samples, away from kinks; 0 where it is not, or not known to be.
   */
  #slope(l: number, unit: number): number {
    const { type } = this.net.spec.layers[l].activation;
    const { positive, atZero, negative } = this.facts.units[l][unit];
    if (type === "identity") return 1;
    if (atZero > 0 || !this.#homogeneous(l) || (positive > 0 && negative > 0)) return 0;
    return positive > 0 ? 1 : this.#layers[l].parameter;
  }

  /**
   * Combinations of a group's activations that the layer above does not see, where those are as few
   * as can be: elsewhere they are not a manifold's.
   */
  #unseen(l: number, group: readonly number[]): Float64Array[] {
    const above = this.#live(l + 1);
    const m = group.length;
    if (above.length >= m) return [];
    const { inputs, weight } = this.#layers[l + 1];
    const column = (unit: number): number[] => above.map((p) => this.#theta[weight + p * inputs + unit]);
    const columns = group.map(column);
    const product = (x: number[], y: number[]): number => x.reduce((sum, value, k) => sum + value * y[k], 0);
    const { values, vectors } = symmetric(columns.map((x) => columns.map((y) => product(x, y)))).eigen();
    const limit = 16 * m * Number.EPSILON * values[m - 1];
    const missing = values.findIndex((value) => value > limit);
    if (missing !== m - above.length) return [];
    return Array.from({ length: missing }, (_, k) => Float64Array.from(group, (__, i) => vectors.data[i * m + k]));
  }

  /** As with inputs; units that move along other directions stay out of it. */
  *#dependentFeatures(): Generator<Map<number, number>> {
    for (let l = 1; l < this.#layers.length; ++l) {
      const among = Array.from({ length: this.#layers[l].inputs }, (_, q) => q).filter((q) => {
        const { flat, constant, value } = this.facts.units[l - 1][q];
        return !this.#moving[l - 1].has(q) && !(flat && constant && value === 0);
      });
      yield* this.#dependent(l, among);
    }
  }
}

function groupsBy(units: readonly number[], key: (unit: number) => string): number[][] {
  const groups = new Map<string, number[]>();
  for (const unit of units) {
    const name = key(unit);
    const group = groups.get(name);
    if (group) group.push(unit);
    else groups.set(name, [unit]);
  }
  return Array.from(groups.values());
}
