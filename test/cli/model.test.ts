// Oracles: a run without a break, whose bits a resumed one must equal; the library's own answers
// for rows standardised by hand.

import { existsSync, linkSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { init, type Loss, matrix, network } from "../../src/index.js";
import { loadNetwork, saveNetwork } from "../../src/node/index.js";
import { call, folder, root, start } from "./support.js";

const digits = join(root, "data/digits.csv");
const iris = join(root, "data/iris.csv");
const diabetes = join(root, "data/diabetes.csv");

const { path, remove } = folder({});
afterAll(remove);
afterAll(() => init({ simd: "strict" }));

async function run(...args: string[]): Promise<{ stdout: string; stderr: string }> {
  const { code, stdout, stderr } = await call(args);
  expect({ args, code, stderr: code === 0 ? "" : stderr }).toEqual({ args, code: 0, stderr: "" });
  return { stdout, stderr };
}

async function bitsOf(file: string): Promise<Buffer> {
  const { network: net, checkpoint } = await loadNetwork(file);
  const parts = [
    net.getParameters(),
    net.getRunningStatistics(),
    ...Object.values(checkpoint?.optimizer.vectors ?? {}),
  ];
  return Buffer.concat(parts.map(({ buffer, byteOffset, byteLength }) => Buffer.from(buffer, byteOffset, byteLength)));
}

/** Tables with the same rows, but for a few cells. */
const lines = readFileSync(iris, "utf8").trimEnd().split("\n");

describe("a saved model", () => {
  it.each([
    ["adam", ["--batch-norm"]],
    ["lbfgs", ["--hidden", "8"]],
    ["kfac", ["--hidden", "8"]],
  ])("is gone on with by --resume, to the same bits: %s", async (optimizer, options) => {
    const args = [iris, "--optimizer", optimizer, ...options, "--schedule", "constant", "--simd", "strict"];
    await run("train", ...args, "--epochs", "12", "--save", path("straight.safetensors"));
    await run("train", ...args, "--epochs", "5", "--save", path("part.safetensors"));
    await run("train", "--resume", path("part.safetensors"), "--epochs", "12");
    expect(await bitsOf(path("part.safetensors"))).toEqual(await bitsOf(path("straight.safetensors")));
  });

  it("can be JSON", async () => {
    await run("train", iris, "--epochs", "2", "--save", path("model.json"));
    expect(JSON.parse(readFileSync(path("model.json"), "utf8")).format).toBe("hessia");
    const { stdout } = await run("info", path("model.json"), "--json");
    expect(JSON.parse(stdout)).toMatchObject({ command: "info", progress: { epoch: 2, step: 8 } });
  });

  it("is told of by info", async () => {
    await run("train", iris, "--epochs", "2", "--hidden", "5", "--save", path("told.safetensors"));
    const { stdout } = await run("info", path("told.safetensors"));
    expect(stdout).toMatch(/^network +4-5-3, relu, 43 parameters, f32, cross-entropy$/m);
    expect(stdout).toMatch(/^target +species \(one of setosa, versicolor, virginica\)$/m);
    expect(stdout).toMatch(/^test +accuracy /m);
    expect(stdout).toMatch(/^resumable +after 2 of 2 epochs, 8 steps$/m);
  });

  it.each([
    [{ type: "huber", delta: 0.5 }, "huber, delta 0.5"],
    [{ type: "quantile", at: [0.1, 0.9] }, "quantile, at 0.1 and 0.9"],
    ["mse", "mse"],
  ] as const)("is told of with the parameter of its loss: %j", async (loss, text) => {
    const layers = [{ units: 2 }];
    await saveNetwork(path("loss.safetensors"), network({ inputs: 1, layers, loss: loss as Loss, seed: 1 }));
    const { stdout } = await run("info", path("loss.safetensors"));
    expect(stdout).toContain(`4 parameters, f64, ${text}\n`);
  });

  it("predicts classes with their probabilities, as the library does for rows standardised by the training rows", async () => {
    await run("train", iris, "--epochs", "30", "--seed", "3", "--save", path("iris.safetensors"));
    const { stdout } = await run("predict", path("iris.safetensors"), iris, "--probabilities", "--json");
    const { rows, score, classes } = JSON.parse(stdout);
    const { network: net, metadata } = await loadNetwork(path("iris.safetensors"));
    const { mean, deviation } = (metadata.table as { inputScale: unknown }).inputScale as {
      mean: number[];
      deviation: number[];
    };
    const inputs = lines.slice(1).map((line) =>
      line
        .split(",")
        .slice(0, 4)
        .map((cell, j) => (Number(cell) - mean[j]!) / deviation[j]!),
    );
    const probabilities = net.probabilities(matrix(inputs)).data;
    expect(rows).toHaveLength(150);
    expect(rows.flatMap((row: { probabilities: number[] }) => row.probabilities)).toEqual(Array.from(probabilities));
    const labels = lines.slice(1).map((line) => line.split(",")[4]);
    const right = rows.filter((row: { prediction: string }, i: number) => row.prediction === labels[i]).length;
    expect(score.accuracy).toBeCloseTo(right / 150, 12);
    expect(classes).toEqual(["setosa", "versicolor", "virginica"]);
    expect(rows[0].line).toBe(2);
  });

  it("predicts values in the target's units", async () => {
    await run("train", diabetes, "--hidden", "none", "--l2", "0", "--dtype", "f64", "--save", path("d.safetensors"));
    const { stdout } = await run("predict", path("d.safetensors"), diabetes, "--quiet");
    const guesses = stdout.trimEnd().split("\n").slice(1).map(Number);
    const table = readFileSync(diabetes, "utf8").trimEnd().split("\n").slice(1);
    const actual = table.map((line) => Number(line.split(",").at(-1)));
    const rmse = Math.sqrt(guesses.reduce((sum, guess, i) => sum + (guess - actual[i]!) ** 2, 0) / actual.length);
    // Linear regression on all rows leaves 53.5 (Efron et al. 2004).
    expect(rmse).toBeGreaterThan(53.4);
    expect(rmse).toBeLessThan(58);
  });

  it("finds its columns by name, in any order, among others and without the target", async () => {
    const [head, ...rows] = lines.map((line) => line.split(","));
    const turned = [head!, ...rows].map(([a, b, c, d], i) =>
      [i === 0 ? "id, quoted" : `"x, ${i}"`, d, c, b, a].join(","),
    );
    turned[0] = turned[0]!.replace("id, quoted", '"id, quoted"');
    writeFileSync(path("turned.csv"), turned.join("\n"));
    const plain = (await run("predict", path("iris.safetensors"), iris, "--quiet")).stdout.split("\n").slice(1);
    const { stdout } = await run("predict", path("iris.safetensors"), path("turned.csv"));
    expect(stdout.split("\n")[0]).toBe("species");
    expect(stdout.split("\n").slice(1)).toEqual(plain);
    const appended = (await run("predict", path("iris.safetensors"), path("turned.csv"), "--append")).stdout.split(
      "\n",
    );
    expect(appended[0]).toBe('"id, quoted",petal_width,petal_length,sepal_width,sepal_length,species');
    expect(appended[1]).toBe(`"x, 1",0.2,1.4,3.5,5.1,${plain[0]}`);
  });

  it("takes columns by their places where there are no names", async () => {
    writeFileSync(path("bare.csv"), lines.slice(1).join("\n"));
    await run("train", path("bare.csv"), "--epochs", "2", "--save", path("bare.safetensors"));
    const { stdout } = await run("predict", path("bare.safetensors"), path("bare.csv"), "--quiet");
    expect(stdout.trimEnd().split("\n")).toHaveLength(151);
    const inputs = lines.slice(1).map((line) => line.split(",").slice(0, 4).join(","));
    writeFileSync(path("inputs.csv"), inputs.join("\n"));
    const alone = await run("predict", path("bare.safetensors"), path("inputs.csv"));
    const asked = await run("predict", path("iris.safetensors"), path("bare.csv"), "--no-header", "--quiet");
    expect(asked.stdout.trimEnd().split("\n")).toHaveLength(151);
    expect(alone.stdout.split("\n").slice(1)).toEqual(stdout.split("\n").slice(1));
  });
});

describe("missing values", () => {
  const gaps = lines.map((line, i) => {
    const cells = line.split(",");
    if (i === 3) cells[1] = "";
    if (i === 5) cells[2] = "NA";
    if (i === 9) cells[4] = "?";
    return cells.join(",");
  });

  it("become the training rows' mean, or leave their rows out", async () => {
    writeFileSync(path("gaps.csv"), gaps.join("\n"));
    const outcome = async (missing: string): Promise<Record<string, unknown>> => {
      const { stdout } = await run("train", path("gaps.csv"), "--missing", missing, "--epochs", "2", "--json");
      return JSON.parse(stdout).data;
    };
    expect(await outcome("mean")).toMatchObject({ rows: 149, missing: 2, dropped: 1 });
    expect(await outcome("drop")).toMatchObject({ rows: 147, missing: 0, dropped: 3 });
  });

  it("are predicted from as the mean, or not at all, as in training", async () => {
    for (const missing of ["mean", "drop"]) {
      await run(
        "train",
        path("gaps.csv"),
        "--missing",
        missing,
        "--epochs",
        "9",
        "--save",
        path(`${missing}.safetensors`),
      );
    }
    const { network: net, metadata } = await loadNetwork(path("mean.safetensors"));
    const { mean, deviation } = (metadata.table as { inputScale: unknown }).inputScale as {
      mean: number[];
      deviation: number[];
    };
    const filled = gaps[3]!.split(",").map((cell, j) => (cell === "" ? 0 : (Number(cell) - mean[j]!) / deviation[j]!));
    const expected = Array.from(net.probabilities(matrix([filled.slice(0, 4)])).data);
    const json = async (model: string): Promise<{ rows: { prediction: string | null; probabilities?: number[] }[] }> =>
      JSON.parse((await run("predict", path(model), path("gaps.csv"), "--probabilities", "--json")).stdout);
    expect((await json("mean.safetensors")).rows[2]!.probabilities).toEqual(expected);
    const { rows } = await json("drop.safetensors");
    expect([2, 3, 4].map((row) => rows[row]!.prediction === null)).toEqual([true, false, true]);
  });
});

describe("cells and labels that a model does not know", () => {
  it("are told of, and stop nothing", async () => {
    const odd = [lines[0], "5.1,wide,1.4,0.2,setosa", ...lines.slice(1, 9), "5,3,1,0,tulip"];
    writeFileSync(path("odd.csv"), odd.join("\n"));
    const { stdout, stderr } = await call(["predict", path("iris.safetensors"), path("odd.csv")]);
    expect(stdout.trimEnd().split("\n")).toHaveLength(11);
    expect(stderr).toMatch(/sepal_width: "wide" in line 2: not known from the training rows/);
    expect(stderr).toMatch(/1 row with a label that the model does not know, the first "tulip"; it counts as wrong/);
    expect(stderr).toMatch(/^10 rows with a known species: accuracy 90\.0 % \(9 of 10\)/m);
  });
});

describe("a run that has diverged", () => {
  it.each(["safetensors", "json"])("leaves a model that can be read: %s", async (ending) => {
    const model = path(`diverged.${ending}`);
    const args = ["train", diabetes, "--optimizer", "sgd", "--learning-rate", "3", "--momentum", "0", "--epochs", "20"];
    expect((await call([...args, "--save", model])).code).toBe(1);
    expect(await run("info", model)).toMatchObject({ stdout: expect.stringMatching(/^network /m) });
    expect((await call(["diagnose", model])).code).toBe(0);
  });
});

describe("Ctrl-C", () => {
  it("leaves a file that the run is gone on from, to the same bits", async () => {
    const common = [digits, "--hidden", "16", "--epochs", "400", "--simd", "strict", "--quiet"];
    await start(["train", ...common, "--save", path("whole.safetensors")]);
    const [, ...quiet] = common.toReversed();
    let sent = false;
    const { code, stderr } = await start(["train", ...quiet.toReversed(), "--save", path("broken.safetensors")], {
      onOutput: (text, kill) => {
        if (!sent && /^ +1 {2}/m.test(text)) {
          sent = true;
          kill("SIGINT");
        }
      },
    });
    expect(stderr).toMatch(/^hessia: interrupted after \d+ epochs?; hessia train --resume \S+ continues\n$/);
    expect(code).toBe(130);
    const { checkpoint } = await loadNetwork(path("broken.safetensors"));
    expect(checkpoint?.progress.epoch).toBeLessThan(400);
    const resumed = await start(["train", "--resume", path("broken.safetensors"), "--json"]);
    expect(resumed).toMatchObject({ code: 0, stderr: "" });
    expect(JSON.parse(resumed.stdout).epochs).toHaveLength(400);
    expect(await bitsOf(path("broken.safetensors"))).toEqual(await bitsOf(path("whole.safetensors")));
  }, 120_000);
});

describe("refused", () => {
  const model = path("iris.safetensors");
  const cases: [string, () => string[], string][] = [
    ["no model", () => ["info", path("nowhere.safetensors")], "nowhere.safetensors: there is no such file"],
    ["a table for a model", () => ["predict", iris, iris], "a file that ends in .safetensors or .json"],
    ["a truncated model", () => ["info", path("cut.safetensors")], "cut.safetensors cannot be read"],
    [
      "a network of another program",
      () => ["predict", path("other.json"), iris],
      "expected a model that hessia train saved",
    ],
    ["missing columns", () => ["predict", model, diabetes], 'got none called "sepal_length"'],
    ["rows without names", () => ["predict", model, path("bare.csv")], "--no-header takes the columns by their places"],
    [
      "the model to write to",
      () => ["predict", model, iris, "--output", model],
      "another file than those that are read",
    ],
    ["one file for two outputs", () => ["curvature", model, "--hessian", "a.npy", "--ggn", "a.npy"], "than --hessian"],
    [
      "probabilities of values",
      () => ["predict", path("d.safetensors"), diabetes, "--probabilities"],
      "got a regression",
    ],
    ["ragged rows", () => ["predict", model, path("ragged.csv")], "line 3: expected 5 columns, as in line 1, got 2"],
    ["another ending to save to", () => ["train", iris, "--save", "model.bin"], "ends in .safetensors or .json"],
    ["another ending for a report", () => ["train", iris, "--report", "r.pdf"], "ends in .html or .htm"],
    [
      "nothing to go on with",
      () => ["train", "--resume", model],
      "--epochs: expected more than the 30 that the run has",
    ],
    [
      "other options beside --resume",
      () => ["train", "--resume", model, "--hidden", "3"],
      "--hidden: expected nothing beside --resume",
    ],
    [
      "other data to go on with",
      () => ["train", diabetes, "--resume", model, "--epochs", "99"],
      "expected the data that",
    ],
    [
      "other parts of other data",
      () => ["diagnose", model, path("half.csv"), "--part", "test"],
      "--part: expected all",
    ],
    [
      "a part that is not there",
      () => ["diagnose", model, "--part", "validation"],
      "got validation, of which there are no rows",
    ],
    ["an optimizer twice", () => ["compare", iris, "--optimizers", "adam,adam"], 'got "adam" twice'],
    ["an unknown optimizer", () => ["compare", iris, "--optimizers", "adam,sdg"], "known: sgd, adagrad"],
    [
      "another's settings",
      () => ["compare", iris, "--optimizers", "adam:momentum=0.9"],
      "expected settings of adam after colons",
    ],
    ["settings out of range", () => ["compare", iris, "--optimizers", "sgd:momentum=2"], "expected a share in [0, 1)"],
    [
      "another's option",
      () => ["train", iris, "--damping", "1"],
      "--damping: expected an optimizer that has it (newton",
    ],
    ["an l1 penalty for Newton", () => ["train", iris, "--optimizer", "newton", "--l1", "1"], "l1"],
    [
      "a matrix too large for text",
      () => ["curvature", path("large.safetensors"), "--hessian", "H.csv"],
      "expected a name that ends in .npy",
    ],
    ["one eigenvalue", () => ["curvature", model, "--eigenvalues", "1"], "--eigenvalues: expected at least 2"],
  ];

  it("is what cannot be used, in one line, with exit code 2", async () => {
    writeFileSync(path("cut.safetensors"), readFileSync(model).subarray(0, 700));
    const { metadata: _, ...network } = JSON.parse(readFileSync(path("model.json"), "utf8"));
    writeFileSync(path("other.json"), JSON.stringify(network));
    writeFileSync(path("ragged.csv"), [...lines.slice(0, 2), "1,2"].join("\n"));
    writeFileSync(path("half.csv"), lines.slice(0, 80).join("\n"));
    await run("train", digits, "--epochs", "1", "--save", path("large.safetensors"));
    for (const [name, args, words] of cases) {
      const { code, stdout, stderr } = await call(args());
      expect({ name, stderr }).toEqual({ name, stderr: expect.stringContaining(words) });
      expect(stderr).toMatch(/^hessia: [^\n]+\n$/);
      expect({ name, code, stdout }).toEqual({ name, code: 2, stdout: "" });
    }
  });

  it("is a model whose metadata were tampered with, wherever that is", async () => {
    const file = JSON.parse(readFileSync(path("model.json"), "utf8"));
    const places = placesOf(file.metadata);
    expect(places.length).toBeGreaterThan(50);
    for (const place of places) {
      // Early stopping and the like may be left out; nothing may be a thing of another kind.
      for (const value of [{}, null, "x"]) {
        const changed = structuredClone(file);
        const last = place.length - 1;
        let holder = changed.metadata;
        for (const key of place.slice(0, last)) holder = holder[key];
        holder[place[last]] = value;
        writeFileSync(path("tampered.json"), JSON.stringify(changed));
        for (const args of [["info"], ["diagnose", "--curvature", "none"]]) {
          const { code, stdout, stderr } = await call([args[0], path("tampered.json"), ...args.slice(1)]);
          expect({ place, value, code, stderr }).toEqual({
            ...{ place, value, code: expect.toSatisfy((code: number) => code === 0 || code === 2) },
            stderr: expect.stringMatching(/^(?:hessia: [^\n]+\n)?$/),
          });
          expect(stdout).not.toMatch(/undefined|\[object/);
        }
      }
    }
  });

  it("is a file that is read, under whatever name", async () => {
    writeFileSync(path("data.csv"), lines.join("\n"));
    symlinkSync(path("data.csv"), path("soft.csv"));
    linkSync(path("data.csv"), path("hard.csv"));
    for (const [read, written] of [
      ["data.csv", "data.csv"],
      ["data.csv", "soft.csv"],
      ["soft.csv", "data.csv"],
      ["data.csv", "hard.csv"],
    ]) {
      const { code, stderr } = await call(["predict", path("iris.safetensors"), path(read), "--output", path(written)]);
      expect([code, stderr]).toEqual([2, expect.stringContaining("another file than those that are read")]);
    }
    expect(readFileSync(path("data.csv"), "utf8")).toBe(lines.join("\n"));
  });

  it("are options of predict that would do nothing", async () => {
    const refused = async (...args: string[]): Promise<string> =>
      (await call(["predict", path("iris.safetensors"), iris, ...args])).stderr;
    expect(await refused("--append", "--json")).toMatch(/^hessia: --append: expected nothing beside --json/);
    expect(await refused("--training-data", iris)).toMatch(/^hessia: --training-data: expected --interval beside it/);
  });

  it("with exit code 1 is a file that cannot be written, before any training", async () => {
    for (const option of ["--save", "--report"]) {
      const file = path(`no/such/folder/model.${option === "--save" ? "json" : "html"}`);
      const { code, stdout, stderr } = await call(["train", iris, option, file]);
      expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
      expect(stderr).toMatch(/^hessia: .*could not be written: there is no folder /);
      expect(existsSync(file)).toBe(false);
    }
  });
});

/** Keys that lead to each value within an object; of lists the first two. */
function placesOf(value: unknown): string[][] {
  if (typeof value !== "object" || value === null) return [];
  const keys = Array.isArray(value) ? Object.keys(value).slice(0, 2) : Object.keys(value);
  return keys.flatMap((key) => [
    [key],
    ...placesOf((value as Record<string, unknown>)[key]).map((rest) => [key, ...rest]),
  ]);
}
