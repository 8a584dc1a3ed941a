// Oracles: rows and columns of the whole matrix, entries of the whole gradient, products with
// vectors that are 0 elsewhere.
import { beforeAll, describe, expect, it, vi } from "vitest";
import { diagonal, hessianOperator, init, type LayerSpec, type Network, network } from "../../src/index.js";
import { Assembly } from "../../src/network/assembly.js";
import { Propagation } from "../../src/network/propagation.js";
import { cases, makeData, makeParameters, makeRunning } from "../cases.js";
import { builds, distance, flatStatistics, toDataset } from "../support.js";

describe.each(builds)("blocks of chosen parameters, %s", (build) => {
  beforeAll(async () => {
    await init({ simd: build });
  });

  it.each(cases.filter(({ spec }) => spec.layers.length > 1).map((c) => ({ name: c.name, c })))(
    "$name: gradient, products and matrices are the whole ones' parts",
    ({ c }) => {
      const net = network(c.spec as never);
      net.setParameters(makeParameters(c));
      net.setRunningStatistics(flatStatistics(makeRunning(c)));
      const { inputs, targets } = makeData(c);
      const data = toDataset(inputs, targets);
      const last = net.spec.layers.length - 1;
      const every = Array.from({ length: net.parameterCount }, (_, i) => i % 3 !== 1);
      for (const batchNorm of ["batch", "running"] as const) {
        if (net.layout.batchNorm && batchNorm === "batch" && data.size < 2) continue;
        const whole = net.gradient(data, { batchNorm });
        for (const of of [
          last,
          [0, last],
          every,
          every.map((mark, i) => mark && i >= net.layout.layers[last].weight),
        ]) {
          const places = placesOf(net, of);
          const got = net.gradient(data, { batchNorm, of });
          expect(got.loss).toBe(whole.loss);
          expect(
            distance(
              got.gradient,
              places.map((i) => whole.gradient[i]),
            ),
          ).toBeLessThan(1e-12);
          const v = places.map((_, i) => Math.cos(i));
          const all = new Array(net.parameterCount).fill(0);
          places.forEach((place, i) => {
            all[place] = v[i];
          });
          for (const kind of ["exact", "ggn"] as const) {
            const H = net.hessian(data, { batchNorm, kind });
            const block = net.hessian(data, { batchNorm, kind, of });
            expect(block.size).toBe(places.length);
            const expected = places.flatMap((i) => places.map((j) => H.data[i * H.size + j]));
            expect(distance(block.data, expected)).toBeLessThan(1e-12);
            const product = kind === "exact" ? "hvp" : "ggnvp";
            const wanted = net[product](data, all, { batchNorm });
            expect(
              distance(
                net[product](data, v, { batchNorm, of }),
                places.map((i) => wanted[i]),
              ),
            ).toBeLessThan(1e-12);
            const operator = hessianOperator(net, data, { batchNorm, kind, of });
            expect(operator.size).toBe(places.length);
            expect(
              distance(
                operator.matvec(v),
                places.map((i) => wanted[i]),
              ),
            ).toBeLessThan(1e-12);
          }
        }
      }
    },
  );

  it.each(cases.map((c) => ({ name: c.name, c })))("$name: the Jacobian's columns are the whole one's", ({ c }) => {
    const net = network(c.spec as never);
    net.setParameters(makeParameters(c));
    net.setRunningStatistics(flatStatistics(makeRunning(c)));
    const { inputs } = makeData(c);
    const J = net.jacobian(inputs);
    const last = net.spec.layers.length - 1;
    const every = Array.from({ length: net.parameterCount }, (_, i) => i % 3 !== 1);
    for (const of of [last, 0, every, every.map((mark, i) => mark && i >= net.layout.layers[last].weight)]) {
      const places = placesOf(net, of);
      const block = net.jacobian(inputs, { of });
      expect([block.rows, block.columns]).toEqual([J.rows, places.length]);
      const expected = Array.from({ length: J.rows }, (_, row) => places.map((i) => J.data[row * J.columns + i]));
      expect(distance(block.data, expected.flat())).toBe(0);
    }
    expect(net.jacobian([], { of: last }).columns).toBe(placesOf(net, last).length);
  });

  it("each layer keeps its own penalty", () => {
    const layers: LayerSpec[] = [{ units: 4, activation: "tanh" }, { units: 3, activation: "tanh" }, { units: 1 }];
    const net = network({ inputs: 2, layers, penalty: { l2: [10, 1, 0.1], on: "all" }, seed: 1 });
    const rows = [
      [1, 2],
      [3, -1],
      [0, 1],
    ];
    const data = toDataset(rows, [1, 0, 2]);
    for (const of of [1, 2, [1, 2]]) {
      const places = placesOf(net, of);
      const H = net.hessian(data);
      const expected = places.flatMap((i) => places.map((j) => H.data[i * H.size + j]));
      expect(distance(net.hessian(data, { of }).data, expected)).toBeLessThan(1e-12);
      const d = diagonal(hessianOperator(net, data, { of }), { probes: 100, seed: 1 });
      places.forEach((place, i) => {
        const error = Math.abs(d.values[i] - H.data[place * (H.size + 1)]);
        expect(error).toBeLessThan(5 * d.standardErrors[i] + 1e-12);
      });
    }
  });

  it("an operator's block follows parameters and data, through the layers below", () => {
    const layers: LayerSpec[] = [{ units: 4, activation: "tanh" }, { units: 3, activation: "tanh" }, { units: 1 }];
    const net = network({ inputs: 2, layers, seed: 1 });
    const x = { rows: 3, columns: 2, data: Float64Array.of(1, 2, 3, -1, 0, 1) };
    const data = toDataset(x as never, [1, 0, 2]);
    const v = [1, -1, 2, 0.5];
    const operator = hessianOperator(net, data, { of: 2 });
    const same = (): number => distance(operator.matvec(v), net.hvp(data, v, { of: 2 }));
    const before = operator.matvec(v);
    expect(same()).toBeLessThan(1e-14);
    net.setParameters(net.getParameters().map((value, i) => (i < 8 ? value + 0.3 : value)));
    expect(distance(operator.matvec(v), before)).toBeGreaterThan(1e-3);
    expect(same()).toBeLessThan(1e-14);
    x.data[0] = -2;
    expect(same()).toBeLessThan(1e-14);
  });

  it("the last layer's block is made without the rest: no passes back and no matrix of the layers below", () => {
    const layers: LayerSpec[] = [{ units: 20, activation: "relu" }, { units: 20, activation: "tanh" }, { units: 2 }];
    const net = network({ inputs: 10, layers, seed: 1 });
    const rows = Array.from({ length: 30 }, (_, s) => Array.from({ length: 10 }, (_x, i) => Math.sin(s + 7 * i)));
    const data = toDataset(
      rows,
      rows.map((row) => row.slice(0, 2)),
    );
    const sizes: number[] = [];
    const parts = Assembly.prototype.parts;
    const spy = vi.spyOn(Assembly.prototype, "parts").mockImplementation(function (this: Assembly, ...args) {
      sizes.push(this.layout.parameterCount);
      return parts.apply(this, args);
    });
    const pulled = vi.spyOn(Propagation.prototype, "pullBack");
    const H = net.hessian(data, { of: 2 });
    expect([H.size, sizes]).toEqual([42, [42]]);
    expect((pulled.mock.contexts as Propagation[]).every((propagation) => propagation.layout.layers.length === 1)).toBe(
      true,
    );
    spy.mockRestore();
    pulled.mockRestore();
    expect(H.block("2", "2").data).toEqual(H.data);
    const again = net.hessian(data, { of: 2, kind: "ggn" });
    expect(net.hessian(data, { of: 2, out: again }).data).toBe(again.data);
    expect(again.data).toEqual(H.data);
    // The whole matrix would take 5 MB.
    expect(net.hessian(data, { of: 2, maxBytes: 2e4 }).size).toBe(42);
    expect(() => net.hessian(data, { of: 0, maxBytes: 2e4 })).toThrow("maxBytes");
  });

  it("refuses what is no mask, and vectors of another length", () => {
    const net = network({ inputs: 1, layers: [{ units: 2 }, { units: 1 }] });
    const data = toDataset([[1]], [[1]]);
    expect(() => net.gradient(data, { of: 2 })).toThrow('gradient: "of" expected layers from 0 to 1');
    expect(() => net.hvp(data, [1, 2], { of: 1 })).toThrow('"v" expected 3 numbers, got 2');
    expect(() => hessianOperator(net, data, { of: [] })).toThrow('hessianOperator: "of" expected at least one');
    expect(() => net.jacobian([[1]], { of: 2 })).toThrow('jacobian: "of" expected layers from 0 to 1');
    expect(() => net.jacobian([[1]], { batchNorm: "batch" } as never)).toThrow("batchNorm");
    expect(() => net.hessian(data, { of: 1, out: net.hessian(data) })).toThrow("of size 3");
    expect(() => net.loss(data, { of: 1 } as never)).toThrow("of");
  });
});

function placesOf(net: Network, of: number | number[] | boolean[]): number[] {
  const all = Array.from({ length: net.parameterCount }, (_, i) => i);
  if (Array.isArray(of) && typeof of[0] === "boolean") return all.filter((i) => of[i]);
  const layers = [of].flat() as number[];
  return all.filter((i) => layers.some((l) => i >= net.layout.layers[l].weight && i < net.layout.layers[l].end));
}
