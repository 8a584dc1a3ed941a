/**
 * Runs single kernels of both builds on buffers with canaries on both sides. A buffer starts one
 * element past a multiple of 16 bytes, because kernels may assume no more alignment than the
 * element's.
 */
import { readFileSync } from "node:fs";
import { setFlagsFromString } from "node:v8";

export type Build = "strict" | "relaxed";
export type Dtype = "f32" | "f64";
export type Values = Float32Array | Float64Array;

const CANARY_BYTES = 64;
const CANARY = 0xa5;
const BASE = 1 << 16;
const LAST_PAGES = 32;

const modules: Partial<Record<Build, WebAssembly.Module>> = {};
for (const build of ["strict", "relaxed"] as const) {
  const bytes = readFileSync(new URL(`../../build/${build}.wasm`, import.meta.url));
  // Node 20 knows relaxed SIMD, but behind a flag.
  if (!WebAssembly.validate(bytes)) setFlagsFromString("--experimental-wasm-relaxed-simd");
  if (WebAssembly.validate(bytes)) modules[build] = new WebAssembly.Module(bytes);
}

export const builds = Object.keys(modules) as Build[];

/** Every build this engine runs, with both element types: for `describe.each`. */
export const targets = builds.flatMap((build) => (["f64", "f32"] as const).map((dtype) => ({ build, dtype })));

/** Names of all kernels that there are for an element type, as the core exports them. */
export function kernelNames(): string[] {
  const names = WebAssembly.Module.exports(modules.strict as WebAssembly.Module).map(({ name }) => name);
  return names.filter((name) => name.endsWith("_f64")).map((name) => name.slice(0, -4));
}

/**
 * A buffer in the core's memory. `values` is a view of it, made anew because memory may have grown.
 */
export class Block {
  constructor(
    private readonly memory: WebAssembly.Memory,
    readonly pointer: number,
    readonly length: number,
    private readonly array: Float32ArrayConstructor | Float64ArrayConstructor,
  ) {}

  get values(): Values {
    return new this.array(this.memory.buffer, this.pointer, this.length);
  }

  get intact(): boolean {
    const bytes = new Uint8Array(this.memory.buffer);
    const end = this.pointer + this.length * this.array.BYTES_PER_ELEMENT;
    const isCanary = (byte: number) => byte === CANARY;
    return (
      bytes.subarray(this.pointer - CANARY_BYTES, this.pointer).every(isCanary) &&
      bytes.subarray(end, end + CANARY_BYTES).every(isCanary)
    );
  }
}

export class Core {
  readonly lanes: number;
  /** Unit roundoff of the element type. */
  readonly epsilon: number;
  private readonly array: Float32ArrayConstructor | Float64ArrayConstructor;
  private readonly exports: WebAssembly.Exports;
  private readonly memory: WebAssembly.Memory;
  private readonly blocks: Block[] = [];
  private top = BASE;
  private sealed = false;

  constructor(
    build: Build,
    readonly dtype: Dtype,
  ) {
    this.array = dtype === "f32" ? Float32Array : Float64Array;
    this.lanes = 16 / this.array.BYTES_PER_ELEMENT;
    this.epsilon = dtype === "f32" ? 2 ** -24 : 2 ** -53;
    this.exports = new WebAssembly.Instance(modules[build] as WebAssembly.Module, {}).exports;
    this.memory = this.exports.memory as WebAssembly.Memory;
  }

  /**
   * A buffer with these values, or of this length and filled with a value that no kernel leaves by
   * accident.
   */
  alloc(values: ArrayLike<number> | number): Block {
    const length = typeof values === "number" ? values : values.length;
    const size = this.array.BYTES_PER_ELEMENT;
    const pointer = this.top + CANARY_BYTES + size;
    const end = pointer + length * size + CANARY_BYTES;
    const missing = end - this.memory.buffer.byteLength;
    if (missing > 0 && this.sealed) throw new Error("no room before the last buffer");
    if (missing > 0) this.memory.grow(Math.ceil(missing / 65536));
    new Uint8Array(this.memory.buffer, this.top, end - this.top).fill(CANARY);
    this.top = Math.ceil(end / 16) * 16;
    const block = new Block(this.memory, pointer, length, this.array);
    if (typeof values === "number") block.values.fill(-777);
    else block.values.set(values);
    this.blocks.push(block);
    return block;
  }

  /**
   * A buffer that ends where the memory does, so that reading beyond it traps. There is room for
   * LAST_PAGES of others.
   */
  allocLast(values: ArrayLike<number>): Block {
    this.memory.grow(LAST_PAGES + Math.ceil((values.length * this.array.BYTES_PER_ELEMENT) / 65536));
    this.sealed = true;
    const end = this.memory.buffer.byteLength;
    const block = new Block(this.memory, end - values.length * this.array.BYTES_PER_ELEMENT, values.length, this.array);
    block.values.set(values);
    return block;
  }

  /** Calls the kernel of this element type; throws if it wrote outside a buffer. */
  call(name: string, ...args: (number | boolean | Block)[]): number {
    const result = this.scalar(
      `${name}_${this.dtype}`,
      ...args.map((x) => (x instanceof Block ? x.pointer : Number(x))),
    );
    if (!this.blocks.every((block) => block.intact)) throw new Error(`${name} wrote outside its buffers`);
    return result;
  }

  /** Calls an export by its full name. */
  scalar(name: string, ...args: number[]): number {
    return (this.exports[name] as (...args: number[]) => number)(...args);
  }

  /** x as the element type holds it. */
  round(x: number): number {
    return this.dtype === "f32" ? Math.fround(x) : x;
  }
}

/** Counts around the vector length, where loops over vectors go wrong. */
export function ragged(lanes: number): number[] {
  return [0, 1, lanes - 1, lanes, lanes + 1, 3 * lanes + 2, 8 * lanes - 1].filter((n, i, all) => all.indexOf(n) === i);
}

/** Numbers in [−1, 1), the same in every run. */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  };
}
