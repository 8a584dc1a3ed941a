import type { Figure } from "./figure.js";
import { style } from "./style.js";

/** A part of a report. */
export interface Section {
  readonly id: string;
  readonly title: string;
  /** HTML before the figures. */
  readonly html?: string;
  readonly figures?: readonly Figure[];
}

export interface Page {
  readonly title: string;
  /** What was done, in a line or two. */
  readonly summary: string;
  /** The most important numbers. */
  readonly facts: readonly (readonly [name: string, value: string])[];
  readonly sections: readonly Section[];
}

/** A report as one HTML file: no scripts, nothing loaded from anywhere. */
export function render({ title, summary, facts, sections }: Page): string {
  const shown = sections.filter(({ html, figures }) => html || figures?.length);
  const links = shown.map(({ id, title }) => `<a href="#${id}">${escaped(title)}</a>`).join("\n");
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<meta name="color-scheme" content="light dark">
<title>${escaped(title)}</title>
<link rel="icon" href="data:,">
<style>${style}</style>
</head>
<body>
<header>
<h1>${escaped(title)}</h1>
<p>${escaped(summary)}</p>
<dl class="facts">
${facts.map(([name, value]) => `<div><dt>${escaped(name)}</dt><dd>${escaped(value)}</dd></div>`).join("\n")}
</dl>
<nav aria-label="Sections">
${links}
</nav>
</header>
<main>
${shown.map(sectionHtml).join("\n")}
</main>
</body>
</html>
`;
}

function sectionHtml({ id, title, html = "", figures = [] }: Section): string {
  const drawn = figures.length > 0 ? `<div class="figures">\n${figures.map(figureHtml).join("\n")}\n</div>` : "";
  return `<section id="${id}">\n<h2>${escaped(title)}</h2>\n${html}\n${drawn}\n</section>`;
}

function figureHtml({ id, title, caption, body, legend, scale }: Figure): string {
  return [
    `<figure id="figure-${id}">`,
    `<h3>${escaped(title)}</h3>`,
    legend ? legendHtml(legend) : "",
    body,
    scale ? scaleHtml(scale) : "",
    `<figcaption>${escaped(caption)}</figcaption>`,
    "</figure>",
  ]
    .filter((line) => line !== "")
    .join("\n");
}

function legendHtml(entries: NonNullable<Figure["legend"]>): string {
  const items = entries.map(({ name, color, dash }) => {
    const dashes = dash ? ` stroke-dasharray="${dash}"` : "";
    const line = `<line x1="0" y1="5" x2="26" y2="5" stroke="${color}" stroke-width="2.5"${dashes}/>`;
    return `<li><svg class="swatch" width="26" height="10" aria-hidden="true">${line}</svg>${escaped(name)}</li>`;
  });
  return `<ul class="legend">${items.join("")}</ul>`;
}

function scaleHtml({ from, middle, to }: NonNullable<Figure["scale"]>): string {
  const names = [from, middle, to].map((name) => `<span>${escaped(name)}</span>`).join("");
  return `<div class="scale"><div class="strip" aria-hidden="true"></div><div class="ends">${names}</div></div>`;
}

/**
 * A table; the first cell of each row is its name. `label` tells it from the page's other tables.
 */
export function table(head: readonly string[], rows: readonly (readonly string[])[], label = "Table"): string {
  const titles = head.map((title) => `<th scope="col">${escaped(title)}</th>`).join("");
  const body = rows.map(
    ([name, ...cells]) =>
      `<tr><th scope="row">${escaped(name)}</th>${cells.map((cell) => `<td>${escaped(cell)}</td>`).join("")}</tr>`,
  );
  return `<div class="table" tabindex="0" role="region" aria-label="${escaped(label)}"><table><thead><tr>${titles}</tr></thead><tbody>${body.join("\n")}</tbody></table></div>`;
}

export function escaped(text: string): string {
  const entities: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
  return text.replaceAll(/[&<>"']/g, (letter) => entities[letter]);
}
