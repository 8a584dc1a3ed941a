// Oracle: the same calls with arrays of this realm.
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { dataset, lanczos, lbfgs, matrix, minimize, network } from "../src/index.js";

/** A value made where Array and Float64Array are others. */
const elsewhere = (code: string) => runInNewContext(code);

describe("arrays of another realm", () => {
  it("are data, parameters and matrices", () => {
    for (const kind of ["Float64Array", "Float32Array", "Array"]) {
      const flat = elsewhere(`${kind}.from([0, 1, 1, 0])`);
      expect(dataset(matrix(2, 2, flat), elsewhere(`${kind}.from([1, 2])`)).size).toBe(2);
      expect(dataset(elsewhere("[[0, 1], [1, 0]]"), elsewhere(`[${kind}.from([1]), ${kind}.from([2])]`)).size).toBe(2);
      const net = network({ inputs: 1, layers: [{ units: 1 }] });
      net.setParameters(elsewhere(`${kind}.from([2, 1])`));
      expect([...net.predict(elsewhere("[[3]]")).data]).toEqual([7]);
    }
  });

  it("are products, starts and gradients", () => {
    for (const kind of ["Float64Array", "Float32Array"]) {
      const matvec = elsewhere(`(v) => ${kind}.from(v, (x, i) => (i + 1) * x)`);
      expect(lanczos({ size: 3, matvec }, { k: 1 }).values[0]).toBeCloseTo(3, 5);
      const f = {
        value: (x: ArrayLike<number>) => x[0] ** 2 + (x[1] - 1) ** 2,
        gradient: elsewhere(`(x) => ${kind}.of(2 * x[0], 2 * (x[1] - 1))`),
      };
      expect(minimize(f as never, elsewhere(`${kind}.of(3, 3)`), { optimizer: lbfgs() }).x[1]).toBeCloseTo(1, 4);
    }
  });
});
