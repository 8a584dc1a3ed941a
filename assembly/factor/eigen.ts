/** Eigenvalues and eigenvectors of a dense symmetric matrix: reduction to a tridiagonal one, its eigenvalues, and back. */
import { divide, divideWorkBytes, sortedOrder } from "./divide";
import { implicit } from "./implicit";
import { at } from "./triangular";
import { reflect, reflectWork, tridiagonalize, tridiagonalWork } from "./tridiagonal";

/** Bytes of `work` that `eigen` needs. */
export function eigenWorkBytes<T>(n: i32, vectors: bool): f64 {
  const reduction = <f64>tridiagonalWork(n) * sizeof<T>();
  const back = vectors ? max(divideWorkBytes<T>(n), <f64>reflectWork(n) * sizeof<T>() + 4 * <f64>n) : 0;
  return 3 * 8 * <f64>n + max(reduction, back) + 64;
}

/**
 * Eigenvalues of the symmetric A (n × n, its upper triangle, finite, of largest element about 1), ascending, as doubles to `values` (n).
 * A is destroyed; where `q` (n × n, leading dimension n) is not 0, A gets the eigenvectors, column i that of value i, and q is workspace.
 * Returns 0, or a positive number where an eigenvalue has not converged.
 */
export function eigen<T>(n: i32, a: usize, ld: i32, values: usize, q: usize, work: usize, scratch: usize): i32 {
  const d = work, e = d + (<usize>n << 3), tau = e + (<usize>n << 3), rest = tau + (<usize>n << 3);
  tridiagonalize<T>(n, a, ld, d, e, tau, rest, scratch);
  if (!q) {
    const info = implicit<T>(n, d, e, 0, 0);
    sortValues(n, d, values);
    return info;
  }
  const info = divide<T>(n, d, e, q, n, rest, scratch);
  if (info) return info;
  const order = rest + <usize>(reflectWork(n) * sizeof<T>() + 15 & ~15);
  memory.copy(order, sortedOrder(n, rest), <usize>n << 2);
  reflect<T>(n, n, a, ld, tau, q, n, rest, scratch);
  for (let i = 0; i < n; ++i) {
    const from = load<i32>(order + (<usize>i << 2));
    store<f64>(values + (<usize>i << 3), load<f64>(d + (<usize>from << 3)));
    let p = at<T>(q, n, from, 0), out = at<T>(a, ld, 0, i);
    for (let j = 0; j < n; ++j) {
      store<T>(out, load<T>(p));
      p += sizeof<T>();
      out += <usize>ld * sizeof<T>();
    }
  }
  return 0;
}

/** A heap: what comes out of the implicit method is in no order. */
function sortValues(n: i32, d: usize, values: usize): void {
  for (let i = 0; i < n; ++i) {
    const own = load<f64>(d + (<usize>i << 3));
    let j = i;
    for (; j > 0 && load<f64>(values + (<usize>(j - 1) << 3)) > own; --j) {
      store<f64>(values + (<usize>j << 3), load<f64>(values + (<usize>(j - 1) << 3)));
    }
    store<f64>(values + (<usize>j << 3), own);
  }
}
