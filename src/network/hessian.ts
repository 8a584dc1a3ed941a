import { isFloat32 } from "../check.js";
import { type FloatArray, floatArray, type Workspace } from "../wasm/workspace.js";
import { above } from "./above.js";
import { Assembly } from "./assembly.js";
import { CurvatureProducts } from "./curvature.js";
import type { Dataset } from "./dataset.js";
import type { Layout } from "./layout.js";
import { wholeBatch } from "./objective.js";
import type { BatchNormMode } from "./propagation.js";
import type { ResolvedSpec } from "./spec.js";
import type { CurvatureKind } from "./tangent.js";

/**
 * Makes the matrix symmetric from what is right of the diagonal, in squares that stay in the cache.
 */
function mirror(matrix: FloatArray, size: number): void {
  const square = 32;
  for (let top = 0; top < size; top += square) {
    const bottom = Math.min(top + square, size);
    for (let left = top; left < size; left += square) {
      const right = Math.min(left + square, size);
      for (let row = top; row < bottom; ++row) {
        for (let column = Math.max(left, row + 1); column < right; ++column) {
          matrix[column * size + row] = matrix[row * size + column];
        }
      }
    }
  }
}

/** ½·l2·Σθ² curves by l2 along each of its parameters; l1 not at all. */
function addPenalty(matrix: FloatArray, { penalised, parameterCount }: Layout): void {
  for (const { offset, count, l2 } of penalised) {
    if (l2 === 0) continue;
    for (let i = offset; i < offset + count; ++i) matrix[i * (parameterCount + 1)] += l2;
  }
}

/** Column by column, penalty included, for networks whose samples are coupled by batch norm. */
function* columns(
  workspace: Workspace,
  spec: ResolvedSpec,
  layout: Layout,
  data: Dataset,
  kind: CurvatureKind,
  theta: number,
  statistics: number,
  matrix: FloatArray,
): Generator<void, void> {
  const { parameterCount: size } = layout;
  const v = workspace.allocate(spec.dtype, size);
  const out = workspace.allocate(spec.dtype, size);
  const products = new CurvatureProducts(workspace, spec, layout, data, "batch");
  products.linearize(theta, statistics, wholeBatch(data));
  workspace.slice(spec.dtype, v, size).fill(0);
  for (let i = 0; i < size; ++i) {
    workspace.slice(spec.dtype, v, size)[i] = 1;
    products.multiply(theta, statistics, v, out, kind);
    matrix.set(workspace.slice(spec.dtype, out, size), i * size);
    workspace.slice(spec.dtype, v, size)[i] = 0;
    yield;
  }
  mirror(matrix, size);
}

/**
 * The matrix, row-major and exactly symmetric, of the network's dtype; in the memory of `used`,
 * where that is given. `theta` and `statistics` are in the workspace. It may be left between two
 * parts and taken up again.
 */
export function* assembleHessian(
  workspace: Workspace,
  spec: ResolvedSpec,
  layout: Layout,
  data: Dataset,
  mode: BatchNormMode,
  kind: CurvatureKind,
  theta: number,
  statistics: number,
  used?: FloatArray,
): Generator<void, FloatArray> {
  const matrix = used ?? floatArray(spec.dtype, layout.parameterCount ** 2);
  if (layout.batchNorm && mode === "batch") {
    yield* columns(workspace, spec, layout, data, kind, theta, statistics, matrix);
    return matrix;
  }
  yield* new Assembly(workspace, spec, layout, data, kind, matrix, used !== undefined).parts(theta, statistics);
  addPenalty(matrix, layout);
  return matrix;
}

/** Rows and columns of a matrix of that size. */
export function blockOf(
  matrix: FloatArray,
  size: number,
  places: ArrayLike<number>,
  used: FloatArray | null = null,
): FloatArray {
  const count = places.length;
  const block = used ?? floatArray(isFloat32(matrix) ? "f32" : "f64", count * count);
  for (let i = 0, at = 0; i < count; ++i) {
    for (let j = 0; j < count; ++j, ++at) block[at] = matrix[places[i] * size + places[j]];
  }
  return block;
}

/**
 * The block of some parameters: of the matrix of the layers from the lowest of theirs on, which
 * work on what the layers below give. Those below are not differentiated, and the matrix has no
 * rows for them.
 */
export function* assembleBlock(
  workspace: Workspace,
  spec: ResolvedSpec,
  layout: Layout,
  data: Dataset,
  mode: BatchNormMode,
  kind: CurvatureKind,
  theta: number,
  statistics: number,
  chosen: Uint32Array,
  used?: FloatArray,
): Generator<void, FloatArray> {
  const part = above(workspace, { spec, layout, data, theta, statistics }, mode, chosen);
  part.refresh();
  const { places } = part;
  const matrix = yield* assembleHessian(
    ...([workspace, part.spec, part.layout, part.data, mode, kind, part.theta, part.statistics] as const),
    places ? undefined : used,
  );
  return places ? blockOf(matrix, part.layout.parameterCount, places, used) : matrix;
}
