import { wrongValue } from "../check.js";
import type { FloatArray } from "../wasm/workspace.js";
import type { OutputLoss } from "./output-loss.js";
import type { Propagation } from "./propagation.js";
import type { CustomLoss } from "./spec.js";

type Sample = (weight: number, s: number, outputs: Float64Array, target: Float64Array) => void;

/** A loss of the caller's, sample by sample. */
export class CallerLoss implements OutputLoss {
  #hessians = new Float64Array(0);

  constructor(
    readonly propagation: Propagation,
    readonly loss: CustomLoss,
    readonly targetWidth: number,
  ) {}

  sum(to: number, scale: number): number {
    const write = this.#rows(to);
    let sum = 0;
    if (to) write.fill(0);
    this.#samples((weight, s, outputs, target) => {
      sum += weight * this.loss.value(outputs.slice(), target.slice());
      if (!to) return;
      const gradient = this.loss.gradient(outputs, target);
      for (let j = 0; j < outputs.length; ++j) write[j * this.propagation.stride + s] = scale * weight * gradient[j];
    });
    return sum;
  }

  hessianProduct(u: number, out: number, scale: number): void {
    const { size, stride, layout } = this.propagation;
    const { outputs: width } = layout;
    this.hessians(scale);
    const [from, to] = [this.#rows(u), this.#rows(out)];
    to.fill(0);
    for (let s = 0; s < size; ++s) {
      for (let i = 0; i < width; ++i) {
        let sum = 0;
        for (let j = 0; j < width; ++j) sum += this.#hessians[(s * width + i) * width + j] * from[j * stride + s];
        to[i * stride + s] = sum;
      }
    }
  }

  curvature(_curvature: number, _probability: number, scale: number): void {
    this.hessians(scale);
  }

  /** scale·w·∇²ℓ of the loaded samples, one after another. */
  hessians(scale: number): Float64Array {
    const { size, layout } = this.propagation;
    const { outputs: width } = layout;
    this.#hessians = new Float64Array(size * width * width);
    this.#samples((weight, s, outputs, target) => {
      const rows = this.loss.hessian(outputs, target);
      for (let i = 0; i < width * width; ++i) {
        this.#hessians[s * width * width + i] = scale * weight * rows[Math.floor(i / width)][i % width];
      }
    });
    return this.#hessians;
  }

  /** Arrays that the caller may keep and change. */
  #samples(use: Sample): void {
    const { output, y, weights, size, stride, layout } = this.propagation;
    const [from, targets] = [this.#rows(output), this.#rows(y, this.targetWidth)];
    for (let s = 0; s < size; ++s) {
      const weight = weights ? this.#rows(weights)[s] : 1;
      if (weight === 0) continue;
      const outputs = Float64Array.from({ length: layout.outputs }, (_, j) => from[j * stride + s]);
      use(
        weight,
        s,
        outputs,
        Float64Array.from({ length: this.targetWidth }, (_, j) => targets[j * stride + s]),
      );
    }
  }

  #rows(at: number, rows = this.propagation.layout.outputs): FloatArray {
    const { workspace, spec, stride } = this.propagation;
    return workspace.slice(spec.dtype, at, rows * stride);
  }
}

/**
 * Length of a central difference, as a share of the outputs' size, and the largest share by which
 * it may be off.
 */
const DIFFERENCE = 1e-5;
const CLOSE = 1e-3;
const checked = new WeakSet<CustomLoss>();

/**
 * Compares a loss's derivatives with central differences along one direction, once; what is not
 * finite is not judged.
 */
export function checkDerivatives(where: string, loss: CustomLoss, target: Float64Array, outputs: number): void {
  if (checked.has(loss)) return;
  checked.add(loss);
  const size = 1 + Math.max(...target.map(Math.abs));
  const step = DIFFERENCE * size;
  const direction = Float64Array.from({ length: outputs }, (_, j) => Math.cos(j));
  const at = (length: number): Float64Array =>
    direction.map((d, j) => (target[j] ?? 0) + 0.3 * size * Math.cos(1 + 2 * j) + length * d);
  const product = (row: ArrayLike<number> = []): number => direction.reduce((sum, d, j) => sum + d * row[j], 0);
  const difference = (of: (z: Float64Array) => number): number => (of(at(step)) - of(at(-step))) / (2 * step);
  const value = (z: Float64Array): number => loss.value(z, target.slice());
  const gradient = (z: Float64Array): ArrayLike<number> => loss.gradient(z, target.slice());
  const compare = (name: string, got: readonly number[], wanted: readonly number[], noise = 0): void => {
    const most = Math.max(noise / CLOSE, ...wanted.map(Math.abs));
    const wrong = wanted.findIndex((x, i) => Number.isFinite(most) && !(Math.abs(x - got[i]) <= CLOSE * most));
    if (wrong < 0) return;
    const expected = `${wanted[wrong].toPrecision(6)}, as differences give it`;
    wrongValue(where, name, expected, String(got[wrong]));
  };
  const noise = (1e-14 * Math.abs(value(at(0)))) / step;
  compare("loss.gradient", [product(gradient(at(0)))], [difference(value)], noise);
  const rows = loss.hessian(at(0), target.slice());
  const each = Array.from(direction.keys());
  compare(
    "loss.hessian",
    each.map((i) => product(rows[i])),
    each.map((i) => difference((z) => gradient(z)[i])),
  );
}
