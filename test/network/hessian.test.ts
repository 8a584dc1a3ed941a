// Oracles: hyper-dual numbers through the forward pass, PyTorch's Hessians, closed forms, products
// of the R-operator, and central differences of the gradient at two steps.
import { beforeAll, describe, expect, it } from "vitest";
import { dataset, hessianCost, init, type Network, network } from "../../src/index.js";
import { cases, makeData, makeParameters, makeRunning, Random } from "../cases.js";
import { jacobianDifferences } from "../oracle/differences.js";
import { fromTriangle, type NetworkFixture, readFixture } from "../oracle/fixtures.js";
import { hessian } from "../oracle/hessian.js";
import { builds, distance, dtypes, flatStatistics, hasBatchNorm, toDataset, tolerance } from "../support.js";

const kinds = ["exact", "ggn"] as const;
const smallestEigenvalue = (values: ArrayLike<number>): number => values[0];

function relus(widths: number[], options: object = {}): Network {
  const layers = widths.slice(1).map((units, l) => (l < widths.length - 2 ? { units, activation: "relu" } : { units }));
  return network({ inputs: widths[0], layers, seed: 3, ...options } as never);
}

function data(net: Network, count: number, seed = 1) {
  const random = new Random(seed);
  const { inputs, outputs } = net.layout;
  const labels = net.spec.loss === "cross-entropy";
  const targets = labels
    ? Array.from({ length: count }, (_, s) => s % outputs)
    : random.rows(count, outputs).map((row) => row.map((x) => (net.spec.loss === "mse" ? x : x > 0 ? 1 : 0)));
  return toDataset(random.rows(count, inputs), targets as never);
}

function exactlySymmetric(matrix: ArrayLike<number>, size: number): boolean {
  for (let i = 0; i < size; ++i) {
    for (let j = 0; j < i; ++j) if (!Object.is(matrix[i * size + j] + 0, matrix[j * size + i] + 0)) return false;
  }
  return true;
}

describe.each(builds)("%s", (build) => {
  beforeAll(() => init({ simd: build }));

  it.each(cases.map((c) => ({ name: c.name, c })))("$name is the oracle's", ({ c }) => {
    const parameters = makeParameters(c);
    const { inputs, targets } = makeData(c);
    const running = makeRunning(c);
    const normed = hasBatchNorm(c.spec);
    const modes = normed
      ? (["batch", "running"] as const).filter((mode) => mode === "running" || inputs.length > 1)
      : ["batch" as const];
    for (const mode of modes) {
      for (const kind of kinds) {
        const expected = hessian(c.spec, parameters, inputs, targets, { kind, mode, running }).flat();
        for (const dtype of dtypes) {
          const net = network({ ...c.spec, dtype } as never);
          net.setParameters(parameters);
          net.setRunningStatistics(flatStatistics(running));
          const H = net.hessian(toDataset(inputs, targets), { kind, batchNorm: mode });
          expect(distance(H.data, expected), `${mode} ${kind} ${dtype}`).toBeLessThan(10 * tolerance[dtype]);
          expect(exactlySymmetric(H.data, H.size)).toBe(true);
        }
      }
    }
  });

  const fixtures = new Map(readFixture("networks").items.map((item) => [item.name, item]));

  it.each(readFixture("hessians").items)("PyTorch's $name", ({ name, results }) => {
    const item = fixtures.get(name) as NetworkFixture;
    const net = network(item.spec as never);
    net.setParameters(item.parameters);
    net.setRunningStatistics(flatStatistics(item.running));
    for (const [mode, matrices] of Object.entries(results)) {
      for (const kind of kinds) {
        const H = net.hessian(toDataset(item.inputs, item.targets), { kind, batchNorm: mode as "batch" });
        expect(distance(H.data, fromTriangle(matrices[kind]).flat())).toBeLessThan(1e-12);
      }
    }
  });

  const activations = ["relu", "leaky-relu", "elu", "softplus", "gelu", "silu", "tanh", "sigmoid", "step", "identity"];
  const losses = ["mse", "huber", "cross-entropy", "binary-cross-entropy"];

  it.each(activations.flatMap((activation) => losses.map((loss) => ({ activation, loss }))))(
    "$activation, $loss: columns are products, with and without penalty",
    ({ activation, loss }) => {
      const random = new Random(11);
      for (const [depth, count] of [
        [1, 1],
        [2, 5],
        [3, 9],
        [5, 33],
      ] as const) {
        const penalty = depth % 2 ? { l1: 0.1, l2: 0.2, on: depth === 3 ? "all" : "weights" } : {};
        const widths = [3, 5, 4, 7, 3].slice(0, depth - 1);
        const layers = [...widths.map((units) => ({ units, activation })), { units: 3 }];
        const net = network({ inputs: 5, layers, loss, penalty, seed: depth } as never);
        net.setParameters(random.normals(net.parameterCount).map((x) => 0.7 * x));
        const d = data(net, count, depth);
        for (const kind of kinds) {
          const H = net.hessian(d, { kind });
          const v = random.normals(net.parameterCount);
          const product = kind === "exact" ? net.hvp(d, v) : net.ggnvp(d, v);
          expect(distance(H.multiply(v), product), `${depth} layers, ${kind}`).toBeLessThan(1e-12);
          expect(exactlySymmetric(H.data, H.size)).toBe(true);
        }
      }
    },
  );

  it("central differences of the gradient agree", () => {
    for (const [activation, loss] of [
      ["tanh", "cross-entropy"],
      ["gelu", "mse"],
      ["softplus", "binary-cross-entropy"],
    ]) {
      const net = network({ inputs: 3, layers: [{ units: 4, activation }, { units: 2 }], loss, seed: 2 } as never);
      const d = data(net, 7);
      const at = Array.from(net.getParameters());
      const differences = jacobianDifferences((x) => {
        net.setParameters(x);
        return Array.from(net.gradient(d).gradient);
      }, at);
      net.setParameters(at);
      expect(distance(net.hessian(d).data, differences.flat())).toBeLessThan(1e-8);
    }
  });

  it("widths around the lanes, samples around the blocks", () => {
    const random = new Random(2);
    for (const [widths, count] of [
      [[1, 1, 1], 1],
      [[7, 8, 9, 2], 17],
      [[17, 16, 15, 3], 260],
      [[3, 33, 5], 600],
    ] as [number[], number][]) {
      for (const loss of ["mse", "cross-entropy"]) {
        if (loss === "cross-entropy" && widths[widths.length - 1] === 1) continue;
        for (const dtype of dtypes) {
          const net = relus(widths, { loss, dtype });
          const d = data(net, count);
          const v = random.normals(net.parameterCount);
          expect(distance(net.hessian(d).multiply(v), net.hvp(d, v)), `${widths} ${dtype}`).toBeLessThan(
            10 * tolerance[dtype],
          );
        }
      }
    }
  });

  it("sums over chunks of samples, and makes wide layers in several panels", () => {
    const random = new Random(4);
    const many = relus([4, 6, 2]);
    const v = random.normals(many.parameterCount);
    // 808 samples behind two chunks of 4,096 join the second one; 1,708 are a chunk of their own.
    for (const count of [9000, 9900]) {
      const d = data(many, count);
      const H = many.hessian(d);
      expect(distance(H.multiply(v), many.hvp(d, v))).toBeLessThan(1e-12);
      expect(exactlySymmetric(H.data, H.size)).toBe(true);
    }
    for (const net of [relus([1500, 2]), relus([1300, 2, 2], { loss: "cross-entropy" })]) {
      const few = data(net, 12);
      const w = random.normals(net.parameterCount);
      const wide = net.hessian(few);
      expect(distance(wide.multiply(w), net.hvp(few, w))).toBeLessThan(1e-12);
      expect(exactlySymmetric(wide.data, wide.size)).toBe(true);
    }
  });

  describe("batch norm under running statistics", () => {
    const running = { batchNorm: "running" } as const;

    /**
     * Layers with batch norm where there is an "n" behind the width; scales of both signs, one of
     * them 0.
     */
    function normed(widths: (number | `${number}n`)[], activation: string, options: object = {}): Network {
      const layers = widths.slice(1).map((width, l) => ({
        units: Number.parseInt(String(width), 10),
        batchNorm: String(width).endsWith("n"),
        activation: l < widths.length - 2 ? activation : "identity",
      }));
      const net = network({ inputs: widths[0], layers, loss: "cross-entropy", seed: 3, ...options } as never);
      const random = new Random(net.parameterCount);
      const parameters = net.getParameters();
      const statistics = net.getRunningStatistics();
      for (const { bias, scale, shift, units, end, statistics: from } of net.layout.layers) {
        for (let k = bias; k < end; ++k) parameters[k] = 0.4 * random.normal();
        for (let i = 0; scale >= 0 && i < units; ++i) {
          parameters[scale + i] = i === 1 ? 0 : i === 2 ? -0.8 : 1 + 0.3 * random.normal();
          parameters[shift + i] += 0.2;
          statistics[from + i] = 0.5 * random.normal();
          statistics[from + units + i] = 0.3 + 2 * random.uniform();
        }
      }
      net.setParameters(parameters);
      net.setRunningStatistics(statistics);
      return net;
    }

    it.each(activations.flatMap((activation) => losses.map((loss) => ({ activation, loss }))))(
      "$activation, $loss: every column is a product",
      ({ activation, loss }) => {
        for (const [widths, count] of [
          [[3, "2n"], 1],
          [[5, "4n", 3], 6],
          [[3, 5, "4n", "7n", 3], 9],
          [[4, "3n", 9, "5n", "2n"], 33],
        ] as [(number | `${number}n`)[], number][]) {
          const penalty = count > 6 ? { l1: 0.1, l2: 0.2, on: count === 9 ? "all" : "weights" } : {};
          const net = normed(widths, activation, { loss, penalty });
          const d = data(net, count, count);
          for (const kind of kinds) {
            const H = net.hessian(d, { kind, ...running });
            const columns = Array.from({ length: H.size }, (_, k) => {
              const v = new Float64Array(H.size);
              v[k] = 1;
              return Array.from(kind === "exact" ? net.hvp(d, v, running) : net.ggnvp(d, v, running));
            });
            expect(distance(H.data, columns.flat()), `${widths}, ${kind}`).toBeLessThan(1e-12);
            expect(exactlySymmetric(H.data, H.size)).toBe(true);
          }
        }
      },
    );

    it("widths around the lanes, samples around the blocks and chunks, layers in several panels", () => {
      const random = new Random(7);
      for (const [widths, count, activation] of [
        [[7, "8n", "9n", 2], 17, "relu"],
        [[17, "16n", "15n", "3n"], 260, "relu"],
        [[3, 33, "5n", 2], 600, "tanh"],
        [[3, "31n", "5n"], 9000, "relu"],
        [[1500, "2n", "3n", 2], 12, "relu"],
        [[1300, 2, "3n", 2], 12, "tanh"],
      ] as [(number | `${number}n`)[], number, string][]) {
        for (const dtype of dtypes) {
          const net = normed(widths, activation, { dtype });
          const d = data(net, count);
          const v = random.normals(net.parameterCount);
          for (const kind of kinds) {
            const H = net.hessian(d, { kind, ...running });
            const product = kind === "exact" ? net.hvp(d, v, running) : net.ggnvp(d, v, running);
            expect(distance(H.multiply(v), product), `${widths} ${dtype}`).toBeLessThan(10 * tolerance[dtype]);
            expect(exactlySymmetric(H.data, H.size)).toBe(true);
          }
        }
      }
    });

    it("a unit that never fires gives zero rows", () => {
      const net = normed([3, "4n", "5n", 2], "relu");
      const parameters = net.getParameters();
      const { inputs, weight, bias, scale, shift } = net.layout.layers[1];
      parameters[shift + 2] = -1e6;
      net.setParameters(parameters);
      const H = net.hessian(data(net, 30), running);
      const outgoing = net.layout.layers[2].weight + 2;
      const incoming = Array.from({ length: inputs }, (_, j) => weight + 2 * inputs + j);
      for (const row of [...incoming, bias + 2, scale + 2, shift + 2, outgoing, outgoing + 5]) {
        for (let column = 0; column < H.size; ++column) expect(H.get(row, column)).toBe(0);
      }
      expect(Array.from(H.data).every(Number.isFinite)).toBe(true);
      expect(H.get(shift, shift)).not.toBe(0);
    });

    it("one linear unit with mse has a closed form, the term of scale and weight included", () => {
      const net = network({ inputs: 1, layers: [{ units: 1, batchNorm: { epsilon: 0.25 } }], loss: "mse", seed: 1 });
      const [w, b, gamma, beta, mean, variance] = [0.5, -1, 2, 0.25, 0.125, 0.75];
      net.setParameters([w, b, gamma, beta]);
      net.setRunningStatistics([mean, variance]);
      const [x, y] = [
        [1, -2, 0.5],
        [0.5, 1, -1],
      ];
      const H = net.hessian(
        dataset(
          x.map((value) => [value]),
          y,
        ),
        running,
      );
      const expected = new Array(16).fill(0);
      x.forEach((value, s) => {
        const normal = w * value + b - mean; // s = 1/√(variance + ε) = 1
        const residual = gamma * normal + beta - y[s];
        const slope = [gamma * value, gamma, normal, 1];
        const bend = [
          [0, 0, value, 0],
          [0, 0, 1, 0],
          [value, 1, 0, 0],
          [0, 0, 0, 0],
        ];
        for (let j = 0; j < 4; ++j) {
          for (let q = 0; q < 4; ++q) expected[4 * j + q] += (2 / 3) * (slope[j] * slope[q] + residual * bend[j][q]);
        }
      });
      expect(distance(H.data, expected)).toBeLessThan(1e-15);
    });
  });

  it("a linear network with mse has 2/(N·C)·I ⊗ X̃ᵀX̃", () => {
    const net = network({ inputs: 3, layers: [{ units: 2 }], loss: "mse", seed: 1 });
    const rows = new Random(1).rows(7, 3);
    const H = net.hessian(dataset(rows, new Random(2).rows(7, 2)));
    const place = (unit: number, j: number): number => (j < 3 ? unit * 3 + j : 6 + unit);
    for (let u = 0; u < 2; ++u) {
      for (let w = 0; w < 2; ++w) {
        for (let j = 0; j < 4; ++j) {
          for (let q = 0; q < 4; ++q) {
            const sum = rows.reduce((total, x) => total + [...x, 1][j] * [...x, 1][q], 0);
            expect(H.get(place(u, j), place(w, q))).toBeCloseTo(u === w ? (2 / 14) * sum : 0, 13);
          }
        }
      }
    }
  });

  it("a single ReLU neuron with mse has 2/N·Σ over active samples of x̃x̃ᵀ", () => {
    const net = network({ inputs: 2, layers: [{ units: 1, activation: "relu" }], loss: "mse", seed: 1 });
    net.setParameters([0.5, -1, 0.25]);
    const rows = new Random(5).rows(20, 2);
    const H = net.hessian(dataset(rows, new Random(6).normals(20)));
    const active = rows.filter(([x, y]) => 0.5 * x - y + 0.25 > 0).map((row) => [...row, 1]);
    expect(active.length).toBeGreaterThan(0);
    expect(active.length).toBeLessThan(20);
    for (let i = 0; i < 3; ++i) {
      for (let j = 0; j < 3; ++j) {
        expect(H.get(i, j)).toBeCloseTo((2 / 20) * active.reduce((sum, x) => sum + x[i] * x[j], 0), 13);
      }
    }
  });

  it("a unit that never fires gives zero rows", () => {
    const net = relus([3, 4, 4, 2], { loss: "cross-entropy" });
    const parameters = net.getParameters();
    const bias = net.layout.layers[1].bias + 2;
    parameters[bias] = -1e6;
    net.setParameters(parameters);
    const H = net.hessian(data(net, 30));
    const { weight } = net.layout.layers[1];
    const outgoing = net.layout.layers[2].weight;
    const own = [weight + 8, weight + 9, weight + 10, weight + 11, bias, outgoing + 2, outgoing + 6];
    for (const row of own) {
      for (let column = 0; column < H.size; ++column) expect(H.get(row, column)).toBe(0);
    }
    expect(Array.from(H.data).every(Number.isFinite)).toBe(true);
    expect(Array.from(H.data).some((x) => x !== 0)).toBe(true);
  });

  describe("without batch norm, piecewise linear, with a convex loss", () => {
    const nets = [
      relus([4, 9, 7, 3], { loss: "cross-entropy" }),
      relus([4, 9, 7, 2], { loss: "mse" }),
      relus([4, 9, 7, 2], { loss: "binary-cross-entropy" }),
    ];

    it.each(nets.map((net) => ({ loss: net.spec.loss, net })))(
      "$loss: same-layer blocks are the Gauss-Newton matrix's, and positive semi-definite",
      ({ net }) => {
        const d = data(net, 60);
        const H = net.hessian(d);
        const G = net.hessian(d, { kind: "ggn" });
        for (const layer of ["0", "1", "2"]) {
          const block = H.block(layer, layer);
          expect(distance(block.data, G.block(layer, layer).data)).toBeLessThan(1e-14);
          const ranges = H.ranges.find(({ name }) => name === layer) as { from: number; to: number };
          expect(block.rows).toBe(ranges.to - ranges.from);
          const values = symmetricOf(block);
          expect(smallestEigenvalue(values)).toBeGreaterThan(-1e-13 * values[values.length - 1]);
        }
      },
    );

    it.each(nets.map((net) => ({ loss: net.spec.loss, net })))(
      "$loss: negative eigenvalues come with the cross-layer blocks alone",
      ({ net }) => {
        const d = data(net, 60);
        const whole = net.hessian(d);
        const all = whole.eigenvalues();
        expect(smallestEigenvalue(all)).toBeLessThan(-1e-3 * all[all.length - 1]);
        const ggn = net.hessian(d, { kind: "ggn" }).eigenvalues();
        expect(smallestEigenvalue(ggn)).toBeGreaterThan(-1e-13 * ggn[ggn.length - 1]);
      },
    );
  });

  it("leaves the network as it was", () => {
    const net = network({
      inputs: 2,
      layers: [{ units: 3, activation: "relu", batchNorm: true }, { units: 1 }],
      seed: 1,
    });
    const d = data(net, 10);
    const before = [net.getParameters(), net.getRunningStatistics()];
    net.hessian(d);
    expect([net.getParameters(), net.getRunningStatistics()]).toEqual(before);
  });

  it("refuses a matrix beyond maxBytes before it is made, and names what to use instead", () => {
    const net = network({
      inputs: 2000,
      layers: [{ units: 400, activation: "relu" }, { units: 10 }],
      dtype: "f32",
      seed: 1,
    });
    const d = dataset([new Array(2000).fill(0.5)], [new Array(10).fill(0)]);
    expect(() => net.hessian(d)).toThrow(
      /hessian: "maxBytes" expected at least the 2\.\d+ TiB that P = 804410 needs, got 2\.00 GiB; hvp and hessianOperator need .* a product/,
    );
    const small = relus([2, 3, 1]);
    expect(() => small.hessian(data(small, 4), { maxBytes: 100 })).toThrow(RangeError);
    expect(small.hessian(data(small, 4), { maxBytes: 13 * 13 * 8 }).size).toBe(13);
    expect(() => small.hessian(data(small, 4), { kind: "exat" as never })).toThrow('did you mean "exact"?');
  });

  it.each(dtypes)(
    "%s in the memory of another: bit for bit, also where units never fire, or only in a later chunk",
    (dtype) => {
      const late = new Float64Array(9000).fill(-1);
      late.fill(1, 8990);
      for (const [net, d] of [
        [relus([3, 5, 4, 2], { dtype }), data(relus([3, 5, 4, 2]), 20)],
        [
          relus([1, 3, 1], { dtype }),
          dataset(
            Array.from(late, (x) => [x]),
            Array.from(late, (x) => x / 2),
          ),
        ],
        [relus([1300, 2], { dtype }), data(relus([1300, 2]), 3)],
        [relus([3, 5, 2], { dtype, penalty: { l2: 0.1 } }), data(relus([3, 5, 2]), 20)],
        [
          network({
            inputs: 2,
            layers: [{ units: 3, activation: "relu", batchNorm: true }, { units: 1 }],
            dtype,
            seed: 1,
          }),
          data(relus([2, 1]), 9),
        ],
      ] as const) {
        for (const parameters of [net.getParameters(), net.getParameters().fill(-1), net.getParameters().fill(0.5)]) {
          net.setParameters(parameters);
          for (const kind of kinds) {
            for (const batchNorm of ["batch", "running"] as const) {
              const fresh = net.hessian(d, { kind, batchNorm });
              const out = net.hessian(d, { kind, batchNorm });
              out.data.fill(Number.NaN);
              const again = net.hessian(d, { kind, batchNorm, out });
              expect(again.data).toBe(out.data);
              expect(again.data.every((x, i) => x === fresh.data[i])).toBe(true);
              expect(again.ranges).toEqual(fresh.ranges);
            }
          }
        }
      }
    },
  );

  it("refuses another's memory that does not fit", () => {
    const [net, other] = [relus([2, 3, 1]), relus([2, 4, 1])];
    const d = data(net, 4);
    const refused = "a SymmetricMatrix of size 13 in f64, got";
    expect(() => net.hessian(d, { out: other.hessian(d) })).toThrow(`${refused} size 17 in f64`);
    expect(() => net.hessian(d, { out: relus([2, 3, 1], { dtype: "f32" }).hessian(d) })).toThrow(
      `${refused} size 13 in f32`,
    );
    expect(() => net.hessian(d, { out: new Float64Array(169) as never })).toThrow(TypeError);
  });

  it("states its cost", () => {
    const cost = hessianCost(1_000_000, 1000);
    expect(cost.bytes).toBe(8e12);
    expect(cost.flops).toBe(1e15);
    expect(cost.product.bytes).toBe(8e6);
    expect(cost.seconds).toBeGreaterThan(cost.product.seconds);
    expect(hessianCost(relus([2, 3, 1]), 10).parameters).toBe(13);
    const normed = network({ inputs: 64, layers: [{ units: 64, batchNorm: true }, { units: 8 }], seed: 1 });
    const { seconds } = hessianCost(normed, 500, { batchNorm: "running" });
    expect(seconds).toBeLessThan(hessianCost(normed, 500).seconds);
    expect(() => hessianCost(normed, 500, { batchNorm: "runing" as never })).toThrow('did you mean "running"?');
  });
});

/** Eigenvalues of a matrix by Jacobi's rotations: slow, obvious, and nobody else's code. */
function symmetricOf({ rows: n, data: values }: { rows: number; data: ArrayLike<number> }): number[] {
  const a = Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => values[i * n + j]));
  for (let sweep = 0; sweep < 30; ++sweep) {
    for (let p = 0; p < n; ++p) {
      for (let q = p + 1; q < n; ++q) {
        if (a[p][q] === 0) continue;
        const theta = (a[q][q] - a[p][p]) / (2 * a[p][q]);
        const t = Math.sign(theta || 1) / (Math.abs(theta) + Math.hypot(theta, 1));
        const c = 1 / Math.hypot(t, 1);
        const s = t * c;
        for (let k = 0; k < n; ++k) [a[k][p], a[k][q]] = [c * a[k][p] - s * a[k][q], s * a[k][p] + c * a[k][q]];
        for (let k = 0; k < n; ++k) [a[p][k], a[q][k]] = [c * a[p][k] - s * a[q][k], s * a[p][k] + c * a[q][k]];
      }
    }
  }
  return a.map((row, i) => row[i]).sort((x, y) => x - y);
}
