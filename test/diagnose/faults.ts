/** Networks with a fault planted in them, and networks that are well; data made from seeds. */

import { type Dataset, dataset, type Network, type NetworkSpec, network } from "../../src/index.js";
import { Random } from "../cases.js";

export interface Planted {
  net: Network;
  data: Dataset;
}

type Target = (x: number[]) => number;

export function samples(count: number, width: number, target: Target, { seed = 1, scale = 1 } = {}): Dataset {
  const random = new Random(seed);
  const inputs = random.rows(count, width);
  return dataset(
    inputs.map((row) => row.map((value) => scale * value)),
    inputs.map((row) => [target(row)]),
  );
}

/** Of the first two inputs. */
export const wave: Target = (x) => Math.sin(2 * x[0]) + 0.5 * x[1];

export function regression(seed = 1): Dataset {
  return samples(100, 3, wave, { seed });
}

/** Three clouds of points in the plane. */
export function clouds(count = 120, seed = 1): Dataset {
  const random = new Random(seed);
  const centres = [
    [0, 2],
    [2, -1],
    [-2, -1],
  ];
  const labels = Array.from({ length: count }, (_, s) => s % 3);
  return dataset(
    labels.map((label) => centres[label].map((value) => value + 0.7 * random.normal())),
    labels,
  );
}

export function perceptron(
  inputs: number,
  hidden: number[],
  outputs: number,
  activation: string,
  rest: Partial<NetworkSpec> & { batchNorm?: boolean } = {},
): Network {
  const { batchNorm = false, ...spec } = rest;
  return network({
    inputs,
    layers: [...hidden.map((units) => ({ units, activation, batchNorm })), { units: outputs }],
    seed: 1,
    ...spec,
  } as NetworkSpec);
}

/** Changes a network's parameters in place: of a layer's weights, biases, scales or shifts. */
export function plant(
  net: Network,
  change: (place: {
    layer: number;
    unit: number;
    input: number;
    kind: "weight" | "bias" | "scale" | "shift";
    value: number;
  }) => number,
): Network {
  const parameters = net.getParameters();
  let at = 0;
  let inputs = net.spec.inputs;
  net.spec.layers.forEach(({ units, batchNorm }, layer) => {
    for (let unit = 0; unit < units; ++unit) {
      for (let input = 0; input < inputs; ++input, ++at) {
        parameters[at] = change({ layer, unit, input, kind: "weight", value: parameters[at] });
      }
    }
    for (const kind of batchNorm ? (["bias", "scale", "shift"] as const) : (["bias"] as const)) {
      for (let unit = 0; unit < units; ++unit, ++at) {
        parameters[at] = change({ layer, unit, input: -1, kind, value: parameters[at] });
      }
    }
    inputs = units;
  });
  net.setParameters(parameters);
  return net;
}

export function shiftBiases(
  net: Network,
  layer: number,
  by: number,
  which = (_unit: number): boolean => true,
): Network {
  return plant(net, (place) =>
    place.layer === layer && place.kind === "bias" && which(place.unit) ? place.value + by : place.value,
  );
}

export function scaleWeights(net: Network, by: number, layers = (_layer: number): boolean => true): Network {
  return plant(net, ({ kind, layer, value }) => (kind === "weight" && layers(layer) ? by * value : value));
}

/** Gives units the incoming parameters of another one. */
export function duplicate(net: Network, layer: number, from: number, to: number): Network {
  const kept = new Map<string, number>();
  plant(net, ({ layer: l, unit, input, kind, value }) => {
    if (l === layer && unit === from) kept.set(`${kind} ${input}`, value);
    return value;
  });
  return plant(net, ({ layer: l, unit, input, kind, value }) =>
    l === layer && unit === to ? (kept.get(`${kind} ${input}`) as number) : value,
  );
}

/** y = x at −2, …, 2: at tanh's origin a saddle with the eigenvalue −4. */
export function line(): Dataset {
  return dataset([[-2], [-1], [0], [1], [2]], [-2, -1, 0, 1, 2]);
}

/**
 * An even function: odd units without bias and outgoing weights 0 see nothing of it, and yet may
 * break off either way.
 */
export function evenFunction(): Dataset {
  const xs = Array.from({ length: 21 }, (_, i) => (i - 10) / 5);
  const mean = xs.reduce((sum, x) => sum + x * x, 0) / xs.length;
  return dataset(
    xs.map((x) => [x]),
    xs.map((x) => x * x - mean),
  );
}

export function exclusiveOr(): Dataset {
  return dataset(
    [
      [-1, -1],
      [-1, 1],
      [1, -1],
      [1, 1],
    ],
    [-1, 1, 1, -1],
  );
}
