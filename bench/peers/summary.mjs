// Of the figures that `npm run bench -- --json figures.json` wrote, the medians in milliseconds, to
// bench/peers.json, from which docs/performance.md is made: `node summary.mjs figures.json`.
import { readFileSync, writeFileSync } from "node:fs";

const { environment, ...suites } = JSON.parse(readFileSync(process.argv[2], "utf8"));
const kinds = ["products", "steps", "hessian", "factorizations", "least-squares"];
const rows = kinds.flatMap((kind) =>
  suites[kind].rows.map(({ title, dtype, seconds }) => ({
    kind,
    title,
    dtype,
    milliseconds: Object.fromEntries(
      Object.entries(seconds)
        .filter(([, figure]) => figure)
        .map(([name, { median }]) => [name, Number((1000 * median).toPrecision(3))]),
    ),
  })),
);
const { node, versions } = environment;
const text = JSON.stringify({ environment: { node, versions }, rows }, null, 1);
writeFileSync(new URL("../peers.json", import.meta.url), `${text}\n`);
