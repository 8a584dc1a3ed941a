// Oracle: the bits of one thread, in Node and, bundled, on pages in Chromium: where memory may be
// shared, and where it may not.
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import * as esbuild from "esbuild";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { ISOLATION, launch, POLICY, printedBy, type Site, serve } from "./browser.js";
import { chromium } from "./needs.js";

const consumer = inject("consumer");
const folder = join(consumer, "threads");
const script = join(consumer, "node_modules/hessia/dist/wasm/threads/worker.js");
const program = chromium();
const results = [true, true, true, true, true];

beforeAll(() => {
  mkdirSync(folder);
  copyFileSync("test/package/consumer/threads.js", join(folder, "main.js"));
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
});

it("the package has the workers' script, which imports nothing", () => {
  expect(readFileSync(script, "utf8")).not.toMatch(/^import\b|\bimport\(|\brequire\(/m);
});

it("Node", () => {
  const printed = execFileSync(process.execPath, [join(folder, "main.js")], { encoding: "utf8" });
  expect(JSON.parse(printed)).toEqual({ build: "strict", threads: 2, results });
});

describe.skipIf(!program)("Chromium", () => {
  const sites: Site[] = [];
  let browser: Browser;

  beforeAll(async () => {
    const html = (name: string, path: string, before = ""): void => {
      const page = `<!doctype html>${before}<script type="module" src="${path}"></script>`;
      writeFileSync(join(folder, `${name}.html`), page);
    };
    const options = { absWorkingDir: folder, bundle: true, splitting: true, format: "esm" } as const;
    await esbuild.build({ ...options, entryPoints: ["main.js"], outdir: join(folder, "esbuild") });
    copyFileSync(script, join(folder, "esbuild/worker.js"));
    writeFileSync(join(folder, "address.js"), 'globalThis.workerScript = "/esbuild/worker.js";');
    html("esbuild", "/esbuild/main.js", '<script src="/address.js"></script>');
    html("index", "./main.js");
    tool(
      "vite/bin/vite.js",
      "build",
      "--base",
      "/vite/",
      "--outDir",
      "vite",
      "--logLevel",
      "error",
      "--target",
      "es2022",
    );
    const vite = readdirSync(join(folder, "vite/assets")).find((name) => name.startsWith("index"));
    html("vite", `/vite/assets/${vite}`);
    tool("webpack/bin/webpack.js", "--mode", "production", "--entry", "./main.js", "--output-path", "webpack");
    html("webpack", "/webpack/main.js");
    browser = await launch(program as string);
  });
  afterAll(async () => {
    await browser?.close();
    for (const site of sites) await site.close();
  });

  async function print(page: string, isolated: boolean): Promise<unknown> {
    const site = await serve(folder, POLICY, isolated ? ISOLATION : {});
    sites.push(site);
    const { printed, complaints } = await printedBy(browser, `${site.origin}/${page}.html`);
    expect(complaints).toEqual([]);
    return JSON.parse(printed);
  }

  it.each(["esbuild", "vite", "webpack"])("%s finds the worker, and two threads give the same bits", async (name) => {
    expect(await print(name, true)).toEqual({ build: "strict", threads: 2, results });
  });

  it("a page that is not isolated has one thread and a reason", async () => {
    const reason = expect.stringMatching(/^this page may not share memory; serve it with the headers Cross-Origin-/);
    expect(await print("esbuild", false)).toEqual({ build: "strict", threads: 1, reason, results });
  });
});

function tool(path: string, ...args: string[]): void {
  execFileSync(process.execPath, [resolve("node_modules", path), ...args], { cwd: folder, stdio: "pipe" });
}
