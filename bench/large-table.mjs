// node bench/large-table.mjs [--megabytes 200] [--keep folder] Time and memory of `hessia train`
// and `hessia predict` (of rows whose target is known) on a long table of numbers, categories,
// dates and gaps, each in a process of its own. Needs GNU time for the memory at its highest.
import { spawnSync } from "node:child_process";
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, rmSync, statSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: { megabytes: { type: "string", default: "200" }, keep: { type: "string" } },
});

/** Numbers from 0 to 1, the same in every run. */
function uniform(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const CITIES = Array.from({ length: 40 }, (_, k) => `city ${k}`);

/** Rows of 20 columns, about 150 bytes each, until there are enough bytes. */
function write(path, bytes) {
  const next = uniform(1);
  const file = openSync(path, "w");
  const numbers = Array.from({ length: 14 }, (_, j) => `x${j + 1}`);
  writeSync(file, `when,city,member,note,${numbers.join(",")},price,y\n`);
  let [written, row] = [0, 0];
  while (written < bytes) {
    const lines = [];
    for (let k = 0; k < 5000; ++k, ++row) {
      const own = numbers.map(() => (next() + next() - 1).toFixed(4));
      const city = Math.floor(CITIES.length * next() ** 2);
      const day = new Date(Date.UTC(2020, 0, 1) + Math.floor(1500 * next()) * 864e5).toISOString().slice(0, 10);
      const price = (10 + 1e4 * next() ** 3).toFixed(2);
      const y = 2 * own[0] - own[1] * own[2] + 0.05 * city + 0.3 * next();
      const gap = next() < 0.05 ? "" : price;
      lines.push(
        `${day},${CITIES[city]},${next() < 0.5 ? "yes" : "no"},n${row % 977},${own.join(",")},${gap},${y.toFixed(4)}\n`,
      );
    }
    written += writeSync(file, lines.join(""));
  }
  closeSync(file);
  return row;
}

/** Runs the command line; megabytes at the highest, seconds of the processor, and of the clock. */
function measured(args) {
  const run = spawnSync(
    "/usr/bin/time",
    ["-f", "%M %U %S %e", process.execPath, resolve("dist/cli/main.js"), ...args],
    {
      encoding: "utf8",
      maxBuffer: 1 << 28,
    },
  );
  const lines = run.stderr.trim().split("\n");
  if (run.status !== 0) throw new Error(run.stderr);
  const [kilobytes, user, system, seconds] = lines[lines.length - 1].split(" ").map(Number);
  return { megabytes: kilobytes / 1024, processor: user + system, seconds, said: lines.slice(0, -1).join("; ") };
}

const folder = values.keep ?? mkdtempSync(join(tmpdir(), "hessia-large-"));
mkdirSync(folder, { recursive: true });
try {
  const [table, model, out] = ["table.csv", "model.json", "out.csv"].map((name) => join(folder, name));
  if (!existsSync(table)) console.log(`${write(table, 1e6 * Number(values.megabytes)).toLocaleString("en-US")} rows`);
  console.log(`${(statSync(table).size / 1e6).toFixed(0)} MB`);
  const commands = {
    "train, one epoch": ["train", table, "--hidden", "16", "--epochs", "1", "--save", model, "--quiet"],
    "train, with a search": ["train", table, "--quiet"],
    predict: ["predict", model, table, "--output", out],
  };
  for (const [name, args] of Object.entries(commands)) {
    const { megabytes, processor, seconds, said } = measured(args);
    const took = `${processor.toFixed(0)} s of the processor, ${seconds.toFixed(0)} s of the clock`;
    console.log(`${name}: ${megabytes.toFixed(0)} MB at the highest, ${took}${said ? ` (${said})` : ""}`);
  }
} finally {
  if (!values.keep) rmSync(folder, { recursive: true });
}
