import type { Dataset } from "../network/dataset.js";
import type { Network } from "../network/network.js";
import type { NetworkSpec } from "../network/spec.js";
import type { EpochRecord } from "../train/checkpoint.js";
import type { FitOptions } from "../train/options.js";
import type { History } from "../train/records.js";
import type { Fit } from "./fit-evidence.js";
import { type Estimate, estimate, firstPenalty } from "./penalty-estimate.js";

/** Into how many parts of equal length the search for the penalty may divide its epochs. */
const PARTS = 20;
/** Share of the epochs that the last part, at the penalty that was found, has at least. */
const LAST = 0.25;
/** Parameters that the data determine, below which a network is as good as constant. */
const CONSTANT = 0.5;
/** Factor of the first penalty after a network has become constant under it, and how often. */
const WEAKER = 0.03;
const STARTS = 3;
/** Factor between penalties that are tried beside MacKay's. */
const FACTOR = 3;

/**
 * A network that was trained, and what the evidence says of it; null where it could not be taken.
 */
export interface Trained {
  readonly net: Network;
  readonly history: History;
  readonly found: Estimate | null;
}

/** An estimate with the place that it was taken at. */
interface Place extends Estimate {
  /** The penalty that the network was trained with. */
  readonly l2: readonly number[];
  readonly parameters: ReturnType<Network["getParameters"]>;
  readonly statistics: ReturnType<Network["getRunningStatistics"]>;
}

/**
 * One network, trained in parts; its parameters and penalty are those of the last part.
 *
 * After each part MacKay's fixed point (1992; Foresee and Hagan 1997) proposes a penalty. It takes
 * the curvature for fixed, which moves with the parameters, and may lead past the greatest evidence
 * and on into the noise. So a penalty is kept only if the evidence of the network trained with it
 * is greater. For mse three times the best and a third of it are tried in the same way. Classes
 * that a network separates have hardly any curvature, whose evidence would let a penalty go to 0:
 * there MacKay's proposals must do. A network that the first penalty has made constant cannot leave
 * that place, and begins again with a weaker one.
 */
export async function trained(
  net: Network,
  data: Dataset,
  options: FitOptions,
  fit: Fit,
  turn: number,
): Promise<Trained> {
  const parts = new Parts(net, data, options, fit);
  const start = { parameters: net.getParameters(), statistics: net.getRunningStatistics() };
  const first = firstPenalty(net, data, turn);
  let best: Place | null = null;
  for (let begun = 0; begun < STARTS && (!best || best.gamma < CONSTANT) && parts.more; ++begun) {
    if (begun > 0) go(net, start);
    const place = await climb(parts, multiplied(first, WEAKER ** begun));
    if (place && (!best || place.logEvidence > best.logEvidence)) best = place;
  }
  if (!parts.broken) {
    if (best) go(net, best);
    // Steps of second order need no more.
    await parts.train(best?.l2 ?? first, best && options.optimizer.fullBatch ? parts.last : parts.left);
  }
  const found = (parts.broken ? null : estimate(net, data)) ?? best;
  return { net, found, history: parts.history(found) };
}

/** The place of the greatest evidence on the way from a penalty. */
async function climb(parts: Parts, first: readonly number[]): Promise<Place | null> {
  const { net, data } = parts;
  let best: Place | null = null;
  /** Trains a part; whether its end is the best place so far. */
  const better = async (l2: readonly number[]): Promise<boolean> => {
    if (!parts.more) return false;
    await parts.train(l2, parts.own);
    const found = parts.broken ? null : placeOf(net, data, l2);
    if (!found || (best && !(found.logEvidence > best.logEvidence))) return false;
    best = found;
    return true;
  };
  while (!best && parts.more) await better(first);
  const proposals: ((place: Place) => readonly number[])[] = [({ proposed }) => proposed];
  if (net.spec.loss === "mse")
    for (const factor of [FACTOR, 1 / FACTOR]) proposals.push(({ l2 }) => multiplied(l2, factor));
  for (const propose of proposals) {
    for (let from: Place | null = best; from; ) {
      if (parts.more) go(net, from);
      from = (await better(propose(from))) ? best : null;
    }
  }
  return best;
}

function multiplied(l2: readonly number[], factor: number): number[] {
  return l2.map((value) => factor * value);
}

function placeOf(net: Network, data: Dataset, l2: readonly number[]): Place | null {
  const found = estimate(net, data);
  return found && { ...found, l2, parameters: net.getParameters(), statistics: net.getRunningStatistics() };
}

function go(net: Network, { parameters, statistics }: Pick<Place, "parameters" | "statistics">): void {
  net.setParameters(parameters);
  net.setRunningStatistics(statistics);
}

/** Parts of one training, which count their epochs together. */
class Parts {
  readonly #records: EpochRecord[] = [];
  #last: History | null = null;
  #steps = 0;
  #left: number;

  constructor(
    readonly net: Network,
    readonly data: Dataset,
    readonly options: FitOptions,
    readonly fit: Fit,
  ) {
    this.#left = options.epochs;
  }

  /** Epochs of the last part. */
  get last(): number {
    return Math.max(1, Math.ceil(LAST * this.options.epochs));
  }

  /** Epochs of each part before. */
  get own(): number {
    return Math.max(1, Math.floor((this.options.epochs - this.last) / PARTS));
  }

  /** Epochs that are left. */
  get left(): number {
    return this.#left;
  }

  /** Whether there is another part before the last. */
  get more(): boolean {
    return !this.broken && this.#left >= this.last + this.own;
  }

  /** Whether it is over, whatever is left. */
  get broken(): boolean {
    return this.#last !== null && isBroken(this.#last);
  }

  /** Trains the network with a penalty of its own, which it has from then on. */
  async train(l2: readonly number[], epochs: number): Promise<void> {
    const { net, options } = this;
    const { penalty: _, onEpoch, ...rest } = options;
    const records = this.#records;
    const spec = net.spec as unknown as NetworkSpec;
    const own = l2.length === 1 ? l2[0] : l2;
    const working = copyOf(net, { ...spec, penalty: { ...spec.penalty, l2: own } });
    take(net, working);
    this.#last = await this.fit(working, this.data, {
      ...rest,
      seed: (rest.seed ?? 0) + options.epochs - this.#left,
      epochs,
      onEpoch: async (record, handle) => {
        const counted = { ...record, epoch: records.length + 1 };
        records.push(counted);
        await onEpoch?.(counted, handle);
      },
    });
    this.#left -= epochs;
    this.#steps += this.#last.steps;
    take(working, net);
    net.penalise(working.spec.penalty.l2);
  }

  /** That of the last part, with the epochs of all. */
  history(found: Estimate | null): History {
    const last = this.#last as History;
    const { l2 } = this.net.spec.penalty;
    const penalty = (typeof l2 === "number" ? [l2] : l2).map((value) => value.toPrecision(3)).join(", ");
    const note = found
      ? `the evidence leaves ${found.gamma.toFixed(1)} of ${found.count} parameters to the data; the penalty is l2 = ${penalty}`
      : "the evidence could not be computed; the penalty is the first one";
    const ending = { status: "completed" as const, reason: `all ${this.options.epochs} epochs are done` };
    return {
      ...{ ...last, ...(this.broken ? {} : ending) },
      ...{ steps: this.#steps, epochs: this.#records, notes: [...last.notes, note] },
    };
  }
}

export function isBroken({ status }: History): boolean {
  return status === "aborted" || status === "non-finite";
}

export function copyOf(net: Network, spec: NetworkSpec): Network {
  return new (net.constructor as new (spec: NetworkSpec) => Network)(spec);
}

export function take(from: Network, to: Network): void {
  to.setParameters(from.getParameters());
  to.setRunningStatistics(from.getRunningStatistics());
}
