import { apply, furthest } from "./dense.ts";
import { type Contestant, type Settings, warmUp } from "./measure.ts";
import type { DType, Peer, Product } from "./peer.ts";
import { random, uniform } from "./random.ts";
import { enter, type Report, type Row, run, tables } from "./suite.ts";

type Shape = readonly [rows: number, inner: number, columns: number, transposed?: "AᵀB" | "ABᵀ"];

const square = (n: number): Shape => [n, n, n];

const quickShapes: Shape[] = [
  ...[8, 32, 64, 128, 256, 512].map(square),
  [128, 784, 256],
  [784, 128, 256, "AᵀB"],
  [1, 256, 256],
];

const shapes: Shape[] = [
  ...[8, 16, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024].map(square),
  [128, 784, 256],
  [784, 128, 256, "AᵀB"],
  [784, 128, 256, "ABᵀ"],
  [1, 256, 256],
  [1024, 8, 1024],
  [8, 1024, 8],
];

function productOf([rows, inner, columns, transposed]: Shape, dtype: DType): Product {
  const next = random(rows + inner + columns);
  return {
    title: `${transposed ? `${transposed} ` : ""}${rows}×${inner}×${columns}`,
    dtype,
    rows,
    inner,
    columns,
    transposeA: transposed === "AᵀB",
    transposeB: transposed === "ABᵀ",
    a: uniform(dtype, rows * inner, next),
    b: uniform(dtype, inner * columns, next),
  };
}

/**
 * The first result is held against A·(B·t) for a random t, every later one against the first, entry
 * by entry.
 */
function checker(product: Product) {
  const { dtype, rows, inner, columns, transposeA, transposeB, a, b } = product;
  const unit = dtype === "f32" ? 2 ** -24 : 2 ** -53;
  let first: ArrayLike<number> | undefined;
  return async ({ peer, work }: Contestant<unknown>) => {
    const c = peer.read!(await work.call());
    let error: number;
    if (first) error = furthest(c, first);
    else {
      const t = Float64Array.from(uniform("f64", columns, random(1)));
      const [aRows, aColumns] = transposeA ? [inner, rows] : [rows, inner];
      const [bRows, bColumns] = transposeB ? [columns, inner] : [inner, columns];
      const expected = apply(a, aRows, aColumns, transposeA, apply(b, bRows, bColumns, transposeB, t));
      error =
        c.length === rows * columns
          ? furthest(apply(Float64Array.from(c), rows, columns, false, t), expected) / columns
          : Infinity;
    }
    if (!(error <= 4 * inner * unit)) return `wrong by ${error}`;
    first ??= c;
    return undefined;
  };
}

const flops = ({ rows, inner, columns }: Product) => 2 * rows * inner * columns;

/** Gives each engine time to optimise, once, on a large product. */
async function settle(peers: readonly Peer[]) {
  const product = productOf(square(512), "f32");
  for (const peer of peers) {
    if (!peer.settles || !peer.product) continue;
    await peer.select?.();
    const work = await peer.product(product);
    await warmUp(work, peer.settles * 1000);
    await work.dispose?.();
  }
}

export async function products(peers: readonly Peer[], settings: Settings): Promise<Report> {
  const failures: string[] = [];
  const rows: Row[] = [];
  const texts: string[] = [];
  await settle(peers);
  for (const dtype of ["f32", "f64"] as const) {
    const able = peers.filter(({ dtypes, product, read }) => dtypes.includes(dtype) && product && read);
    const flopsOf = new Map<string, number>();
    const own: Row[] = [];
    for (const shape of settings.quick ? quickShapes : shapes) {
      const product = productOf(shape, dtype);
      const entered = await enter(
        `${product.title} ${dtype}`,
        able,
        (peer) => peer.product!(product),
        checker(product),
      );
      failures.push(...entered.failures);
      flopsOf.set(product.title, flops(product));
      own.push(await run(product.title, dtype, entered.contestants, settings));
    }
    texts.push(tables(`products, ${dtype}`, own, "GFLOP/s", (row, seconds) => flopsOf.get(row.title)! / seconds / 1e9));
    rows.push(...own);
  }
  return { text: texts.join("\n\n"), rows, failures };
}
