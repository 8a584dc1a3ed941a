import type { Setting, Trial } from "../../jobs/index.js";
import { printable, short } from "./format.js";

/** Parts of a setting that have a place of their own. */
const APART = ["hidden", "activation", "optimizer", "learningRate"];

/** The trials as a table, the best first, with what is compared and its spread over the folds. */
export function trialsTable(trials: readonly Trial[], metric: keyof Trial["mean"], most: number): string {
  const head = ["trial", "folds", metric, "±", "training", "setting"];
  const rows = trials.slice(0, most).map((trial) => {
    const { index, folds, mean, deviation, training, setting } = trial;
    const cell = (value: number | undefined): string => (value === undefined ? "-" : short(value));
    const values = [mean, deviation, training].map((scores) => cell(scores[metric]));
    return [String(index + 1), String(folds.length), ...values, settingText(setting)];
  });
  const all = [head, ...rows];
  const widths = head.map((_, j) => Math.max(...all.map((row) => row[j].length)));
  const lines = all.map((row) =>
    row
      .map((text, j) => (j === row.length - 1 ? text : text.padStart(widths[j])))
      .join("  ")
      .trimEnd(),
  );
  const more = trials.length > most ? `… and ${trials.length - most} more; --json has them all\n` : "";
  return `${lines.join("\n")}\n${more}`;
}

/** A setting in one line. */
export function settingText(setting: Setting): string {
  const { hidden, activation, optimizer, learningRate } = setting;
  const shape = hidden === undefined ? "" : hidden.length === 0 ? "linear" : hidden.join("-");
  const method = typeof optimizer === "object" ? optimizer.type : optimizer;
  const rest = Object.entries(setting).flatMap(([key, value]) =>
    APART.includes(key) || value === undefined ? [] : [`${key} ${typeof value === "number" ? plain(value) : value}`],
  );
  const parts = [`${shape} ${hidden?.length === 0 ? "" : (activation ?? "")}`.trim(), method ?? ""];
  if (learningRate !== undefined) parts.push(`rate ${plain(learningRate)}`);
  return printable([...parts, ...rest].filter((part) => part !== "").join(", "), 200);
}

/** A number as it was given, or with the digits that a drawn one needs. */
function plain(value: number): string {
  return String(Number(value.toPrecision(4)));
}
