import { checkInteger } from "../../check.js";
import type { Dataset } from "../../network/dataset.js";
import { checkNetwork, type Network } from "../../network/network.js";
import type { PassOptions } from "../../network/pass.js";
import type { BatchNormMode } from "../../network/propagation.js";
import { batchStatistics } from "../../network/signals.js";
import { Random } from "../../random.js";
import { coreMath } from "../../wasm/math.js";
import { deadUnits } from "../units/dead-units.js";
import { copyOf } from "./copy.js";
import { type Remedy, remedyOf } from "./remedies.js";

/** What `reviveUnits` takes beside network and data. */
export interface ReviveOptions extends PassOptions {
  /** Seed of the weights. Default: 0. */
  seed?: number;
}

/** What was revived. */
export interface Revival extends Remedy {
  /** The redrawn units of each layer. */
  readonly revived: readonly (readonly number[])[];
}

/**
 * Redraws dead units. Incoming weights follow He's rule, N(0, 2/inputs); their signs are turned
 * where no sample would reach the unit otherwise. The bias is 0; batch norm's scale is 1, its shift
 * 0, and its running statistics are those of the data. Outgoing weights become 0, except those to
 * units that are redrawn themselves. So the outputs on the data do not change: a dead unit gives 0
 * there, and a revived unit adds nothing until its outgoing weights have learned. (On other inputs
 * a unit that is dead on these may have been alive.) Units of the last layer have no outgoing
 * weights, so reviving them changes the loss; a penalty on the weights changes it too. The result
 * has the loss before and after.
 *
 * @param data what decides which units are dead.
 * @param options seed: of the weights; batchNorm: the statistics under which a unit counts as dead,
 * "batch" (default, as in `diagnose`) or "running".
 * @returns a new network, and the revived units. To continue with the old network, call
 * `net.setParameters(network.getParameters())`.
 * @throws TypeError or RangeError for what is no network, or data that does not fit it.
 * Source: He et al. 2015 (the rule); Sokar et al. 2023 (reset dead units, outgoing weights 0).
 * @example
 * const net = network({ inputs: 1, layers: [{ units: 2, activation: "relu" }, { units: 1 }] });
 * net.setParameters([1, 1, 0, -9, 1, 1, 0]);
 * const data = dataset([[1], [2]], [1, 2]);
 * const { revived, network: alive, lossBefore, lossAfter } = reviveUnits(net, data);
 * revived; // [[1], []]
 * lossAfter === lossBefore; // true
 * deadUnits(alive, data); // [[], []]
 */
export function reviveUnits(net: Network, data: Dataset, options: ReviveOptions = {}): Revival {
  const where = "reviveUnits";
  checkNetwork(where, net);
  const batchNorm = net.mode(where, data, options, ["seed"]);
  const { seed = 0 } = options;
  checkInteger(where, "seed", seed, 0);
  const dead = deadUnits(net, data, { batchNorm });
  const alive = copyOf(net);
  const parameters = alive.getParameters();
  const random = new Random(seed);
  dead.forEach((units, l) => {
    for (const unit of units) drawIncoming(alive, parameters, l, unit, random);
    for (const unit of units) silence(alive, parameters, l, unit, dead[l + 1] ?? []);
  });
  alive.setParameters(parameters);
  turnAround(alive, data, dead, batchNorm);
  const changes = dead.flatMap((units, l) =>
    units.length > 0 ? [`layer ${l + 1}: units ${units.map((unit) => unit + 1).join(", ")} redrawn`] : [],
  );
  return { ...remedyOf(net, alive, data, changes), revived: dead };
}

function drawIncoming(
  net: Network,
  parameters: { [index: number]: number },
  l: number,
  unit: number,
  random: Random,
): void {
  const { inputs, weight, bias, scale, shift } = net.layout.layers[l];
  const math = coreMath(net.build);
  const deviation = Math.sqrt(2 / inputs);
  for (let j = 0; j < inputs; ++j) parameters[weight + unit * inputs + j] = deviation * random.normal(math);
  parameters[bias + unit] = 0;
  if (scale >= 0) {
    parameters[scale + unit] = 1;
    parameters[shift + unit] = 0;
  }
}

/** Cuts what a unit gives to those above that stay as they are. */
function silence(
  net: Network,
  parameters: { [index: number]: number },
  l: number,
  unit: number,
  drawn: readonly number[],
): void {
  const above = net.layout.layers[l + 1];
  for (let p = 0; above && p < above.units; ++p) {
    if (!drawn.includes(p)) parameters[above.weight + p * above.inputs + unit] = 0;
  }
}

/**
 * Turns the weights of units that no sample reaches, the lowest layer first; with batch norm about
 * half of the samples do.
 */
function turnAround(
  net: Network,
  data: Dataset,
  drawn: readonly (readonly number[])[],
  batchNorm: BatchNormMode,
): void {
  drawn.forEach((units, l) => {
    if (units.length === 0) return;
    takeStatistics(net, data, l, units);
    const { inputs, weight } = net.layout.layers[l];
    const parameters = net.getParameters();
    for (const unit of deadUnits(net, data, { batchNorm })[l]) {
      if (!units.includes(unit)) continue;
      for (let j = 0; j < inputs; ++j) parameters[weight + unit * inputs + j] *= -1;
    }
    net.setParameters(parameters);
    takeStatistics(net, data, l, units);
  });
}

/** The data's own statistics for the redrawn units. */
function takeStatistics(net: Network, data: Dataset, l: number, drawn: readonly number[]): void {
  const { statistics, units } = net.layout.layers[l];
  if (statistics < 0 || data.size < 2) return;
  const fresh = batchStatistics(net, data);
  const running = net.getRunningStatistics();
  for (const unit of drawn) {
    for (const at of [statistics + unit, statistics + units + unit]) running[at] = fresh[at];
  }
  net.setRunningStatistics(running);
}
