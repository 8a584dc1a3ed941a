// Oracle: what each file holds, as whoever wrote it meant it; and for files made at random, the
// rule that there is a model or one line that says where and why not.

import { gzipSync } from "node:zlib";
import { beforeAll, describe, expect, it } from "vitest";
import { openBytes, type Source, sourceOf } from "../../src/cli/data/source.js";
import { CommandError } from "../../src/cli/errors.js";
import { type Prepared, prepare } from "../../src/cli/training/prepare.js";
import { makeNetwork } from "../../src/cli/training/train.js";
import { init } from "../../src/index.js";
import { Random } from "../cases.js";

beforeAll(() => init({ simd: "strict" }));

const settings = { missing: "fill", testShare: 0.2, validation: 0, seed: 0 } as const;

async function* pieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

async function read(bytes: string | Uint8Array): Promise<Source> {
  return sourceOf(await openBytes("odd.csv", pieces(typeof bytes === "string" ? Buffer.from(bytes) : bytes), {}));
}

async function prepared(bytes: string | Uint8Array, options: object = {}): Promise<Prepared> {
  return prepare(await read(bytes), { ...settings, ...options }, false);
}

/** A table of 40 rows whose first column is written by `cell`; its values go up with y. */
function table(cell: (i: number) => string, { separator = ",", end = "\n", head = ["x", "k", "y"] } = {}): string {
  const rows = Array.from({ length: 40 }, (_, i) =>
    [cell(i), i % 2 ? "a" : "b", (i + 0.25).toFixed(2)].join(separator),
  );
  return [...(head.length ? [head.join(separator)] : []), ...rows, ""].join(end);
}

const plain = table((i) => String(i));

describe("files are read whatever they are like", () => {
  const whole: [string, string | Uint8Array][] = [
    ["commas", plain],
    ["semicolons", plain.replaceAll(",", ";")],
    ["tabs", plain.replaceAll(",", "\t")],
    ["bars", plain.replaceAll(",", "|")],
    ["runs of spaces", plain.replaceAll(",", "    ")],
    ["sep=", `sep=;\n${plain.replaceAll(",", ";")}`],
    ["comment lines", `# made by hand\n# in two lines\n${plain}`],
    ["UTF-8 with its mark", `\uFEFF${plain}`],
    ["UTF-16", Buffer.from(`\uFEFF${plain}`, "utf16le")],
    ["UTF-16 without a mark", Buffer.from(plain, "utf16le")],
    ["UTF-16, the other way round", Buffer.from(`\uFEFF${plain}`, "utf16le").swap16()],
    ["gzip", gzipSync(plain)],
    ["CR", plain.replaceAll("\n", "\r")],
    ["CRLF", plain.replaceAll("\n", "\r\n")],
    ["empty rows", plain.replaceAll("\n", "\n\n,,\n")],
    ["empty columns", plain.replaceAll("\n", ",,\n")],
    ["rows that lack empty columns", plain.replace("x,k,y", "x,k,y,,")],
    ["quotation marks", plain.replaceAll(/[^,\n]+/g, '"$&"')],
    ["spaces around cells", plain.replaceAll(",", " , ")],
    ["no line end", plain.trimEnd()],
    ["titles above the table", `Sales of 2024\nin thousands,,\n\n${plain}`],
    ["no header", table((i) => String((7 * i) % 40), { head: [] })],
  ];
  it.each(whole)("%s", async (_, bytes) => {
    const { columns, training, test, rows } = await prepared(bytes);
    expect([rows, training.size, test?.size]).toEqual([40, 32, 8]);
    expect(columns.columns.map(({ type }) => type)).toEqual(["number", "category"]);
    expect(columns.task).toBe("regression");
  });

  it("Windows-1252", async () => {
    const bytes = Buffer.from(plain.replaceAll("b", "größer").replace("y", "Höhe"), "latin1");
    const { columns } = await prepared(bytes);
    expect(columns.targetNames).toEqual(["Höhe"]);
    expect(columns.inputNames).toContain("k = größer");
  });
});

describe("what a first row is", () => {
  const rows = (names: string): string =>
    `${names}\n${Array.from({ length: 60 }, (_, i) => `${i % 2 ? "x" : ""},${i % 3 ? "oui" : "non"},${i % 5 ? "on" : "off"}`).join("\n")}\n`;

  it("names, also where one of them stands below too, which is said", async () => {
    const { names, text } = await read(rows("x,smokes,lamp"));
    expect(names).toEqual(["x", "smokes", "lamp"]);
    expect(text.notes).toEqual(["the first row is taken for names, although 1 of them stands below too"]);
  });

  it("a title is told of", async () => {
    expect((await read(`Sales\n${plain}`)).text.notes).toEqual(['1 line above the table passed over, such as "Sales"']);
  });

  it("data, where all of it stands below too", async () => {
    expect((await read(rows("x,non,off"))).header).toBe(false);
  });
});

describe("yes and no", () => {
  it.each([
    ["No", "Sí"],
    ["Não", "Sim"],
    ["nie", "tak"],
    ["нет", "да"],
    ["FALSCH", "WAHR"],
    ["Faux", "Vrai"],
    ["いいえ", "はい"],
  ])("%s, %s", async (no, yes) => {
    const { columns } = await prepared(table((i) => (i % 3 ? yes : no)));
    expect(columns.columns[0].encoding).toMatchObject({ kind: "boolean", no, yes });
  });

  it("in several spellings", async () => {
    const { columns } = await prepared(table((i) => ["yes", "Yes", "YES", "no", "No"][i % 5]));
    expect(columns.columns[0].type).toBe("boolean");
    const raw = columns.raw([["yes"], ["YES"], ["No"]].map(([cell]) => [cell, "a", "1"]));
    expect([0, 1, 2].map((row) => raw.data[row * raw.columns])).toEqual([1, 1, 0]);
  });
});

describe("dates are what they mean", () => {
  const day = (i: number): Date => new Date(Date.UTC(2023, 0, 1) + i * 7 * 864e5);
  const two = (value: number): string => String(value).padStart(2, "0");
  const german = (i: number): string => day(i).toLocaleDateString("de-DE", { dateStyle: "long", timeZone: "UTC" });
  const written: [string, (i: number) => string][] = [
    ["ISO", (i) => day(i).toISOString().slice(0, 10)],
    ["ISO with time and zone", (i) => day(i).toISOString().replace("Z", "+02:00")],
    [
      "the day first",
      (i) => `${day(i).getUTCDate()}/${day(i).getUTCMonth() + 1}/2023`.replace("2023", String(day(i).getUTCFullYear())),
    ],
    [
      "the month first, years of two digits",
      (i) => `${day(i).getUTCMonth() + 1}/${day(i).getUTCDate()}/${two(day(i).getUTCFullYear() % 100)}`,
    ],
    ["eight digits", (i) => day(i).toISOString().slice(0, 10).replaceAll("-", "")],
    ["a German month", german],
    ["as in letters", (i) => `"${day(i).toUTCString()}"`],
  ];
  it.each(written)("%s", async (_, cell) => {
    const source = await read(table(cell));
    const { columns } = prepare(source, settings, false);
    expect([columns.columns[0].type, columns.columns[0].notes]).toEqual(["date", []]);
    const raw = columns.raw(source.text.rows as never);
    const days = Array.from({ length: 40 }, (_, i) => raw.data[i * raw.columns]);
    expect(days).toEqual(Array.from({ length: 40 }, (_, i) => day(i).getTime() / 864e5));
  });

  it("as a target they are refused", async () => {
    const text = table(String)
      .replaceAll(/,\d+\.25/g, () => "")
      .replace("x,k,y", "x,k")
      .replaceAll(/,[ab]$/gm, "");
    const dated = text
      .split("\n")
      .filter(Boolean)
      .map((line, i) => (i ? `${line},${day(i).toISOString().slice(0, 10)}` : "x,when"));
    await expect(prepared(dated.join("\n"))).rejects.toThrow(/column "when": expected classes or numbers, got dates/);
  });
});

describe("numbers are what they mean", () => {
  const comma = (x: number): string => x.toFixed(2).replace(".", ",");
  const written: [string, (i: number) => string, ((i: number) => number)?][] = [
    ["thousands", (i) => `"${(1000.5 + 1000 * i).toLocaleString("en-US")}"`, (i) => 1000.5 + 1000 * i],
    [
      "thousands, the other way round",
      (i) => `"${(1000.5 + 1000 * i).toLocaleString("de-DE")}"`,
      (i) => 1000.5 + 1000 * i,
    ],
    ["thousands with apostrophes", (i) => `${1 + i}'000.5`, (i) => 1000 * (1 + i) + 0.5],
    ["decimal commas", (i) => `"${comma(i + 0.5)}"`, (i) => i + 0.5],
    ["per cent", (i) => `${i}.5%`, (i) => i + 0.5],
    ["a currency before", (i) => `$${i}.50`, (i) => i + 0.5],
    ["a currency behind", (i) => `${i}.50 €`, (i) => i + 0.5],
    ["a currency's name", (i) => `EUR ${i}.50`, (i) => i + 0.5],
    ["parentheses for minus", (i) => `(${i}.5)`, (i) => -i - 0.5],
    ["U+2212 for minus", (i) => `\u2212${i}.5`, (i) => -i - 0.5],
    ["exponents", (i) => `${i}.5e3`, (i) => 1000 * i + 500],
    ["a plus", (i) => `+${i}.5`, (i) => i + 0.5],
    ["no zero before the point", (i) => (i < 10 ? `.${i}` : `${i}.0`), (i) => (i < 10 ? i / 10 : i)],
    ["narrow spaces", (i) => `${1 + i}\u202f000.5`, (i) => 1000 * (1 + i) + 0.5],
  ];
  it.each(written)("%s", async (_, cell, value = Number) => {
    const text = await read(table(cell));
    const { columns } = prepare(text, settings, false);
    expect(columns.columns[0].type).toBe("number");
    const raw = columns.raw(text.text.rows as never);
    const own = Array.from({ length: 40 }, (_, i) => raw.data[i * raw.columns]);
    own.forEach((x, i) => expect(x).toBeCloseTo(value(i), 9));
  });

  it.each(["?", "-", "NA", "None", "#N/A", "null", "NaN", "n/a", ".", ""])("%j is missing", async (marker) => {
    const { columns, missing } = await prepared(table((i) => (i % 4 ? String(i) : marker)));
    expect([columns.columns[0].type, missing, columns.inputNames[1]]).toEqual(["number", 10, "x missing"]);
  });

  it("keeps codes and long numbers apart", async () => {
    const codes = await prepared(table((i) => `0${1234 + (i % 4)}`));
    expect(codes.columns.inputNames.slice(0, 4)).toEqual([0, 1, 2, 3].map((k) => `x = 0${1234 + k}`));
    const long = await prepared(table((i) => `1234567890123456${i % 2}`));
    expect(long.columns.inputNames.slice(0, 2)).toEqual(["x = 12345678901234560", "x = 12345678901234561"]);
  });

  it("says where a column leaves open what is meant", async () => {
    const { columns } = await prepared(table((i) => `"${1 + i},${100 + i}"`));
    expect(columns.columns[0].notes.join()).toMatch(
      /"1,100" is read as 1100; with the other decimal sign it would be 1\.1/,
    );
  });
});

describe("what cannot be used is refused where it stands", () => {
  const cases: [string, string | Uint8Array, RegExp][] = [
    [
      "a short row",
      plain.replace("20,b,20.25", "20,b"),
      /^odd\.csv, line 22: expected 3 columns, as in line 1, got 2; a cell with the separator/,
    ],
    [
      "a long row",
      plain.replace("20,b,20.25", "20,b,20.25,7"),
      /^odd\.csv, line 22: expected 3 columns, as in line 1, got 4; a cell with the separator/,
    ],
    [
      "a word in the target",
      plain.replace("20.25", "2o.25"),
      /^odd\.csv, line 22, column "y": expected a number, got "2o.25"; .+/,
    ],
    [
      "an open quotation",
      plain.replace("20,b", '20,"b'),
      /^odd\.csv, line 22: a quoted cell is not closed by the end of the file; .+/,
    ],
    ["a target without values", table(() => "1").replaceAll(/,[\d.]+\n/g, ",\n"), /^odd\.csv/],
    [
      "nothing but the target",
      "y\n1\n2\n3\n",
      /^odd\.csv: expected at least one input column beside the target, got none; --separator/,
    ],
    ["zero bytes", new Uint8Array(300), /^odd\.csv: expected a table as text, got bytes that are no text; save/],
    [
      "an archive cut short",
      gzipSync(plain).subarray(0, 60),
      /^odd\.csv: expected a table as text, got a gzip file that is cut short/,
    ],
    ["a header alone", "a,b\n", /^odd\.csv: expected at least two rows of data after the header, got 0$/],
  ];
  it.each(cases)("%s", async (_, bytes, words) => {
    const found = await prepared(bytes).then(
      () => "a model",
      (error) => error,
    );
    expect(found).toBeInstanceOf(CommandError);
    expect(found.message).toMatch(words);
  });
});

/** Files as no program would write them. */
class Odd {
  readonly #random: Random;

  constructor(seed: number) {
    this.#random = new Random(seed);
  }

  #pick<T>(list: readonly T[]): T {
    return list[this.#random.integer(list.length)];
  }

  #chance(share: number): boolean {
    return this.#random.uniform() < share;
  }

  #column(plain = false): (i: number) => string {
    const r = this.#random;
    const kinds = Array.from(
      { length: 1 + r.integer(6) },
      (_, k) =>
        this.#pick(["red", "n", "Ja", "low", "high", "ä", "x y", "0", "#", "a,b", 'q"', "=1+1"]) + (k % 3 ? k : ""),
    );
    const learnable: ((i: number) => string)[] = [
      (i) => String(i),
      () => r.normal().toFixed(r.integer(6)),
      () => String(r.integer(5)),
      () => (r.normal() * 10 ** (r.integer(600) - 300)).toString(),
      () => this.#pick(kinds),
    ];
    return this.#pick([...learnable, ...(plain ? [] : this.#others())]);
  }

  #others(): ((i: number) => string)[] {
    const r = this.#random;
    return [
      () => `${1 + r.integer(28)}.${1 + r.integer(12)}.${2000 + r.integer(30)}`,
      () => `${1 + r.integer(12)}/${1 + r.integer(31)}/${r.integer(100)}`,
      () => `${2000 + r.integer(30)}-0${1 + r.integer(9)}-1${r.integer(10)}T0${r.integer(10)}:3${r.integer(10)}:00Z`,
      () => `${r.integer(900)},${r.integer(90)}`,
      () => `${r.integer(9)}.${100 + r.integer(900)},${r.integer(90)} €`,
      () => this.#pick(["yes", "no", "", "NA"]),
      () => "",
      () => "same",
      (i) => `text number ${i} ${r.integer(1000)}`,
      () =>
        this.#pick([
          "1e400",
          "-1e308",
          "1e308",
          "NaN",
          "Infinity",
          "-inf",
          "0x1f",
          "1_000",
          "1e-320",
          "12:30",
          "5%",
          "(3)",
        ]),
      (i) => `id-${i}-${r.integer(1e6)}`,
      (i) => `${20 + 7 * i}${"0".repeat(15)}`,
    ];
  }

  #name(j: number): string {
    return this.#pick([
      `c${j}`,
      `c${j}`,
      `c${j}`,
      "c",
      "",
      "1",
      "a b",
      "größe",
      '"q, r"',
      "constructor",
      "__proto__",
      "2020",
      "x (column 2)",
      "#",
    ]);
  }

  file(): Uint8Array {
    const r = this.#random;
    const separator = this.#pick([",", ",", ";", "\t", "|", "  "]);
    const width = 1 + r.integer(5);
    const columns = Array.from({ length: width }, (_, j) => this.#column(j === width - 1 && this.#chance(0.7)));
    const rows = this.#pick([0, 1, 2, 3, 5, 12, 30, 30, 60, 60]);
    const quote = (text: string): string =>
      (text.includes(separator) && this.#chance(0.95)) || this.#chance(0.05) ? `"${text.replaceAll('"', '""')}"` : text;
    const lines = Array.from({ length: rows }, (_, i) =>
      columns.map((cell) => quote(this.#chance(0.03) ? this.#pick(["", "?", "oops", "-"]) : cell(i))),
    );
    if (this.#chance(0.85)) lines.unshift(columns.map((_, j) => this.#name(j)));
    for (const line of lines) {
      if (this.#chance(0.003)) line.pop();
      if (this.#chance(0.003)) line.push("extra");
    }
    const texts = lines.map((line) => line.join(separator));
    if (this.#chance(0.1))
      texts.unshift(this.#pick(["# a comment", "sep=;", "", "// nothing", "%", "Title of the table"]));
    if (this.#chance(0.05))
      texts.splice(r.integer(texts.length + 1), 0, this.#pick(["", separator, '"', "total", " "]));
    return this.#bytes(texts.join(this.#pick(["\n", "\n", "\r\n", "\r"])) + this.#pick(["", "\n", "\n\n"]));
  }

  #bytes(text: string): Uint8Array {
    const made = this.#pick<() => Buffer>([
      ...new Array(6).fill(() => Buffer.from(text)),
      () => Buffer.from(`\uFEFF${text}`),
      () => Buffer.from(text, "latin1"),
      () => Buffer.from(`\uFEFF${text}`, "utf16le"),
      () => gzipSync(text),
    ])();
    if (this.#chance(0.03)) return made.subarray(0, this.#random.integer(made.length + 1));
    if (this.#chance(0.03) && made.length > 0) made[this.#random.integer(made.length)] = this.#random.integer(256);
    return made;
  }
}

it("10,000 files at random: a model, or one line that says where and why not", { timeout: 600_000 }, async () => {
  const counts = { models: 0, refused: 0 };
  for (let seed = 0; seed < 10_000; ++seed) {
    const bytes = new Odd(seed).file();
    try {
      const made = await prepared(bytes);
      const { columns, training } = made;
      expect(training.inputs.data.every(Number.isFinite), `seed ${seed}`).toBe(true);
      if (seed % 20 === 0) {
        const net = makeNetwork(made, {
          hidden: [3],
          activation: "relu",
          batchNorm: false,
          dtype: "f64",
          simd: "strict",
          seed: 0,
          l1: 0,
          l2: 0,
        });
        const decoded = columns.decode(net.predict(training.inputs));
        expect(
          decoded.every(
            (one) => columns.classes?.includes(one as string) ?? [one].flat().every((x) => !Number.isNaN(x)),
          ),
        ).toBe(true);
      }
      ++counts.models;
    } catch (error) {
      if (!(error instanceof CommandError)) throw new Error(`seed ${seed}: ${(error as Error).stack}`);
      expect(error.message, `seed ${seed}`).toMatch(/^(odd\.csv|--test-share)[^\n]{10,300}$/);
      ++counts.refused;
    }
  }
  // The files are such that both are frequent.
  expect(counts.models).toBeGreaterThan(1000);
  expect(counts.refused).toBeGreaterThan(1000);
});
