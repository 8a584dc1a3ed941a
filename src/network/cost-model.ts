import type { Dtype } from "../wasm/kernels.js";
import type { Build } from "../wasm/load.js";
import { borrow, bytesPer } from "../wasm/workspace.js";
import { slopeBelow } from "./activation-kinds.js";
import type { Layout } from "./layout.js";
import type { ResolvedSpec } from "./spec.js";
import { tangentBytesPerSample } from "./tangent.js";

/** The predicted cost of curvature for a network, on this machine. */
export interface HessianCost {
  /** Number of parameters, P. */
  readonly parameters: number;
  /** Number of samples, N. */
  readonly samples: number;
  /** Bytes of the dense matrix. */
  readonly bytes: number;
  /** N·P²: operations of a symmetric dense assembly that uses no structure. */
  readonly flops: number;
  /** Predicted seconds for the dense matrix, on this machine. */
  readonly seconds: number;
  /** The cost of one product by `hessianOperator`, after the first one. */
  readonly product: {
    /** Bytes of the vector. */
    readonly bytes: number;
    /** Bytes of what is kept between products. */
    readonly workspace: number;
    /** Operations: about 12·N·P. */
    readonly flops: number;
    /** Predicted seconds, on this machine. */
    readonly seconds: number;
  };
}

/** A network, as far as its cost goes. */
export interface Sized {
  readonly parameterCount: number;
  readonly spec: ResolvedSpec;
  readonly layout: Layout;
  readonly build: Build;
}

/** What the prediction takes from a network. */
export interface Shape {
  readonly parameters: number;
  readonly dtype: Dtype;
  readonly build: Build;
  /**
   * How many times faster than N·P² flops at the rate of matrix products the assembly runs;
   * measured by bench/hessian.mjs.
   */
  readonly gain: number;
  /** Whether batch statistics couple the samples, so that the matrix is made from P products. */
  readonly coupled: boolean;
  /** Units and layers, each of which costs some calls whatever the sizes. */
  readonly units: number;
  readonly layers: number;
  /** Of what a product keeps of a sample, up to `MOST_KEPT`. */
  readonly bytesPerSample: number;
}

/**
 * For ReLU and its piecewise-linear kin zeros are left out; smooth activations use symmetry alone.
 */
const PIECEWISE_GAIN = 1.8;
const SMOOTH_GAIN = 0.8;
/**
 * Time of a product over that of 12·N·P flops in matrix products: it has fewer, but small matrices
 * and much beside them. 0.7 to 1.5, measured.
 */
const PRODUCT_SHARE = 1.2;
/** Seconds a byte of a fresh matrix: the operating system hands pages out one by one. */
const SECONDS_PER_BYTE = 6e-10;
/** Seconds of one pass through one layer, whatever its size, and of opening a call. */
const SECONDS_PER_LAYER = 3e-6;
const SECONDS_PER_CALL = 4e-5;
/** Bytes of activations that products at one point keep at most. */
const MOST_KEPT = 256 << 20;

/** A network's. `batchStatistics`: whether batch norm takes its statistics from the data. */
export function shapeOf(net: Sized, batchStatistics: boolean): Shape {
  const silent = net.spec.layers.slice(0, -1).every(({ activation }) => slopeBelow(activation) === 0);
  return {
    parameters: net.parameterCount,
    dtype: net.spec.dtype,
    build: net.build,
    gain: silent ? PIECEWISE_GAIN : SMOOTH_GAIN,
    coupled: net.layout.batchNorm && batchStatistics,
    units: net.layout.layers.reduce((sum, { units }) => sum + units, 0),
    layers: net.layout.layers.length,
    bytesPerSample: tangentBytesPerSample(net),
  };
}

/** Of a ReLU network without batch norm of which nothing but its size is known. */
export function shapeOfSize(parameters: number, dtype: Dtype, build: Build): Shape {
  return {
    parameters,
    dtype,
    build,
    gain: PIECEWISE_GAIN,
    coupled: false,
    units: Math.sqrt(parameters),
    layers: 3,
    bytesPerSample: 0,
  };
}

export function costOf(shape: Shape, samples: number): HessianCost {
  const { parameters, dtype, build, gain, coupled, units, layers, bytesPerSample } = shape;
  const rate = flopsPerSecond(dtype, build);
  const bytes = parameters ** 2 * bytesPer(dtype);
  const flops = samples * parameters ** 2;
  const productFlops = 12 * samples * parameters;
  const product = {
    bytes: parameters * bytesPer(dtype),
    workspace: 4 * parameters * bytesPer(dtype) + Math.min(samples * bytesPerSample, MOST_KEPT),
    flops: productFlops,
    seconds: (PRODUCT_SHARE * productFlops) / rate + SECONDS_PER_LAYER * layers,
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
    // Engines begin with slow code and compile better code meanwhile: on until it has not become
    // faster for a while.
    let best = Infinity;
    const start = performance.now();
    let [now, improved] = [start, start];
    while (now - improved < 15 && now - start < 80) {
      const before = now;
      for (let i = 0; i < 4; ++i) run();
      now = performance.now();
      if (now - before < 0.95 * best) improved = now;
      best = Math.min(best, now - before);
    }
    return (4 * 2 * n ** 3) / (Math.max(best, 1e-3) / 1000);
  });
  rates.set(key, rate);
  return rate;
}
