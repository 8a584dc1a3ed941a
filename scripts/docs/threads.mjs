// Takes the figures of docs/threads.md from bench/threads.json, where bench/threads.mjs writes
// them; --check compares.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root, show, table, updatePage } from "./page.mjs";

const { node, build, dtype, threads, figures } = JSON.parse(readFileSync(join(root, "bench/threads.json"), "utf8"));
const time = (ms) =>
  ms >= 1000 ? `${show(ms / 1000, 2)} s` : ms < 0.1 ? `${show(1000 * ms, 2)} µs` : `${show(ms, 2)} ms`;

updatePage("threads.md", {
  machine: `${node}, ${build} build, ${dtype}, ${threads} cores of a shared virtual AMD EPYC processor`,
  ratios: table(
    ["work", "one thread", `× as fast with ${threads}`, "spread"],
    figures.map(({ title, ratio: { median, low, high }, milliseconds }) => {
      const [ratio, ...spread] = [median, low, high].map((x) => x.toFixed(2));
      return [title, time(milliseconds), ratio, spread.join(" to ")];
    }),
  ),
});
