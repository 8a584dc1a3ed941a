// Charts of pages: SVG files in docs that a script draws, and --check compares.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";
import { root } from "./page.mjs";

const [WIDTH, HEIGHT, LEGEND] = [560, 340, 92];
const LIGHT = ["#2b5fc4", "#a86a00", "#c22f3d", "#1f8577", "#23803f", "#8444bd", "#8a5a3c"];
const DARK = ["#7fa8ff", "#f0b447", "#f4808a", "#6fd0c0", "#63c984", "#c493f0", "#cfa283"];

/**
 * Charts one below the other, logarithmic both ways, with one legend: [{ x, from, to, lines: [{
 * name, points: [[x, y], …] }] }]. Light and dark, with `description` for those who don't see it.
 */
export function lineCharts(title, description, panels) {
  const { document } = parseHTML("<!doctype html><html><body></body></html>");
  const names = panels[0].lines.map(({ name }) => name);
  const scheme = names.map((_, k) => `var(--line-${k})`);
  const drawn = panels.map(({ x, from, to, lines }, i) => {
    const points = lines.flatMap(({ name, points }) =>
      points.filter(([at]) => at >= from && at <= to).map(([at, loss]) => ({ name, at, loss })),
    );
    const chart = Plot.plot({
      document,
      width: WIDTH,
      height: HEIGHT,
      marginLeft: 62,
      marginBottom: 44,
      style: { fontSize: "13px" },
      x: { type: "log", domain: [from, to], label: x, tickFormat: String, ticks: 5 },
      y: { type: "log", label: `training error, ${title}`, tickFormat: String, ticks: 6, grid: true },
      color: { domain: names, range: scheme },
      marks: [Plot.line(points, { x: "at", y: "loss", stroke: "name", strokeWidth: 1.8 })],
    });
    chart.setAttribute("x", "0");
    chart.setAttribute("y", String(LEGEND + i * HEIGHT));
    for (const style of chart.querySelectorAll("style")) style.remove();
    return chart.outerHTML;
  });
  const legend = names.map((name, k) => {
    const [at, row] = [14 + (k % 2) * (WIDTH / 2), 14 + 19 * Math.floor(k / 2)];
    const mark = `<rect x="${at}" y="${row - 4}" width="16" height="5" fill="${scheme[k]}"/>`;
    return `${mark}<text x="${at + 24}" y="${row + 4}">${name}</text>`;
  });
  const height = panels.length * HEIGHT + LEGEND;
  const size = `viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}"`;
  const colours = (palette) => palette.map((colour, k) => `--line-${k}:${colour}`).join(";");
  const style = [
    `svg{color:#1b1e23;fill:currentColor;font:13px system-ui,sans-serif;${colours(LIGHT)};--paper:#fff}`,
    `@media(prefers-color-scheme:dark){svg{color:#e8eaee;${colours(DARK)};--paper:#15181d}}`,
  ].join("");
  const told = `<title id="t">Training error, ${title}</title><desc id="d">${description}</desc>`;
  const paper = '<rect width="100%" height="100%" fill="var(--paper)"/>';
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" ${size} role="img" aria-labelledby="t d">${told}<style>${style}</style>${paper}${legend.join("")}${drawn.join("")}</svg>`;
  // Of coordinates one decimal is enough, and the same in all engines.
  const tenths = (x) => String(Math.round(Number(x) * 10) / 10);
  return `${svg.replace(/="[^"]*"/g, (attribute) => attribute.replace(/-?\d+\.\d+/g, tenths))}\n`;
}

/** Writes a chart into docs, or says where it differs. */
export function updateChart(name, svg) {
  const path = join(root, "docs", name);
  if (!process.argv.includes("--check")) {
    writeFileSync(path, svg);
    return;
  }
  if (readFileSync(path, "utf8") === svg) return;
  console.error(`${name} is not what its script draws`);
  process.exitCode = 1;
}
