// Oracle: files small enough to be read by eye.

import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { readTable, TableError } from "../../src/tables/index.js";

const plain = [
  ["1", "x"],
  ["2", "y"],
];

describe("readTable", () => {
  it.each<[string, string]>([
    ["commas", "a,b\n1,x\n2,y\n"],
    ["semicolons", "a;b\n1;x\n2;y\n"],
    ["tabs", "a\tb\n1\tx\n2\ty\n"],
    ["bars", "a|b\n1|x\n2|y\n"],
    ["spaces", "a b\n1 x\n2 y\n"],
    ["runs of spaces", "  a    b\n  1    x\n  2    y\n"],
    ["carriage returns", "a,b\r1,x\r2,y\r"],
    ["Windows' line ends", "a,b\r\n1,x\r\n2,y\r\n"],
    ["a mark of the byte order", "\uFEFFa,b\n1,x\n2,y\n"],
    ["sep=", "sep=;\na;b\n1;x\n2;y\n"],
    ["comment lines", "# made by hand, in 2011\n\n# twice\na,b\n1,x\n2,y\n"],
    ["names in a comment", "# a b\n1 x\n2 y\n"],
    ["quotation marks", '"a","b"\n"1","x"\n"2","y"\n'],
    ["no line end", "a,b\n1,x\n2,y"],
    ["a title", "Sales of 2011\na,b\n1,x\n2,y\n"],
    ["empty rows", "a,b\n\n1,x\n,\n2,y\n\n,,\n"],
    ["empty columns", "a,b,,\n1,x,,\n2,y,,\n"],
    ["the names again", "a,b\n1,x\na,b\n2,y\na,b\n"],
    ["notes at the end", "a,b\n1,x\n2,y\n\nSource: the office\n* provisional\n"],
    ["sums at the end", "a,b\n1,x\n2,y\nTotal,3\n"],
  ])("takes %s", async (_, text) => {
    const { names, rows } = await readTable(text);
    expect({ names, rows }).toEqual({ names: ["a", "b"], rows: plain });
    const bytes = new TextEncoder().encode(text);
    expect((await readTable(bytes)).rows).toEqual(plain);
    expect((await readTable(gzipSync(bytes))).rows).toEqual(plain);
    expect((await readTable(Buffer.from(`\uFEFF${text.replace("\uFEFF", "")}`, "utf16le"))).rows).toEqual(plain);
    expect((await readTable(Buffer.from(text.replace("\uFEFF", ""), "utf16le"))).rows).toEqual(plain);
  });

  it("takes Latin 1, UTF-8 and UTF-16 of either order", async () => {
    const text = "größe,°C\n1,ä\n2,ß\n";
    const swapped = Buffer.from(`\uFEFF${text}`, "utf16le").swap16();
    for (const bytes of [
      Buffer.from(text),
      Buffer.from(text, "latin1"),
      Buffer.from(`\uFEFF${text}`, "utf16le"),
      swapped,
    ]) {
      const { names, rows } = await readTable(bytes);
      expect({ names, rows }).toEqual({
        names: ["größe", "°C"],
        rows: [
          ["1", "ä"],
          ["2", "ß"],
        ],
      });
    }
  });

  it("says what it passed over around the rows", async () => {
    const data = Array.from({ length: 20 }, (_, i) => [String(i), i % 3 ? "x" : "y", String(i * i)]);
    const lines = data.map((row) => row.join(","));
    const all = ["a,b,c", "m,,s", ...lines.slice(0, 7), "a,b,c", ...lines.slice(7), "Total,,8", "Source: the office"];
    const table = await readTable(all.join("\n"));
    expect(table.rows).toEqual(data);
    expect([table.lines[0], table.lines[7]]).toEqual([3, 11]);
    expect(table.notes).toEqual([
      'line 2 is taken for units and passed over: "m", "s"',
      "1 line with the names again passed over",
      '2 lines below the table passed over, such as "Total"',
    ]);
  });

  it("keeps rows that only look like what stands around a table", async () => {
    const data = async (text: string) => (await readTable(text)).rows.length;
    expect(await data("kind,b\nred,1\nTotal,2\nblue,3\n")).toBe(3);
    expect(await data("kind,b\nx,y\nred,green\nx,blue\n")).toBe(3);
    expect(await data("a,b\nx,1\ny,2\nx,3\n")).toBe(3);
    // No units: cells without a value, and a slip in the first row.
    expect(await data("a,b\nNA,?\n1,2\n3,4\n5,6\n")).toBe(4);
    expect(await data("a,b\nerror,u\n1,v\n2,w\n3,x\n4,y\n")).toBe(5);
    // Decimal commas between commas are no names of rows.
    await expect(data("a,b\n0,5,2\n2,5,3\n1,7,4\n")).rejects.toThrow("line 2");
    await expect(data("a,b\n1,2\nSource\n3,4\n")).rejects.toThrow("line 3");
    await expect(data("a,b,c\n1,2,3\n4,5\n")).rejects.toThrow("line 3");
  });

  it("takes a header without a cell above the rows' names", async () => {
    const cars = "mpg,cyl\nMazda,21,6\nFiat,32,4\n";
    expect(await readTable(cars)).toMatchObject({ names: ["column 1", "mpg", "cyl"], rows: [{ length: 3 }, {}] });
    expect((await readTable(cars)).notes).toEqual([
      "the names lack one for the first column, which is taken for the rows' names",
    ]);
    expect((await readTable("a,b\n1,0.5,7\n2,0.1,9\n3,0.7,8\n")).names).toEqual(["column 1", "a", "b"]);
    // A separator at the end of each row is no cell more.
    expect((await readTable("a,b\n1,x,\n2,y,\n")).names).toEqual(["a", "b"]);
  });

  it("finds the separator among quoted cells of several lines", async () => {
    const row = (i: number): string =>
      `"A, ""great"" thing\nof line ${i}",${"*".repeat((i % 5) + 1)},${i % 2 ? "Y" : "N"}\n`;
    const { rows } = await readTable(`title,stars,buy\n${Array.from({ length: 60 }, (_, i) => row(i)).join("")}`);
    expect([rows.length, rows[0]]).toEqual([60, ['A, "great" thing\nof line 0', "*", "N"]]);
  });

  it("keeps the text of a cell, and the line it is in", async () => {
    const { rows, lines } = await readTable('a,b\n"x\ny",01234\n  z ,"1,5"\n');
    expect(rows).toEqual([
      ["x\ny", "01234"],
      ["z", "1,5"],
    ]);
    expect(lines).toEqual([2, 4]);
    expect((await readTable("# one\n# two\na,b\n1,2\n")).lines).toEqual([4]);
  });

  it("prefers what separates to what is a decimal comma", async () => {
    expect((await readTable("a;b\n1,5;2,5\n3,5;4,5\n")).rows[0]).toEqual(["1,5", "2,5"]);
  });

  it.each<[string, string, boolean]>([
    ["text over numbers", "a,b\n1,2\n3,4\n", true],
    ["numbers alone", "1,2\n3,4\n5,6\n", false],
    ["words that never come again", "kind,colour\nx,red\ny,blue\nx,red\n", true],
    ["words that come again", "x,red\ny,blue\nx,red\ny,blue\n", false],
    ["numbers of columns", "0,1,2\n5.5,3,1\n2.5,4,1\n", true],
    ["text and numbers alike in all rows", "1,x\n2,y\n3,x\n", false],
    ["years among names", "name,2019,2020\nx,1.5,2.5\ny,3.5,1.5\n", true],
  ])("finds names: %s", async (_, text, header) => expect((await readTable(text)).names !== null).toBe(header));

  it("says what it assumed", async () => {
    expect((await readTable("kind,colour\nx,red\ny,blue\n")).notes).toEqual([
      "the first row is taken for names, which nothing below it confirms",
    ]);
    expect((await readTable("0,1,2\n5.5,3,1\n2.5,4,1\n")).notes[0]).toMatch(/is taken for names/);
    expect((await readTable("a,b\n1,2\n3,4\n")).notes).toEqual([]);
  });

  it("does as it is told", async () => {
    expect((await readTable("a,b\n1,2\n", { header: false })).rows).toHaveLength(2);
    expect((await readTable("1,2\n3,4\n", { header: true })).names).toEqual(["1", "2"]);
    expect((await readTable("1,2\n3,4\n", { expects: ["2"] })).names).toEqual(["1", "2"]);
    expect((await readTable("a;b,c\n1;2,3\n", { separator: ";" })).names).toEqual(["a", "b,c"]);
  });

  it.each<[string, string | Uint8Array, string]>([
    ["a short row", "a,b,c\n1,2,3\n1,2\n3,4,5\n1,2,3\n", "line 3: expected 3 columns, as in line 1, got 2"],
    ["an open quotation", 'a,b\n1,"x\n2,y\n', "a quoted cell is not closed by the end of the file"],
    ["empty lines", "\n \n", "expected rows of data, got only empty lines"],
    ["bytes", Uint8Array.from({ length: 400 }, (_, i) => (i * 7) % 32), "got bytes that are no text"],
    ["a cut archive", gzipSync("a,b\n1,2\n").subarray(0, 12), "a gzip file that is cut short or damaged"],
  ])("refuses %s", async (_, file, words) => {
    await expect(readTable(file)).rejects.toThrow(TableError);
    await expect(readTable(file)).rejects.toThrow(words);
  });
});
