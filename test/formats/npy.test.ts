// Oracles: the files that numpy itself writes (test/fixtures/npy.json), and npyjs, which reads
// ours.

import { readFileSync } from "node:fs";
import npyjs from "npyjs";
import { describe, expect, it } from "vitest";
import { toNpy } from "../../src/formats/index.js";
import { dataset, matrix, network, symmetric } from "../../src/index.js";

interface Item {
  name: string;
  dtype: "f64" | "f32" | "i32";
  shape: number[];
  /** Little-endian bytes, as hexadecimal text. */
  data: string;
  file: string;
}

const { items } = JSON.parse(readFileSync("test/fixtures/npy.json", "utf8")) as { items: Item[] };
const arrays = { f64: Float64Array, f32: Float32Array, i32: Int32Array };

describe("numpy's bytes", () => {
  it.each(items)("$name", ({ dtype, shape, data, file }) => {
    const numbers = new arrays[dtype](Uint8Array.from(Buffer.from(data, "hex")).buffer);
    const values = shape.length === 1 ? numbers : { rows: shape[0]!, columns: shape[1]!, data: numbers };
    expect(Buffer.from(toNpy(values as Float64Array)).toString("hex")).toBe(file);
  });
});

describe("npyjs reads", () => {
  const read = async (bytes: Uint8Array<ArrayBuffer>) => new npyjs({ convertFloat16: false }).load(bytes.buffer);

  it("a Hessian", async () => {
    const net = network({ inputs: 2, layers: [{ units: 3, activation: "tanh" }, { units: 1 }], seed: 1 });
    const dense = net
      .hessian(
        dataset(
          [
            [1, 2],
            [3, 4],
          ],
          [1, 2],
        ),
      )
      .toDense();
    const { data, shape, fortranOrder } = await read(toNpy(dense));
    expect(shape).toEqual([13, 13]);
    expect(fortranOrder).toBe(false);
    expect(data).toEqual(dense.data);
  });

  it("part of an array, and long ones", async () => {
    const values = Float32Array.from({ length: 1000 }, (_, i) => Math.sin(i));
    const part = values.subarray(17, 999);
    expect(await read(toNpy(part))).toMatchObject({ shape: [part.length], data: part.slice() });
  });
});

it("refuses everything else", () => {
  expect(() => toNpy([1, 2] as never)).toThrow(
    /^toNpy: "values" expected a matrix, a Float64Array, a Float32Array or an Int32Array, got an array of 2$/,
  );
  expect(() => toNpy({ rows: 2, columns: 2, data: new Float64Array(3) })).toThrow(
    /^toNpy: "values.data" expected 2 × 2 numbers, got 3$/,
  );
  expect(() => toNpy(Uint8Array.of(1) as never)).toThrow(TypeError);
  expect(() => toNpy(symmetric(matrix([[1]])) as never)).toThrow(TypeError);
});
