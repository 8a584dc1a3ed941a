import { badInput } from "../errors.js";
import { quote } from "../output/format.js";
import { notNumber, toNumber } from "./number.js";
import type { TargetColumn } from "./table.js";

export const tasks = ["classification", "regression"] as const;
export type Task = (typeof tasks)[number];

/** What there is to learn, in numbers. */
export type Target =
  | { readonly task: "classification"; readonly classes: readonly string[]; readonly labels: Float64Array }
  | { readonly task: "regression"; readonly values: Float64Array };

/** Whole numbers of at most so many kinds are taken for classes. */
const MOST_CLASSES = 20;

/** Text in fewer of the rows is taken for a mistake among numbers. */
const LEAST_TEXT = 0.1;

/** Reads a target column: classes for text and for few whole numbers, else values to come close to. */
export function readTarget(column: TargetColumn, task?: Task): Target {
  const numbers = column.cells.map(toNumber);
  if ((task ?? taskOf(numbers)) === "regression") return readValues(column, numbers);
  return readClasses(column, numbers);
}

function taskOf(numbers: readonly (number | null)[]): Task {
  const texts = numbers.filter((value) => value === null).length;
  if (texts > 0) return texts >= LEAST_TEXT * numbers.length ? "classification" : "regression";
  const kinds = new Set(numbers).size;
  const few = kinds <= MOST_CLASSES && 2 * kinds <= numbers.length;
  return few && numbers.every(Number.isInteger) ? "classification" : "regression";
}

function readValues({ path, label, cells, lines }: TargetColumn, numbers: readonly (number | null)[]): Target {
  const values = new Float64Array(numbers.length);
  numbers.forEach((value, row) => {
    values[row] = value ?? refuseText(`${path}, line ${lines[row]}, ${label}`, cells[row]);
  });
  if (values.every((value) => value === values[0])) {
    badInput(`${path}: expected a target whose values differ, got ${values[0]} in every row of ${label}`);
  }
  return { task: "regression", values };
}

function refuseText(place: string, cell: string): never {
  return badInput(`${place}: ${notNumber(cell)}; --task classification takes text for classes`);
}

function readClasses({ path, label, cells }: TargetColumn, numbers: readonly (number | null)[]): Target {
  const numeric = numbers.every((value) => value !== null);
  // 1, 1.0 and 01 are one class.
  const names = numeric ? numbers.map(String) : cells;
  const classes = [...new Set(names)];
  if (numeric) classes.sort((a, b) => Number(a) - Number(b));
  else classes.sort();
  if (classes.length === 1) {
    badInput(`${path}: expected at least two classes to tell apart, got ${quote(classes[0])} in every row of ${label}`);
  }
  if (2 * classes.length > cells.length) {
    const expected = "classes that have at least two rows each on average";
    badInput(`${path}: expected ${expected}, got ${classes.length} classes in ${cells.length} rows of ${label}`);
  }
  const index = new Map(classes.map((name, label) => [name, label]));
  return { task: "classification", classes, labels: Float64Array.from(names, (name) => index.get(name) as number) };
}
