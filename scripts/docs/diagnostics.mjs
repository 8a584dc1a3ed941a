// Computes the table of hits and false alarms of docs/diagnostics.md, with the strict build;
// --check compares.
import * as hessia from "hessia";
import { healthyResult, healthyRuns, trueOf } from "./healthy-runs.mjs";
import { count, holds, table, updatePage } from "./page.mjs";
import { nearMisses, plantedFaults } from "./planted-faults.mjs";

await hessia.init({ simd: "strict" });

const RUNS = 200;

const said = ({ make, code }) => {
  const { net, data, options } = make();
  return hessia.diagnose(net, data, options).advice.some((advice) => advice.code === code);
};
const faults = plantedFaults(hessia).map((fault) => ({ ...fault, found: said(fault) }));
const misses = nearMisses(hessia).map((miss) => ({ ...miss, found: said(miss) }));

const runs = healthyRuns(RUNS).map((run) => healthyResult(hessia, run));
const events = ({ code }) => code === "plateau" || code === "zero-loss";
const told = runs.map((result) =>
  [...result.drawn, ...result.advice, ...result.findings].filter((one) => !events(one)),
);
const wrong = runs.map((result, i) => told[i].filter((one) => !trueOf(one, result)));
const sum = (lists, code) => lists.flat().filter((one) => one.code === code).length;

const codes = [...new Set([...faults.map(({ code }) => code), ...told.flat().map(({ code }) => code)])];
const rows = codes.map((code) => {
  const of = (list) => list.filter((one) => one.code === code);
  const hits = (list) =>
    of(list).length === 0 ? "–" : `${of(list).filter(({ found }) => found).length} of ${of(list).length}`;
  return [`\`${code}\``, hits(faults), hits(misses), String(sum(told, code)), String(sum(wrong, code))];
});
holds(
  faults.every(({ found }) => found),
  "every planted fault is found",
);
holds(
  misses.every(({ found }) => !found),
  "no near miss is taken for a fault",
);

updatePage("diagnostics.md", {
  alarms: table(
    ["code", "planted faults found", "near misses taken for faults", "said of healthy runs", "of these false"],
    rows,
  ),
  runs: count(RUNS),
  silent: count(told.filter((list) => list.length === 0).length),
  false: count(wrong.flat().length),
});
