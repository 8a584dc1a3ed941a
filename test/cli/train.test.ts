// The command line from end to end, as it was built, and in this process where only its words
// matter.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { niceStep } from "../../src/cli/output/progress.js";
import { endOf } from "../../src/cli/output/summary.js";
import { init, type NonFinite, network } from "../../src/index.js";
import { call, folder, main, type Result, root, start } from "./support.js";

const digits = join(root, "data/digits.csv");
const iris = join(root, "data/iris.csv");
const diabetes = join(root, "data/diabetes.csv");

/** So that the other suites of this process find the build they expect. */
afterAll(() => init({ simd: "strict" }));

function linesOf(text: string): string[] {
  return text.trimEnd().split("\n");
}

describe("the first command of the README", () => {
  let result: Result;
  beforeAll(async () => {
    const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    const [node, built, ...args] = scripts.start.split(" && ").at(-1).split(" ");
    expect([node, built]).toEqual(["node", "dist/cli/main.js"]);
    result = await start(args);
  }, 60_000);

  it("ends as asked, with nothing on stderr", () => {
    expect(result).toMatchObject({ code: 0, stderr: "" });
  });

  it.each([
    [/^data +data\/digits\.csv: 1,797 rows, 61 inputs$/m],
    [/^target +digit \(classification, 10 classes\)$/m],
    [/^assumed +10 whole numbers are classes; --task regression for values$/m],
    [/^split +1,438 rows to train on, 359 to test on \(stratified, seed 0\)$/m],
    [/^network +61-64-32-10, relu, 6,378 parameters, f32$/m],
    [/^test +accuracy 9[5-9]\.\d % \(3\d\d of 359\), loss /m],
    [/^training +accuracy (100|9\d)\.\d % /m],
    [/^dead units +\d+ of 64 in layer 1, \d+ of 32 in layer 2$/m],
    [/^speed +[\d,]+ samples per second \(.*s\)$/m],
    [/^build +(strict|relaxed) /m],
  ])("says %s", (line) => {
    expect(result.stdout).toMatch(line);
  });

  it("is plain text of few lines within 80 columns", () => {
    const lines = linesOf(result.stdout);
    expect(lines.length).toBeLessThan(30);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
    expect(result.stdout).toMatch(/^[\n\x20-\x7E]*$/);
  });

  it("takes seconds", () => {
    const [, time] = /\(([\d.]+) (?:ms|s)\)$/m.exec(result.stdout) as RegExpExecArray;
    expect(Number(time)).toBeGreaterThan(0);
    expect(/\([\d.]+ ms\)$|\(\d\.\d\d s\)$/m.test(result.stdout)).toBe(true);
  });
});

it("notes what a schedule is for only where one was asked for", async () => {
  const given = ["train", iris, "--optimizer", "hessian-free", "--progress", "0.002", "--epochs", "2"];
  expect((await call(given)).stdout).not.toMatch(/schedule/);
  expect((await call([...given, "--schedule", "cosine"])).stdout).toMatch(/^note .*schedule changes nothing$/m);
});

interface Score {
  loss: number;
  accuracy: number;
  rmse: number;
  r2: number;
}

/** The part of the JSON result that is looked into here. */
interface Report {
  data: unknown;
  target: unknown;
  split: unknown;
  network: { layers: { units: number }[] };
  status: string;
  training: Score;
  validation: Score;
  test: Score;
  deadUnits: number[][] | null;
  epochs: { loss: number; validationLoss: number }[];
}

async function jsonOf(...args: string[]): Promise<Report> {
  const { code, stdout, stderr } = await call(["train", ...args, "--json"]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return JSON.parse(stdout);
}

describe("hessia train", () => {
  it("classifies text labels", async () => {
    const result = await jsonOf(iris, "--target", "species", "--hidden", "16", "--epochs", "100");
    expect(result.target).toEqual({
      name: "species",
      task: "classification",
      notes: ["species: classification, text"],
      classes: ["setosa", "versicolor", "virginica"],
    });
    expect(result.split).toEqual({ training: 120, validation: 0, test: 30, seed: 0 });
    expect(result.test.accuracy).toBeGreaterThan(0.85);
    expect(result.epochs).toHaveLength(100);
    expect(result.network.layers.map(({ units }) => units)).toEqual([16, 3]);
  });

  it("tells regressions in the target's units", async () => {
    const result = await jsonOf(diabetes, "--target", "progression", "--hidden", "none", "--l2", "0");
    expect(result.target).toMatchObject({ name: "progression", task: "regression" });
    // Linear regression on all rows leaves 53.5 and explains 0.52 (Efron et al. 2004).
    expect(result.training.rmse).toBeGreaterThan(48);
    expect(result.training.rmse).toBeLessThan(57);
    expect(result.training.r2).toBeGreaterThan(0.45);
    expect(result.training.r2).toBeLessThan(0.6);
    expect(result.test.rmse).toBeLessThan(70);
    const { stdout } = await call(["train", diabetes, "--epochs", "2"]);
    expect(stdout).toMatch(/^test +RMSE [\d.]+, R² -?[\d.]+$/m);
  });

  it("gives the same for the same seed, and something else for another", async () => {
    const result = async (seed: string): Promise<unknown> => {
      const { training, test, epochs } = await jsonOf(iris, "--epochs", "3", "--seed", seed);
      return { training, test, losses: epochs.map(({ loss }) => loss) };
    };
    expect(await result("4")).toEqual(await result("4"));
    expect(await result("4")).not.toEqual(await result("5"));
  });

  it("holds rows out for early stopping, and keeps the best epoch", async () => {
    const result = await jsonOf(iris, "--early-stopping", "3", "--epochs", "500", "--learning-rate", "0.05");
    expect(result.status).toBe("early-stopped");
    expect(result.split).toMatchObject({ training: 105, validation: 15, test: 30 });
    const losses = result.epochs.map(({ validationLoss }) => validationLoss);
    expect(result.validation.loss).toBeCloseTo(Math.min(...losses), 6);
  });

  it.each([
    ["--test-share", "0"],
    ["--batch-norm"],
    ["--activation", "tanh", "--dtype", "f64"],
    ["--clip", "1"],
    ["--l1", "0.001"],
    ["--simd", "strict"],
    ["--optimizer", "sgd", "--momentum", "0.5"],
    ["--optimizer", "adagrad"],
    ["--optimizer", "adadelta"],
    ["--optimizer", "rmsprop"],
    ["--optimizer", "adamw", "--weight-decay", "0.1"],
    ["--schedule", "constant"],
    ["--schedule", "step"],
    ["--schedule", "warm-up"],
    ["--schedule", "one-cycle"],
    ["--batch-size", "1000"],
    ["--validation", "0.2"],
    ["--ignore", "sepal_length,sepal_width"],
    ["--header"],
  ])("trains with %s %s %s %s", async (...options) => {
    const result = await jsonOf(iris, ...options.filter((option) => option !== undefined), "--epochs", "20");
    expect(result.status).toBe("completed");
    expect(result.epochs.at(-1)?.loss).toBeLessThan(result.epochs[0].loss);
    expect(result.deadUnits === null).toBe(options.includes("tanh"));
    expect(result.test === null).toBe(options.includes("--test-share"));
  });

  it("reads a file without a header", async () => {
    const rows = Array.from({ length: 60 }, (_, i) => `${i % 7};${i % 5};${i % 2}`).join("\r\n");
    const { path, remove } = folder({ "plain.csv": rows });
    const result = await jsonOf(path("plain.csv"), "--epochs", "1");
    expect(result.data).toMatchObject({ rows: 60, inputs: ["column 1", "column 2"] });
    expect(result.target).toMatchObject({ name: "column 3", classes: ["0", "1"] });
    remove();
  });

  it("prints about a dozen lines of progress, however many epochs there are", async () => {
    for (const epochs of [1, 7, 12, 99, 1000]) {
      const { stdout } = await call(["train", iris, "--hidden", "2", "--epochs", String(epochs)]);
      const lines = linesOf(stdout).filter((line) => /^ *\d+ /.test(line));
      expect(lines.length).toBeGreaterThan(0);
      expect(lines.length).toBeLessThanOrEqual(12);
      expect(lines.at(-1)).toMatch(new RegExp(`^ *${epochs} `));
    }
  });

  it("prints the result alone in quiet", async () => {
    const { stdout } = await call(["train", iris, "--epochs", "2", "--quiet"]);
    expect(linesOf(stdout).map((line) => line.split("  ")[0])).toEqual([
      "test",
      "baseline",
      "training",
      "dead units",
      "speed",
      "build",
    ]);
  });

  it("fails where training breaks down, with what was reached", async () => {
    const args = ["train", iris, "--optimizer", "sgd", "--learning-rate", "1e30", "--json"];
    const { code, stdout, stderr } = await call(args);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^hessia: training failed: NaN or infinity at step [^\n]+\n$/);
    const { reason, ...result } = JSON.parse(stdout);
    expect(result).toMatchObject({ status: "non-finite", command: "train" });
    expect(stderr).toBe(`hessia: training failed: ${reason}\n`);
    const text = (await call(args.slice(0, -1))).stdout;
    expect(text.replaceAll(/\s+/g, " ")).toContain(`ended ${reason} `);
  });

  it("ends at an abort with what was reached", async () => {
    const { code, stdout, stderr } = await call(["train", iris, "--epochs", "60"], { signal: AbortSignal.abort() });
    expect(code).toBe(130);
    expect(stdout).toMatch(/^interrupted +after 0 of 60 epochs$/m);
    expect(stdout).toMatch(/^test +accuracy /m);
    expect(stderr).toBe("hessia: interrupted after 0 epochs\n");
  });

  it("says what it can do", async () => {
    const top = await call([]);
    expect(top).toEqual(await call(["--help"]));
    expect(top.stdout).toMatch(/^ +train .*train a network/m);
    const { code, stdout } = await call(["train", "--help"]);
    expect(code).toBe(0);
    for (const option of ["--target", "--hidden", "--optimizer", "--early-stopping", "--json"])
      expect(stdout).toContain(option);
    for (const line of linesOf(stdout)) expect(line.length).toBeLessThanOrEqual(80);
    expect((await call(["--version"])).stdout).toBe(
      `${JSON.parse(readFileSync(join(root, "package.json"), "utf8")).version}\n`,
    );
  });
});

describe("on a terminal", () => {
  it("draws a bar instead of lines", async () => {
    const { stdout, stderr } = await call(["train", iris, "--epochs", "5"], { terminal: true });
    expect(stderr).toContain("epoch 5/5 [========================] loss ");
    expect(stdout).not.toContain("[====");
    expect(stdout).not.toMatch(/^ *5 {2}/m);
  });

  it("prints lines where the terminal cannot move its cursor", async () => {
    const dumb = { terminal: true, environment: { TERM: "dumb" } };
    const { stdout, stderr } = await call(["train", iris, "--epochs", "5"], dumb);
    expect(stdout).toMatch(/^ +5 {2}/m);
    expect(stdout + stderr).not.toContain("[====");
  });

  it("keeps the bar out of JSON", async () => {
    const { stdout, stderr } = await call(["train", iris, "--epochs", "5", "--json"], { terminal: true });
    expect(JSON.parse(stdout).epochs).toHaveLength(5);
    expect(stderr).toContain("epoch 5/5");
  });

  it.skipIf(!existsSync("/usr/bin/script"))("draws in a pseudo-terminal, and leaves the cursor as it was", async () => {
    const command = `TERM=xterm '${process.execPath}' '${main}' train data/iris.csv --epochs 5`;
    const { code, stdout } = await start(["-qec", command, "/dev/null"], { program: ["script"] });
    expect(code).toBe(0);
    expect(stdout).toContain("epoch 5/5 [========================] loss ");
    // Hidden and shown again equally often.
    expect(stdout.split("\u001b[?25l").length).toBeLessThanOrEqual(stdout.split("\u001b[?25h").length);
  });
});

describe("as a process", () => {
  it("stops cleanly at Ctrl-C with what was reached", async () => {
    let sent = false;
    const { code, stdout, stderr } = await start(["train", digits, "--epochs", "100000"], {
      onOutput: (text, kill) => {
        if (!sent && /^ +1 {2}/m.test(text)) {
          sent = true;
          kill("SIGINT");
        }
      },
    });
    expect(code).toBe(130);
    expect(stdout).toMatch(/^interrupted +after \d+ of 100,000 epochs$/m);
    expect(stdout).toMatch(/^test +accuracy /m);
    expect(stderr).toMatch(/^hessia: interrupted after \d+ epochs?\n$/);
  }, 30_000);

  it("ends quietly when its reader has seen enough", async () => {
    const command = `'${process.execPath}' '${main}' train data/iris.csv | head -n 1`;
    const { stdout, stderr } = await start(["-c", command], { program: ["sh"] });
    expect(linesOf(stdout)).toHaveLength(1);
    expect(stderr).toBe("");
  });

  it.skipIf(!existsSync("/dev/full"))("fails where its output cannot be written", async () => {
    const command = `'${process.execPath}' '${main}' train data/iris.csv > /dev/full`;
    const { code, stderr } = await start(["-c", command], { program: ["sh"] });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^hessia: the output could not be written: [^\n]+\n$/);
  });
});

describe("where training broke down", () => {
  const net = network({ inputs: 2, layers: [{ units: 3 }, { units: 4 }, { units: 1 }] });
  it.each<[number, NonFinite["quantity"], string]>([
    [0, "pre-activation", "first in the pre-activations of layer 1;"],
    [1, "gradient", "first in the gradients of layer 2;"],
    [2, "parameter", "first in the parameters of the output layer;"],
    [-1, "loss", "first in the loss;"],
  ])("layer %d: layers are counted from 1, as for dead units", (layer, quantity, words) => {
    const said = endOf({ net }, { reason: "", nonFinite: { step: 7, epoch: 2, layer, quantity } });
    expect(said).toContain(`NaN or infinity at step 7 (epoch 2), ${words}`);
  });

  it("other ends are told as the library does", () => {
    expect(endOf({ net }, { reason: "all 3 epochs done" })).toBe("all 3 epochs done");
  });
});

describe("niceStep", () => {
  it.each([
    [0.1, 1],
    [1, 1],
    [1.2, 2],
    [2.5, 5],
    [6, 10],
    [10, 10],
    [11, 20],
    [99.9, 100],
    [1000, 1000],
  ])("%d → %d", (least, step) => {
    expect(niceStep(least)).toBe(step);
  });
});

describe("early stopping", () => {
  it("is left out, and says so, where chance would decide", async () => {
    const rows = Array.from({ length: 30 }, (_, i) => `${(i * 7) % 11},${i + ((i * 5) % 7) / 2}`);
    const { path: own, remove: removed } = folder({ "few.csv": `x,y\n${rows.join("\n")}\n` });
    const args = ["train", own("few.csv"), "--hidden", "8", "--epochs", "40", "--early-stopping", "1", "--json"];
    const few = JSON.parse((await call(args)).stdout);
    expect([few.split.validation, few.epochs.length, few.status]).toEqual([3, 40, "completed"]);
    expect(few.data.warnings.join()).toMatch(/^3 rows to validate on are too few to stop by: all epochs are done/);
    const more = JSON.parse((await call([...args, "--validation", "0.4"])).stdout);
    expect([more.split.validation, more.data.warnings]).toEqual([12, []]);
    removed();
  });
});
