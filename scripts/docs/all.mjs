// Makes every page of docs/ that has a script of its name here, and the figures.
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";

const pages = readdirSync("docs").filter((name) => name.endsWith(".md"));
for (const page of pages) {
  const script = `scripts/docs/${page.replace(/\.md$/, ".mjs")}`;
  if (existsSync(script)) execFileSync(process.execPath, [script], { stdio: "inherit" });
}
execFileSync(process.execPath, ["scripts/docs/figures.mjs"], { stdio: "inherit" });
