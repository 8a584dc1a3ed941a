// Oracle: the same calls in a fresh process; the bits must agree, whatever this one has done
// before.

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { buildSync } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as library from "../../src/index.js";
import { builds } from "../support.js";

const folder = mkdtempSync(join(tmpdir(), "isolation-"));
const bundle = join(folder, "library.mjs");

beforeAll(() => {
  const entryPoints = [join(import.meta.dirname, "../../src/index.ts")];
  buildSync({ entryPoints, bundle: true, format: "esm", platform: "node", outfile: bundle, logLevel: "error" });
}, 60_000);

afterAll(() => rmSync(folder, { recursive: true }));

/**
 * Calls of every kind, and their results as bytes in hexadecimal. Self-contained, because its text
 * runs in the other process.
 */
function sample(hessia: typeof library): string[] {
  const results: string[] = [];
  const add = (values: Float64Array | Float32Array | number[]) =>
    results.push(Buffer.from(new Float64Array(values).buffer).toString("hex"));
  const rows = Array.from({ length: 23 }, (_, i) => [Math.sqrt(i), (i % 5) - 2, 1 / (i + 1)]);
  const labels = rows.map((_, i) => (i * 7) % 3);
  for (const dtype of ["f64", "f32"] as const) {
    for (const activation of ["relu", "gelu", "silu"] as const) {
      const layers = [{ units: 9, activation, batchNorm: true }, { units: 5, activation }, { units: 3 }];
      const net = hessia.network({
        inputs: 3,
        layers,
        loss: "cross-entropy",
        dtype,
        seed: 4,
        penalty: { l1: 0.01, l2: 0.1 },
      });
      const data = hessia.dataset(rows, labels);
      add(net.getParameters());
      add(net.gradient(data).gradient);
      const optimizer = hessia.adam({ learningRate: 0.01 });
      const options = { optimizer, epochs: 4, batchSize: 5, validation: 0.2, schedule: hessia.cosine(), seed: 2 };
      const run = hessia.training(net, data, options);
      let next = run.next();
      while (!next.done) next = run.next();
      add(next.value.epochs.flatMap(({ loss, validationLoss }) => [loss, validationLoss as number]));
      add(net.getParameters());
      add(net.getRunningStatistics());
      add(net.probabilities(rows).data);
    }
  }
  const side = hessia.matrix(
    31,
    31,
    Float64Array.from({ length: 961 }, (_, i) => Math.sqrt(i)),
  );
  add(hessia.multiply(side, side, { transposeB: true }).data);
  return results;
}

/**
 * Leaves NaN, infinities and large numbers all over the pooled memories, and other sizes in their
 * history.
 */
function disturb(): void {
  const { matrix, multiply, network, dataset, sgd, training } = library;
  for (const value of [Number.NaN, Infinity, 1e308, -1]) {
    for (const array of [Float64Array, Float32Array]) {
      const side = matrix(190, 190, new array(190 * 190).fill(value));
      multiply(side, side);
    }
  }
  const open = [1, 2, 3].map((seed) => {
    const net = network({ inputs: 1, layers: [{ units: 40, activation: "elu" }, { units: 1 }], seed });
    const run = training(net, dataset([[1], [2]], [1, 2]), { optimizer: sgd({ momentum: 0.9 }), epochs: 9 });
    run.next();
    return run;
  });
  open[0].return(undefined as never);
  open[1].next();
}

describe.each(builds)("%s build", (build) => {
  it("results do not depend on what ran before, nor on the process", async () => {
    const script = `
      const hessia = await import(${JSON.stringify(pathToFileURL(bundle).href)});
      await hessia.init({ simd: ${JSON.stringify(build)} });
      process.stdout.write(JSON.stringify((${sample.toString()})(hessia)));`;
    const output = execFileSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" });
    const fresh = JSON.parse(output) as string[];
    await library.init({ simd: build });
    expect(fresh.length).toBe(37);
    disturb();
    expect(sample(library)).toEqual(fresh);
    disturb();
    sample(library);
    expect(sample(library)).toEqual(fresh);
  });

  it("a network runs on the build it was made with, whatever came after", async () => {
    await library.init({ simd: build });
    const net = library.network({ inputs: 40, layers: [{ units: 30, activation: "tanh" }, { units: 2 }], seed: 1 });
    const rows = [Array.from({ length: 40 }, (_, i) => Math.sin(i))];
    const expected = net.predict(rows).data;
    for (const other of builds) {
      await library.init({ simd: other });
      expect(net.predict(rows).data).toEqual(expected);
      expect(net.build).toBe(build);
    }
  });
});
