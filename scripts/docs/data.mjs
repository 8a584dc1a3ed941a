import { readFileSync } from "node:fs";
import { join } from "node:path";
import { dataset } from "hessia";
import { root } from "./page.mjs";

function read(name) {
  const [, ...lines] = readFileSync(join(root, "data", name), "utf8")
    .trim()
    .split("\n");
  return lines.map((line) => line.split(","));
}

/** The irises: four measurements with mean 0 and variance 1, three species. */
export function irises() {
  const rows = read("iris.csv");
  const inputs = rows.map((row) => row.slice(0, 4).map(Number));
  const species = [...new Set(rows.map((row) => row[4]))];
  for (let j = 0; j < 4; ++j) {
    const mean = inputs.reduce((sum, row) => sum + row[j], 0) / inputs.length;
    const deviation = Math.sqrt(inputs.reduce((sum, row) => sum + (row[j] - mean) ** 2, 0) / inputs.length);
    for (const row of inputs) row[j] = (row[j] - mean) / deviation;
  }
  const labels = rows.map((row) => species.indexOf(row[4]));
  return { inputs, labels, data: dataset(inputs, labels) };
}

/** The digits, pixels from 0 to 1. */
export function digits() {
  const rows = read("digits.csv");
  return {
    inputs: rows.map((row) => row.slice(0, 64).map((pixel) => pixel / 16)),
    labels: rows.map((row) => +row[64]),
  };
}

/**
 * Numbers in [−1, 1) from a linear congruential generator (Numerical Recipes); nothing that an
 * engine may round its own way.
 */
export function stream(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  };
}

export function dot(a, b) {
  return a.reduce((sum, x, i) => sum + x * b[i], 0);
}

export function norm(v) {
  return Math.sqrt(dot(v, v));
}

export function minus(a, b) {
  return a.map((x, i) => x - b[i]);
}

/** ‖a − b‖ / ‖b‖ */
export function distance(a, b) {
  return norm(minus(a, b)) / norm(b);
}

/** a + t·v */
export function along(a, t, v) {
  return a.map((x, i) => x + t * v[i]);
}
