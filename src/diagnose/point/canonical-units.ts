import { type Dataset, dataset } from "../../network/dataset.js";
import { type Network, network } from "../../network/network.js";
import { isPenalised } from "../../network/spec.js";

/**
 * The same network and data in units of their own: inputs of size 1, and targets of size 1 where
 * the outputs can follow.
 */
export interface Canonical {
  readonly net: Network;
  readonly data: Dataset;
  /** d: each parameter is d times its canonical value. */
  readonly scale: Float64Array;
  /** The objective over its canonical value. */
  readonly value: number;
}

/**
 * Measures inputs by the root mean square of their column, and the targets of a linear output layer
 * under `mse` by that of all targets, each rounded to a power of 2; the weights follow. So every
 * pre-activation keeps its bits, and judgements made there depend on no unit.
 *
 * @returns null where nothing changes, and where a penalty ties weights of different units
 * together.
 */
export function inCanonicalUnits(net: Network, data: Dataset): Canonical | null {
  const columns = columnSizes(data);
  const target = targetSize(net, data);
  if (isPenalised(net.spec) || (target === 1 && columns.every((size) => size === 1))) return null;
  const scale = scaleOf(net, columns, target);
  const made = network(net.spec);
  made.setParameters(net.getParameters().map((value, i) => value / scale[i]));
  // Running statistics are of pre-activations, which stay as they are.
  made.setRunningStatistics(net.getRunningStatistics());
  const inputs = {
    ...data.inputs,
    data: Float64Array.from(data.inputs.data, (x, i) => x / columns[i % columns.length]),
  };
  return {
    net: made,
    data: dataset(inputs, targetsBy(data, target), { weights: data.weights }),
    scale,
    value: target * target,
  };
}

function scaleOf({ layout }: Network, columns: Float64Array, target: number): Float64Array {
  const scale = new Float64Array(layout.parameterCount).fill(1);
  const [first] = layout.layers;
  const last = layout.layers[layout.layers.length - 1];
  for (let i = last.weight; i < last.end; ++i) scale[i] = target;
  for (let i = first.weight; i < first.bias; ++i) scale[i] /= columns[(i - first.weight) % columns.length];
  return scale;
}

/** Root mean squares; 1 for columns of zeros. */
function columnSizes({ inputs: { rows, columns, data } }: Dataset): Float64Array {
  return Float64Array.from({ length: columns }, (_, j) => {
    const column = Float64Array.from({ length: rows }, (_unused, row) => data[row * columns + j]);
    return powerOfTwo(rootMeanSquare(column));
  });
}

/**
 * 1 where the outputs cannot follow: behind an activation or batch norm, and under losses with a
 * unit of their own.
 */
function targetSize({ spec }: Network, { targets }: Dataset): number {
  const { activation, batchNorm } = spec.layers[spec.layers.length - 1];
  if (spec.loss !== "mse" || activation.type !== "identity" || batchNorm) return 1;
  return powerOfTwo(rootMeanSquare("data" in targets ? targets.data : targets));
}

function targetsBy({ targets }: Dataset, size: number): Dataset["targets"] {
  if ("data" in targets) return { ...targets, data: Float64Array.from(targets.data, (y) => y / size) };
  return size === 1 ? targets : Float64Array.from(targets, (y) => y / size);
}

/** The nearest one; 1 for 0. */
function powerOfTwo(size: number): number {
  return size > 0 ? 2 ** Math.round(Math.log2(size)) : 1;
}

/** By the largest first: squares may be out of range. */
function rootMeanSquare(values: ArrayLike<number>): number {
  let largest = 0;
  for (let i = 0; i < values.length; ++i) largest = Math.max(largest, Math.abs(values[i]));
  if (!(largest > 0)) return 0;
  let sum = 0;
  for (let i = 0; i < values.length; ++i) sum += (values[i] / largest) ** 2;
  return largest * Math.sqrt(sum / values.length);
}
