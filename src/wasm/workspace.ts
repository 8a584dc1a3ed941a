import { type CoreExports, type Dtype, type Kernels, kernelsOf, type ScalarMath, type SharedCore } from "./kernels.js";
import { type Build, epoch, newInstance } from "./load.js";

const PAGE = 65536;
const LIMIT = 65536 * PAGE;
/** A cache line, so that no vector load straddles two. */
const ALIGNMENT = 64;
/**
 * Free instances kept for the next call or run, and the memory beyond which one is left to the
 * garbage collector.
 */
const KEPT = 4;
const KEPT_BYTES = 64 << 20;

/** Elements up to which a plain loop copies faster than making a view for it. */
const SMALL = 256;

/** Numbers of double or single precision. */
export type FloatArray = Float64Array | Float32Array;

export function bytesPer(dtype: Dtype): number {
  return dtype === "f32" ? 4 : 8;
}

/** The distance from 1 to the next number of the type. */
export function epsilonOf(dtype: Dtype): number {
  return dtype === "f32" ? 2 ** -23 : 2 ** -52;
}

export function floatArray(dtype: Dtype, length: number): FloatArray {
  try {
    return dtype === "f32" ? new Float32Array(length) : new Float64Array(length);
  } catch {
    const bytes = describeBytes(length * bytesPer(dtype));
    throw new RangeError(
      `hessia: this needs an array of ${bytes}, which the engine refuses; use fewer samples at a time`,
    );
  }
}

/**
 * One instance of the core and the memory it works in: sole owner of allocation, growth and views.
 * Memory is handed out from the bottom up and taken back all at once. Views must be fetched anew
 * after an allocation, since growth detaches them.
 */
export class Workspace {
  readonly f32: Kernels;
  readonly f64: Kernels;
  readonly math: ScalarMath;
  /** Address of the scratch that matrix products need. */
  readonly scratch: number;
  readonly #core: CoreExports;
  readonly #memory: WebAssembly.Memory;
  readonly #floor: number;
  /** When it was made. */
  readonly epoch = epoch;
  #top: number;
  /** Asking the memory itself is slow. */
  #byteLength: number;
  #view32: Float32Array;
  #view64: Float64Array;

  constructor(
    readonly build: Build,
    core: CoreExports,
  ) {
    this.f32 = kernelsOf(core, "f32");
    this.f64 = kernelsOf(core, "f64");
    this.math = core;
    this.#core = core;
    this.#memory = core.memory;
    this.#byteLength = core.memory.buffer.byteLength;
    this.#view32 = new Float32Array(core.memory.buffer);
    this.#view64 = new Float64Array(core.memory.buffer);
    this.#top = align(core.heapBase());
    this.scratch = this.allocateBytes(core.productScratchBytes());
    this.#floor = this.#top;
  }

  /** Bytes of scratch that rows of the Hessian need for factors of these widths. */
  hessianScratchBytes(left: number, right: number, size: number): number {
    return this.#core.hessianScratchBytes(left, right, size);
  }

  /** The core, where threads share its work. */
  get shared(): SharedCore | null {
    return "take" in this.#core ? (this.#core as SharedCore) : null;
  }

  kernels(dtype: Dtype): Kernels {
    return dtype === "f32" ? this.f32 : this.f64;
  }

  /** Address of `count` elements, uninitialised. */
  allocate(dtype: Dtype, count: number): number {
    return this.allocateBytes(count * bytesPer(dtype));
  }

  allocateBytes(bytes: number): number {
    const at = this.#top;
    const top = align(at + bytes);
    this.#ensure(top);
    this.#top = top;
    return at;
  }

  /** Takes everything back. */
  reset(): void {
    this.#top = this.#floor;
  }

  get byteLength(): number {
    return this.#byteLength;
  }

  /**
   * All of memory; element i of an array at address p is view[p / bytes + i]. Valid until the next
   * allocation.
   */
  view(dtype: Dtype): FloatArray {
    if (this.#view64.length === 0) {
      this.#view32 = new Float32Array(this.#memory.buffer);
      this.#view64 = new Float64Array(this.#memory.buffer);
    }
    return dtype === "f32" ? this.#view32 : this.#view64;
  }

  /** The `count` elements at an address. Valid until the next allocation. */
  slice(dtype: Dtype, at: number, count: number): FloatArray {
    const from = at / bytesPer(dtype);
    return this.view(dtype).subarray(from, from + count) as FloatArray;
  }

  write(dtype: Dtype, at: number, values: ArrayLike<number>): void {
    this.view(dtype).set(values, at / bytesPer(dtype));
  }

  /** A copy of the `count` elements at an address. */
  read(dtype: Dtype, at: number, count: number): FloatArray {
    if (count > SMALL) return this.slice(dtype, at, count).slice() as FloatArray;
    const view = this.view(dtype);
    const from = at / bytesPer(dtype);
    const values = floatArray(dtype, count);
    for (let i = 0; i < count; ++i) values[i] = view[from + i];
    return values;
  }

  #ensure(bytes: number): void {
    const missing = bytes - this.byteLength;
    if (missing <= 0) return;
    try {
      if (bytes > LIMIT) throw new RangeError();
      // Doubling keeps the number of growths, each of which may move all of memory, logarithmic.
      const wanted = Math.max(missing, Math.min(this.byteLength, KEPT_BYTES, LIMIT - this.byteLength));
      this.#memory.grow(Math.ceil(wanted / PAGE));
      this.#byteLength = this.#memory.buffer.byteLength;
      // Growth detaches views of a memory of one's own, but not of a shared one.
      this.#view64 = new Float64Array(0);
    } catch {
      throw new RangeError(
        `hessia: this needs ${describeBytes(bytes)} of WebAssembly memory, of which there are at most 4 GiB; ` +
          "use fewer samples at a time, a smaller network or dtype f32",
      );
    }
  }
}

/** By build: instances of one must not keep those of the other out. */
const free: Record<Build, Workspace[]> = { strict: [], relaxed: [] };

/** An instance for a run of its own; give it back with `release` when the run ends. */
export function acquire(build: Build): Workspace {
  const kept = free[build];
  while (kept.length > 0 && kept[0].epoch !== epoch) kept.shift();
  return kept.pop() ?? new Workspace(build, newInstance(build));
}

export function release(workspace: Workspace): void {
  workspace.reset();
  const kept = free[workspace.build];
  if (workspace.epoch === epoch && kept.length < KEPT && workspace.byteLength <= KEPT_BYTES) kept.push(workspace);
}

/** Runs a one-shot call on a pooled instance. */
export function borrow<T>(build: Build, use: (workspace: Workspace) => T): T {
  const workspace = acquire(build);
  try {
    return use(workspace);
  } finally {
    release(workspace);
  }
}

export function describeBytes(bytes: number): string {
  const units = ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
  let unit = 0;
  while (bytes >= 1024 && unit < units.length - 1) {
    bytes /= 1024;
    ++unit;
  }
  return `${unit === 0 ? bytes : bytes.toPrecision(3)} ${units[unit]}`;
}

function align(address: number): number {
  return Math.ceil(address / ALIGNMENT) * ALIGNMENT;
}
