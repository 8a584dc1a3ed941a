import { type Numbers, numbers, type Training } from "../peer.ts";

export interface Layer {
  readonly inputs: number;
  readonly units: number;
  /** Units × inputs, row-major. */
  readonly weight: Numbers;
  readonly bias: Numbers;
}

export function layersOf({ sizes, parameters }: Training): Layer[] {
  let offset = 0;
  const take = (count: number) => {
    offset += count;
    return parameters.slice(offset - count, offset);
  };
  return sizes.slice(1).map((units, index) => {
    const inputs = sizes[index]!;
    return { inputs, units, weight: take(units * inputs), bias: take(units) };
  });
}

/** Inputs × units, for libraries that multiply by the weight untransposed. */
export function transposed({ inputs, units, weight }: Layer): Numbers {
  const out = weight.slice();
  for (let unit = 0; unit < units; unit++)
    for (let input = 0; input < inputs; input++) out[input * units + unit] = weight[unit * inputs + input]!;
  return out;
}

export interface Batch {
  /** Batch size × inputs. */
  readonly x: Numbers;
  /** Batch size × outputs: one-hot rows under cross-entropy. */
  readonly y: Numbers;
}

export function batchesOf({ dtype, sizes, loss, batchSize, batches, x, y }: Training): Batch[] {
  const inputs = sizes[0]!;
  const outputs = sizes.at(-1)!;
  return Array.from({ length: batches }, (_, index) => {
    const first = index * batchSize;
    const rows = y.slice(first, first + batchSize);
    const oneHot = () => {
      const out = numbers(dtype, batchSize * outputs);
      rows.forEach((label, row) => {
        out[row * outputs + label] = 1;
      });
      return out;
    };
    return { x: x.slice(first * inputs, (first + batchSize) * inputs), y: loss === "mse" ? rows : oneHot() };
  });
}
