// Whether `--penalty evidence` does as well as the search of `hessia train` on tables of up to
// 1,000 rows: node bench/evidence-default.mjs [table …]. Scores of the search are those of
// docs/tables.md, on the same splits (scripts/docs/real-tables.mjs); its time is taken anew.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { tables } from "../scripts/docs/tables-list.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const SEEDS = [0, 1, 2];
const MOST_ROWS = 1000;
const EVIDENCE = ["--penalty", "evidence", "--activation", "tanh", "--hidden", "10", "--epochs", "200", "--optimizer"];

/** What a run reports, and its processor time in seconds. */
function trained({ name, target, ignore }, seed, options) {
  const file = join(root, "data/tables", `${name}.csv`);
  const main = join(root, "dist/cli/main.js");
  const args = [main, "train", file, "--target", target, "--seed", String(seed), "--json", "--simd", "strict"];
  if (ignore) args.push("--ignore", ignore);
  const script = 'TIMEFORMAT="seconds %U"; { time "$0" "$@"; } 2>&1';
  const text = execFileSync("bash", ["-c", script, process.execPath, ...args, ...options], { maxBuffer: 1 << 28 });
  const [json, seconds] = text.toString().split(/seconds (?=[\d.]+\s*$)/);
  return { result: JSON.parse(json), seconds: Number(seconds) };
}

/** Of docs/tables.md: the scores of `hessia train`. */
const COLUMN = 4;
const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
const documented = readFileSync(join(root, "docs/tables.md"), "utf8");

function rowOf(table) {
  const [line] = documented.match(new RegExp(`^\\| ${table.name} \\|.*$`, "m")) ?? [];
  const searched = line?.replaceAll("**", "").split("|")[COLUMN].trim() ?? "–";
  const found = trained(table, SEEDS[0], ["--no-search", "--epochs", "1"]).result;
  if (found.data.rows > MOST_ROWS) return null;
  const optimizer = found.target.task === "regression" ? "levenberg-marquardt" : "lbfgs";
  const runs = SEEDS.map((seed) => trained(table, seed, [...EVIDENCE, optimizer]));
  const score = mean(runs.map(({ result }) => result.test[table.score] ?? Number.NaN));
  const search = trained(table, SEEDS[0], ["--threads", "1"]);
  const seconds = [search.seconds, mean(runs.map((run) => run.seconds))].map((value) => value.toFixed(1));
  return [table.name, found.data.rows, table.score, searched, score.toFixed(3), ...seconds];
}

const asked = process.argv.slice(2);
console.log("| table | rows | score | search | evidence | seconds, search | seconds, evidence |");
for (const table of tables.filter(({ name }) => asked.length === 0 || asked.includes(name))) {
  const row = rowOf(table);
  if (row) console.log(`| ${row.join(" | ")} |`);
}
