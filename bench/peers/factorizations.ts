import { apply, furthest } from "./dense.ts";
import type { Contestant, Settings } from "./measure.ts";
import type { Eigen, Peer, Symmetric, Work } from "./peer.ts";
import { random, uniform } from "./random.ts";
import { enter, type Report, type Row, run, tables } from "./suite.ts";

const quickSizes = [100, 337];
const sizes = [...quickSizes, 1000];

/**
 * Uniform on [−1, 1) and mirrored, `shift` added to the diagonal: with a shift of n, positive
 * definite.
 */
function matrixOf(size: number, shift: number): Symmetric {
  const data = uniform("f64", size * size, random(size)) as Float64Array;
  for (let i = 0; i < size; i++) {
    data[i * size + i]! += shift;
    for (let j = 0; j < i; j++) data[i * size + j] = data[j * size + i]!;
  }
  return { title: `n = ${size}`, size, data };
}

/** n·ε·‖A‖, in Frobenius' norm: what a result may be wrong by. */
function tolerance({ size, data }: Symmetric): number {
  const norm = Math.sqrt(data.reduce((sum, value) => sum + value * value, 0));
  return size * 2 ** -52 * norm;
}

/**
 * V·(Λ·(Vᵀt)) and V·(Vᵀt) are held against A·t and t for a random t, later eigenvalues against the
 * first.
 */
function eigenChecker(matrix: Symmetric) {
  const { size, data } = matrix;
  const t = uniform("f64", size, random(1)) as Float64Array;
  let first: ArrayLike<number> | undefined;
  return async ({ work }: Contestant<Eigen>) => {
    const { values, vectors } = await work.call();
    const v = Float64Array.from(vectors());
    const coordinates = apply(v, size, size, true, t);
    const stretched = coordinates.map((value, index) => value * values[index]!);
    const expected = apply(data, size, size, false, t);
    const errors = {
      "A − VΛVᵀ": furthest(apply(v, size, size, false, stretched), expected) / tolerance(matrix),
      "I − VVᵀ": furthest(apply(v, size, size, false, coordinates), t) / (size * 2 ** -52),
      eigenvalues: furthest(values, first ?? values) / tolerance(matrix),
    };
    first ??= values;
    const wrong = Object.entries(errors).find(([, error]) => !(error <= 1));
    return wrong && `${wrong[0]}: wrong by ${wrong[1]} times the tolerance`;
  };
}

/** L·(Lᵀt) is held against A·t for a random t. */
function choleskyChecker(matrix: Symmetric) {
  const { size, data } = matrix;
  const t = uniform("f64", size, random(1)) as Float64Array;
  return async ({ work }: Contestant<() => ArrayLike<number>>) => {
    const lower = Float64Array.from((await work.call())());
    if (lower.some((value, index) => value !== 0 && index % size > index / size)) return "not zero above the diagonal";
    const product = apply(lower, size, size, false, apply(lower, size, size, true, t));
    const error = furthest(product, apply(data, size, size, false, t)) / tolerance(matrix);
    return error <= 1 ? undefined : `A − LLᵀ: wrong by ${error} times the tolerance`;
  };
}

export async function factorizations(peers: readonly Peer[], settings: Settings): Promise<Report> {
  const failures: string[] = [];
  const texts: string[] = [];
  const rows: Row[] = [];
  const measure = async <Result>(
    heading: string,
    able: readonly Peer[],
    shiftOf: (size: number) => number,
    prepare: (peer: Peer, matrix: Symmetric) => Work<Result> | Promise<Work<Result>>,
    checker: (matrix: Symmetric) => (contestant: Contestant<Result>) => Promise<string | undefined>,
  ) => {
    const own: Row[] = [];
    for (const size of settings.quick ? quickSizes : sizes) {
      const matrix = matrixOf(size, shiftOf(size));
      const title = `${heading}, ${matrix.title}`;
      const entered = await enter(title, able, (peer) => prepare(peer, matrix), checker(matrix));
      failures.push(...entered.failures);
      own.push(await run(title, "f64", entered.contestants, settings));
    }
    texts.push(tables(`${heading}, f64`, own, "milliseconds", (_, seconds) => seconds * 1e3));
    rows.push(...own);
  };
  await measure(
    "eigenvectors",
    peers.filter(({ eigen }) => eigen),
    () => 0,
    (peer, matrix) => peer.eigen!(matrix),
    eigenChecker,
  );
  await measure(
    "Cholesky",
    peers.filter(({ cholesky }) => cholesky),
    (size) => size,
    (peer, matrix) => peer.cholesky!(matrix),
    choleskyChecker,
  );
  return { text: texts.join("\n\n"), rows, failures };
}
