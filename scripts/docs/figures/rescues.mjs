// Ways out of the dead zone: bars of the table that scripts/docs/answers.mjs computes for
// docs/answers.md.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { figure, rect, text } from "../figure.mjs";
import { root } from "../page.mjs";

/** What was tried, and of how many seeds the layer is alive in the end. */
function attempts() {
  const page = readFileSync(join(root, "docs/answers.md"), "utf8");
  const [, table] = /<!-- computed:rescues -->([\s\S]*?)<!-- \/computed -->/.exec(page);
  const rows = [...table.matchAll(/^\| (.*) \| (\d+) of (\d+) \|/gm)];
  return rows.map(([, name, alive, all]) => ({ name: name.replaceAll("`", ""), alive: +alive, all: +all }));
}

export function draw() {
  const ends = attempts();
  const [left, row] = [290, 26];
  const bars = ends.map(({ name, alive, all }, i) => {
    const y = 40 + i * row;
    const full = 270;
    return [
      text(left - 10, y + 14, name, "end"),
      rect(left, y, full, 18, "box"),
      alive > 0 ? rect(left, y, (full * alive) / all, 18, "greenf") : "",
      text(left + full + 10, y + 14, `${alive} of ${all}`, "soft"),
    ];
  });
  const said = ends.map(({ name, alive, all }) => `${name}: ${alive} of ${all}`).join("; ");
  const height = 60 + ends.length * row;
  const title = text(left, 26, "layers that are alive in the end", "b");
  return { "rescues.svg": figure(640, height, "Ways out of the dead zone", `Bars. ${said}.`, title, bars) };
}
