import { multiply } from "../../linalg/matrix.js";
import type { LinearOperator } from "../../linalg/operator.js";
import { symmetric } from "../../linalg/symmetric.js";
import { dot, normalize } from "../../linalg/vector.js";
import { Random } from "../../random.js";
import type { ScalarMath } from "../../wasm/kernels.js";
import type { FamilyPart, InvarianceFamily, Invariances } from "./invariances.js";

/** Directions of one kind along which the loss does not change. */
export interface ZeroModeFamily {
  /** Where they come from. */
  readonly family: InvarianceFamily;
  /** Dimensions that it adds to those above it. */
  readonly dimension: number;
  /** Of these, how many H takes to 0 within the tolerance. */
  readonly verified: number;
  /** ‖H·t‖ for a random unit vector t of the family: the largest of two. */
  readonly residual: number;
}

/**
 * Families whose dimension is at most this are taken apart where not all of them is in the kernel.
 */
const MOST_TAKEN_APART = 300;
const PROBES = 2;

/** Which of the invariances' directions are zero modes of H. */
export function verify(
  { subspace, parts }: Invariances,
  op: LinearOperator,
  tolerance: number,
  seed: number,
  math: ScalarMath,
): ZeroModeFamily[] {
  const random = new Random(seed);
  const draw = (): number => random.normal(math);
  const found = new Map<InvarianceFamily, { dimension: number; verified: number; residual: number }>();
  for (const part of parts) {
    const { family, axes, from, to } = part;
    let residual = 0;
    for (let probe = 0; probe < PROBES; ++probe) {
      const t = subspace.combine(draw, (index) => axes.has(index), from, to);
      normalize(t);
      residual = Math.max(residual, lengthOf(op.matvec(t)));
    }
    const dimension = axes.size + to - from;
    const verified = residual <= tolerance ? dimension : takeApart(part, subspace.vectors, op, tolerance);
    const sum = found.get(family) ?? { dimension: 0, verified: 0, residual: 0 };
    found.set(family, {
      dimension: sum.dimension + dimension,
      verified: sum.verified + verified,
      residual: Math.max(sum.residual, residual),
    });
  }
  return Array.from(found, ([family, counts]) => ({ family, ...counts }));
}

/** The dimension of the kernel of H on the part: the zero eigenvalues of Qᵀ·H²·Q. */
function takeApart(part: FamilyPart, vectors: readonly Float64Array[], op: LinearOperator, tolerance: number): number {
  const { axes, from, to } = part;
  const dimension = axes.size + to - from;
  if (dimension > MOST_TAKEN_APART) return 0;
  const images = new Float64Array(dimension * op.size);
  let row = 0;
  const push = (v: Float64Array): void => images.set(op.matvec(v), row++ * op.size);
  for (const index of axes) {
    const axis = new Float64Array(op.size);
    axis[index] = 1;
    push(axis);
  }
  for (let k = from; k < to; ++k) push(vectors[k]);
  const block = { rows: dimension, columns: op.size, data: images };
  const squares = symmetric(multiply(block, block, { transposeB: true })).eigenvalues();
  const limit = Math.max(tolerance ** 2, 16 * dimension * Number.EPSILON * squares[dimension - 1]);
  return squares.filter((value) => value <= limit).length;
}

/** H on the complement of a subspace; on the subspace itself `shift` times the identity. */
export function deflated(op: LinearOperator, { subspace }: Invariances, shift: number): LinearOperator {
  return {
    size: op.size,
    matvec: (v) => {
      const inside = Float64Array.from(v);
      const rest = inside.slice();
      subspace.subtractFrom(rest);
      const product = Float64Array.from(op.matvec(rest));
      subspace.subtractFrom(product);
      for (let i = 0; i < product.length; ++i) product[i] += shift * (inside[i] - rest[i]);
      return product;
    },
  };
}

function lengthOf(v: ArrayLike<number>): number {
  const copy = Float64Array.from(v);
  return Math.sqrt(dot(copy, copy));
}
