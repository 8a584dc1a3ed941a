/**
 * Eigenvalues and eigenvectors of a dense symmetric matrix: by way of a tridiagonal one, and back.
 */
import { divide, divideWorkBytes, sort, sortedOrder } from "./divide";
import { implicit } from "./implicit";
import { at } from "./triangular";
import { panelsOf, reflect, reflectWork, tridiagonalize, tridiagonalWork } from "./tridiagonal";

/** Bytes of `work` that `eigen` needs. */
export function eigenWorkBytes<T>(n: i32, vectors: bool): f64 {
  const reduction = <f64>tridiagonalWork(n) * sizeof<T>();
  const back = vectors ? max(divideWorkBytes<T>(n), <f64>reflectWork(n) * sizeof<T>()) : 0;
  return 3 * 8 * <f64>n + max(reduction, back);
}

/** That there are more parts to come. */
const MORE: i32 = -1;

/**
 * Eigenvalues of the symmetric A (n × n, its upper triangle, finite, of largest element about 1),
 * ascending, as doubles to `values` (n). A is destroyed; where `q` (n × n, leading dimension n) is
 * not 0, A gets the eigenvectors, column i that of value i, and q is workspace.
 *
 * One part of the work a call, so that a page may be drawn in between: parts 0, 1, … until the
 * result is not −1. It is 0, or a positive number where an eigenvalue has not converged.
 */
export function eigen<T>(
  n: i32, a: usize, ld: i32, values: usize, q: usize, work: usize, scratch: usize, part: i32,
): i32 {
  const d = work, e = d + (<usize>n << 3), tau = e + (<usize>n << 3), rest = tau + (<usize>n << 3);
  const panels = panelsOf(n), order = e;
  if (part < panels) {
    tridiagonalize<T>(part, n, a, ld, d, e, tau, rest, scratch);
    return MORE;
  }
  if (part == panels) {
    if (n > 0) store<f64>(d + (<usize>(n - 1) << 3), <f64>load<T>(at<T>(a, ld, n - 1, n - 1)));
    const info = q ? divide<T>(n, d, e, q, n, rest, scratch) : implicit<T>(n, d, e, 0, 0);
    if (info) return info;
    if (q) {
      memory.copy(order, sortedOrder(n, rest), <usize>n << 2);
      if (panels) return MORE;
    } else {
      for (let i = 0; i < n; ++i) store<i32>(order + (<usize>i << 2), i);
      sort(n, order, d);
    }
  } else {
    reflect<T>(2 * panels - part, n, a, ld, tau, q, n, rest, scratch);
    if (part < 2 * panels) return MORE;
  }
  for (let i = 0; i < n; ++i) {
    const from = load<i32>(order + (<usize>i << 2));
    store<f64>(values + (<usize>i << 3), load<f64>(d + (<usize>from << 3)));
    if (q) copyToColumn<T>(n, at<T>(q, n, from, 0), at<T>(a, ld, 0, i), ld);
  }
  return 0;
}

function copyToColumn<T>(n: i32, row: usize, column: usize, ld: i32): void {
  for (; n > 0; --n) {
    store<T>(column, load<T>(row));
    row += sizeof<T>();
    column += <usize>ld * sizeof<T>();
  }
}
