/** Eigenvalues and eigenvectors of a dense symmetric matrix: by way of a tridiagonal one, and back. */
import { divide, divideWorkBytes, sort, sortedOrder } from "./divide";
import { implicit } from "./implicit";
import { at } from "./triangular";
import { reflect, reflectWork, tridiagonalize, tridiagonalWork } from "./tridiagonal";

/** Bytes of `work` that `eigen` needs. */
export function eigenWorkBytes<T>(n: i32, vectors: bool): f64 {
  const reduction = <f64>tridiagonalWork(n) * sizeof<T>();
  const back = vectors ? max(divideWorkBytes<T>(n), <f64>reflectWork(n) * sizeof<T>()) : 0;
  return 3 * 8 * <f64>n + max(reduction, back);
}

/**
 * Eigenvalues of the symmetric A (n × n, its upper triangle, finite, of largest element about 1), ascending, as
 * doubles to `values` (n). A is destroyed; where `q` (n × n, leading dimension n) is not 0, A gets the eigenvectors,
 * column i that of value i, and q is workspace. Returns 0, or a positive number where an eigenvalue has not
 * converged.
 */
export function eigen<T>(n: i32, a: usize, ld: i32, values: usize, q: usize, work: usize, scratch: usize): i32 {
  const d = work, e = d + (<usize>n << 3), tau = e + (<usize>n << 3), rest = tau + (<usize>n << 3);
  tridiagonalize<T>(n, a, ld, d, e, tau, rest, scratch);
  const info = q ? divide<T>(n, d, e, q, n, rest, scratch) : implicit<T>(n, d, e, 0, 0);
  if (info) return info;
  const order = e;
  if (q) {
    memory.copy(order, sortedOrder(n, rest), <usize>n << 2);
    reflect<T>(n, n, a, ld, tau, q, n, rest, scratch);
  } else {
    for (let i = 0; i < n; ++i) store<i32>(order + (<usize>i << 2), i);
    sort(n, order, d);
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
