// Charts of pages: SVG files in docs that a script draws, and --check compares.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";
import { root } from "./page.mjs";

const [WIDTH, HEIGHT, LEGEND] = [440, 320, 26];

/**
 * Charts side by side, logarithmic both ways, with one legend: [{ x, from, to, lines: [{ name,
 * points: [[x, y], …] }] }].
 */
export function lineCharts(title, panels) {
  const { document } = parseHTML("<!doctype html><html><body></body></html>");
  const names = panels[0].lines.map(({ name }) => name);
  const scheme = ["#4269d0", "#efb118", "#ff725c", "#6cc5b0", "#3ca951", "#a463f2", "#9c6b4e"];
  const drawn = panels.map(({ x, from, to, lines }, i) => {
    const points = lines.flatMap(({ name, points }) =>
      points.filter(([at]) => at >= from && at <= to).map(([at, loss]) => ({ name, at, loss })),
    );
    const chart = Plot.plot({
      document,
      width: WIDTH,
      height: HEIGHT,
      marginLeft: 56,
      x: { type: "log", domain: [from, to], label: x, tickFormat: String, ticks: 5 },
      y: { type: "log", label: i === 0 ? `training error, ${title}` : null, tickFormat: String, ticks: 6, grid: true },
      color: { domain: names, range: scheme },
      marks: [Plot.line(points, { x: "at", y: "loss", stroke: "name", strokeWidth: 1.6 })],
    });
    chart.setAttribute("x", String(i * WIDTH));
    chart.setAttribute("y", String(LEGEND));
    for (const style of chart.querySelectorAll("style")) style.remove();
    return chart.outerHTML;
  });
  let at = 12;
  const legend = names.map((name, k) => {
    const mark = `<rect x="${at}" y="9" width="12" height="4" fill="${scheme[k]}"/><text x="${at + 17}" y="15">${name}</text>`;
    at += 34 + 5.8 * name.length;
    return mark;
  });
  const [width, height] = [panels.length * WIDTH, HEIGHT + LEGEND];
  const size = `viewBox="0 0 ${width} ${height}" width="${width}" height="${height}"`;
  const font = `font-family="system-ui, sans-serif" font-size="11"`;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" ${size} ${font} fill="#1b1e23" color="#1b1e23"><rect width="100%" height="100%" fill="#fff"/>${legend.join("")}${drawn.join("")}</svg>`;
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
