// Oracles: parse5, a parser of HTML that has no part in making the reports; numbers of the run that
// a report is of.

import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse, type DefaultTreeAdapterTypes as Tree } from "parse5";
import { afterAll, describe, expect, it } from "vitest";
import { evenTicks, logTicks } from "../../src/cli/report/ticks.js";
import { pooled } from "../../src/cli/study/picture.js";
import { init, symmetric } from "../../src/index.js";
import { call, folder, root } from "./support.js";

const iris = join(root, "data/iris.csv");
const diabetes = join(root, "data/diabetes.csv");
const { path, remove } = folder({});
afterAll(remove);
afterAll(() => init({ simd: "strict" }));

/** A report, as a parser sees it. */
class Report {
  readonly elements: Tree.Element[] = [];
  readonly mistakes: string[] = [];
  readonly text: string;

  constructor(file: string) {
    const html = readFileSync(file, "utf8");
    const document = parse(html, { onParseError: ({ code }) => this.mistakes.push(code) });
    let text = "";
    const walk = (node: Tree.Node): void => {
      if (node.nodeName === "#text") text += (node as Tree.TextNode).value;
      if ("tagName" in node) this.elements.push(node);
      if ("childNodes" in node) node.childNodes.forEach(walk);
    };
    walk(document);
    this.text = text;
  }

  all(name: string): Tree.Element[] {
    return this.elements.filter(({ tagName }) => tagName === name);
  }

  get figures(): string[] {
    return this.all("figure").map((figure) => attribute(figure, "id"));
  }
}

function attribute({ attrs }: Tree.Element, name: string): string {
  return attrs.find((attr) => attr.name === name)?.value ?? "";
}

async function run(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await call(args);
  expect({ args, code, stderr }).toEqual({ args, code: 0, stderr: "" });
  return stdout;
}

const learning = ["figure-loss", "figure-accuracy", "figure-learning-rate"];
const units = ["figure-sparsity", "figure-gradient-flow", "figure-unit-gradients"];
/** Of a run's own classes, after the confusion matrix. */
const decisions = ["figure-roc", "figure-precision-recall", "figure-calibration", "figure-importance"];
const curvature = [
  ...["figure-hessian", "figure-spectrum", "figure-eigenvalues"],
  ...["figure-along-gradient", "figure-along-negative"],
];
const ggn = ["figure-ggn", "figure-ggn-spectrum", "figure-ggn-eigenvalues"];
const compared = [
  "figure-compare-seconds",
  "figure-compare-gradients",
  "figure-compare-epoch",
  "figure-compare-scores",
];

const model = path("iris.safetensors");
const small = ["--hidden", "6", "--epochs", "30"];

describe.each<[string, string[], string[]]>([
  [
    "train, classes",
    ["train", iris, ...small, "--save", model],
    [...learning, "figure-confusion", ...decisions, ...units, ...curvature],
  ],
  [
    "train, values",
    ["train", diabetes, ...small, "--validation", "0.2"],
    [
      ...["figure-loss", "figure-learning-rate", "figure-predictions", "figure-residuals"],
      ...["figure-intervals-1", "figure-importance"],
      ...[...units, ...curvature],
    ],
  ],
  [
    "train, by the evidence",
    ["train", diabetes, "--hidden", "4", "--epochs", "30", "--penalty", "evidence"],
    [
      ...["figure-loss", "figure-predictions", "figure-residuals"],
      ...["figure-intervals-1", "figure-evidence", "figure-importance", ...units, ...curvature],
    ],
  ],
  ["audit", ["audit", model], ["figure-suspects"]],
  ["prune", ["prune", model, "--share", "0.5"], ["figure-pruning"]],
  ["diagnose", ["diagnose", model], [...learning, "figure-confusion", ...units, ...curvature]],
  [
    "diagnose, no curvature asked for",
    ["diagnose", model, "--curvature", "none"],
    [...learning, "figure-confusion", ...units, ...curvature],
  ],
  ["curvature", ["curvature", model], [...curvature.slice(0, 3), ...ggn, ...curvature.slice(3)]],
  ["compare", ["compare", iris, ...small, "--optimizers", "adam,lbfgs,sgd:momentum=0.5"], compared],
  [
    "a linear network",
    ["train", iris, "--hidden", "none", "--epochs", "3"],
    [...learning, "figure-confusion", ...decisions, ...units, ...curvature],
  ],
  [
    "one epoch",
    ["train", iris, "--hidden", "3", "--epochs", "1", "--batch-norm", "--activation", "tanh"],
    [...learning.slice(0, 2), "figure-confusion", ...decisions, ...units, ...curvature],
  ],
])("the report of %s", (name, args, figures) => {
  const file = path(`${name.replaceAll(" ", "-")}.html`);

  it("has every figure, with words for those who do not see it", async () => {
    await run(...args, "--report", file);
    const report = new Report(file);
    expect(report.mistakes).toEqual([]);
    const dependences = report.figures.filter((id) => id.startsWith("figure-dependence-"));
    expect(report.figures.filter((id) => !dependences.includes(id))).toEqual(figures.map(String));
    expect(dependences.length > 0).toBe(figures.includes("figure-importance"));
    for (const figure of report.all("figure")) {
      const drawing = figure.childNodes.find((node): node is Tree.Element => node.nodeName === "svg");
      expect(attribute(drawing as Tree.Element, "role")).toBe("img");
      expect(attribute(drawing as Tree.Element, "aria-label").length).toBeGreaterThan(20);
      expect(figure.childNodes.some((node) => node.nodeName === "figcaption")).toBe(true);
    }
  });

  it("needs nothing from elsewhere, and no scripts", () => {
    const report = new Report(file);
    for (const name of ["script", "iframe", "object", "embed", "base", "form"]) expect(report.all(name)).toEqual([]);
    for (const element of report.elements) {
      for (const { name, value } of element.attrs) {
        expect(name).not.toMatch(/^on/);
        if (["href", "src", "xlink:href"].includes(name)) expect(value).toMatch(/^(#|data:)/);
        if (name === "style") expect(value).not.toMatch(/url\(|https?:/);
      }
    }
    const [style] = report.all("style");
    expect((style!.childNodes[0] as Tree.TextNode).value).not.toMatch(/url\(|@import|https?:/);
    expect(report.text).not.toMatch(/NaN|undefined|Infinity|\[object/);
    expect(statSync(file).size).toBeLessThan(2e6);
  });
});

describe("a report", () => {
  it("tells the scores of the run, and counts every row in the confusion matrix", async () => {
    const file = path("scores.html");
    const { test } = JSON.parse(await run("train", iris, ...small, "--report", file, "--json"));
    const report = new Report(file);
    expect(report.text).toContain(`${(100 * test.accuracy).toFixed(1)} %`);
    expect(report.text).toContain(`${Math.round(30 * test.accuracy)} of 30 test rows right`);
    const titles = report.all("title").map((title) => (title.childNodes[0] as Tree.TextNode | undefined)?.value ?? "");
    const counts = titles.flatMap((title) => / predicted as .*: (\d+)$/.exec(title)?.[1] ?? []);
    expect(counts.reduce((sum, count) => sum + Number(count), 0)).toBe(30);
  });

  it("marks dead units and gives the advice of diagnose in words", async () => {
    const file = path("dead.html");
    // With such steps most units die at once.
    const args = [
      "--hidden",
      "24",
      "--optimizer",
      "sgd",
      "--learning-rate",
      "6",
      "--momentum",
      "0.9",
      "--schedule",
      "constant",
      "--epochs",
      "8",
    ];
    const { deadUnits, status } = JSON.parse(
      await run("train", iris, ...args, "--save", path("dead.json"), "--report", file, "--json"),
    );
    expect(status).toBe("completed");
    expect(deadUnits[0].length).toBeGreaterThan(7);
    const report = new Report(file);
    expect(report.text).toContain(`${deadUnits[0].length} dead`);
    const { diagnosis } = JSON.parse(await run("diagnose", path("dead.json"), "--json"));
    expect(diagnosis.advice.length).toBeGreaterThan(0);
    for (const { message, remedy, source } of diagnosis.advice) {
      for (const words of [message, remedy, source]) expect(report.text).toContain(words);
    }
  });

  it("compares what ended finite by bars, and names what did not", async () => {
    const file = path("diverged.html");
    const optimizers = "sgd,sgd:learning-rate=5";
    await run(
      ...["compare", iris.replace("iris", "diabetes"), "--optimizers", optimizers, "--dtype", "f64", "--hidden", "12"],
      ...["--epochs", "20", "--report", file],
    );
    const svg = readFileSync(file, "utf8").split('id="figure-compare-scores"')[1].split("</figure>")[0];
    expect(svg.match(/<rect /g)).toHaveLength(1);
    expect(svg).toMatch(/Infinity|NaN/);
    expect(svg.split("<figcaption>")[0]).not.toMatch(/(?:width|x|d)="[^"]*(?:NaN|Infinity)/);
  });

  it("shows work by powers of ten where an optimizer takes far more of it than another", async () => {
    const ticks = async (optimizers: string): Promise<string[]> => {
      const file = path("work.html");
      await run("compare", iris, "--hidden", "16", "--epochs", "4", "--optimizers", optimizers, "--report", file);
      const svg = readFileSync(file, "utf8").split('id="figure-compare-gradients"')[1].split("</figure>")[0];
      const labels = svg.split('<g transform="translate(0,9)"')[1].split("</g>")[0];
      return [...labels.matchAll(/>([^<>]+)<\/text>/g)].map(([, text]) => text);
    };
    // An epoch of adam is one gradient; a dense matrix of P = 131 counts P/6.
    expect(await ticks("adam,levenberg-marquardt")).toEqual(["1", "3", "10", "30", "100"]);
    expect((await ticks("adam,lbfgs"))[0]).toBe("0");
  });

  it("holds text of the user's as text", async () => {
    const rows = Array.from({ length: 40 }, (_, i) => `${i % 7},${i % 2 ? "<b>&amp" : '"a ""q"" <script>"'}`).join(
      "\n",
    );
    const { path: odd, remove: removeOdd } = folder({ "odd.csv": `<i>,</title><script>x\n${rows}\n` });
    await run("train", odd("odd.csv"), "--epochs", "2", "--hidden", "2", "--report", odd("odd.html"));
    const report = new Report(odd("odd.html"));
    expect(report.all("script")).toEqual([]);
    expect(report.text).toContain('a "q" <sc');
    removeOdd();
  });

  it("is not written for a run that was interrupted", async () => {
    const args = ["train", iris, "--report", path("aborted.html")];
    const { code, stdout } = await call(args, { signal: AbortSignal.abort() });
    expect(code).toBe(130);
    expect(stdout).not.toContain("aborted.html");
    expect(() => statSync(path("aborted.html"))).toThrow("ENOENT");
  });

  it("is written of a run that failed, too", async () => {
    const args = ["train", iris, "--optimizer", "sgd", "--learning-rate", "1e30", "--report", path("failed.html")];
    expect((await call(args)).code).toBe(1);
    expect(new Report(path("failed.html")).text).toContain("NaN or infinity at step");
  });
});

describe("ticks", () => {
  it.each([
    [0, 1, ["0", "0.2", "0.4", "0.6", "0.8", "1.0"]],
    [-60, 180, ["−50", "0", "50", "100", "150"]],
    [0.1103, 0.1151, ["0.111", "0.112", "0.113", "0.114", "0.115"]],
    [3e-9, 9e-9, ["3e-9", "4e-9", "5e-9", "6e-9", "7e-9", "8e-9", "9e-9"]],
  ])("from %d to %d are even", (low, high, expected) => {
    const { ticks, tickFormat } = evenTicks(low, high);
    expect(ticks.map(tickFormat)).toEqual(expected);
  });

  it.each([
    [0.02, 3, ["0.03", "0.1", "0.3", "1", "3"]],
    [0.9, 5, ["1", "1.5", "2", "3", "4", "5"]],
    [1e-7, 10, ["1e-7", "1e-5", "0.001", "0.1", "10"]],
  ])("from %d to %d are powers of ten, and what is between where there are few", (low, high, expected) => {
    const { ticks, tickFormat } = logTicks(low, high);
    expect(ticks.map(tickFormat)).toEqual(expected);
  });
});

describe("a matrix as a picture", () => {
  it("shows every entry of a small one, and the largest of those that a pixel stands for of a large one", () => {
    const small = pooled(
      symmetric([
        [1, -2],
        [-2, 0],
      ]),
    );
    expect(small).toMatchObject({ pixels: 2, greatest: 2, size: 2 });
    expect(Array.from(small.values)).toEqual([1, -2, -2, 0]);
    const n = 1200;
    const data = new Float64Array(n * n).fill(0.5);
    data[3 * n + 10] = -4;
    data[10 * n + 3] = -4;
    const large = pooled(symmetric({ rows: n, columns: n, data }));
    expect(large).toMatchObject({ pixels: 600, greatest: 4 });
    expect(large.values[1 * 600 + 5]).toBe(-4);
    expect(large.values.filter((value) => value === 0.5)).toHaveLength(600 * 600 - 2);
    expect(large.method).toContain("downsampled to 600²");
  });
});

describe("a report of what the curvature decides", () => {
  const captionOf = (file: string, id: string): string =>
    readFileSync(file, "utf8").split(`id="figure-${id}"`)[1].split("</figure>")[0];

  it("counts the rows inside their intervals as predict gives them", async () => {
    const [file, saved] = [path("inside.html"), path("inside.json")];
    const args = [
      "--target",
      "progression",
      "--hidden",
      "4",
      "--epochs",
      "30",
      "--test-share",
      "0",
      "--validation",
      "0",
    ];
    await run("train", diabetes, ...args, "--save", saved, "--report", file);
    const { rows } = JSON.parse(await run("predict", saved, diabetes, "--interval", "95", "--json", "--quiet"));
    const targets = readFileSync(diabetes, "utf8")
      .trimEnd()
      .split("\n")
      .slice(1)
      .map((line) => Number(line.split(",").at(-1)));
    const inside = rows.filter(
      ({ interval: [low, high] }: { interval: number[] }, i: number) => low <= targets[i] && targets[i] <= high,
    ).length;
    expect(inside).toBeGreaterThan(0.9 * targets.length);
    expect(captionOf(file, "intervals-1")).toContain(`${inside} of ${targets.length} rows`);
  });

  it("has the greatest evidence at the prior that was found, and names the penalty", async () => {
    const file = path("train,-by-the-evidence.html");
    const [, strength] = /greatest is [^,]+, at ([\d.]+) times/.exec(captionOf(file, "evidence")) as RegExpExecArray;
    expect(Number(strength)).toBeGreaterThan(0.6);
    expect(Number(strength)).toBeLessThan(1.6);
    expect(new Report(file).text).toMatch(/The evidence leaves [\d.]+ of 49 parameters to the data/);
  });

  it("lists the rows that are suspects, with their lines", async () => {
    const wrong = readFileSync(iris, "utf8").replaceAll("\r", "").split("\n");
    wrong[20] = wrong[20].replace("setosa", "virginica");
    const [table, saved, file] = [path("wrong.csv"), path("wrong.json"), path("suspects.html")];
    writeFileSync(table, wrong.join("\n"));
    const args = [
      "--target",
      "species",
      "--test-share",
      "0",
      "--hidden",
      "none",
      "--optimizer",
      "newton",
      "--l2",
      "0.01",
    ];
    await run("train", table, ...args, "--save", saved);
    await run("audit", saved, "--report", file);
    const cells = new Report(file).all("tr").map((row) => row.childNodes.map(textOf));
    expect(cells[1]).toEqual(["line 21", "virginica", "setosa", expect.stringMatching(/^0\.\d\d$/)]);
  });
});

function textOf(node: Tree.ChildNode): string {
  return "childNodes" in node ? node.childNodes.map(textOf).join("") : "value" in node ? node.value : "";
}
