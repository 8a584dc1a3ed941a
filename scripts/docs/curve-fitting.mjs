// Computes the table of docs/curve-fitting.md: NIST's 27 nonlinear regressions from both published
// starts by default options, beside SciPy's (test/fixtures/nist-scipy.json, made by
// scripts/fixtures/nist_scipy.py). --check compares.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { init, levenbergMarquardt, minimize } from "hessia";
import { regressions } from "../../test/oracle/nist.mjs";
import { holds, root, show, table, updatePage } from "./page.mjs";

await init({ simd: "strict" });

const { versions, runs: peer } = JSON.parse(readFileSync(join(root, "test/fixtures/nist-scipy.json"), "utf8"));

/** −log10 of the worst relative error, between 0 and 11, the certified digits. */
function digits(got, certified) {
  const worst = Math.max(...certified.map((value, i) => Math.abs(got[i] / value - 1)));
  return Math.min(11, Math.max(0, -Math.log10(worst)));
}

const own = regressions.flatMap(({ name, starts, residuals, certified, deviations }) =>
  starts.map((start, k) => {
    const result = minimize({ residuals }, start, { optimizer: levenbergMarquardt() });
    const solved = result.status === "converged";
    return { name, k, solved, found: [digits(result.x, certified), digits(result.standardErrors(), deviations)] };
  }),
);

/** Runs that found 4 digits or more, mean digits, and standard errors with 4 digits or more. */
function summary(all) {
  const mean = all.reduce((sum, { found }) => sum + (found?.[0] ?? 0), 0) / all.length;
  const good = (which) => all.filter(({ solved, found }) => solved && found?.[which] >= 4).length;
  return [`${good(0)} of ${all.length}`, show(mean, 2), `${good(1)} of ${all.length}`];
}

const of = (method) =>
  own.map(({ name, k }) => {
    const found = peer[`${method} ${name} ${k + 1}`];
    return { solved: found !== null, found };
  });

const rows = [
  ["`minimize`, `levenbergMarquardt()`", ...summary(own)],
  ['SciPy, `curve_fit(method="lm")`, MINPACK', ...summary(of("lm"))],
  ['SciPy, `curve_fit(method="trf")`', ...summary(of("trf"))],
];
holds(
  own.every(({ solved }) => solved),
  "every regression converges from both starts",
);

updatePage("curve-fitting.md", {
  nist: table(["by default options", "4 digits or more", "mean digits", "standard errors to 4 digits"], rows),
  scipy: versions.scipy,
});
