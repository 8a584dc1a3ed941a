// Oracles for diagnose, curvature and compare: the library called directly on rows that are split
// and standardised as the model's are, and a reader of NumPy files that is not ours.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import npyjs from "npyjs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readSource } from "../../src/cli/data/source.js";
import { diagnoseOptions } from "../../src/cli/model/data.js";
import { loadTableModel } from "../../src/cli/model/file.js";
import { prepare } from "../../src/cli/training/prepare.js";
import {
  type Dataset,
  type DiagnoseOptions,
  diagnose,
  init,
  type Network,
  network,
  spectrum,
} from "../../src/index.js";
import { loadNetwork } from "../../src/node/index.js";
import { call, folder, root } from "./support.js";

const iris = join(root, "data/iris.csv");
const diabetes = join(root, "data/diabetes.csv");
const { path, remove } = folder({});
const model = path("iris.safetensors");
let net: Network;
let data: Dataset;
/** What the command tells `diagnose` beside the rows. */
let options: DiagnoseOptions;

beforeAll(async () => {
  await init({ simd: "strict" });
  const args = [iris, "--hidden", "6", "--dtype", "f64", "--simd", "strict", "--epochs", "40", "--save", model];
  await run("train", ...args);
  ({ network: net } = await loadNetwork(model));
  const split = { testShare: 0.2, validation: 0, seed: 0, missing: "fill" } as const;
  const prepared = prepare(await readSource(iris, {}), split, false);
  data = prepared.training;
  const saved = await loadTableModel(model);
  options = diagnoseOptions(saved, { ...prepared, data, part: "training", path: iris, heldOut: prepared.test });
});
afterAll(remove);

async function run(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await call(args);
  expect({ args, code, stderr }).toEqual({ args, code: 0, stderr: "" });
  return stdout;
}

describe("hessia diagnose", () => {
  it("says what the library says of the training rows", async () => {
    const { diagnosis, score } = JSON.parse(await run("diagnose", model, "--json"));
    expect(diagnosis).toEqual(JSON.parse(JSON.stringify(diagnose(net, data, options))));
    expect(score.loss).toBe(net.evaluate(data).loss);
  });

  it("looks at as much of the curvature as is asked for", async () => {
    expect(JSON.parse(await run("diagnose", model, "--curvature", "none", "--json")).diagnosis.point).toBeNull();
    const text = await run("diagnose", model, "--curvature", "dense");
    expect(text).toContain(String(diagnose(net, data, { ...options, curvature: "dense" })));
  });

  it("takes the test rows, all rows, and rows of another file", async () => {
    const rows = async (...args: string[]): Promise<unknown> =>
      JSON.parse(await run("diagnose", model, ...args, "--curvature", "none", "--json")).data;
    expect(await rows("--part", "test")).toEqual({ path: iris, part: "test", rows: 30 });
    expect(await rows("--part", "all")).toEqual({ path: iris, part: "all", rows: 150 });
    writeFileSync(path("some.csv"), readFileSync(iris, "utf8").split("\n").slice(0, 61).join("\n"));
    expect(await rows(path("some.csv"))).toEqual({ path: path("some.csv"), part: "all", rows: 60 });
  });
});

describe("hessia curvature", () => {
  it("writes matrices that NumPy's readers read", async () => {
    await run("curvature", model, "--hessian", path("H.npy"), "--ggn", path("G.json"), "--spectrum", path("s.csv"));
    const H = net.hessian(data);
    const read = await new npyjs().load(new Uint8Array(readFileSync(path("H.npy"))).buffer);
    expect(read.shape).toEqual([H.size, H.size]);
    expect(Array.from(read.data as Float64Array)).toEqual(Array.from(H.data));
    const G = JSON.parse(readFileSync(path("G.json"), "utf8"));
    expect(G.rows.flat()).toEqual(Array.from(net.hessian(data, { kind: "ggn" }).data));
    expect(G.blocks).toEqual([
      { layer: 0, from: 0, to: 30 },
      { layer: 1, from: 30, to: 51 },
    ]);
    const [head, ...rows] = readFileSync(path("s.csv"), "utf8").trimEnd().split("\n");
    expect(head).toBe("eigenvalue,error bound");
    const { values } = spectrum(net, data);
    expect(rows.map((row) => Number(row.split(",")[0]))).toEqual(Array.from(values));
  });

  it.each(["dense", "lanczos"] as const)("finds eigenvalues, %s", async (curvature) => {
    const given = ["--curvature", curvature, "--kind", "ggn", "--eigenvalues", "6", "--spectrum", path("s.json")];
    const { spectrum: found, cost } = JSON.parse(await run("curvature", model, ...given, "--json"));
    const expected = spectrum(net, data, { curvature, kind: "ggn", k: 6, seed: 0 });
    expect(found).toEqual(JSON.parse(readFileSync(path("s.json"), "utf8")));
    expect(found.values).toEqual(Array.from(expected.values));
    expect(found.density.values).toEqual(Array.from(expected.density.values));
    expect(cost.parameters).toBe(51);
  });

  it("tells the ends of the spectrum", async () => {
    const text = await run("curvature", model);
    const { inertia } = spectrum(net, data);
    expect(text).toContain(`${inertia?.positive} positive, ${inertia?.negative} negative, ${inertia?.zero} zero`);
  });
});

describe("hessia compare", () => {
  it("begins at the same weights, and ends each where it would end alone", async () => {
    const given = ["--hidden", "6", "--dtype", "f64", "--simd", "strict", "--epochs", "7"];
    const listed = "adam,lbfgs,adam:learning-rate=0.02:betas=0.8/0.99";
    const { optimizers } = JSON.parse(await run("compare", iris, ...given, "--optimizers", listed, "--json"));
    expect(optimizers.map(({ label }: { label: string }) => label)).toEqual([
      "adam",
      "lbfgs",
      "adam (learning-rate 0.02, betas 0.8,0.99)",
    ]);
    const alone = network({ ...net.spec, seed: 0 });
    for (const { points } of optimizers)
      expect(points[0]).toEqual({ epoch: 0, seconds: 0, gradients: 0, loss: alone.loss(data) });
    await run("train", iris, ...given, "--save", path("adam.safetensors"));
    const adams = (await loadNetwork(path("adam.safetensors"))).network;
    expect(optimizers[0].points.at(-1).loss).toBe(adams.loss(data));
    for (const { points, steps, status } of optimizers) {
      expect(points).toHaveLength(8);
      expect(status).toBe("completed");
      expect(steps).toBeGreaterThan(0);
      expect(points.at(-1).loss).toBeLessThan(points[0].loss);
    }
  });

  it("counts work in gradients over all rows", async () => {
    const given = ["--hidden", "6", "--epochs", "5", "--batch-size", "50"];
    const { optimizers, split } = JSON.parse(await run("compare", iris, ...given, "--optimizers", "sgd", "--json"));
    const [{ points, evaluations }] = optimizers;
    // Three batches an epoch, of 50, 50 and 20 rows: one gradient over all of them.
    expect(split.training).toBe(120);
    expect(evaluations).toEqual({ value: 0, gradient: 15, hvp: 0, hessian: 0 });
    points.forEach(({ gradients }: { gradients: number }, i: number) => expect(gradients).toBeCloseTo(i, 12));
  });

  it("puts them side by side", async () => {
    const text = await run(
      "compare",
      diabetes,
      "--hidden",
      "4",
      "--optimizers",
      "adam,levenbergMarquardt",
      "--epochs",
      "4",
    );
    expect(text).toMatch(/^optimizer +status +epochs +steps +time +gradients +loss +test$/m);
    expect(text).toMatch(/^adam +completed +4 +48 +.* RMSE [\d.]+$/m);
    expect(text).toMatch(/^levenberg-marquardt +completed +4 +4 +.* RMSE [\d.]+$/m);
  });

  it("ends a turn at its time limit", async () => {
    const given = ["--optimizers", "adam,sgd", "--epochs", "1000000", "--time-limit", "0.05", "--json"];
    const { optimizers } = JSON.parse(await run("compare", iris, ...given));
    for (const { status, reason, points } of optimizers) {
      expect({ status, reason }).toEqual({ status: "aborted", reason: "the 0.05 s of --time-limit are over" });
      expect(points.at(-1).epoch).toBeLessThan(1000000);
    }
  });

  it("fails where all of them do, and ends at an abort", async () => {
    const lost = ["compare", iris, "--optimizers", "sgd:learning-rate=1e30", "--epochs", "9"];
    const failed = await call(lost);
    expect(failed).toMatchObject({ code: 1, stderr: "hessia: every optimizer met NaN or infinity\n" });
    const aborted = await call(["compare", iris], { signal: AbortSignal.abort() });
    expect(aborted).toMatchObject({ code: 130, stderr: "hessia: interrupted after 0 optimizers\n" });
  });
});

describe.each([
  "sgd --momentum 0.9 --nesterov yes",
  "adam --betas 0.8,0.99",
  "newton --damping 0.1 --line-search wolfe --indefinite clip",
  "saddle-free-newton --damping 0.1",
  "gauss-newton --damping 0.1 --line-search armijo",
  "trust-region --initial-radius 0.5 --products yes --max-products 20",
  "levenberg-marquardt --damping 0.01",
  "hessian-free --damping 0.5 --max-products 10 --curvature-share 0.5",
  "kfac --damping 0.5 --refresh 2",
  "lbfgs --history 4",
  "trustRegion",
])("hessia train --optimizer %s", (options) => {
  it("trains", async () => {
    const args = ["train", iris, "--hidden", "4", "--epochs", "6", "--json", "--optimizer", ...options.split(" ")];
    const { status, epochs, network: made } = JSON.parse(await run(...args));
    expect(["completed", "converged"]).toContain(status);
    expect(epochs.at(-1).loss).toBeLessThan(epochs[0].loss);
    expect(made.dtype).toBe(/^(sgd|adam)/.test(options) ? "f32" : "f64");
  });
});
