/** Arguments of every kernel that the core exports, for n elements, or for one row of n samples. */
import type { Block, Core } from "./harness.js";
import { unitOperands } from "./unit-operands.js";

/** A buffer with these values, or of that length and without zeros. */
export type Make = (values: number | ArrayLike<number>) => Block;
export type Argument = number | Block;
type Arguments = (b: Make, n: number, core: Core) => Argument[];

/** Buffers of bytes and of whole numbers, whatever the element type. */
const bytes = (b: Make, core: Core, count: number): Block =>
  b(new Float64Array(Math.ceil(count / (core.dtype === "f32" ? 4 : 8))));
const scratch = (b: Make, core: Core): Block => bytes(b, core, core.scalar("productScratchBytes"));

/** n·I plus ones, row by row. */
const dominant = (n: number): number[] => Array.from({ length: n * n }, (_, p) => (p % (n + 1) ? 1 : n + 1));

const activations = Array.from({ length: 10 }, (_, kind) => kind);
const losses = Array.from({ length: 8 }, (_, kind) => kind);
const LABELS = 3;

/** C is n × n with 7 terms, A and B as they are or transposed, or 7 × 7 with n terms. */
const product = (aTurned: boolean, bTurned: boolean, inner: boolean): Arguments => {
  return (b, n, core) => {
    const [m, k] = inner ? [7, n] : [n, 7];
    const [a, x] = [b(m * k), b(k * m)];
    const [aRow, aCol] = aTurned ? [1, m] : [k, 1];
    const [xRow, xCol] = bTurned ? [1, k] : [m, 1];
    return [m, m, k, 1, a, aRow, aCol, x, xRow, xCol, 0, b(m * m), m, b(m), 1, 0, b(m * m), scratch(b, core)];
  };
};
const bits = [false, true];

/** Each kernel by its name, with one list of arguments or more. */
export const operands: Record<string, Arguments[]> = {
  activate: activations.map((kind) => (b, n) => [kind, b(n), b(n), n, 1]),
  activationDerivative: activations.map((kind) => (b, n) => [kind, b(n), b(n), b(n), n, 1]),
  activationSecondDerivative: activations.map((kind) => (b, n) => [kind, b(n), b(n), b(n), n, 1]),
  backpropActivation: activations.flatMap((kind) =>
    [0, 1].map(
      (parameter): Arguments =>
        (b, n) => [kind, b(n), b(n), b(n), n, parameter],
    ),
  ),
  loss: losses.flatMap((kind) => {
    const plain: Arguments = (b, n) => [kind, b(2 * n), targets(b, kind, n), b(2 * n), n, n, 2, 1, 0.5, 0];
    const weighted: Arguments = (b, n) => [...plain(b, n, null as never).slice(0, 9), b(n)];
    return [plain, weighted];
  }),
  lossHessianProduct: losses.map((kind) => (b, n) => [
    kind,
    b(2 * n),
    targets(b, kind, n),
    b(2 * n),
    b(2 * n),
    n,
    n,
    2,
    1,
    0.5,
  ]),
  lossCurvature: losses.map((kind) => (b, n) => [
    kind,
    b(2 * n),
    targets(b, kind, n),
    b(2 * n),
    b(2 * n),
    n,
    n,
    2,
    1,
    0.5,
  ]),
  openUnit: unitOperands.map((make) => (b, n, core) => make(b, n, core).open),
  unitRows: unitOperands.map((make) => (b, n, core) => make(b, n, core).rows()),
  batchNormForward: bits.map((weighted) => (b, n) => {
    return [b(n), b(n), b(n), b(1), b(1), b(1), b(1), b(1), 1, n, n, 1, weighted ? b(n) : 0];
  }),
  batchNormRunning: [(b, n) => [b(n), b(n), b(n), b(1), b(1), b(1), b(1), b(1), 1, n, n, 1]],
  batchNormBackward: bits.map((weighted) => (b, n) => {
    return [b(n), b(1), b(1), b(n), b(n), b(1), b(1), 1, n, n, +weighted, weighted ? b(n) : 0];
  }),
  batchNormBackwardRunning: [(b, n) => [b(n), b(1), b(1), b(n), b(n), b(1), b(1), 1, n, n, 0]],
  batchNormTangent: bits.flatMap((coupled) =>
    bits.map(
      (weighted): Arguments =>
        (b, n) => {
          const row = [b(1), b(1), b(1), b(1), b(n), b(n), b(1)];
          return [b(n), b(n), ...row, 1, n, n, +coupled, weighted ? b(n) : 0];
        },
    ),
  ),
  batchNormBackwardTangent: bits.flatMap((coupled) =>
    bits.map(
      (weighted): Arguments =>
        (b, n) => {
          const row = [b(1), b(1), b(1), b(1), b(n), b(1), b(1)];
          return [b(n), b(n), b(n), b(n), ...row, 1, n, n, +coupled, +weighted, weighted ? b(n) : 0];
        },
    ),
  ),
  updateRunning: [(b, n) => [b(n), b(n), n, 0.1, 1]],
  dot: [(b, n) => [b(n), b(n), n]],
  sumSquares: [(b, n) => [b(n), n]],
  sumAbs: [(b, n) => [b(n), n]],
  maxAbs: [(b, n) => [b(n), n]],
  firstNonFinite: [(b, n) => [b(n), n]],
  rowSums: [0, 1].map((accumulate) => (b, n) => [b(n), 1, n, n, b(1), accumulate]),
  axpy: [(b, n) => [n, 2, b(n), b(n)]],
  scale: [(b, n) => [n, 2, b(n)]],
  penaltyGradient: [(b, n) => [b(n), b(n), n, 1, 1]],
  multiplyElements: [(b, n) => [n, b(n), b(n), b(n)]],
  addProducts: [(b, n) => [n, b(n), b(n), b(n)]],
  clipValue: [(b, n) => [b(n), n, 1]],
  transpose: [(b, n) => [b(3 * n), 3, n, n, b(3 * n), 3], (b, n) => [b(3 * n), n, 3, 3, b(3 * n), n]],
  sgd: bits.map((first) => (b, n) => [b(n), b(n), b(n), b(n), n, 1, 0.5, 0, 0, 0, +first]),
  adagrad: [(b, n) => [b(n), b(n), b(n), b(n), n, 1, 0, 1]],
  adadelta: [(b, n) => [b(n), b(n), b(n), b(n), b(n), n, 1, 0.5, 1, 0]],
  rmsprop: [
    (b, n) => [b(n), b(n), b(n), b(n), b(n), b(n), n, 1, 0.5, 1, 0, 0.5],
    (b, n) => [b(n), b(n), b(n), b(n), 0, 0, n, 1, 0.5, 1, 0, 0],
  ],
  adam: [
    (b, n) => [b(n), b(n), b(n), b(n), b(n), b(n), n, 1, 0.5, 0.5, 1, 0, 0, 1, 1],
    (b, n) => [b(n), b(n), b(n), b(n), b(n), 0, n, 1, 0.5, 0.5, 1, 0, 1, 1, 1],
  ],
  product: bits.flatMap((a) => bits.flatMap((x) => bits.map((inner) => product(a, x, inner)))),
  cholesky: [(b, n, core) => [n, b(dominant(n)), n, scratch(b, core)]],
  choleskySolve: bits.map((turned) => (b, n, core) => {
    return [n, 3, b(dominant(n)), turned ? 1 : n, turned ? n : 1, b(3 * n), 3, scratch(b, core)];
  }),
  ldlWork: [(_, n) => [n]],
  ldl: [
    (b, n, core) => {
      const work = b(core.call("ldlWork", n));
      return [n, b(dominant(n)), n, b(n), b(n), bytes(b, core, 4 * n), work, scratch(b, core)];
    },
  ],
  ldlSolve: [
    (b, n, core) => {
      const swaps = bytes(b, core, 4 * n);
      return [n, 3, b(dominant(n)), n, b(n), b(new Float64Array(n)), swaps, b(3 * n), 3, scratch(b, core)];
    },
  ],
  eigenWorkBytes: [(_, n) => [n, 1]],
  eigen: bits.map((vectors) => (b, n, core) => {
    const work = bytes(b, core, core.call("eigenWorkBytes", n, vectors));
    return [n, b(dominant(n)), n, bytes(b, core, 8 * n), vectors ? b(n * n) : 0, work, scratch(b, core)];
  }),
};

/** Labels for softmax, a number for each output else. */
function targets(b: Make, kind: number, n: number): Block {
  return b(kind === LABELS ? new Float64Array(n) : 2 * n);
}
