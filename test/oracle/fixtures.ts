/** Reads what scripts/fixtures wrote into test/fixtures. */

import { readFileSync } from "node:fs";
import type { OptimizerName } from "./optimizers.js";
import type { ActivationSpec, NetworkSpec, RunningStatistics, Targets } from "./spec.js";

interface Header {
  source: string;
  versions: Record<string, string>;
}

/** Each column belongs to `points`. */
export interface ActivationFixtures extends Header {
  points: number[];
  erf: number[];
  erfc: number[];
  items: { activation: ActivationSpec; value: number[]; first: number[]; second: number[] }[];
}

export interface Polynomial {
  quartic: number[];
  diagonal: number[];
  linear: number[];
  coupling: number[];
}

export interface OptimizerFixture {
  optimizer: OptimizerName;
  options: Record<string, number | boolean | number[]>;
  dtype: "f64" | "f32";
  /** The parameters after each step. */
  iterates: number[][];
}

export interface OptimizerFixtures extends Header {
  function: Polynomial;
  start: number[];
  items: OptimizerFixture[];
}

export interface NetworkResult {
  predictions: number[][];
  /** With the penalty. */
  loss: number;
  /** Without. */
  dataLoss: number;
  gradient: number[];
}

/** By mode; "running" only for networks with batch norm. */
interface Results<Result> {
  batch: Result;
  running?: Result;
}

export interface NetworkFixture {
  name: string;
  spec: NetworkSpec;
  parameters: number[];
  inputs: number[][];
  targets: Targets;
  running: RunningStatistics;
  results: Results<NetworkResult>;
  /** After one training batch that started from `running`. */
  runningAfter?: RunningStatistics;
}

export interface NetworkFixtures extends Header {
  items: NetworkFixture[];
}

/** Lower triangles, row by row. */
interface Matrices {
  exact: number[];
  ggn: number[];
}

export interface HessianFixtures extends Header {
  items: { name: string; results: Results<Matrices> }[];
}

export interface LossFixtures extends Header {
  items: {
    name: string;
    spec: NetworkSpec;
    parameters: number[];
    inputs: number[][];
    targets: number[][];
    /** Null where all samples count alike. */
    weights: number[] | null;
    loss: number;
    gradient: number[];
    /** Lower triangle, row by row. */
    hessian: number[];
  }[];
}

/** A posterior; without numbers where the precision is not positive definite. */
export interface LaplaceResult {
  options: {
    structure: "full" | "last-layer" | "kronecker" | "diagonal";
    hessian: "ggn" | "exact";
    groups: "all" | "layers" | "tensors" | "inputs" | "parameters";
    prior: number | number[] | "evidence";
    noise?: number | "evidence";
  };
  status?: "not-positive-definite";
  prior: number[];
  noise?: number;
  logEvidence: number;
  effectiveParameters: number;
  deviation: number[][];
  standardErrors: number[];
  probabilities?: number[][];
}

export interface LaplaceFixtures extends Header {
  items: {
    name: string;
    spec: NetworkSpec;
    parameters: number[];
    inputs: number[][];
    targets: Targets;
    test: number[][];
    results: LaplaceResult[];
  }[];
}

interface Names {
  activations: ActivationFixtures;
  optimizers: OptimizerFixtures;
  networks: NetworkFixtures;
  hessians: HessianFixtures;
  losses: LossFixtures;
  laplace: LaplaceFixtures;
}

export function readFixture<Name extends keyof Names>(name: Name): Names[Name] {
  return JSON.parse(readFileSync(new URL(`../fixtures/${name}.json`, import.meta.url), "utf8"));
}

/** The whole matrix of a lower triangle. */
export function fromTriangle(triangle: number[]): number[][] {
  const size = (Math.sqrt(8 * triangle.length + 1) - 1) / 2;
  return Array.from({ length: size }, (_, i) =>
    Array.from({ length: size }, (_, j) => {
      const [low, high] = i < j ? [i, j] : [j, i];
      return triangle[(high * (high + 1)) / 2 + low];
    }),
  );
}

/** The gradient of the polynomial that the optimizers' trajectories descend. */
export function polynomialGradient(
  { quartic, diagonal, linear, coupling }: Polynomial,
  x: ArrayLike<number>,
): number[] {
  return quartic.map(
    (q, i) =>
      q * x[i] ** 3 +
      diagonal[i] * x[i] +
      linear[i] +
      (i > 0 ? coupling[i - 1] * x[i - 1] : 0) +
      (i < coupling.length ? coupling[i] * x[i + 1] : 0),
  );
}

export function polynomialValue({ quartic, diagonal, linear, coupling }: Polynomial, x: ArrayLike<number>): number {
  return quartic.reduce(
    (sum, q, i) =>
      sum +
      (q / 4) * x[i] ** 4 +
      (diagonal[i] / 2) * x[i] ** 2 +
      linear[i] * x[i] +
      (i < coupling.length ? coupling[i] * x[i] * x[i + 1] : 0),
    0,
  );
}
