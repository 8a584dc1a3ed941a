import { checkInteger, checkKeys, checkObject, wrongType, wrongValue } from "../../check.js";
import { checkDataset, type Dataset } from "../../network/dataset.js";
import type { Initializer } from "../../network/initializer.js";
import { checkNetwork, type Network, network } from "../../network/network.js";
import { batchStatistics } from "../../network/signals.js";
import type { Activation, ActivationName, BatchNorm, LayerSpec } from "../../network/spec.js";
import { chosenLayers, hiddenLayers } from "../signals/layers.js";
import { copyOf } from "./copy.js";

/** Another network, and what the change does to the training objective. */
export interface Remedy {
  /**
   * A new network; the one given stays as it is. `given.setParameters(network.getParameters())`
   * takes over where the layers are the same.
   */
  readonly network: Network;
  /** What was changed, in words. */
  readonly changes: readonly string[];
  /** The objective on the data before; null without data. */
  readonly lossBefore: number | null;
  /** And after. */
  readonly lossAfter: number | null;
}

/** What `withActivation` takes beside network and activation. */
export interface LayerChoice {
  /** The layers to change. Default: the hidden ones. */
  layers?: readonly number[];
  /** Data for the loss before and after. Default: none. */
  data?: Dataset;
}

/** Takes the losses before and after. */
export function remedyOf(
  before: Network,
  after: Network,
  data: Dataset | undefined,
  changes: readonly string[],
): Remedy {
  return {
    network: after,
    changes,
    lossBefore: data ? before.loss(data) : null,
    lossAfter: data ? after.loss(data) : null,
  };
}

/** A layer's specification as one may pass it on. */
function layerSpec({ units, activation, batchNorm, ...more }: Network["spec"]["layers"][number]): LayerSpec {
  return { ...more, units, activation: { ...activation }, batchNorm: batchNorm ? { ...batchNorm } : false };
}

function checkChoice(
  where: string,
  net: unknown,
  choice: unknown,
  more: readonly string[] = [],
): asserts net is Network {
  checkNetwork(where, net);
  checkObject(where, "options", choice);
  checkKeys(where, choice, ["layers", "data", ...more]);
  if (choice.data !== undefined) checkDataset(where, choice.data, net);
}

/**
 * The network with another activation and the same parameters: leaky ReLU, say, whose units cannot
 * die.
 *
 * @param activation as in `network`.
 * @param options layers: the layers to change, by default the hidden ones; data: for the loss
 * before and after.
 * @returns a new network, with batch norm's running statistics taken over, and how the loss
 * changes.
 * @throws TypeError or RangeError for what is no network, activation or layer.
 * Source: Maas, Hannun and Ng 2013 (leaky ReLU).
 * @example
 * const net = network({ inputs: 1, layers: [{ units: 1, activation: "relu" }, { units: 1 }] });
 * net.setParameters([1, -5, 1, 0]);
 * const data = dataset([[1], [2]], [1, 2]);
 * const { lossBefore, lossAfter } = withActivation(net, { type: "leaky-relu", slope: 0.1 }, { data });
 * [lossBefore, lossAfter]; // [2.5, 3.625]
 */
export function withActivation(
  net: Network,
  activation: ActivationName | Activation,
  options: LayerChoice = {},
): Remedy {
  const where = "withActivation";
  checkChoice(where, net, options);
  if (activation === undefined) wrongType(where, "activation", "a name or { type }", activation);
  const chosen = chosenLayers(where, net, options.layers, hiddenLayers(net));
  const layers = net.spec.layers.map((layer, l) =>
    chosen.includes(l) ? { ...layerSpec(layer), activation } : layerSpec(layer),
  );
  const changed = copyOf(net, { layers });
  const changes = chosen.map((l) => {
    const { type } = net.spec.layers[l].activation;
    return `layer ${l + 1}: ${type} to ${changed.spec.layers[l].activation.type}`;
  });
  return remedyOf(net, changed, options.data, changes);
}

/** What `withBatchNorm` takes beside network and data. */
export interface BatchNormChoice {
  /** The layers to normalise. Default: the hidden ones. */
  layers?: readonly number[];
  /** As in `network`. */
  batchNorm?: BatchNorm;
}

/**
 * The network with batch norm between the affine map and the activation of layers that have none:
 * scale 1, shift 0, running statistics those of the data. Weights and biases stay the same. The
 * network's outputs change; the result reports the change in loss.
 *
 * @param data at least two samples; their mean and unbiased variance before each batch norm become
 * its running statistics.
 * @param options layers: which, the hidden ones by default; batchNorm: momentum and epsilon.
 * @returns a new network and the loss before and after, under batch statistics.
 * @throws TypeError or RangeError for what is no network, data that does not fit it, or layers that
 * it does not have.
 * Source: Ioffe and Szegedy 2015.
 * @example
 * const net = network({ inputs: 1, layers: [{ units: 4, activation: "relu" }, { units: 1 }], seed: 1 });
 * withBatchNorm(net, dataset([[1000], [2000], [3000]], [1, 2, 3])).network.parameterCount; // 21
 */
export function withBatchNorm(net: Network, data: Dataset, options: BatchNormChoice = {}): Remedy {
  const where = "withBatchNorm";
  checkNetwork(where, net);
  checkObject(where, "options", options);
  checkKeys(where, options, ["layers", "batchNorm"]);
  checkDataset(where, data, net);
  if (net.spec.trainable) {
    const remedy = "choose parameters by withParameters afterwards";
    wrongValue(where, "net", "a network whose fixed parameters are whole layers", "one with single ones", remedy);
  }
  if (data.size < 2) wrongValue(where, "data", "at least two rows, since batch norm needs a variance", "one");
  const { batchNorm = {} } = options as BatchNormChoice;
  const chosen = chosenLayers(where, net, options.layers, hiddenLayers(net)).filter(
    (l) => !net.spec.layers[l].batchNorm,
  );
  const layers = net.spec.layers.map((layer, l) =>
    chosen.includes(l) ? { ...layerSpec(layer), batchNorm } : layerSpec(layer),
  );
  const changed = copyOf(net, { layers });
  const parameters = changed.getParameters();
  const given = net.current().parameters;
  changed.layout.layers.forEach(({ weight, bias, units, scale, shift }, l) => {
    const from = net.layout.layers[l];
    const count = from.end - from.weight;
    parameters.set(given.subarray(from.weight, from.end), weight);
    if (count === bias + units - weight && scale >= 0) {
      parameters.fill(1, scale, scale + units);
      parameters.fill(0, shift, shift + units);
    }
  });
  changed.setParameters(parameters);
  changed.setRunningStatistics(batchStatistics(changed, data));
  return remedyOf(
    net,
    changed,
    data,
    chosen.map((l) => `layer ${l + 1}: batch norm before its activation`),
  );
}

/** What `reinitialize` takes beside the network. */
export interface ReinitializeOptions {
  /** How weights are drawn. Default: "he-normal". */
  initializer?: Initializer;
  /** Seed of the weights. Default: 0. */
  seed?: number;
  /** The layers to redraw. Default: all. */
  layers?: readonly number[];
  /** Data for the loss before and after. Default: none. */
  data?: Dataset;
}

/**
 * The network with redrawn weights, by default by He's rule: N(0, 2/inputs), biases 0, batch norm's
 * scale 1 and shift 0 with running mean 0 and variance 1.
 *
 * @param options initializer, seed, layers, data: see `ReinitializeOptions`.
 * @returns a new network and how the loss changes.
 * @throws TypeError or RangeError for what is no network, initializer or layer.
 * Source: He et al. 2015.
 * @example
 * const net = network({ inputs: 2, layers: [{ units: 3, activation: "relu" }, { units: 1 }], initializer: "zeros" });
 * reinitialize(net, { seed: 1 }).network.getParameters().every((value) => value === 0); // false
 */
export function reinitialize(net: Network, options: ReinitializeOptions = {}): Remedy {
  const where = "reinitialize";
  checkChoice(where, net, options, ["initializer", "seed"]);
  const { initializer = "he-normal", seed = 0 } = options;
  checkInteger(where, "seed", seed, 0);
  const chosen = chosenLayers(where, net, options.layers);
  const changed = network({ ...net.spec, initializer: initializer as Initializer, seed });
  const drawn = changed.getParameters();
  const parameters = net.getParameters();
  const running = net.getRunningStatistics();
  for (const l of chosen) {
    const { weight, end, statistics, units } = net.layout.layers[l];
    parameters.set(drawn.subarray(weight, end), weight);
    if (statistics >= 0) {
      running.fill(0, statistics, statistics + units).fill(1, statistics + units, statistics + 2 * units);
    }
  }
  changed.setParameters(parameters);
  changed.setRunningStatistics(running);
  const how = typeof initializer === "string" ? initializer : "the initializer";
  return remedyOf(
    net,
    changed,
    options.data,
    chosen.map((l) => `layer ${l + 1}: weights redrawn by ${how}`),
  );
}
