// Oracle: small files whose rows and line numbers are counted by hand.

import { describe, expect, it } from "vitest";
import { parseCsv } from "../../src/cli/data/csv.js";

function records(text: string): [line: number, ...cells: string[]][] {
  const found: [number, ...string[]][] = [];
  parseCsv("file.csv", Buffer.from(text), (cells, line) => found.push([line, ...cells]));
  return found;
}

describe("parseCsv", () => {
  it.each([
    [
      "commas",
      "a,b\n1,2\n",
      [
        [1, "a", "b"],
        [2, "1", "2"],
      ],
    ],
    [
      "semicolons",
      "a;b\n1;2,5\n",
      [
        [1, "a", "b"],
        [2, "1", "2,5"],
      ],
    ],
    [
      "tabs, with empty cells",
      "a\tb\tc\n\t\t3\n1\t\t\n",
      [
        [1, "a", "b", "c"],
        [2, "", "", "3"],
        [3, "1", "", ""],
      ],
    ],
    [
      "a separator within quotes",
      '"a;b;c",d\n1,2\n',
      [
        [1, "a;b;c", "d"],
        [2, "1", "2"],
      ],
    ],
    [
      "no line end after the last row",
      "a,b\n1,2",
      [
        [1, "a", "b"],
        [2, "1", "2"],
      ],
    ],
    [
      "carriage returns before line feeds",
      "a,b\r\n1,2\r\n",
      [
        [1, "a", "b"],
        [2, "1", "2"],
      ],
    ],
    [
      "carriage returns alone",
      "a,b\r1,2\r",
      [
        [1, "a", "b"],
        [2, "1", "2"],
      ],
    ],
    [
      "both kinds in one file",
      "a,b\r\n1,2\n3,4\r\n",
      [
        [1, "a", "b"],
        [2, "1", "2"],
        [3, "3", "4"],
      ],
    ],
    [
      "a byte order mark",
      "\uFEFFa,b\n1,2\n",
      [
        [1, "a", "b"],
        [2, "1", "2"],
      ],
    ],
    [
      "spaces around cells and quotes",
      ' a , "b c" \n 1 ,2\n',
      [
        [1, "a", "b c"],
        [2, "1", "2"],
      ],
    ],
    ["quotes within quotes", '"say ""a""",b\n', [[1, 'say "a"', "b"]]],
    [
      "empty lines",
      "\na,b\n\n1,2\n  \n3,4\n",
      [
        [2, "a", "b"],
        [4, "1", "2"],
        [6, "3", "4"],
      ],
    ],
    [
      "line breaks within quotes",
      '"a\r\nb",c\r\n1,2\r\n"3\r\n\r\n4",5\r\n6,7',
      [
        [1, "a\nb", "c"],
        [3, "1", "2"],
        [4, "3\n\n4", "5"],
        [7, "6", "7"],
      ],
    ],
  ])("reads %s", (_, text, expected) => {
    expect(records(text)).toEqual(expected);
  });

  it.each([
    ["a quote that is not closed", 'a,b\n1,"2\n', "line 2: a quoted cell is not closed"],
    ["a quote inside a cell", 'a,b\n1,2"3\n', "line 2: a quotation mark inside a cell"],
    ["text after a quote", 'a,b\n1,"2"3\n', "line 2: text after the closing quotation mark"],
  ])("refuses %s", (_, text, words) => {
    expect(() => records(text)).toThrow(words);
  });
});
