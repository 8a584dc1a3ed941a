// What cannot be used is refused in one line on stderr with exit code 2, and nothing on stdout.

import { randomBytes } from "node:crypto";
import { afterAll, describe, expect, it } from "vitest";
import { call, folder, root, start } from "./support.js";

const rows = (count: number, row: (index: number) => string): string =>
  Array.from({ length: count }, (_, i) => row(i)).join("\n");

const { path, remove } = folder({
  "good.csv": `a,b,kind\n${rows(40, (i) => `${i},${(i * 7) % 11},${i % 2 ? "odd" : "even"}`)}\n`,
  "empty.csv": "",
  "blank.csv": "\n \n\n",
  "header.csv": "a,b,kind\n",
  "single-row.csv": "a,b,kind\n1,2,x\n",
  "two-rows.csv": "a,y\n1,1.5\n2,2.5\n",
  "single-column.csv": "kind\nx\ny\nx\ny\n",
  "ragged.csv": "a,b,kind\n1,2,x\n3,4\n5,6,x\n",
  "wide.csv": "a,b,kind\n1,2,x\n3,4,y,5\n",
  "missing.csv": "a,b,kind\n1,2,x\n3,,y\n1,2,x\n3,5,y\n",
  "missing-target.csv": "a,b,kind\n1,2,x\n3,4,NA\n1,2,x\n3,5,y\n4,4,y\n",
  "values.csv": `a,y\n${rows(30, (i) => `${(7 * i) % 11},${i / 3}`)}\n`,
  "three.csv": `a,kind\n${rows(30, (i) => `${i},${"xyz"[i % 3]}`)}\n`,
  "names.csv": `a,name\n${rows(30, (i) => `${i % 7},person ${i}`)}\n`,
  "mistake.csv": `a,y\n${rows(30, (i) => `${i},${i === 11 ? "1l" : i / 3}`)}\n`,
  "one-class.csv": `a,kind\n${rows(30, (i) => `${i},x`)}\n`,
  "constant.csv": `a,y\n${rows(30, (i) => `${i},0.5`)}\n`,
  "all-classes.csv": `a,kind\n${rows(30, (i) => `${i},x${i}`)}\n`,
  "twice.csv": `a,a,b\n${rows(30, (i) => `${i},${i},${i % 2}`)}\n`,
  "no-header.csv": rows(30, (i) => `${i},${i % 2}`),
  "quote.csv": 'a,kind\n1,"x\n2,y\n',
  "junk.csv": Buffer.concat([randomBytes(3000), Buffer.of(0, 255)]),
  "cut.csv.gz": Buffer.of(0x1f, 0x8b, 8, 0, 0, 0),
  "zeros.csv": Buffer.alloc(100),
});
afterAll(remove);

const good = path("good.csv");

const files: [string, string[], string][] = [
  ["no such file", [path("nowhere.csv")], "nowhere.csv: there is no such file"],
  ["a file for a folder", [`${good}/a.csv`], "there is no such file"],
  ["a directory", [root], "expected a file, got a directory"],
  ["an empty file", [path("empty.csv")], "got an empty file"],
  ["empty lines", [path("blank.csv")], "got only empty lines"],
  ["a header alone", [path("header.csv")], "at least two rows of data after the header, got 0"],
  ["one row", [path("single-row.csv")], "at least two rows of data after the header, got 1"],
  ["two rows", [path("two-rows.csv")], "hessia: --test-share: expected a share that leaves rows to train and to test"],
  ["one column", [path("single-column.csv")], "at least one input column beside the target"],
  ["a row that is too short", [path("ragged.csv")], "ragged.csv, line 3: expected 3 columns, as in line 1, got 2"],
  ["a row that is too long", [path("wide.csv")], "wide.csv, line 3: expected 3 columns, as in line 1, got 4"],
  [
    "a missing value where gaps are refused",
    [path("missing.csv"), "--missing", "refuse"],
    'missing.csv, line 3, column "b": the value is missing; --missing fill puts',
  ],
  [
    "a missing target where gaps are refused",
    [path("missing-target.csv"), "--missing", "refuse"],
    'line 3, column "kind": the value is missing',
  ],
  [
    "a column that tells nothing",
    [path("names.csv"), "--target", "a"],
    'got none: "name" is left out as identifier (every row has another text); --types says otherwise',
  ],
  ["a mistake in the target", [path("mistake.csv")], 'line 13, column "y": expected a number, got "1l"'],
  ["one class", [path("one-class.csv")], 'at least two classes to tell apart, got "x" in every row'],
  ["a constant target", [path("constant.csv")], "values differ, got 0.5 in every row"],
  ["a class for each row", [path("all-classes.csv")], "got 30 classes in 30 rows"],
  ["an open quote", [path("quote.csv")], "a quoted cell is not closed"],
  ["random bytes", [path("junk.csv")], "got bytes that are no text"],
  ["a damaged archive", [path("cut.csv.gz")], "a gzip file that is cut short or damaged"],
  ["zero bytes", [path("zeros.csv")], "got bytes that are no text"],
];

const options: [string, string[], string][] = [
  ["an unknown column", [good, "--target", "kinds"], 'has no column "kinds"; did you mean "kind"?'],
  ["a column number that is too large", [good, "--target", "4"], 'has no column "4"; give a number from 1 to 3'],
  ["a name without a header", [path("no-header.csv"), "--target", "b"], "as it has no header"],
  ["a name that occurs twice", [path("twice.csv"), "--target", "a"], 'more than one column "a"'],
  ["an unknown type", [good, "--types", "a=numbr"], 'got "a=numbr"; did you mean "number"?'],
  ["a type for no column", [good, "--types", "c=number"], 'has no column "c"'],
  ["a type without a column", [good, "--types", "number"], "expected columns and what they are"],
  ["an unknown separator", [good, "--separator", "colon"], "--separator: expected a known name"],
  ["no names among commas", [good, "--ignore", '"a'], "--ignore: expected names with commas between"],
  ["an unknown column to ignore", [good, "--ignore", "c"], 'has no column "c"'],
  ["the target to ignore", [good, "--ignore", "kind"], "columns other than the target"],
  ["everything to ignore", [good, "--ignore", "a,b"], "at least one input column"],
  ["text as values", [good, "--task", "regression"], 'line 2, column "kind": expected a number, got "even"'],
  ["an unknown task", [good, "--task", "regresion"], 'did you mean "regression"?'],
  ["a share of 1", [good, "--test-share", "1"], '--test-share: expected a share in [0, 1), as in 0.2, got "1"'],
  [
    "a share too small",
    [good, "--test-share", "0.001"],
    "hessia: --test-share: expected a share that leaves rows to train and to test on, got 0.001 of 40 rows\n",
  ],
  ["a share too large", [good, "--test-share", "0.99"], "rows to train and to test on, got 0.99 of 40 rows"],
  [
    "a share too small to validate on",
    [good, "--validation", "0.001"],
    "hessia: --validation: expected a share that leaves rows to train and to validate on, got 0.001 of 40 rows beside",
  ],
  [
    "batch norm of one row to train on",
    [path("two-rows.csv"), "--test-share", "0.5", "--batch-norm"],
    "hessia: --batch-norm: expected at least two rows to train on, since it needs a variance, got 1\n",
  ],
  ["shares of more than all", [good, "--test-share", "0.5", "--validation", "0.5"], "rows left to train on"],
  [
    "nothing to stop by",
    [good, "--early-stopping", "5", "--validation", "0"],
    "--early-stopping: expected rows to validate on",
  ],
  ["text among units", [good, "--hidden", "64,,x"], "--hidden: expected positive whole numbers with commas between"],
  ["no units", [good, "--hidden", "0"], "--hidden: expected positive whole numbers"],
  ["fractional units", [good, "--hidden", "1.5"], "--hidden: expected positive whole numbers"],
  ["more units than memory", [good, "--hidden", "1000000,1000000"], "4 GiB"],
  ["an unknown activation", [good, "--activation", "rellu"], 'did you mean "relu"?'],
  ["an unknown optimizer", [good, "--optimizer", "adma"], "--optimizer: expected a known name"],
  ["an optimizer's near name", [good, "--optimizer", "rmsprob"], 'did you mean "rmsprop"?'],
  ["an unknown schedule", [good, "--schedule", "cosin"], 'did you mean "cosine"?'],
  ["an unknown dtype", [good, "--dtype", "f16"], "known: f32, f64"],
  ["an unknown build", [good, "--simd", "relax"], 'did you mean "relaxed"?'],
  ["a learning rate of 0", [good, "--learning-rate", "0"], "--learning-rate: expected a positive number"],
  ["a learning rate of text", [good, "--learning-rate", "fast"], 'expected a positive number, got "fast"'],
  [
    "momentum where there is none",
    [good, "--momentum", "0.9"],
    "--momentum: expected an optimizer that has it (sgd, rmsprop), got adam",
  ],
  [
    "a threshold of values",
    [path("values.csv"), "--threshold", "0.3"],
    "--threshold: expected a target of two classes, got values in",
  ],
  ["a threshold of three classes", [path("three.csv"), "--threshold", "0.3"], 'got 3 classes in "kind"'],
  [
    "a scale of classes",
    [good, "--target-scale", "log"],
    "--target-scale: expected a target of values, got classes in",
  ],
  ["a negative penalty", [good, "--l2", "-1"], '--l2: expected a number of at least 0, got "-1"'],
  ["no epochs", [good, "--epochs", "0"], "--epochs: expected a positive whole number"],
  ["a batch of none", [good, "--batch-size", "0"], "--batch-size: expected a positive whole number"],
  ["batch norm of single rows", [good, "--batch-norm", "--batch-size", "1"], "batch norm needs a variance"],
  ["a fractional seed", [good, "--seed", "1.5"], "--seed: expected a whole number of at least 0"],
  ["an unknown option", [good, "--hiden", "3"], "unknown option '--hiden' (Did you mean --hidden?)"],
  ["an option without its value", [good, "--epochs"], "argument missing"],
  ["no file", [], "missing required argument 'file'"],
  ["two files", [good, good], "too many arguments"],
];

describe("hessia train refuses", () => {
  it.each([...files, ...options])("%s", async (_, args, words) => {
    const { code, stdout, stderr } = await call(["train", ...args]);
    expect(stderr).toContain(words);
    expect(stderr).toMatch(/^hessia: [^\n]+\n$/);
    expect(stdout).toBe("");
    expect(code).toBe(2);
  });
});

describe("hessia", () => {
  it("refuses an unknown command and names the nearest", async () => {
    const { code, stderr } = await call(["trian"]);
    expect({ code, stderr }).toEqual({ code: 2, stderr: "hessia: unknown command 'trian' (Did you mean train?)\n" });
  });

  it.each([
    ["a file", ["train", path("nowhere.csv")], "there is no such file"],
    ["a mistake", ["train", path("mistake.csv")], 'line 13, column "y"'],
    ["an option", ["train", good, "--bogus"], "unknown option"],
  ])("as a process refuses %s in one line, without a stack trace", async (_, args, words) => {
    const { code, stdout, stderr } = await start(args);
    expect(stderr).toContain(words);
    expect(stderr.match(/\n/g)).toHaveLength(1);
    expect(stdout).toBe("");
    expect(code).toBe(2);
  });
});
