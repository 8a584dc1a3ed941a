import { dot, norm2 } from "../../linalg/vector.js";
import type { Dataset } from "../../network/dataset.js";
import type { Network } from "../../network/network.js";
import type { BatchNormMode } from "../../network/propagation.js";
import { copyOf, inDouble } from "../remedies/copy.js";

/**
 * Times the loss before the first step, and that of a constant, above which a run gets nowhere, for
 * so many epochs.
 */
const ABOVE = 1.1;
const ABOVE_FOR = 3;
/** Times as far as in an epoch that a run could go along its own direction. */
const FURTHER = 1e3;
/**
 * Share of the loss before the first step that is still there, and the share that going further
 * would take off.
 */
const STILL = 0.9;
const WORTH = 0.1;
/** The epochs after which the pace is looked at: each look takes a gradient and a product. */
const FIRST_LOOK = 3;

export type Pace = { readonly verdict: "too high" } | { readonly verdict: "too low"; readonly further: number };

/** Whether the steps of a run are far too long, or far too short. */
export class Paces {
  readonly #start: Float64Array;
  readonly #startStatistics: Float64Array;
  readonly #startNorm: number;
  #point: Float64Array;
  #losses: number[] = [];
  #epochs = 0;
  #nextLook = FIRST_LOOK;

  constructor(
    readonly net: Network,
    readonly data: Dataset,
    readonly mode: BatchNormMode,
    readonly first: number,
    readonly reference: number,
  ) {
    const { parameters, statistics } = net.current();
    this.#start = Float64Array.from(parameters);
    this.#startStatistics = Float64Array.from(statistics);
    this.#startNorm = norm2(this.#start);
    this.#point = this.#start;
  }

  /** The network as it was before the first step. */
  start(): Network {
    const net = copyOf(inDouble(this.net));
    net.setParameters(this.#start);
    if (this.#startStatistics.length > 0) net.setRunningStatistics(this.#startStatistics);
    return net;
  }

  /** Takes in an epoch. */
  observe(loss: number): Pace | null {
    const before = this.#point;
    this.#point = Float64Array.from(this.net.current().parameters);
    this.#epochs += 1;
    if (this.#tooHigh(loss)) return { verdict: "too high" };
    if (this.#epochs < this.#nextLook) return null;
    this.#nextLook *= 2;
    const further = this.#further(before, loss);
    return further > FURTHER ? { verdict: "too low", further } : null;
  }

  /**
   * Above where it began for some epochs, and not growing all the while, which is divergence,
   * though it has moved by its own size.
   */
  #tooHigh(loss: number): boolean {
    const limit = ABOVE * Math.max(this.first, this.reference);
    if (!(loss > limit)) this.#losses = [];
    else this.#losses.push(loss);
    const recent = this.#losses.slice(-ABOVE_FOR);
    const grows = recent.every((one, i) => i === 0 || one > recent[i - 1]);
    const moved = norm2(this.#point.map((value, i) => value - this.#start[i])) >= this.#startNorm;
    return recent.length === ABOVE_FOR && !grows && moved;
  }

  /**
   * The minimum of the objective's model along the last epoch's way, as a multiple of that way's
   * length; 0 where going further does not help.
   */
  #further(before: Float64Array, loss: number): number {
    if (!(loss > STILL * this.first)) return 0;
    const net = inDouble(this.net);
    const way = this.#point.map((value, i) => value - before[i]);
    const { gradient } = net.gradient(this.data, { batchNorm: this.mode });
    const slope = -dot(gradient as Float64Array, way);
    const curvature = dot(way, net.ggnvp(this.data, way, { batchNorm: this.mode }) as Float64Array);
    if (!(slope > 0 && curvature > 0)) return 0;
    // What that would take off, by the same model.
    return (0.5 * slope * slope) / curvature >= WORTH * loss ? slope / curvature : 0;
  }
}
