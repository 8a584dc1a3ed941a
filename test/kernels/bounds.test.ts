// Invariant: no kernel reads beyond a buffer. Each buffer in turn ends where the memory ends, where reading further traps.
import { describe, expect, it } from "vitest";
import { type Block, Core, ragged, targets } from "./harness.js";

type Make = (length: number) => Block;

/** Arguments of every kernel for n elements, or for one row of n samples. */
const kernels: [name: string, args: (b: Make, n: number) => (number | Block)[]][] = [
  ...Array.from({ length: 10 }, (_, kind) => kind).flatMap((kind): typeof kernels => [
    ["activate", (b, n) => [kind, b(n), b(n), n, 1]],
    ["activationDerivative", (b, n) => [kind, b(n), b(n), b(n), n, 1]],
    ["activationSecondDerivative", (b, n) => [kind, b(n), b(n), b(n), n, 1]],
    ["backpropActivation", (b, n) => [kind, b(n), b(n), b(n), n, 1]],
    ["backpropActivation", (b, n) => [kind, b(n), b(n), b(n), n, 0]],
  ]),
  ...[0, 1, 2, 3, 4].flatMap((kind): typeof kernels => [
    ["loss", (b, n) => [kind, b(2 * n), b(kind === 3 ? n : 2 * n), b(2 * n), n, n, 2, 1, 1]],
    ["lossHessianProduct", (b, n) => [kind, b(2 * n), b(kind === 3 ? n : 2 * n), b(2 * n), b(2 * n), n, n, 2, 1, 1]],
  ]),
  ["batchNormForward", (b, n) => [b(n), b(n), b(n), b(1), b(1), b(1), b(1), b(1), 1, n, n, 1]],
  ["batchNormRunning", (b, n) => [b(n), b(n), b(n), b(1), b(1), b(1), b(1), b(1), 1, n, n, 1]],
  ["batchNormBackward", (b, n) => [b(n), b(1), b(1), b(n), b(n), b(1), b(1), 1, n, n, 1]],
  ["batchNormBackwardRunning", (b, n) => [b(n), b(1), b(1), b(n), b(n), b(1), b(1), 1, n, n, 0]],
  ["updateRunning", (b, n) => [b(n), b(n), n, 0.1, 1]],
  ["dot", (b, n) => [b(n), b(n), n]],
  ["sumSquares", (b, n) => [b(n), n]],
  ["sumAbs", (b, n) => [b(n), n]],
  ["maxAbs", (b, n) => [b(n), n]],
  ["firstNonFinite", (b, n) => [b(n), n]],
  ["rowSums", (b, n) => [b(n), 1, n, n, b(1), 0]],
  ["axpy", (b, n) => [n, 2, b(n), b(n)]],
  ["scale", (b, n) => [n, 2, b(n)]],
  ["penaltyGradient", (b, n) => [b(n), b(n), n, 1, 1]],
  ["clipValue", (b, n) => [b(n), n, 1]],
  ["transpose", (b, n) => [b(3 * n), 3, n, n, b(3 * n), 3]],
  ["sgd", (b, n) => [b(n), b(n), b(n), b(n), n, 1, 0.5, 0, 0, 0, 0]],
  ["adagrad", (b, n) => [b(n), b(n), b(n), b(n), n, 1, 0, 1]],
  ["adadelta", (b, n) => [b(n), b(n), b(n), b(n), b(n), n, 1, 0.5, 1, 0]],
  ["rmsprop", (b, n) => [b(n), b(n), b(n), b(n), b(n), b(n), n, 1, 0.5, 1, 0, 0.5]],
  ["adam", (b, n) => [b(n), b(n), b(n), b(n), b(n), b(n), n, 1, 0.5, 0.5, 1, 0, 0, 1, 1]],
];

describe.each(targets)("$build $dtype", ({ build, dtype }) => {
  const { lanes } = new Core(build, dtype);

  it.each(kernels.map(([name, args], i) => ({ name, args, i })))(
    "$name ($i) stays inside its buffers",
    ({ name, args }) => {
      for (const n of ragged(lanes)) {
        let buffers = 1;
        for (let last = 0; last < buffers; last++) {
          buffers = 0;
          const core = new Core(build, dtype);
          const make: Make = (length) => {
            const values = new Float64Array(length).fill(0.5);
            return buffers++ === last ? core.allocLast(values) : core.alloc(values);
          };
          expect(() => core.call(name, ...args(make, n))).not.toThrow();
        }
      }
    },
  );
});
