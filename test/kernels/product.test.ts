// Oracle: the naive triple loop in double precision, and for large sizes Freivalds' projection, C·t
// against A·(B·t).
import { describe, expect, it } from "vitest";
import { Core, random, targets } from "./harness.js";

interface Product {
  m: number;
  n: number;
  k: number;
  transposeA?: boolean;
  transposeB?: boolean;
  alpha?: number;
  beta?: number;
  bias?: boolean;
  /** Elements by which each row is longer than it needs to be. */
  slack?: number;
}

interface Operand {
  values: number[];
  row: number;
  column: number;
}

function operand(
  core: Core,
  draw: () => number,
  rows: number,
  columns: number,
  transposed: boolean,
  slack: number,
): Operand {
  const lead = (transposed ? rows : columns) + slack;
  const values = Array.from({ length: lead * (transposed ? columns : rows) }, () => core.round(draw()));
  return { values, row: transposed ? 1 : lead, column: transposed ? lead : 1 };
}

/** Runs the kernel and returns what it made of C, with what C, A, B and the bias were. */
function multiply(
  core: Core,
  { m, n, k, transposeA = false, transposeB = false, alpha = 1, beta = 0, bias = false, slack = 0 }: Product,
  kind = -1,
) {
  const draw = random(m + 31 * n + 977 * k);
  const a = operand(core, draw, m, k, transposeA, slack);
  const b = operand(core, draw, k, n, transposeB, slack);
  const lead = n + slack;
  const before = Array.from({ length: m * lead }, () => core.round(draw()));
  const shift = Array.from({ length: m }, () => core.round(draw()));
  const [A, B, C, H, S] = [
    core.alloc(a.values),
    core.alloc(b.values),
    core.alloc(before),
    core.alloc(m * lead),
    core.alloc(shift),
  ];
  const size = core.dtype === "f32" ? 4 : 8;
  const scratch = core.alloc(core.scalar("productScratchBytes") / size);
  core.call(
    "product",
    m,
    n,
    k,
    alpha,
    A,
    a.row,
    a.column,
    B,
    b.row,
    b.column,
    beta,
    C,
    lead,
    bias ? S : 0,
    kind,
    0,
    H,
    scratch,
  );
  return { a, b, before, shift, lead, C: C.values, H: H.values };
}

/** The definition, with the sum of absolute terms that scales its rounding error. */
function entry(
  { a, b, before, shift, lead }: ReturnType<typeof multiply>,
  { k, alpha = 1, beta = 0, bias = false }: Product,
  i: number,
  j: number,
) {
  let sum = 0;
  let size = 0;
  for (let p = 0; p < k; ++p) {
    const term = (a.values[i * a.row + p * a.column] as number) * (b.values[p * b.row + j * b.column] as number);
    sum += term;
    size += Math.abs(term);
  }
  const old = beta * (before[i * lead + j] as number) + (bias ? (shift[i] as number) : 0);
  return { value: alpha * sum + old, size: Math.abs(alpha) * size + Math.abs(old) };
}

function check(core: Core, product: Product): void {
  const result = multiply(core, product);
  const { m, n, k } = product;
  for (let i = 0; i < m; ++i) {
    for (let j = 0; j < result.lead; ++j) {
      const actual = result.C[i * result.lead + j] as number;
      if (j >= n) {
        expect(actual, `row ${i}, past column ${n}`).toBe(result.before[i * result.lead + j]);
        continue;
      }
      const { value, size } = entry(result, product, i, j);
      const tolerance = (k + 4) * 2 * core.epsilon * size;
      if (Math.abs(actual - value) > tolerance)
        expect.fail(`${JSON.stringify(product)} at ${i}, ${j}: ${actual} for ${value}`);
    }
  }
}

const forms = [
  { transposeA: false, transposeB: false },
  { transposeA: true, transposeB: false },
  { transposeA: false, transposeB: true },
  { transposeA: true, transposeB: true },
];

describe.each(targets)("product, $build $dtype", ({ build, dtype }) => {
  const { lanes } = new Core(build, dtype);
  const sizes = [0, 1, lanes - 1, lanes + 1, 3 * lanes + 2, 13].filter((x, i, all) => all.indexOf(x) === i);

  it.each(forms)("every small size, %o", (form) => {
    for (const m of sizes)
      for (const n of sizes) for (const k of sizes) check(new Core(build, dtype), { m, n, k, ...form, slack: 3 });
  });

  it.each(forms)("sizes around the blocks of k, of columns and of packing, %o", (form) => {
    for (const [m, n, k] of [
      [5, 63, 255],
      [7, 64, 256],
      [6, 65, 257],
      [9, 30, 513],
      [3, 515, 20],
      [14, 130, 70],
      [67, 9, 300],
    ] as const) {
      check(new Core(build, dtype), { m, n, k, ...form });
      check(new Core(build, dtype), { m, n, k, ...form, slack: 5, bias: true });
    }
  });

  it.each([
    [1, 0],
    [-1, 1],
    [0.5, -2],
    [2, 1],
    [0, 1],
    [0, 0],
  ])("alpha %d, beta %d", (alpha, beta) => {
    for (const form of forms) {
      for (const [m, n, k] of [
        [7, 11, 5],
        [7, 70, 300],
        [5, 9, 0],
      ] as const)
        check(new Core(build, dtype), { m, n, k, alpha, beta, ...form });
    }
  });

  it("ignores what C held where beta is 0", () => {
    const core = new Core(build, dtype);
    const C = core.alloc(new Array(9).fill(Number.NaN));
    const A = core.alloc([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    const scratch = core.alloc(core.scalar("productScratchBytes") / (dtype === "f32" ? 4 : 8));
    core.call("product", 3, 3, 3, 1, A, 3, 1, A, 3, 1, 0, C, 3, 0, -1, 0, C, scratch);
    expect(Array.from(C.values)).toEqual([30, 36, 42, 66, 81, 96, 102, 126, 150]);
  });

  it("applies the bias and relu to each row of C, after the last block of k", () => {
    for (const [m, n, k] of [
      [7, 11, 5],
      [13, 66, 600],
    ] as const) {
      const core = new Core(build, dtype);
      const { C, H } = multiply(core, { m, n, k, bias: true }, 1);
      expect(Array.from(H)).toEqual(Array.from(C, (x) => Math.max(x, 0)));
      expect(Array.from(H).some((x) => x > 0)).toBe(true);
    }
  });

  it.each(forms)("large products, by projection, %o", (form) => {
    const core = new Core(build, dtype);
    const product = { m: 150, n: 530, k: 540, ...form };
    const { a, b, C, lead } = multiply(core, product);
    const draw = random(5);
    const t = Array.from({ length: product.n }, draw);
    const bt = Array.from({ length: product.k }, (_, p) =>
      t.reduce((sum, x, j) => sum + x * (b.values[p * b.row + j * b.column] as number), 0),
    );
    for (let i = 0; i < product.m; ++i) {
      const ct = t.reduce((sum, x, j) => sum + x * (C[i * lead + j] as number), 0);
      const abt = bt.reduce((sum, x, p) => sum + x * (a.values[i * a.row + p * a.column] as number), 0);
      expect(Math.abs(ct - abt)).toBeLessThan(product.k * Math.sqrt(product.n) * 2 * core.epsilon);
    }
  });
});
