/** Small dense matrices by Gauss's elimination with pivots: slow and obvious. */

export type Rows = number[][];

export function determinant(A: Rows): number {
  const rows = A.map((row) => row.slice());
  let product = 1;
  for (let k = 0; k < rows.length; ++k) {
    let best = k;
    for (let i = k; i < rows.length; ++i) if (Math.abs(rows[i][k]) > Math.abs(rows[best][k])) best = i;
    if (best !== k) product = -product;
    [rows[k], rows[best]] = [rows[best], rows[k]];
    product *= rows[k][k];
    for (let i = k + 1; i < rows.length; ++i) {
      const factor = rows[i][k] / rows[k][k];
      for (let j = k; j < rows.length; ++j) rows[i][j] -= factor * rows[k][j];
    }
  }
  return product;
}

export function inverse(A: Rows): Rows {
  const n = A.length;
  const rows = A.map((row, i) => [...row, ...row.map((_, j) => Number(i === j))]);
  for (let k = 0; k < n; ++k) {
    let best = k;
    for (let i = k; i < n; ++i) if (Math.abs(rows[i][k]) > Math.abs(rows[best][k])) best = i;
    [rows[k], rows[best]] = [rows[best], rows[k]];
    const pivot = rows[k][k];
    rows[k] = rows[k].map((value) => value / pivot);
    for (let i = 0; i < n; ++i) {
      if (i === k) continue;
      const factor = rows[i][k];
      rows[i] = rows[i].map((value, j) => value - factor * rows[k][j]);
    }
  }
  return rows.map((row) => row.slice(n));
}
