// Oracle: the builds without threads. Whoever does the pieces, and however many threads there are,
// the bits are the same.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { CoreExports, Dtype, Kernels } from "../../src/wasm/kernels.js";
import { kernelsOf } from "../../src/wasm/kernels.js";
import { random, targets } from "./harness.js";
import { openShared } from "./shared.js";

type Floats = Float32Array | Float64Array;

/** Memory handed out from the bottom up, behind what the core keeps for itself. */
class Space {
  readonly kernels: Kernels;
  readonly scratch: number;
  readonly #bytes: number;
  #top: number;

  constructor(
    readonly core: CoreExports,
    readonly dtype: Dtype,
  ) {
    this.kernels = kernelsOf(core, dtype);
    this.#bytes = dtype === "f32" ? 4 : 8;
    this.#top = core.heapBase();
    this.scratch = this.allocateBytes(core.productScratchBytes());
  }

  allocateBytes(bytes: number): number {
    const at = Math.ceil(this.#top / 64) * 64;
    this.#top = at + bytes;
    const missing = this.#top - this.core.memory.buffer.byteLength;
    if (missing > 0) this.core.memory.grow(Math.ceil(missing / 65536));
    return at;
  }

  /** Random numbers, one seed a buffer. */
  random(count: number, seed: number): number {
    const at = this.allocateBytes(count * this.#bytes);
    const next = random(seed);
    const view = this.view(at, count);
    for (let i = 0; i < count; ++i) view[i] = next();
    return at;
  }

  view(at: number, count: number): Floats {
    return new (this.dtype === "f32" ? Float32Array : Float64Array)(this.core.memory.buffer, at, count);
  }

  bytes(at: number, count: number, size = this.#bytes): string {
    return Buffer.from(new Uint8Array(this.core.memory.buffer, at, count * size).slice()).toString("latin1");
  }
}

/** n × n, symmetric, and positive definite where `shift` is large. */
function symmetricMatrix(space: Space, n: number, shift: number): number {
  const at = space.random(n * n, n);
  const view = space.view(at, n * n);
  for (let i = 0; i < n; ++i) {
    for (let j = 0; j < i; ++j) view[i * n + j] = view[j * n + i];
    view[i * (n + 1)] += shift;
    for (let j = 0; j < n; ++j) view[i * n + j] /= Math.max(1, shift);
  }
  return at;
}

/**
 * Products of all forms, with ragged edges, bias and activation; each size is large enough to be
 * cut.
 */
function products(space: Space): string[] {
  const { kernels, scratch } = space;
  const sizes = [
    [64, 64, 64],
    [97, 131, 77],
    [513, 40, 19],
    [3, 1999, 300],
    [5, 33, 1500],
    [260, 530, 300],
  ];
  return sizes.flatMap(([m, n, k]) => {
    const a = space.random(m * k, 1);
    const b = space.random(k * n, 2);
    const bias = space.random(m, 3);
    const c = space.random(m * n, 4);
    const h = space.random(m * n, 5);
    const take = (at: number): string => space.bytes(at, m * n);
    kernels.product(m, n, k, 1, a, k, 1, b, n, 1, 0, c, n, bias, 7, 0, h, scratch);
    const affine = take(c) + take(h);
    kernels.product(m, n, k, -0.5, a, 1, m, b, n, 1, 1, c, n, 0, -1, 0, c, scratch);
    const added = take(c);
    kernels.product(m, n, k, 2, a, k, 1, b, 1, k, 0.5, c, n, 0, -1, 0, c, scratch);
    return [affine, added, take(c)];
  });
}

function factorizations(space: Space): string[] {
  const { kernels, scratch } = space;
  const n = 301;
  const all: string[] = [];
  const definite = symmetricMatrix(space, n, n);
  expect(kernels.cholesky(n, definite, n, scratch)).toBe(0);
  all.push(space.bytes(definite, n * n));
  for (const columns of [1, 70]) {
    const x = space.random(n * columns, columns);
    kernels.choleskySolve(n, columns, definite, n, 1, x, columns, scratch);
    all.push(space.bytes(x, n * columns));
  }
  const indefinite = symmetricMatrix(space, n, 0);
  const d = space.random(n, 1);
  const e = space.random(n, 1);
  const swaps = space.allocateBytes(4 * n);
  const work = space.random(kernels.ldlWork(n), 1);
  expect(kernels.ldl(n, indefinite, n, d, e, swaps, work, scratch)).toBe(0);
  const x = space.random(n * 70, 2);
  kernels.ldlSolve(n, 70, indefinite, n, d, e, swaps, x, 70, scratch);
  return [...all, space.bytes(d, n), space.bytes(e, n), space.bytes(x, n * 70)];
}

function eigenvectors(space: Space): string[] {
  const { kernels, scratch } = space;
  const n = 291;
  return [0, 1].flatMap((vectors) => {
    const a = symmetricMatrix(space, n, 0);
    const values = space.allocateBytes(8 * n);
    const q = vectors ? space.random(n * n, 1) : 0;
    const work = space.allocateBytes(kernels.eigenWorkBytes(n, vectors));
    let info = -1;
    for (let part = 0; info < 0; ++part) info = kernels.eigen(n, a, n, values, q, work, scratch, part);
    expect(info).toBe(0);
    return [space.bytes(values, n, 8), vectors ? space.bytes(a, n * n) : ""];
  });
}

/**
 * Activations of all kinds with their derivatives, and Adam's update, over a ragged number of
 * elements.
 */
function elements(space: Space): string[] {
  const { kernels } = space;
  const n = 40_003;
  const buffers = Array.from({ length: 6 }, (_, seed) => space.random(n, seed));
  const [a, h, out, m, v, most] = buffers;
  const all: string[] = [];
  for (let kind = 1; kind < 10; ++kind) {
    kernels.activate(kind, a, h, n, 0.5);
    kernels.activationDerivative(kind, a, h, out, n, 0.5);
    all.push(space.bytes(h, n), space.bytes(out, n));
    kernels.activationSecondDerivative(kind, a, h, out, n, 0.5);
    kernels.backpropActivation(kind, a, h, m, n, 0.5);
    all.push(space.bytes(out, n), space.bytes(m, n));
  }
  kernels.multiplyElements(n, a, h, out);
  kernels.addProducts(n, a, m, out);
  all.push(space.bytes(out, n));
  kernels.multiplyElements(n, v, v, v);
  kernels.multiplyElements(n, most, most, most);
  const update = (amsgrad: number): number =>
    kernels.adam(a, out, h, m, v, amsgrad, n, 0.01, 0.9, 0.99, 1e-8, 0.1, 1, 0.1, 0.01);
  all.push(String(update(0)), ...buffers.map((at) => space.bytes(at, n)));
  space.view(h, n)[n - 2] = Number.POSITIVE_INFINITY;
  all.push(String(update(most)), ...buffers.map((at) => space.bytes(at, n)));
  return all;
}

const quantities = { products, factorizations, eigenvectors, elements };

describe.each(targets)("$build $dtype", ({ build, dtype }) => {
  it.each(Object.entries(quantities))("%s have the same bits, whoever does the pieces", (_, quantity) => {
    const alone = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(`build/${build}.wasm`)));
    const expected = quantity(new Space(alone.exports as unknown as CoreExports, dtype));
    for (const threads of [2, 3, 4]) {
      for (const helped of [false, true]) {
        const { core, shared } = openShared(build, threads, helped);
        expect(quantity(new Space(core, dtype)).every((bytes, i) => bytes === expected[i])).toBe(true);
        expect(shared()).toBeGreaterThan(0);
      }
    }
  });
});
