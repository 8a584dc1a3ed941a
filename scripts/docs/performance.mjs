// Takes the figures of docs/performance.md from bench/prices.json and bench/peers.json, where bench/ writes them; --check compares.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { hessianCost } from "hessia";
import { count, root, show, table, updatePage } from "./page.mjs";

const read = (name) => JSON.parse(readFileSync(join(root, "bench", name), "utf8"));
const { node, build, prices } = read("prices.json");
const { environment, rows: compared } = read("peers.json");

const time = (ms) => (ms === null ? "–" : ms >= 1000 ? `${show(ms / 1000, 2)} s` : `${show(ms, 2)} ms`);

const byName = Object.fromEntries(compared.map((row) => [`${row.title}, ${row.dtype}`, row.milliseconds]));
const peers = [...new Set(compared.flatMap(({ milliseconds }) => Object.keys(milliseconds)))].filter(
  (name) => !["hessia relaxed", "jax-js linearize"].includes(name),
);
const rows = Object.entries(byName).map(([title, times]) => {
  const least = Math.min(...peers.map((name) => times[name] ?? Infinity));
  const cells = peers.map((name) => {
    const ms = times[name];
    return ms === undefined ? "–" : ms === least ? `**${show(ms, 3)}**` : show(ms, 3);
  });
  return [title, ...cells];
});
const SPENT = 1e9;
const memory = [1_000, 5_000, 16_384, 30_000].map((parameters) => {
  const { bytes, flops } = hessianCost(parameters, 1_000);
  return [count(parameters), `${show(bytes / SPENT, 2)} GB`, `${show(bytes / SPENT / 2, 2)} GB`, show(flops, 2)];
});

updatePage("performance.md", {
  machine: `${node}, ${build} build, one thread of a shared virtual AMD EPYC processor`,
  prices: table(
    [
      "network",
      "N",
      "type",
      "P",
      "step of Adam",
      "epoch",
      "gradient",
      "product",
      "Hessian",
      "eigenvalues",
      "`diagnose`",
    ],
    prices.map((row) => [
      row.network,
      count(row.samples),
      row.dtype,
      count(row.parameters),
      ...["step", "epoch", "gradient", "product", "hessian", "eigenvalues", "diagnose"].map((key) => time(row[key])),
    ]),
  ),
  memory: table(["P", "in f64", "in f32", "flops for N = 1,000"], memory),
  peers: table(["milliseconds", ...peers], rows),
  versions: `Node ${environment.node.slice(1)}`,
});
