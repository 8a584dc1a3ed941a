/**
 * Second derivatives by hyper-dual numbers: x = v + a·ε₁ + b·ε₂ + ab·ε₁ε₂ with ε₁² = ε₂² = 0. With
 * the directions u and w as the ε-parts of the parameters, the objective comes out as f +
 * (∇fᵀu)·ε₁ + (∇fᵀw)·ε₂ + (uᵀHw)·ε₁ε₂, exact to rounding. No backpropagation is involved.
 * Source: Fike and Alonso, "The development of hyper-dual numbers for exact second-derivative
 * calculations", 2011.
 */

import { activation } from "./activations.js";
import { dataLoss } from "./losses.js";
import {
  batchNormOf,
  initialRunning,
  layout,
  type NetworkSpec,
  type Options,
  penalised,
  type Targets,
} from "./spec.js";

export interface HyperDual {
  v: number;
  a: number;
  b: number;
  ab: number;
}

export type Kind = "exact" | "ggn";

export interface HessianOptions extends Options {
  kind?: Kind;
}

type Vector = ArrayLike<number>;

const constant = (v: number): HyperDual => ({ v, a: 0, b: 0, ab: 0 });

const add = (x: HyperDual, y: HyperDual): HyperDual => ({ v: x.v + y.v, a: x.a + y.a, b: x.b + y.b, ab: x.ab + y.ab });

const scale = (s: number, x: HyperDual): HyperDual => ({ v: s * x.v, a: s * x.a, b: s * x.b, ab: s * x.ab });

const subtract = (x: HyperDual, y: HyperDual): HyperDual => add(x, scale(-1, y));

const multiply = (x: HyperDual, y: HyperDual): HyperDual => ({
  v: x.v * y.v,
  a: x.v * y.a + x.a * y.v,
  b: x.v * y.b + x.b * y.v,
  ab: x.v * y.ab + x.a * y.b + x.b * y.a + x.ab * y.v,
});

/** f(x), given f, f′ and f″ at x.v. */
const lift = (x: HyperDual, value: number, first: number, second: number): HyperDual => ({
  v: value,
  a: first * x.a,
  b: first * x.b,
  ab: first * x.ab + second * x.a * x.b,
});

const mean = (xs: HyperDual[]): HyperDual => scale(1 / xs.length, xs.reduce(add, constant(0)));

/** Σ w[from + j]·x[j] + bias, in one loop because nearly all the time goes here. */
function affine(θ: HyperDual[], from: number, x: HyperDual[], bias: HyperDual): HyperDual {
  let { v, a, b, ab } = bias;
  for (let j = 0; j < x.length; j++) {
    const w = θ[from + j];
    const h = x[j];
    v += w.v * h.v;
    a += w.v * h.a + w.a * h.v;
    b += w.v * h.b + w.b * h.v;
    ab += w.v * h.ab + w.a * h.b + w.b * h.a + w.ab * h.v;
  }
  return { v, a, b, ab };
}

/** The network's outputs, samples × outputs, for hyper-dual parameters. */
function forward(spec: NetworkSpec, θ: HyperDual[], X: number[][], options: Options): HyperDual[][] {
  const running = options.running ?? initialRunning(spec);
  let rows = X.map((row) => row.map(constant));
  layout(spec).forEach((at, l) => {
    rows = rows.map((row) =>
      Array.from({ length: at.units }, (_, i) => affine(θ, at.weight + i * at.inputs, row, θ[at.bias + i])),
    );
    const norm = batchNormOf(spec.layers[l]);
    for (let i = 0; norm && i < at.units; i++) {
      const column = rows.map((row) => row[i]);
      const given = running[l];
      let center = constant(given ? given.mean[i] : 0);
      let variance = constant(given ? given.variance[i] : 1);
      if ((options.mode ?? "batch") === "batch") {
        center = mean(column);
        variance = mean(column.map((x) => multiply(subtract(x, center), subtract(x, center))));
      }
      const s = variance.v + norm.epsilon;
      const inverseDeviation = lift(variance, s ** -0.5, -0.5 * s ** -1.5, 0.75 * s ** -2.5);
      column.forEach((x, n) => {
        const normalized = multiply(subtract(x, center), inverseDeviation);
        rows[n][i] = add(multiply(θ[at.scale + i], normalized), θ[at.shift + i]);
      });
    }
    const φ = activation(spec.layers[l].activation);
    rows = rows.map((row) => row.map((z) => lift(z, φ.value(z.v), φ.first(z.v), φ.second(z.v))));
  });
  return rows;
}

function parameters(θ: Vector, u: Vector, w: Vector): HyperDual[] {
  return Array.from(θ, (v, k) => ({ v, a: u[k], b: w[k], ab: 0 }));
}

function unit(size: number, k: number): number[] {
  const e: number[] = new Array(size).fill(0);
  e[k] = 1;
  return e;
}

/** The objective f along two directions: v = f, a = ∇fᵀu, b = ∇fᵀw, ab = uᵀHw. */
export function directional(
  spec: NetworkSpec,
  θ: Vector,
  X: number[][],
  Y: Targets,
  u: Vector,
  w: Vector,
  options: Options = {},
): HyperDual {
  const outputs = forward(spec, parameters(θ, u, w), X, options);
  const { value, gradient, hessian } = dataLoss(
    spec.loss,
    outputs.map((row) => row.map((f) => f.v)),
    Y,
  );
  const result = constant(value);
  outputs.forEach((row, n) => {
    row.forEach((f, i) => {
      result.a += gradient[n][i] * f.a;
      result.b += gradient[n][i] * f.b;
      result.ab += gradient[n][i] * f.ab;
      row.forEach((g, j) => {
        result.ab += hessian[n][i][j] * f.a * g.b;
      });
    });
  });
  const { l1 = 0, l2 = 0 } = spec.penalty ?? {};
  penalised(spec).forEach((on, k) => {
    if (!on) return;
    const slope = l1 * Math.sign(θ[k]) + l2 * θ[k];
    result.v += l1 * Math.abs(θ[k]) + (l2 / 2) * θ[k] ** 2;
    result.a += slope * u[k];
    result.b += slope * w[k];
    result.ab += l2 * u[k] * w[k];
  });
  return result;
}

/** ∂outputs/∂θ: [sample][output][parameter]. */
export function jacobian(spec: NetworkSpec, θ: Vector, X: number[][], options: Options = {}): number[][][] {
  const none = new Array(θ.length).fill(0);
  const passes = Array.from(θ, (_, k) => forward(spec, parameters(θ, unit(θ.length, k), none), X, options));
  return passes[0].map((row, n) => row.map((_, i) => passes.map((outputs) => outputs[n][i].a)));
}

/** The Jacobian of the outputs along one direction: [sample][output]. */
function jacobianTimes(spec: NetworkSpec, θ: Vector, X: number[][], v: Vector, options: Options): number[][] {
  const none = new Array(θ.length).fill(0);
  return forward(spec, parameters(θ, v, none), X, options).map((row) => row.map((f) => f.a));
}

/** Which diagonal entries the l2 penalty adds to, and how much; l1 adds no curvature. */
function penaltyDiagonal(spec: NetworkSpec): number[] {
  return penalised(spec).map((on) => (on ? (spec.penalty?.l2 ?? 0) : 0));
}

/**
 * The dense Hessian, or the generalised Gauss-Newton matrix Jᵀ ∇²ℓ J; the l2 penalty's curvature is
 * in both.
 */
export function hessian(
  spec: NetworkSpec,
  θ: Vector,
  X: number[][],
  Y: Targets,
  options: HessianOptions = {},
): number[][] {
  const size = θ.length;
  const H: number[][] = Array.from({ length: size }, () => new Array(size).fill(0));
  if ((options.kind ?? "exact") === "exact") {
    const axes = Array.from({ length: size }, (_, k) => unit(size, k));
    for (let i = 0; i < size; i++) {
      for (let j = 0; j <= i; j++) H[i][j] = H[j][i] = directional(spec, θ, X, Y, axes[i], axes[j], options).ab;
    }
    return H;
  }
  const J = jacobian(spec, θ, X, options);
  const curvature = lossHessian(spec, θ, X, Y, options);
  const diagonal = penaltyDiagonal(spec);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < size; j++) {
      let sum = i === j ? diagonal[i] : 0;
      J.forEach((rows, n) => {
        rows.forEach((p, c) => {
          rows.forEach((q, d) => {
            sum += p[i] * curvature[n][c][d] * q[j];
          });
        });
      });
      H[i][j] = sum;
    }
  }
  return H;
}

function lossHessian(spec: NetworkSpec, θ: Vector, X: number[][], Y: Targets, options: Options): number[][][] {
  const outputs = forward(spec, Array.from(θ, constant), X, options);
  return dataLoss(
    spec.loss,
    outputs.map((row) => row.map((f) => f.v)),
    Y,
  ).hessian;
}

/** H·v or G·v, one pass per parameter: for sizes where the dense matrix takes too long. */
export function hessianVectorProduct(
  spec: NetworkSpec,
  θ: Vector,
  X: number[][],
  Y: Targets,
  v: Vector,
  options: HessianOptions = {},
): number[] {
  const size = θ.length;
  if ((options.kind ?? "exact") === "exact") {
    return Array.from({ length: size }, (_, k) => directional(spec, θ, X, Y, unit(size, k), v, options).ab);
  }
  const Jv = jacobianTimes(spec, θ, X, v, options);
  const weighted = lossHessian(spec, θ, X, Y, options).map((rows, n) =>
    rows.map((row) => row.reduce((sum, h, d) => sum + h * Jv[n][d], 0)),
  );
  const diagonal = penaltyDiagonal(spec);
  return Array.from({ length: size }, (_, k) => {
    const column = jacobianTimes(spec, θ, X, unit(size, k), options);
    return column.reduce((sum, row, n) => row.reduce((s, j, c) => s + j * weighted[n][c], sum), diagonal[k] * v[k]);
  });
}
