// Pictures of a report and of the playground for the pages, by Chromium: docs/figures/*.png. They show numbers and fonts of a machine, so no test compares them.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";
import { build, preview } from "vite";
import { root } from "./page.mjs";

const folder = mkdtempSync(join(tmpdir(), "hessia-screenshots-"));
const hessia = (...args) =>
  execFileSync(process.execPath, [join(root, "dist/cli/main.js"), ...args], { cwd: folder, stdio: "ignore" });
hessia("sample", "iris");
hessia("train", "iris.csv", "--target", "species", "--report", "iris.html");

const site = { root: join(root, "playground"), logLevel: "error", build: { outDir: join(folder, "playground") } };
await build(site);
const server = await preview({ ...site, preview: { port: 0 } });
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-dev-shm-usage"],
});
const page = await browser.newPage({ viewport: { width: 900, height: 1100 } });
await page.goto(pathToFileURL(join(folder, "iris.html")).href);
await page.screenshot({ path: join(root, "docs/figures/report.png") });

await page.setViewportSize({ width: 1280, height: 800 });
await page.goto(`${server.resolvedUrls.local[0]}#scene=dying`);
await page.getByText("A dying layer").first().waitFor({ state: "attached" });
await page.waitForTimeout(1500);
await page.screenshot({ path: join(root, "docs/figures/playground.png") });

await browser.close();
await server.close();
rmSync(folder, { recursive: true });
console.log("docs/figures/report.png and playground.png are taken");
