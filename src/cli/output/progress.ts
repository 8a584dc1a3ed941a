import { SingleBar } from "cli-progress";
import type { EpochRecord } from "../../index.js";
import type { TuneProgress } from "../../jobs/tune.js";
import type { OnBytes } from "../data/file.js";
import { interrupted } from "../errors.js";
import { type Io, isTerminal, type Output } from "../io.js";
import { duration, percent, short } from "./format.js";

/** Reports training while it runs. */
export interface Progress {
  epoch(record: EpochRecord): void;
  /** After the last epoch, whether or not it was the last one planned. */
  end(): void;
}

const silent: Progress = { epoch() {}, end() {} };

/**
 * A bar on stderr where that is a terminal, and lines on stdout where that is not one or there is
 * no bar; neither in quiet, no lines for machines.
 */
export function progressOf(
  epochs: number,
  io: Io,
  { json = false, quiet = false }: { json?: boolean; quiet?: boolean },
): Progress {
  if (quiet) return silent;
  const bar = isTerminal(io.stderr, io) ? epochBar(epochs, io.stderr) : silent;
  const told = json || (bar !== silent && isTerminal(io.stdout, io)) ? silent : lines(epochs, io.stdout);
  return {
    epoch(record) {
      bar.epoch(record);
      told.epoch(record);
    },
    end() {
      bar.end();
      told.end();
    },
  };
}

function epochBar(epochs: number, output: Output): Progress {
  const bar = barOn(output, "epoch {value}/{total} [{bar}] {state}", epochs);
  return {
    epoch: (record) => bar.update(record.epoch, { state: stateOf(record) }),
    end() {
      bar.stop();
      output.write("\n");
    },
  };
}

/** Shows which of several long pieces of work is under way; null where there is no terminal. */
export interface Steps {
  /** The next piece begins. */
  next(name: string): Promise<void>;
  end(): void;
}

/** A bar over pieces of work that have names, on stderr where that is a terminal. */
export function stepsOf(total: number, io: Io, quiet = false): Steps {
  const hear = async (): Promise<void> => {
    await breathe();
    if (io.signal.aborted) interrupted("interrupted before the report was written");
  };
  if (quiet || !isTerminal(io.stderr, io)) return { next: hear, end() {} };
  const bar = barOn(io.stderr, "{value}/{total} [{bar}] {state}", total);
  let done = -1;
  return {
    async next(name) {
      bar.update(++done, { state: name });
      await hear();
    },
    end() {
      bar.update(total, { state: "" });
      bar.stop();
      io.stderr.write("\n");
    },
  };
}

/** A bar over the fits of a search, on stderr where that is a terminal. */
export function searchBar(
  io: Io,
  { quiet = false }: { quiet?: boolean },
): { progress: (progress: TuneProgress) => void; fit: (done: number, of: number) => void; end(): void } {
  if (quiet || !isTerminal(io.stderr, io)) return { progress() {}, fit() {}, end() {} };
  const bar = barOn(io.stderr, "search {value}/{total} [{bar}] {state}", 1);
  return {
    fit(done, of) {
      bar.setTotal(of);
      bar.update(done);
    },
    progress({ done, of, trials: [best] }) {
      bar.setTotal(of);
      bar.update(done, { state: best ? `best so far: ${(best.setting.hidden ?? []).join("-") || "linear"}` : "" });
    },
    end() {
      bar.stop();
      io.stderr.write("\n");
    },
  };
}

/** Lets the bar be drawn and Ctrl-C be heard. */
async function breathe(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

function barOn(output: Output, format: string, total: number): SingleBar {
  const bar = new SingleBar({
    format,
    // Its own type asks for more of a stream than it uses.
    stream: output as NodeJS.WritableStream,
    barsize: 24,
    fps: 20,
    emptyOnZero: true,
  });
  bar.start(total, 0, { state: "" });
  return bar;
}

/** The loss as scores and validation have it: without the penalty. */
export function dataLoss({ loss, penalty = 0 }: EpochRecord): number {
  return loss - penalty;
}

/** What fits beside the bar. */
function stateOf(record: EpochRecord): string {
  const { accuracy, validationLoss, validationAccuracy } = record;
  const parts = [`loss ${short(dataLoss(record))}`];
  if (validationAccuracy !== undefined) parts.push(`validation ${percent(validationAccuracy)}`);
  else if (validationLoss !== undefined) parts.push(`validation ${short(validationLoss)}`);
  else if (accuracy !== undefined) parts.push(`accuracy ${percent(accuracy)}`);
  return parts.join(", ");
}

/** At most about a dozen lines, however many epochs there are. */
function lines(epochs: number, output: Output): Progress {
  const every = niceStep(epochs / 10);
  let elapsed = 0;
  let untold: string | null = null;
  let headed = false;
  return {
    epoch(record) {
      const first = !headed;
      if (first) output.write(`${headOf(record)}\n`);
      headed = true;
      elapsed += record.seconds;
      const line = `${lineOf(record, elapsed)}\n`;
      const told = first || record.epoch % every === 0;
      if (told) output.write(line);
      untold = told ? null : line;
    },
    end() {
      if (untold !== null) output.write(untold);
      output.write("\n");
    },
  };
}

/** The smallest of 1, 2, 5, 10, 20, 50, … that is not below. */
export function niceStep(least: number): number {
  for (let scale = 1; ; scale *= 10) {
    for (const step of [1, 2, 5]) if (step * scale >= least) return step * scale;
  }
}

type Cell = readonly [head: string, text: string];

function cellsOf(record: EpochRecord, elapsed: number): Cell[] {
  const { epoch, accuracy, validationLoss, validationAccuracy } = record;
  const cells: Cell[] = [
    ["epoch", String(epoch)],
    ["loss", short(dataLoss(record))],
  ];
  if (accuracy !== undefined) cells.push(["accuracy", percent(accuracy)]);
  if (validationLoss !== undefined) cells.push(["validation loss", short(validationLoss)]);
  if (validationAccuracy !== undefined) cells.push(["validation accuracy", percent(validationAccuracy)]);
  cells.push(["time", duration(elapsed)]);
  return cells;
}

const NARROWEST = 9;

function headOf(record: EpochRecord): string {
  return joined(record, 0, ([head]) => head);
}

function lineOf(record: EpochRecord, elapsed: number): string {
  return joined(record, elapsed, ([, text]) => text);
}

function joined(record: EpochRecord, elapsed: number, pick: (cell: Cell) => string): string {
  const cells = cellsOf(record, elapsed);
  const [first, ...rest] = cells.map((cell) => pick(cell).padStart(Math.max(NARROWEST, cell[0].length)));
  return [first.slice(NARROWEST - 5), ...rest].join("  ");
}

/** Reports one method's epochs among others. */
export interface ComparisonBar {
  readonly epoch: (epoch: number, loss: number) => void;
  end(): void;
}

/** A bar a method, on stderr where that is a terminal. */
export function comparisonBar(name: string, epochs: number, io: Io, quiet = false): ComparisonBar {
  if (quiet || !isTerminal(io.stderr, io)) return { epoch() {}, end() {} };
  const bar = barOn(io.stderr, `${name.padEnd(20)} {value}/{total} [{bar}] {state}`, epochs);
  return {
    epoch: (epoch, loss) => bar.update(epoch, { state: `loss ${short(loss)}` }),
    end() {
      bar.stop();
      io.stderr.write("\n");
    },
  };
}

/** Bytes from which a file takes long enough to read for a bar. */
const LONG = 2e7;

/** A bar over the bytes of a file, on stderr where that is a terminal and the file is long. */
export function readingBar(io: Io, { quiet = false }: { quiet?: boolean | undefined }): { read: OnBytes; end(): void } {
  if (quiet || !isTerminal(io.stderr, io)) return { read() {}, end() {} };
  let bar: SingleBar | null = null;
  return {
    read(done, of) {
      if (of !== null && of < LONG) return;
      const total = of ?? Math.max(LONG, done);
      bar ??= barOn(io.stderr, of === null ? "read {value} MB" : "read {value}/{total} MB [{bar}]", megabytes(total));
      bar.update(megabytes(done));
    },
    end() {
      if (!bar) return;
      bar.stop();
      io.stderr.write("\n");
      bar = null;
    },
  };
}

function megabytes(bytes: number): number {
  return Math.round(bytes / 1e6);
}
