import { checkInteger, checkKeys, checkObject, wrongType } from "../check.js";
import type { Dtype } from "../wasm/kernels.js";
import { type Build, currentBuild } from "../wasm/load.js";
import { borrow, bytesPer } from "../wasm/workspace.js";
import type { Layout } from "./layout.js";

/** What curvature costs here. */
export interface HessianCost {
  /** P. */
  readonly parameters: number;
  readonly samples: number;
  /** Of the dense matrix. */
  readonly bytes: number;
  /** N·P², what a symmetric dense assembly without any structure takes. */
  readonly flops: number;
  /** Predicted for the dense matrix, on this machine. */
  readonly seconds: number;
  /** A product with a vector instead: `hvp`, or `hessianOperator` after the first. */
  readonly product: { readonly bytes: number; readonly flops: number; readonly seconds: number };
}

/** What the prediction takes from a network. */
interface Shape {
  readonly parameters: number;
  readonly dtype: Dtype;
  readonly build: Build;
  /** How many times faster than N·P² flops at the rate of matrix products the assembly runs; measured by bench/hessian.mjs. */
  readonly gain: number;
  readonly batchNorm: boolean;
}

/** For ReLU and its piecewise-linear kin zeros are left out; smooth activations use symmetry alone. */
const PIECEWISE_GAIN = 1.8;
const SMOOTH_GAIN = 0.8;
/** Seconds a byte of a fresh matrix: the operating system hands pages out one by one. */
const SECONDS_PER_BYTE = 6e-10;

/** Anything with a layout is taken for a network, so that this file need not know the class. */
interface NetworkLike {
  readonly layout: Layout;
  readonly parameterCount: number;
  readonly build: Build;
  readonly spec: {
    readonly dtype: Dtype;
    readonly layers: readonly { readonly activation: { readonly type: string } }[];
  };
}

/**
 * Bytes, flops and predicted seconds of the dense Hessian, and of a product with it, on this machine.
 *
 * The prediction scales the rate of a matrix product, measured once in a few milliseconds, by what the assembly gains or loses against
 * N·P² flops; expect it within a factor of two.
 *
 * @param net a network, or a number of parameters P of a ReLU network without batch norm.
 * @param samples N.
 * @param options dtype: where P is given; "f64" by default.
 * @throws TypeError or RangeError for anything but a network or positive whole numbers.
 * @example
 * hessianCost(1000, 256).bytes; // 8000000
 */
export function hessianCost(net: NetworkLike | number, samples: number, options: { dtype?: Dtype } = {}): HessianCost {
  checkInteger("hessianCost", "samples", samples, 1);
  checkObject("hessianCost", "options", options);
  checkKeys("hessianCost", options, ["dtype"]);
  return costOf(shapeOf(net, options.dtype ?? "f64"), samples);
}

function shapeOf(net: NetworkLike | number, dtype: Dtype): Shape {
  if (typeof net === "number") {
    checkInteger("hessianCost", "P", net, 1);
    return { parameters: net, dtype, build: currentBuild(), gain: PIECEWISE_GAIN, batchNorm: false };
  }
  if (typeof net?.parameterCount !== "number" || !net.layout) {
    wrongType("hessianCost", "net", "a network or a number of parameters", net);
  }
  const hidden = net.spec.layers.slice(0, -1).map(({ activation }) => activation.type);
  return {
    parameters: net.parameterCount,
    dtype: net.spec.dtype,
    build: net.build,
    gain: hidden.every((type) => type === "relu" || type === "step") ? PIECEWISE_GAIN : SMOOTH_GAIN,
    batchNorm: net.layout.batchNorm,
  };
}

function costOf({ parameters, dtype, build, gain, batchNorm }: Shape, samples: number): HessianCost {
  const rate = flopsPerSecond(dtype, build);
  const bytes = parameters ** 2 * bytesPer(dtype);
  const flops = samples * parameters ** 2;
  const productFlops = 12 * samples * parameters;
  // Small matrix products and everything beside them bring a pass down to about half of the rate of large ones.
  const product = { bytes: parameters * bytesPer(dtype), flops: productFlops, seconds: (2 * productFlops) / rate };
  const assembly = batchNorm ? parameters * product.seconds : flops / (rate * gain);
  return { parameters, samples, bytes, flops, seconds: assembly + bytes * SECONDS_PER_BYTE, product };
}

const rates = new Map<string, number>();

/** The rate of a matrix product of middling size, measured once for each build and number type. */
function flopsPerSecond(dtype: Dtype, build: Build): number {
  const key = `${build} ${dtype}`;
  const known = rates.get(key);
  if (known !== undefined) return known;
  const rate = borrow(build, (workspace) => {
    const n = 96;
    const { product } = workspace.kernels(dtype);
    const [a, b, c] = [0, 0, 0].map(() => workspace.allocate(dtype, n * n));
    workspace.slice(dtype, a, n * n).fill(0.5);
    workspace.slice(dtype, b, n * n).fill(0.5);
    const run = (): void => product(n, n, n, 1, a, n, 1, b, n, 1, 0, c, n, 0, -1, 0, c, workspace.scratch);
    let best = Infinity;
    const start = performance.now();
    do {
      const before = performance.now();
      for (let i = 0; i < 4; ++i) run();
      best = Math.min(best, performance.now() - before);
    } while (performance.now() - start < 8);
    return (4 * 2 * n ** 3) / (Math.max(best, 1e-3) / 1000);
  });
  rates.set(key, rate);
  return rate;
}
