import type { Comparison, Trace } from "../study/compare.js";
import type { Score } from "../training/score.js";
import { count, duration, percent, short } from "./format.js";

const HEAD = ["optimizer", "status", "epochs", "steps", "time", "gradients", "loss", "score"];

/** A row of the table that compares methods. */
export function rowOf(found: Trace): string[] {
  const { label, status, points, steps, test, validation, training } = found;
  const last = points[points.length - 1];
  const score = test ?? validation ?? training;
  return [
    label,
    status,
    count(last.epoch),
    count(steps),
    duration(last.seconds),
    short(last.gradients),
    short(last.loss),
    scoreCell(score),
  ];
}

/** Titles of the table's columns, the last telling which rows it is of. */
export function headOf({ prepared: { test, validation } }: Comparison): string[] {
  return [...HEAD.slice(0, -1), test ? "test" : validation ? "validation" : "training"];
}

function scoreCell({ accuracy, rmse }: Score): string {
  return accuracy === undefined ? `RMSE ${short(rmse ?? Number.NaN)}` : percent(accuracy);
}
