import type { History, Network, Optimizer } from "../../index.js";
import type { Columns, ColumnType } from "../../tables/index.js";
import { labelOf, takesWholeData } from "../training/optimizer.js";
import type { Prepared } from "../training/prepare.js";
import type { Score } from "../training/score.js";
import type { Search } from "../training/search.js";
import type { Settings } from "../training/settings.js";
import type { Outcome, Run } from "../training/train.js";
import { count, counted, duration, percent, printable, short } from "./format.js";

export type Line = readonly [name: string, text: string];

const NAME_WIDTH = 18;
const WIDTH = 80;

/** What is about to be done: the data, its split, the network, the training. */
export function opening({ source, prepared, settings, net, optimizer, resume, search }: Run): string {
  const { columns } = prepared;
  const kind = columns.classes ? `classification, ${columns.classes.length} classes` : "regression";
  const batches = settings.batchSize === "all" ? "all rows a step" : `batches of ${settings.batchSize}`;
  const how = [labelOf(settings.optimizer), rateText(settings, optimizer), batches, counted(settings.epochs, "epoch")];
  return layOut([
    ["data", `${source.file}: ${counted(prepared.rows, "row")}, ${counted(net.spec.inputs, "input")}`],
    ...noteLines([...source.text.notes]),
    ...columnLines(columns),
    ...(gapsText(prepared) ? ([["missing", gapsText(prepared)]] as const) : []),
    ["target", `${columns.targetNames.join(", ")} (${kind}${columns.learnsLogs ? ", by its logarithm" : ""})`],
    ...assumedLines(columns, settings),
    ...thresholdLines(columns),
    ...prepared.warnings.map((warning): Line => ["warning", warning]),
    ["split", splitText(prepared, settings.seed)],
    ["network", `${shapeOf(net)}, ${counted(net.parameterCount, "parameter")}, ${net.spec.dtype}`],
    ...(search ? ([["search", searchText(search)]] as const) : []),
    ["optimizer", how.filter((part) => part !== "").join(", ")],
    ...(resume ? ([["resumed", `after ${counted(resume.progress.epoch, "epoch")}`]] as const) : []),
  ]);
}

/** What came of it. */
export function closing(run: Run, outcome: Outcome, { save }: { save?: string | undefined } = {}): string {
  const { settings, net } = run;
  const { history, training, validation, test, deadUnits } = outcome;
  const lines: Line[] = [];
  if (history.status === "aborted") {
    lines.push(["interrupted", `after ${history.epochs.length} of ${counted(settings.epochs, "epoch")}`]);
  } else if (history.status !== "completed") lines.push(["ended", endOf(run, history)]);
  if (test) lines.push(["test", scoreText(test)], ["baseline", baselineText(test)]);
  if (validation) lines.push(["validation", scoreText(validation)]);
  lines.push(["training", scoreText(training)]);
  if (deadUnits !== null && deadUnits.length > 0) lines.push(["dead units", deadText(deadUnits, net)]);
  lines.push(["speed", `${count(outcome.samplesPerSecond)} samples per second (${duration(outcome.seconds)})`]);
  lines.push(["build", buildNames[net.build]]);
  for (const note of history.notes) lines.push(["note", note]);
  if (save !== undefined) lines.push(["model", save]);
  return layOut(lines);
}

/** What was tried, and how well the choice did on rows left out. */
function searchText({ tried, folds, rows, metric, score, baseline }: Search): string {
  const name = metric === "r2" ? "R²" : "log loss";
  const before = metric === "r2" ? "" : ` (${short(baseline)} without)`;
  return `the best of ${tried} on ${folds} folds of ${counted(rows, "row")}: ${name} ${short(score)}${before}; --no-search leaves it out`;
}

/** The rate of a second-order method is 1 and means little. */
function rateText({ optimizer: choice, schedule }: Settings, { learningRate }: Optimizer): string {
  return takesWholeData(choice.method) && learningRate === 1 && schedule === "constant"
    ? ""
    : `rate ${learningRate} (${schedule})`;
}

/** What the reader of a file passed over and assumed. */
function noteLines(notes: readonly string[]): Line[] {
  return notes.length > 0 ? [["read as", notes.join("; ")]] : [];
}

/** Whole numbers may be classes or values, and what they were taken for is said. */
function assumedLines({ data: { targets, targetNotes } }: Columns, { task }: Settings): Line[] {
  const kinds = /, (\d+) different whole numbers$/.exec(targetNotes[0])?.[1];
  if (task !== undefined || targets.length > 1 || kinds === undefined) return [];
  const [taken, other] = targets[0].task === "regression" ? ["values", "classes"] : ["classes", "values"];
  const option = other === "classes" ? "classification" : "regression";
  return [["assumed", `${kinds} whole numbers are ${taken}; --task ${option} for ${other}`]];
}

/** Where a row does not count as the likelier of two classes. */
function thresholdLines({ classes, data: { threshold } }: Columns): Line[] {
  if (classes?.length !== 2 || threshold === 0.5) return [];
  const text = `${printable(classes[1], 24)} from a probability of ${threshold.toPrecision(3)} on, so that both classes are found; --threshold 0.5 for the likelier`;
  return [["decision", text]];
}

const LEFT_OUT: readonly ColumnType[] = ["text", "identifier", "constant", "empty", "ignored"];
/** Of names in a line. */
const MOST_NAMES = 6;

/**
 * A line for each type of column but for plain numbers, which need no word where there is nothing
 * else.
 */
export function columnLines({ columns }: Columns): Line[] {
  const byType = new Map<ColumnType, string[]>();
  for (const { name, type } of columns) byType.set(type, [...(byType.get(type) ?? []), printable(name, 24)]);
  const lines: Line[] = [];
  const kept = [...byType.keys()].filter((type) => !LEFT_OUT.includes(type));
  if (kept.length > 1 || !kept.includes("number")) {
    for (const [type, names] of byType) {
      if (!LEFT_OUT.includes(type)) lines.push([typeNames[type] ?? type, listed(names)]);
    }
  }
  const out = LEFT_OUT.flatMap((type) =>
    byType.has(type) ? [`${listed(byType.get(type) as string[])} (${typeNames[type] ?? type})`] : [],
  );
  if (out.length > 0) lines.push(["left out", out.join(", ")]);
  const notes = columns.flatMap(({ name, notes }) =>
    notes.filter((note) => !/rare/.test(note)).map((note) => `${printable(name, 24)}: ${note}`),
  );
  for (const note of notes.slice(0, 3)) lines.push(["note", note]);
  if (notes.length > 3) lines.push(["note", `${notes.length - 3} more notes on columns: --report or --json has all`]);
  return lines;
}

const typeNames: Partial<Record<ColumnType, string>> = {
  ...{ number: "numbers", category: "categories", ordered: "ordered", boolean: "yes or no", date: "dates" },
  ...{ text: "free text", identifier: "identifiers", constant: "constant", empty: "no values", ignored: "by option" },
};

function listed(names: readonly string[]): string {
  const shown = names.slice(0, MOST_NAMES).join(", ");
  return names.length > MOST_NAMES ? `${names.length}: ${shown}, ...` : shown;
}

function gapsText({ missing, dropped }: Prepared): string {
  const parts = [];
  if (missing > 0) parts.push(`${counted(missing, "value")} filled in`);
  if (dropped > 0) parts.push(`${counted(dropped, "row")} left out`);
  return parts.join(", ");
}

/** Why a run ended, in words, with layers counted from 1 as everywhere in what is printed. */
export function endOf({ net }: Pick<Run, "net">, { reason, nonFinite }: Pick<History, "reason" | "nonFinite">): string {
  if (!nonFinite) return reason;
  const { step, epoch, layer, quantity } = nonFinite;
  const name = layer === net.spec.layers.length - 1 ? "the output layer" : `layer ${layer + 1}`;
  const place = layer >= 0 ? `${quantity}s of ${name}` : quantity;
  return (
    `NaN or infinity at step ${step} (epoch ${epoch}), first in the ${place}; the result is that of the step before. ` +
    "A smaller --learning-rate or --clip usually helps"
  );
}

export const buildNames: Record<Network["build"], string> = {
  strict: "strict (SIMD, reproducible)",
  relaxed: "relaxed (SIMD with fused multiply-add)",
};

function splitText({ columns, training, validation, test }: Prepared, seed: number): string {
  const parts = [`${count(training.size)} rows to train on`];
  if (validation) parts.push(`${count(validation.size)} to validate on`);
  if (test) parts.push(`${count(test.size)} to test on`);
  return `${parts.join(", ")} (${columns.task === "classification" ? "stratified, " : ""}seed ${seed})`;
}

/** 64-32-10, with what lies between. */
export function shapeOf({ spec }: Network): string {
  const shape = [spec.inputs, ...spec.layers.map(({ units }) => units)].join("-");
  if (spec.layers.length === 1) return `${shape}, linear`;
  const [{ activation, batchNorm }] = spec.layers;
  return `${shape}, ${activation.type}${batchNorm ? " after batch norm" : ""}`;
}

/** A loss with its parameter: "huber, delta 0.5". */
export function lossText({ spec: { loss } }: Network): string {
  if (typeof loss === "string") return loss;
  const [type, ...parameters] = Object.entries(loss).map(([name, value]) => {
    return name === "type" ? String(value) : `${name} ${[value].flat().join(" and ")}`;
  });
  return [type, ...parameters].join(", ");
}

export function scoreText({ rows, loss, accuracy, rmse, r2 }: Score): string {
  if (accuracy !== undefined) {
    return `accuracy ${percent(accuracy)} (${count(accuracy * rows)} of ${count(rows)}), loss ${short(loss)}`;
  }
  return `RMSE ${short(rmse ?? Number.NaN)}${r2 === undefined ? "" : `, R² ${r2.toFixed(3)}`}`;
}

/**
 * What the majority class or the mean scores on the same rows, whether the network is better, and
 * what accuracy does not tell.
 */
export function baselineText({ accuracy, baseline, verdict, balancedAccuracy, auc, mae }: Score): string {
  const claim =
    verdict === undefined ? "" : { better: ": better", worse: ": worse", unclear: ": no clear difference" }[verdict];
  if (baseline?.accuracy !== undefined) {
    const area = auc === undefined ? "" : `, AUC ${auc.toFixed(3)}`;
    // A balanced decision gives up accuracy on purpose.
    const given = accuracy !== undefined && accuracy < baseline.accuracy && verdict === "better";
    const by = given ? ` in its probabilities, not in accuracy` : "";
    return `majority ${percent(baseline.accuracy)}${claim}${by}; balanced ${percent(balancedAccuracy ?? Number.NaN)}${area}`;
  }
  return `mean ${short(baseline?.rmse ?? Number.NaN)}${claim}; MAE ${short(mae ?? Number.NaN)}`;
}

function deadText(dead: readonly number[][], { spec }: Network): string {
  return dead.map((units, layer) => `${units.length} of ${spec.layers[layer].units} in layer ${layer + 1}`).join(", ");
}

/** A name and what belongs to it, broken at spaces where the line would be too long. */
export function layOut(lines: readonly Line[]): string {
  return `${lines.map(([name, text]) => `${name.padEnd(NAME_WIDTH)}${wrap(text)}`).join("\n")}\n\n`;
}

function wrap(text: string): string {
  const rows = [""];
  for (const word of text.split(" ")) {
    const last = rows.length - 1;
    if (rows[last] === "") rows[last] = word;
    else if (rows[last].length + 1 + word.length <= WIDTH - NAME_WIDTH) rows[last] += ` ${word}`;
    else rows.push(word);
  }
  return rows.join(`\n${" ".repeat(NAME_WIDTH)}`);
}
