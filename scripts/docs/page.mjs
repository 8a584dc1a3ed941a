// Pages whose numbers a script computes. Between <!-- computed:name --> and <!-- /computed --> stands what it computed last;
// with --check nothing is written, and a difference fails.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { filled } from "./prose.mjs";

export const root = fileURLToPath(new URL("../..", import.meta.url));

const MARKED = /<!-- computed:([\w-]+) -->([\s\S]*?)<!-- \/computed -->/g;

/**
 * Brings a page of docs up to date, or says where it is not. `values`: for each name the Markdown that belongs there; of those in `loose`
 * the check wants numbers to agree within a tenth, or 6 in counts.
 */
export function updatePage(name, values, loose = []) {
  const path = join(root, "docs", name);
  const checking = process.argv.includes("--check");
  const before = readFileSync(path, "utf8");
  const used = new Set();
  const different = [];
  const after = before.replace(MARKED, (whole, key, old) => {
    if (!(key in values)) throw new Error(`${name}: nothing is computed for "${key}"`);
    used.add(key);
    const value = values[key].includes("\n") ? `\n\n${filled(values[key].trim())}\n\n` : values[key];
    if (value === old || (checking && loose.includes(key) && alike(value, old))) return whole;
    different.push(`${key}\n  on the page: ${old.trim()}\n  computed:    ${value.trim()}`);
    return `<!-- computed:${key} -->${value}<!-- /computed -->`;
  });
  // A line that begins with a comment is no paragraph in Markdown, but HTML to its end.
  const lost = after.match(/^<!-- computed:.*-->[^\n]+$/m);
  if (lost) throw new Error(`${name}: move into the line: ${lost[0]}`);
  const unused = Object.keys(values).filter((key) => !used.has(key));
  if (unused.length) throw new Error(`${name}: no place for ${unused.join(", ")}`);
  if (!checking) {
    const inForm = filled(after);
    if (inForm !== before) writeFileSync(path, inForm);
    console.log(`${name}: ${used.size} computed places, ${different.length} of them new`);
  } else if (different.length) {
    console.error(`${name} is not what its script computes:\n${different.join("\n")}`);
    process.exitCode = 1;
  } else {
    console.log(`${name}: all ${used.size} computed places agree`);
  }
}

function alike(a, b) {
  const NUMBER = /\d+(?:\.\d+)?(?:e−?\d+)?/g;
  if (a.replace(NUMBER, "#") !== b.replace(NUMBER, "#")) return false;
  const [left, right] = [a, b].map((text) => text.match(NUMBER) ?? []);
  return left.every((text, i) => {
    const [x, y] = [text, right[i]].map((number) => Number(number.replace("−", "-")));
    const whole = Number.isInteger(x) && Number.isInteger(y);
    return Math.abs(x - y) <= 0.1 * Math.max(x, y) + (whole ? 6 : 0);
  });
}

/** A Markdown table. */
export function table(head, rows) {
  const line = (cells) => `| ${cells.join(" | ")} |`;
  return `\n${[line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n")}\n`;
}

/** Three significant digits, so that no number shows where its rounding errors differ. */
export function show(x, digits = 3) {
  if (!Number.isFinite(x)) throw new Error(`${x} is no result`);
  if (x === 0) return "0";
  const size = Math.abs(x);
  const text = size >= 1e5 || size < 1e-3 ? x.toExponential(digits - 1) : plain(x, digits);
  return text.replace("-", "−").replace(/e([+−-]?)(\d+)/, (_, sign, power) => `e${sign === "+" ? "" : "−"}${power}`);
}

function plain(x, digits) {
  const text = x.toPrecision(digits);
  return text.includes("e") ? String(Number(text)) : text;
}

/** A whole number with its thousands apart. */
export function count(x) {
  return String(x).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** For what is a rounding error, of which only the order says something: "below 1e-14", or a failure. */
export function below(x, bound) {
  if (!(x <= bound)) throw new Error(`${x} is not below ${bound}`);
  return `below ${bound.toExponential().replace("-", "−")}`;
}

/** Stops unless something the text says in words is so. */
export function holds(condition, what) {
  if (!condition) throw new Error(`no longer so: ${what}`);
}
