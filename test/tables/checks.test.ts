// Oracle: tables in which a leak, a repetition or a contradiction has been planted, and the same
// without.

import { expect, it } from "vitest";
import { conflictsIn, describe, leaksIn, type Row, repeatedRows } from "../../src/tables/index.js";

const wave = (i: number): number => Math.cos(7 * i * i);

it("a column whose kinds have one class each", () => {
  const rows = Array.from(
    { length: 60 },
    (_, i): Row => [wave(i), i % 3 ? "yes" : "no", i % 2 ? "red" : "blue", i % 3 ? "alive" : "dead"],
  );
  const columns = describe(rows, { names: ["a", "outcome", "colour", "state"], target: "state" });
  expect(leaksIn(columns, rows)).toEqual([
    "outcome determines state by itself: leave it out if it will not be known beforehand",
  ]);
  const near = rows.map((row, i): Row => (i === 30 ? [0, "yes", "red", "dead"] : row));
  expect(leaksIn(describe(near, { names: ["a", "outcome", "colour", "state"] }), near)).toEqual([]);
});

it("a column in which each class has a range for itself", () => {
  const names = ["a", "after", "state"];
  const rows = Array.from(
    { length: 60 },
    (_, i): Row => [wave(i), (i % 2 ? 10 : 0) + Math.sin(i), i % 2 ? "alive" : "dead"],
  );
  expect(leaksIn(describe(rows, { names }), rows)[0]).toMatch(/^after determines state/);
  const near = rows.map((row, i): Row => (i === 30 ? [0, 10, "dead"] : row));
  expect(leaksIn(describe(near, { names }), near)).toEqual([]);
  // With few rows of a class it may be chance.
  const few = Array.from({ length: 60 }, (_, i): Row => [wave(i), i < 5 ? 10 : Math.sin(i), i < 5 ? "alive" : "dead"]);
  expect(leaksIn(describe(few, { names }), few)).toEqual([]);
});

it("a column, or two, that are the target in another unit", () => {
  const parts = Array.from({ length: 60 }, (_, i) => [wave(i), Math.sin(3 * i), wave(i + 100)]);
  const sum = parts.map(([a, b, c]): Row => [a, b, c, a + b]);
  const names = ["a", "b", "c", "y"];
  expect(leaksIn(describe(sum, { names }), sum)[0]).toMatch(/^a \+ b determines y/);
  const scaled = parts.map(([a, b, c]): Row => [a, b, c, 1e-6 * c + 5]);
  expect(leaksIn(describe(scaled, { names }), scaled)[0]).toMatch(/^c determines y/);
  const near = parts.map(([a, b, c], i): Row => [a, b, c, c + 0.05 * Math.sin(11 * i)]);
  expect(leaksIn(describe(near, { names }), near)).toEqual([]);
});

it("rows in both parts, and rows that contradict each other", () => {
  const rows = Array.from({ length: 20 }, (_, i): Row => [i % 10, i % 3, i % 2 ? "x" : "y"]);
  expect(repeatedRows([rows[0], [99, 0, "x"]], rows)).toEqual([0]);
  const columns = describe(rows, { names: ["a", "b", "c"] });
  expect(conflictsIn(columns, rows)).toBeNull();
  const conflict = [...rows, [rows[4], "x"].flat() as Row].map((row, i): Row => (i === 20 ? [4, 1, "x"] : row));
  expect(conflictsIn(columns, conflict)).toMatch(
    /^1 row has the inputs of another with another class \(such as "x" in row 21\)$/,
  );
});
