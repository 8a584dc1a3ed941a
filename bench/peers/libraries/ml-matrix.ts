import { CholeskyDecomposition, EigenvalueDecomposition, Matrix } from "ml-matrix";
import { adam, type Numbers, type Peer, type Product, type Symmetric, type Training } from "../peer.ts";
import { batchesOf, layersOf } from "./layers.ts";

const fromFlat = (rows: number, columns: number, data: Numbers) =>
  Matrix.from1DArray(rows, columns, data as unknown as number[]);

/** Transposed operands are copied first: mmul multiplies plain matrices much faster than views. */
function product({ rows, inner, columns, transposeA, transposeB, a, b }: Product) {
  const left = transposeA ? fromFlat(inner, rows, a) : fromFlat(rows, inner, a);
  const right = transposeB ? fromFlat(columns, inner, b) : fromFlat(inner, columns, b);
  return {
    call: () => (transposeA ? left.transpose() : left).mmul(transposeB ? right.transpose() : right),
  };
}

interface Moments {
  readonly first: Matrix;
  readonly second: Matrix;
}

function updateByAdam(parameter: Matrix, gradient: Matrix, { first, second }: Moments, count: number) {
  const { learningRate, beta1, beta2, epsilon } = adam;
  const rate = learningRate / (1 - beta1 ** count);
  const correction = 1 - beta2 ** count;
  first.mul(beta1).add(Matrix.mul(gradient, 1 - beta1));
  second.mul(beta2).add(
    gradient
      .clone()
      .mul(gradient)
      .mul(1 - beta2),
  );
  const scale = Matrix.div(second, correction).sqrt().add(epsilon);
  parameter.sub(Matrix.mul(first, rate).div(scale));
}

const zerosLike = (m: Matrix): Moments => ({
  first: Matrix.zeros(m.rows, m.columns),
  second: Matrix.zeros(m.rows, m.columns),
});

/** Turns logits into probabilities in place; gives the mean cross-entropy. */
function softmax(logits: Matrix, targets: Matrix): number {
  let sum = 0;
  for (let i = 0; i < logits.rows; i++) {
    const row = logits.getRow(i);
    const max = Math.max(...row);
    const exponentials = row.map((value) => Math.exp(value - max));
    const total = exponentials.reduce((left, right) => left + right);
    row.forEach((value, j) => {
      sum -= targets.get(i, j) * (value - max - Math.log(total));
      logits.set(i, j, exponentials[j]! / total);
    });
  }
  return sum / logits.rows;
}

/**
 * Backpropagation as one would write it on this library: h is samples × units, W is units × inputs.
 */
function step(training: Training) {
  const { sizes, batchSize, activation, loss } = training;
  const layers = layersOf(training).map(({ inputs, units, weight, bias }) => {
    const w = fromFlat(units, inputs, weight);
    const b = fromFlat(1, units, bias);
    return { w, b, wMoments: zerosLike(w), bMoments: zerosLike(b) };
  });
  const batches = batchesOf(training).map(({ x, y }) => ({
    x: fromFlat(batchSize, sizes[0]!, x),
    y: fromFlat(batchSize, sizes.at(-1)!, y),
  }));
  const activate = (a: Matrix) => {
    if (activation === "tanh") return a.tanh();
    for (let i = 0; i < a.rows; i++) for (let j = 0; j < a.columns; j++) if (a.get(i, j) < 0) a.set(i, j, 0);
    return a;
  };
  const backThrough = (delta: Matrix, h: Matrix) => {
    for (let i = 0; i < h.rows; i++)
      for (let j = 0; j < h.columns; j++) {
        const value = h.get(i, j);
        const slope = activation === "tanh" ? 1 - value * value : Number(value > 0);
        delta.set(i, j, delta.get(i, j) * slope);
      }
    return delta;
  };

  let count = 0;
  return {
    call: () => {
      const { x, y } = batches[count++ % batches.length]!;
      const inputs: Matrix[] = [];
      let h: Matrix = x;
      layers.forEach(({ w, b }, index) => {
        inputs.push(h);
        const a = h.mmul(w.transpose()).addRowVector(b);
        h = index < layers.length - 1 ? activate(a) : a;
      });
      const crossEntropy = loss === "cross-entropy" ? softmax(h, y) : 0;
      let delta = Matrix.sub(h, y);
      const value = loss === "mse" ? delta.dot(delta) / delta.size : crossEntropy;
      delta.mul(loss === "mse" ? 2 / delta.size : 1 / batchSize);
      for (let index = layers.length - 1; index >= 0; index--) {
        const { w, b, wMoments, bMoments } = layers[index]!;
        const input = inputs[index]!;
        const wGradient = delta.transpose().mmul(input);
        const bGradient = Matrix.rowVector(delta.sum("column"));
        if (index > 0) delta = backThrough(delta.mmul(w), input);
        updateByAdam(w, wGradient, wMoments, count);
        updateByAdam(b, bGradient, bMoments, count);
      }
      return value;
    },
  };
}

function eigen({ size, data }: Symmetric) {
  const a = fromFlat(size, size, data);
  return {
    call: () => {
      const result = new EigenvalueDecomposition(a, { assumeSymmetric: true });
      return { values: result.realEigenvalues, vectors: () => result.eigenvectorMatrix.to1DArray() };
    },
  };
}

function cholesky({ size, data }: Symmetric) {
  const a = fromFlat(size, size, data);
  return {
    call: () => {
      const result = new CholeskyDecomposition(a);
      if (!result.isPositiveDefinite()) throw new Error("not positive definite");
      return () => result.lowerTriangularMatrix.to1DArray();
    },
  };
}

export async function open(version: string): Promise<Peer> {
  return {
    name: "ml-matrix",
    version,
    dtypes: ["f64"],
    product,
    read: (result) => (result as Matrix).to1DArray(),
    step,
    eigen,
    cholesky,
  };
}
