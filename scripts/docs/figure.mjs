// Figures of pages: SVG in docs/figures, drawn by scripts, light and dark, with a text alternative inside. --check compares.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { root } from "./page.mjs";

const STYLE = `
:root{--paper:#fff;--ink:#1b1e23;--soft:#5b6472;--line:#d5d9df;--blue:#2b5fc4;--orange:#c2560c;--green:#23803f;--purple:#8444bd;--red:#c22f3d;--fill:#eef1f5}
@media(prefers-color-scheme:dark){:root{--paper:#15181d;--ink:#e8eaee;--soft:#a2abb9;--line:#3a414c;--blue:#7fa8ff;--orange:#f59b52;--green:#63c984;--purple:#c493f0;--red:#f4808a;--fill:#232830}}
svg{background:var(--paper);color:var(--ink);font:14px system-ui,sans-serif}
text{fill:currentColor}.soft{fill:var(--soft);font-size:13px}.b{font-weight:600}.end{text-anchor:end}.mid{text-anchor:middle}
.line{fill:none;stroke:var(--line)}.axis{fill:none;stroke:var(--soft)}
${["blue", "orange", "green", "purple", "red", "ink", "soft"].map((c) => `.${c}s{fill:none;stroke:var(--${c});stroke-width:2}.${c}f,text.${c}f{fill:var(--${c})}`).join("")}
.box{fill:var(--fill);stroke:var(--line)}`
  .trim()
  .replaceAll("\n", "");

/** A figure: its size, a title, a description for those who don't see it, and its parts. */
export function figure(width, height, title, description, ...parts) {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="t d"><title id="t">${escaped(title)}</title><desc id="d">${escaped(description)}</desc><style>${STYLE}</style><rect width="100%" height="100%" fill="var(--paper)"/>${parts.flat(9).join("")}</svg>\n`;
}

const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
/** One decimal is enough of a coordinate, and the same in all engines. */
const tenth = (x) => String(Math.round(x * 10) / 10);

export function text(x, y, content, classes = "") {
  return `<text x="${tenth(x)}" y="${tenth(y)}"${classes ? ` class="${classes}"` : ""}>${escaped(content)}</text>`;
}

/** A line through points. */
export function path(points, classes, more = "") {
  const d = points.map(([x, y], i) => `${i ? "L" : "M"}${tenth(x)} ${tenth(y)}`).join("");
  return `<path d="${d}" class="${classes}"${more ? ` ${more}` : ""}/>`;
}

export function dot(x, y, classes, r = 3.5, more = "") {
  return `<circle cx="${tenth(x)}" cy="${tenth(y)}" r="${r}" class="${classes}"${more ? ` ${more}` : ""}/>`;
}

export function rect(x, y, width, height, classes, more = "") {
  return `<rect x="${tenth(x)}" y="${tenth(y)}" width="${tenth(width)}" height="${tenth(height)}" class="${classes}"${more ? ` ${more}` : ""}/>`;
}

/** A place for a chart: scales, axes with ticks, labels. `x` and `y`: { from, to, ticks, label, scale?, format? }. */
export function plot(left, top, width, height, x, y) {
  const scale = ({ from, to, scale: f = (v) => v }, a, b) => {
    const [f0, f1] = [f(from), f(to)];
    return (v) => a + ((f(v) - f0) / (f1 - f0)) * (b - a);
  };
  const sx = scale(x, left, left + width);
  const sy = scale(y, top + height, top);
  const name = (axis, v) => (axis.format ?? String)(v).replace("-", "−");
  const frame = [
    (x.ticks ?? []).map((v) => [
      path(
        [
          [sx(v), top],
          [sx(v), top + height],
        ],
        "line",
      ),
      text(sx(v), top + height + 17, name(x, v), "soft mid"),
    ]),
    (y.ticks ?? []).map((v) => [
      path(
        [
          [left, sy(v)],
          [left + width, sy(v)],
        ],
        "line",
      ),
      text(left - 6, sy(v) + 4, name(y, v), "soft end"),
    ]),
    x.label ? text(left + width, top + height + 36, x.label, "soft end") : "",
    y.label ? text(left - 30, top - 10, y.label, "soft") : "",
  ];
  return { sx, sy, frame, at: (points) => points.map(([a, b]) => [sx(a), sy(b)]) };
}

/** Writes a figure, or says that it is not what its script draws. */
export function updateFigure(name, svg) {
  const path = join(root, "docs/figures", name);
  if (!process.argv.includes("--check")) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, svg);
    return;
  }
  if (readFileSync(path, "utf8") === svg) return;
  console.error(`docs/figures/${name} is not what its script draws`);
  process.exitCode = 1;
}
