// Oracle: memory. A process whose heap is smaller than the file predicts all of it; what is read in
// pieces is what is read as a whole.

import { closeSync, openSync, readFileSync, statSync, writeSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readTable, type Separator } from "../../src/tables/index.js";
import { collected, tableFrom } from "../../src/tables/reading/read.js";
import { Random } from "../cases.js";
import { call, folder, main, root, start } from "./support.js";

const ROWS = 350_000;
const HEAP = 64;
const { path, remove } = folder({});
afterAll(remove);

beforeAll(async () => {
  const colours = ["red", "green", "blue"];
  const line = (i: number): string => {
    const [size, colour] = [((i * 7919) % 10007) / 100, colours[i % 3]];
    return `${size},${colour},2024-01-${10 + (i % 20)},some words on row number ${i},${i % 500 ? "" : '"quoted, too"'},${size + (i % 3)}\n`;
  };
  for (const [name, rows] of [
    ["small.csv", 600],
    ["large.csv", ROWS],
  ] as const) {
    const file = openSync(path(name), "w");
    writeSync(file, "size,colour,when,remark,more,y\n");
    for (let from = 0; from < rows; from += 1000) {
      writeSync(file, Array.from({ length: Math.min(1000, rows - from) }, (_, k) => line(from + k)).join(""));
    }
    closeSync(file);
  }
  const trained = await call([
    ...["train", path("small.csv"), "--target", "y", "--hidden", "4", "--epochs", "5", "--save", path("m.json")],
  ]);
  expect(trained.stderr).toBe("");
});

describe("a file larger than the heap", () => {
  const program = [process.execPath, `--max-old-space-size=${HEAP}`, main];

  it("is predicted to a file, row by row, and scored", { timeout: 120_000 }, async () => {
    // Its cells alone are six strings a row.
    expect(statSync(path("large.csv")).size / 1e6 + (ROWS * 6 * 24) / 1e6).toBeGreaterThan(1.1 * HEAP);
    const args = ["predict", path("m.json"), path("large.csv"), "--output", path("out.csv")];
    const { code, stderr } = await start(args, { program });
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringMatching(/^350,000 rows with a known y: RMSE /) });
    const lines = readFileSync(path("out.csv"), "utf8").split("\n");
    expect(lines).toHaveLength(ROWS + 2);
    const few = (await call(["predict", path("m.json"), path("small.csv"), "--quiet"])).stdout.split("\n");
    expect(lines.slice(0, 601)).toEqual(few.slice(0, 601));
  });

  it("is predicted to a reader that is slow", { timeout: 120_000 }, async () => {
    const command = `'${process.execPath}' --max-old-space-size=${HEAP} '${main}' predict '${path("m.json")}' '${path("large.csv")}' --quiet | (sleep 3; wc -l)`;
    const { code, stdout } = await start(["-c", command], { program: ["sh"] });
    expect([code, Number(stdout)]).toEqual([0, ROWS + 1]);
  });
});

it("takes standard input", async () => {
  for (const pipe of [`cat '${root}/data/iris.csv'`, `gzip -c '${root}/data/iris.csv'`]) {
    const command = `${pipe} | '${process.execPath}' '${main}' train - --target species --hidden 4 --epochs 3 --json`;
    const { code, stdout } = await start(["-c", command], { program: ["sh"] });
    expect([code, JSON.parse(stdout).data.rows]).toEqual([0, 150]);
  }
});

describe("a file in pieces", () => {
  const random = new Random(11);
  const pick = <T>(list: readonly T[]): T => list[random.integer(list.length)];
  const cells = ["1", "2.5", "red", "", "grün", '"a, b"', '"two\nlines"', '"say ""yes"""', "  x ", "1,5", "日本"];

  async function* cut(bytes: Uint8Array, longest: number): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; ) {
      const next = at + 1 + random.integer(longest);
      yield bytes.subarray(at, next);
      at = next;
    }
  }

  it.each(Array.from({ length: 60 }, (_, i) => i))("is the same table, number %i", async (i) => {
    const [separator, end] = [pick<Separator>([",", ";", "\t"]), pick(["\n", "\r\n", "\r"])];
    const width = 3;
    const row = (): string =>
      Array.from({ length: width }, () => pick(separator === "," ? cells.slice(0, 9) : cells)).join(separator);
    const text = `${["name", "größe", "c"].join(separator)}${end}${Array.from({ length: 250 }, row).join(end)}${pick(["", end])}`;
    const whole =
      i % 4 === 3
        ? Buffer.from(`\uFEFF${text}`, "utf16le")
        : i % 4 === 2
          ? Buffer.from(text, "latin1")
          : Buffer.from(text);
    const given = i % 5 === 4 ? gzipSync(whole) : whole;
    const options = { header: true, separator } as const;
    const wanted = await readTable(whole, options);
    expect(wanted.rows.length).toBeGreaterThan(200);
    const got = await collected(await tableFrom(cut(given, pick([3, 50, 2000])), options), (row) => row);
    expect(got).toEqual(wanted);
  });
});
