// Oracle: the documented contract of the workspace: aligned, in order, grown without loss, taken
// back all at once, pooled.

import { beforeAll, describe, expect, it } from "vitest";
import { init } from "../../src/index.js";
import { acquire, borrow, bytesPer, describeBytes, release, type Workspace } from "../../src/wasm/workspace.js";
import { builds, dtypes } from "../support.js";

describe.each(builds)("%s build", (build) => {
  beforeAll(() => init({ simd: build }));

  const using = (use: (workspace: Workspace) => void) => borrow(build, use);

  it("hands out memory in order, aligned to cache lines, without overlap", () => {
    using((workspace) => {
      let end = workspace.scratch;
      for (const dtype of dtypes) {
        for (const count of [0, 1, 3, 8, 17, 1000]) {
          const at = workspace.allocate(dtype, count);
          expect(at % 64).toBe(0);
          expect(at).toBeGreaterThanOrEqual(end);
          end = at + count * bytesPer(dtype);
        }
      }
    });
  });

  it("keeps what is written when memory grows, and views show it", () => {
    using((workspace) => {
      for (const dtype of dtypes) {
        const at = workspace.allocate(dtype, 3);
        workspace.write(dtype, at, [1, 2, 3]);
        const view = workspace.slice(dtype, at, 3);
        expect(Array.from(view)).toEqual([1, 2, 3]);
        const copy = workspace.read(dtype, at, 3);
        const before = workspace.byteLength;
        const far = workspace.allocate("f64", before / 8 + 1000);
        expect(workspace.byteLength).toBeGreaterThan(before);
        workspace.slice("f64", far, 1000).fill(9);
        expect(Array.from(workspace.slice(dtype, at, 3))).toEqual([1, 2, 3]);
        expect(Array.from(copy)).toEqual([1, 2, 3]);
        expect(copy.buffer.byteLength).toBe(copy.byteLength);
      }
    });
  });

  it("reads copies, short and long", () => {
    using((workspace) => {
      for (const count of [0, 1, 5, 100, 5000]) {
        const values = Float64Array.from({ length: count }, (_, i) => i);
        const at = workspace.allocate("f64", count);
        workspace.write("f64", at, values);
        const read = workspace.read("f64", at, count);
        workspace.slice("f64", at, count).fill(-1);
        expect(read).toEqual(values);
      }
    });
  });

  it("takes everything back when released, also after an error", () => {
    let first = 0;
    using((workspace) => {
      first = workspace.allocate("f64", 1);
    });
    for (let i = 0; i < 3; i++) {
      expect(() =>
        using((workspace) => {
          expect(workspace.allocate("f64", 1000)).toBe(first);
          throw new Error("in between");
        }),
      ).toThrow("in between");
    }
  });

  it("refuses what is beyond 4 GiB, and goes on", () => {
    using((workspace) => {
      expect(() => workspace.allocate("f64", 2 ** 30)).toThrow(RangeError);
      expect(() => workspace.allocate("f64", 2 ** 50)).toThrow(
        /this needs 8\.00 PiB of WebAssembly memory, of which there are at most 4 GiB/,
      );
      const at = workspace.allocate("f32", 4);
      workspace.write("f32", at, [1, 2, 3, 4]);
      expect(Array.from(workspace.read("f32", at, 4))).toEqual([1, 2, 3, 4]);
    });
  });

  it("instances in use are nobody else's; a few free ones are kept, large ones are not", () => {
    const taken = Array.from({ length: 7 }, () => acquire(build));
    expect(new Set(taken).size).toBe(7);
    for (const workspace of taken) release(workspace);
    const again = Array.from({ length: 7 }, () => acquire(build));
    expect(again.filter((workspace) => taken.includes(workspace)).length).toBe(4);
    expect(again.every((workspace) => workspace.build === build)).toBe(true);
    const [large, ...small] = again;
    large.allocateBytes(65 * 2 ** 20);
    for (const workspace of [large, ...small]) release(workspace);
    const last = Array.from({ length: 5 }, () => acquire(build));
    expect(last.includes(large)).toBe(false);
    for (const workspace of last) release(workspace);
  });
});

it("amounts in words", () => {
  expect([0, 1023, 1024, 1.5 * 2 ** 20, 74.5 * 2 ** 30, 2 ** 62].map(describeBytes)).toEqual([
    "0 bytes",
    "1023 bytes",
    "1.00 KiB",
    "1.50 MiB",
    "74.5 GiB",
    "4.00 EiB",
  ]);
});
