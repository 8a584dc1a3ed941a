// Invariant: no kernel of the core's exports reads or writes beyond a buffer. Each buffer stands
// between canaries; and each in turn ends where the memory ends, where reading further traps.
import { describe, expect, it } from "vitest";
import { Core, kernelNames, ragged, targets } from "./harness.js";
import { type Make, operands } from "./operands.js";

describe("the table of operands", () => {
  it("has every kernel that the core exports, and no other", () => {
    expect(Object.keys(operands).sort()).toEqual(kernelNames().sort());
  });
});

describe.each(targets)("$build $dtype", ({ build, dtype }) => {
  const { lanes } = new Core(build, dtype);
  const filled = (values: number | ArrayLike<number>): ArrayLike<number> =>
    typeof values === "number" ? new Float64Array(values).fill(0.5) : values;

  it.each(Object.keys(operands))("%s stays inside its buffers", (name) => {
    for (const args of operands[name]) {
      for (const n of ragged(lanes)) {
        const core = new Core(build, dtype);
        core.call(name, ...args((values) => core.alloc(filled(values)), n, core));
        let buffers = 1;
        for (let last = 0; last < buffers; last++) {
          buffers = 0;
          const core = new Core(build, dtype);
          const make: Make = (values) =>
            buffers++ === last ? core.allocLast(filled(values)) : core.alloc(filled(values));
          expect(() => core.call(name, ...args(make, n, core)), `buffer ${last} of n = ${n}`).not.toThrow();
        }
      }
    }
  });
});
