import { checkChoice, checkInteger, checkKeys, checkObject, wrongType } from "../check.js";
import type { Dtype } from "../wasm/kernels.js";
import { type Build, currentBuild } from "../wasm/load.js";
import { borrow, bytesPer } from "../wasm/workspace.js";
import type { Network, PassOptions } from "./network.js";
import { tangentBytesPerSample } from "./tangent.js";

/** What curvature costs here. */
export interface HessianCost {
  /** P. */
  readonly parameters: number;
  /** N. */
  readonly samples: number;
  /** Of the dense matrix. */
  readonly bytes: number;
  /** N·P², what a symmetric dense assembly without any structure takes. */
  readonly flops: number;
  /** Predicted for the dense matrix, on this machine. */
  readonly seconds: number;
  /** Instead, a product by `hessianOperator` after the first. */
  readonly product: {
    /** Of the vector. */
    readonly bytes: number;
    /** Bytes of what is kept between products. */
    readonly workspace: number;
    /** About 12·N·P. */
    readonly flops: number;
    /** Predicted, on this machine. */
    readonly seconds: number;
  };
}

/** What the prediction takes from a network. */
interface Shape {
  readonly parameters: number;
  readonly dtype: Dtype;
  readonly build: Build;
  /** How many times faster than N·P² flops at the rate of matrix products the assembly runs; measured by bench/hessian.mjs. */
  readonly gain: number;
  /** Whether batch statistics couple the samples, so that the matrix is made from P products. */
  readonly coupled: boolean;
  /** Units and layers, each of which costs some calls whatever the sizes. */
  readonly units: number;
  readonly layers: number;
  /** Of what a product keeps of a sample, up to `MOST_KEPT`. */
  readonly bytesPerSample: number;
}

/** For ReLU and its piecewise-linear kin zeros are left out; smooth activations use symmetry alone. */
const PIECEWISE_GAIN = 1.8;
const SMOOTH_GAIN = 0.8;
/** Seconds a byte of a fresh matrix: the operating system hands pages out one by one. */
const SECONDS_PER_BYTE = 6e-10;
/** Seconds of one pass through one layer, whatever its size, and of opening a call. */
const SECONDS_PER_LAYER = 3e-6;
const SECONDS_PER_CALL = 4e-5;
/** Bytes of activations that products at one point keep at most. */
const MOST_KEPT = 256 << 20;

/**
 * Bytes, flops and predicted seconds of the dense Hessian, and of a product with it, on this machine.
 *
 * The prediction scales the rate of a matrix product, measured once in a few milliseconds, by what the assembly gains or loses against
 * N·P² flops; bench/hessian.mjs prints how far off it is.
 *
 * @param net a network, or a number of parameters P of a ReLU network without batch norm.
 * @param samples N.
 * @param options dtype: where P is given; "f64" by default. batchNorm: as in `net.hessian`, which makes the matrix from P products under batch
 * statistics ("batch", the default) alone.
 * @returns plain data, owned by the caller.
 * @throws TypeError or RangeError for anything but a network or positive whole numbers.
 * @example
 * hessianCost(1000, 256).bytes; // 8000000
 */
export function hessianCost(
  net: Network | number,
  samples: number,
  options: { dtype?: Dtype } & PassOptions = {},
): HessianCost {
  checkInteger("hessianCost", "samples", samples, 1);
  checkObject("hessianCost", "options", options);
  checkKeys("hessianCost", options, ["dtype", "batchNorm"]);
  const { dtype, batchNorm = "batch" } = options as { dtype?: Dtype } & PassOptions;
  checkChoice("hessianCost", "batchNorm", batchNorm, ["batch", "running"]);
  if (dtype !== undefined) {
    checkChoice("hessianCost", "dtype", dtype, ["f64", "f32"]);
    if (typeof net !== "number")
      wrongType("hessianCost", "dtype", "no dtype beside a network, which has its own", dtype);
  }
  return costOf(shapeOf(net, dtype ?? "f64", batchNorm === "batch"), samples);
}

function shapeOf(net: Network | number, dtype: Dtype, batchStatistics: boolean): Shape {
  if (typeof net === "number") {
    checkInteger("hessianCost", "P", net, 1);
    return {
      parameters: net,
      dtype,
      build: currentBuild(),
      gain: PIECEWISE_GAIN,
      coupled: false,
      units: Math.sqrt(net),
      layers: 3,
      bytesPerSample: 0,
    };
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
    coupled: net.layout.batchNorm && batchStatistics,
    units: net.layout.layers.reduce((sum, { units }) => sum + units, 0),
    layers: net.layout.layers.length,
    bytesPerSample: tangentBytesPerSample(net),
  };
}

function costOf(shape: Shape, samples: number): HessianCost {
  const { parameters, dtype, build, gain, coupled, units, layers, bytesPerSample } = shape;
  const rate = flopsPerSecond(dtype, build);
  const bytes = parameters ** 2 * bytesPer(dtype);
  const flops = samples * parameters ** 2;
  const productFlops = 12 * samples * parameters;
  // Small matrix products and everything beside them bring a pass down to about half of the rate of large ones.
  const product = {
    bytes: parameters * bytesPer(dtype),
    workspace: 4 * parameters * bytesPer(dtype) + Math.min(samples * bytesPerSample, MOST_KEPT),
    flops: productFlops,
    seconds: (2 * productFlops) / rate + SECONDS_PER_LAYER * layers,
  };
  const assembly = coupled ? parameters * product.seconds : flops / (rate * gain) + SECONDS_PER_LAYER * layers * units;
  return {
    parameters,
    samples,
    bytes,
    flops,
    seconds: SECONDS_PER_CALL + assembly + bytes * SECONDS_PER_BYTE,
    product,
  };
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
