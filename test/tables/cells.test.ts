// Oracles: cells small enough to be read by eye, and dates by JavaScript's own calendar.

import { describe, expect, it } from "vitest";
import { Missing } from "../../src/tables/cells.js";
import { orderOf, toMoment } from "../../src/tables/dates.js";
import { isCode, toNumber, writingOf } from "../../src/tables/numbers.js";
import { levelsOf } from "../../src/tables/order.js";
import { countKinds } from "../../src/tables/types.js";

describe("numbers", () => {
  it.each<[string, number]>([
    ["1", 1],
    ["-2.5", -2.5],
    ["+3", 3],
    [".5", 0.5],
    ["4.", 4],
    ["1e3", 1000],
    ["1E-3", 1e-3],
    ["007", 7],
    ["1,234.5", 1234.5],
    ["1,234,567", 1234567],
    ["12,34,567", 1234567],
    ["1'234.5", 1234.5],
    ["1 234 567", 1234567],
    ["1\u00a0234", 1234],
    ["\u22122.5", -2.5],
    ["(1,234)", -1234],
    ["$1,234.50", 1234.5],
    ["-$5", -5],
    ["€ 12.5", 12.5],
    ["12.5 €", 12.5],
    ["USD 7", 7],
    ["12 %", 12],
    ["12.5%", 12.5],
  ])("reads %s", (text, value) => expect(toNumber(text)).toBe(value));

  it.each<[string, number]>([
    ["1,5", 1.5],
    ["1.234,5", 1234.5],
    ["1.234.567", 1234567],
    ["−1.234,5 €", -1234.5],
    ["7", 7],
  ])("reads %s with a decimal comma", (text, value) => expect(toNumber(text, "comma")).toBe(value));

  it.each([
    "",
    " ",
    "abc",
    "1,5",
    "0x10",
    "Infinity",
    "NaN",
    "1e999",
    "1 2",
    "--",
    ".",
    "1e",
    "12o",
    "1,23,4",
    "%",
    "$",
  ])("takes %j for no number", (text) => expect(toNumber(text)).toBeNull());

  it("decides by the whole column, and says where nothing decides", () => {
    expect(writingOf(countKinds(["1,234.5", "2"]))).toEqual({ decimal: "point", ambiguous: null });
    expect(writingOf(countKinds(["1.234", "1.234,5"]))).toEqual({ decimal: "comma", ambiguous: null });
    expect(writingOf(countKinds(["1,5", "1,234"]))).toEqual({ decimal: "comma", ambiguous: null });
    expect(writingOf(countKinds(["1,234", "12"]))).toEqual({ decimal: "point", ambiguous: "1,234" });
    expect(writingOf(countKinds(["1,234", "12"]), "comma")).toEqual({ decimal: "comma", ambiguous: "1,234" });
    expect(writingOf(countKinds(["1.234", "12"]))).toEqual({ decimal: "point", ambiguous: null });
  });

  it("knows digits that say more than their number", () => {
    for (const text of ["01234", "00", "12345678901234567"]) expect(isCode(text)).toBe(true);
    for (const text of ["0", "10", "0.5", "1234567890123456"]) expect(isCode(text)).toBe(false);
  });
});

it("missing values are known by their markers, whatever their case, and by those that are named", () => {
  const missing = new Missing(["-999"]);
  for (const text of ["", "?", "NA", "nan", "NULL", "n/a", "None", "#N/A", "-", "-999"])
    expect(missing.has(text)).toBe(true);
  for (const text of ["0", "no", "a", "--x", "nothing"]) expect(missing.has(text)).toBe(false);
  expect([missing.read(Number.NaN), missing.read(null), missing.read(3), missing.read(true)]).toEqual([
    null,
    null,
    "3",
    "true",
  ]);
});

describe("dates", () => {
  const days = (...parts: [number, number, number, number?, number?]): number => Date.UTC(...parts) / 864e5;

  it.each<[string, number]>([
    ["2011-03-01", days(2011, 2, 1)],
    ["2011/3/1", days(2011, 2, 1)],
    ["2011-03-01 06:30", days(2011, 2, 1, 6, 30)],
    ["2011-03-01T06:30:00Z", days(2011, 2, 1, 6, 30)],
    ["3/1/2011", days(2011, 2, 1)],
    ["1-Mar-05", days(2005, 2, 1)],
    ["1 March 2005", days(2005, 2, 1)],
    ["Mar 1, 2005", days(2005, 2, 1)],
    ["6:30", 6.5 / 24],
    ["6:30 PM", 18.5 / 24],
    ["12:00 am", 0],
    ["2005-03", days(2005, 2, 1)],
    ["29.02.2004", days(2004, 1, 29)],
    ["20110301", days(2011, 2, 1)],
    ["03/2011", days(2011, 2, 1)],
    ["March 2011", days(2011, 2, 1)],
    ["1. März 2011", days(2011, 2, 1)],
    ["1 févr. 2011", days(2011, 1, 1)],
    ["1er juillet 2011", days(2011, 6, 1)],
    ["1 de diciembre de 2011", days(2011, 11, 1)],
    ["March 1st, 2011", days(2011, 2, 1)],
    ["Tue, 01 Mar 2011 06:30:00 GMT", days(2011, 2, 1, 6, 30)],
    ["Tue Mar 01 2011", days(2011, 2, 1)],
    ["2011-03-01 06:30:00.123456+02:00", days(2011, 2, 1, 6, 30)],
    ["2011-03-01 6:30 p.m.", days(2011, 2, 1, 18, 30)],
  ])("%s", (text, expected) => {
    const order = text.includes(".") ? "dmy" : "mdy";
    expect(toMoment(text, order)?.days).toBeCloseTo(expected, 9);
  });

  it.each([
    "30.02.2004",
    "13/13/2011",
    "25:00",
    "12:61",
    "1 Foo 2005",
    "2011-13-01",
    "20111301",
    "1 jui 2011",
    "abcd",
    "5-6",
  ])("not %s", (text) => expect(toMoment(text, "dmy")).toBeNull());

  it("the order of day and month is the whole column's", () => {
    expect(orderOf(["1/2/2011", "13/2/2011"])).toEqual({ order: "dmy", ambiguous: false });
    expect(orderOf(["1/2/2011", "1/13/2011"])).toEqual({ order: "mdy", ambiguous: false });
    expect(orderOf(["1/2/2011"])).toEqual({ order: "mdy", ambiguous: true });
    expect(orderOf(["1.2.2011"])).toEqual({ order: "dmy", ambiguous: true });
    expect(orderOf(["13/2/2011", "2/13/2011"])).toBeNull();
  });
});

it.each<[string[], string[] | null]>([
  [
    ["vhigh", "low", "med", "high"],
    ["low", "med", "high", "vhigh"],
  ],
  [
    ["5more", "2", "4", "3"],
    ["2", "3", "4", "5more"],
  ],
  [
    ["more", "2", "4"],
    ["2", "4", "more"],
  ],
  [
    ["18-30", "<18", "30+"],
    ["<18", "18-30", "30+"],
  ],
  [
    ["M", "S", "XL"],
    ["S", "M", "XL"],
  ],
  [
    ["Ex", "TA", "Gd", "Fa"],
    ["Fa", "TA", "Gd", "Ex"],
  ],
  [
    [">$100k", "$50k-$100k", "<$50k"],
    ["<$50k", "$50k-$100k", ">$100k"],
  ],
  [
    ["20-50k", "over 50k", "under 20k"],
    ["under 20k", "20-50k", "over 50k"],
  ],
  [["1", "2", "3"], null],
  [["red", "green", "blue"], null],
  [["low", "high"], null],
])("the order of %j", (kinds, levels) => expect(levelsOf(kinds)).toEqual(levels));
