// Oracle: the same program, unbundled, under plain Node. Every bundler runs as it comes, without a
// configuration.
import { execFileSync } from "node:child_process";
import { copyFileSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import * as esbuild from "esbuild";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { launch, POLICY, printedBy, type Site, serve } from "./browser.js";
import { chromium } from "./needs.js";

const consumer = inject("consumer");
const program = chromium();

interface Printed {
  gradient: string;
  before: string;
  strict: string;
  best: string;
}

let unbundled: Printed;

beforeAll(() => {
  copyFileSync("test/package/consumer/main.js", join(consumer, "main.js"));
  writeFileSync(join(consumer, "package.json"), '{ "type": "module" }');
  unbundled = run(join(consumer, "main.js"));
});

test("unbundled: the strict build's bits are the same with init and without", () => {
  expect(unbundled.gradient).toMatch(/^[0-9a-f]{16}( [0-9a-f]{16})*$/);
  expect(unbundled.strict).toBe(unbundled.before);
});

describe("esbuild", () => {
  const plain = {
    absWorkingDir: consumer,
    entryPoints: ["main.js"],
    bundle: true,
    format: "esm",
  } satisfies esbuild.BuildOptions;

  test("one file, for Node", async () => {
    await esbuild.build({ ...plain, platform: "node", outfile: "one/main.js" });
    expect(run(join(consumer, "one/main.js"))).toEqual(unbundled);
  });

  test("for pages, with the relaxed build in a chunk of its own", async () => {
    await esbuild.build({ ...plain, splitting: true, minify: true, outdir: "split" });
    expect(run(join(consumer, "split/main.js"), "page")).toEqual(unbundled);
    const { main, chunk } = filesIn("split");
    expectApart(main, chunk);
  });

  test("an import that is not used leaves nothing behind", async () => {
    const { outputFiles } = await esbuild.build({
      stdin: { contents: 'import { network } from "hessia"; import "hessia";', resolveDir: consumer },
      bundle: true,
      format: "esm",
      write: false,
      logLevel: "silent",
    });
    expect(outputFiles[0]!.text.trim()).toBe("");
  });
});

test("vite, for pages, with the relaxed build in a chunk of its own", () => {
  writeFileSync(join(consumer, "index.html"), '<!doctype html><script type="module" src="./main.js"></script>');
  tool("vite/bin/vite.js", "build", "--outDir", "vite", "--logLevel", "error", "--target", "es2022");
  const { main, chunk, mainName } = filesIn("vite/assets");
  expect(run(join(consumer, "vite/assets", mainName), "page")).toEqual(unbundled);
  expectApart(main, chunk);
});

test("webpack, for pages, with the relaxed build in a chunk of its own", () => {
  tool("webpack/bin/webpack.js", "--mode", "production", "--entry", "./main.js", "--output-path", "webpack");
  writeFileSync(join(consumer, "webpack/package.json"), '{ "type": "commonjs" }');
  expect(run(join(consumer, "webpack/main.js"), "page")).toEqual(unbundled);
  const { main, chunk } = filesIn("webpack");
  expectApart(main, chunk);
});

test("Rollup, with its plugin for packages, for pages, with the relaxed build in a chunk of its own", () => {
  tool(
    "rollup/dist/bin/rollup",
    "main.js",
    "--plugin",
    resolve("node_modules/@rollup/plugin-node-resolve"),
    "--dir",
    "rollup",
  );
  expect(run(join(consumer, "rollup/main.js"), "page")).toEqual(unbundled);
  const { main, chunk } = filesIn("rollup");
  expectApart(main, chunk);
});

describe.skipIf(!program)("in Chromium, under a policy of wasm-unsafe-eval and nothing more", () => {
  let site: Site;
  let browser: Browser;
  beforeAll(async () => {
    site = await serve(consumer, POLICY);
    browser = await launch(program as string);
  });
  afterAll(async () => {
    await browser.close();
    await site.close();
  });

  // They are those that the tests above have made.
  test.each([
    ["esbuild", "split/main.js", "module"],
    ["Vite", "vite/assets/", "module"],
    ["webpack", "webpack/main.js", "text/javascript"],
    ["Rollup", "rollup/main.js", "module"],
  ])("%s's bundle", async (name, path, type) => {
    const script = path.endsWith("/") ? path + filesIn(path).mainName : path;
    writeFileSync(join(consumer, `${name}.html`), `<!doctype html><script type="${type}" src="/${script}"></script>`);
    const { printed, complaints } = await printedBy(browser, `${site.origin}/${name}.html`);
    expect(complaints).toEqual([]);
    const { best, ...strict } = JSON.parse(printed) as Printed;
    const { best: __, ...expected } = unbundled;
    expect(strict).toEqual(expected);
    expect(best).toMatch(/^[0-9a-f ]+$/);
  });
});

test("hessia/formats adds to a page nothing but itself", async () => {
  const sizeOf = async (contents: string): Promise<number> => {
    const { outputFiles } = await esbuild.build({
      stdin: { contents, resolveDir: consumer },
      ...{ bundle: true, minify: true, format: "esm", platform: "browser", write: false, logLevel: "silent" },
      external: ["./generated/*"],
    });
    return outputFiles[0]!.contents.length;
  };
  const core = 'import { network } from "hessia"; console.log(network);';
  const grown =
    (await sizeOf(`import { toNpy } from "hessia/formats"; console.log(toNpy); ${core}`)) - (await sizeOf(core));
  expect(grown).toBeGreaterThan(100);
  expect(grown).toBeLessThan(2000);
});

function tool(path: string, ...args: string[]): void {
  execFileSync(process.execPath, [resolve("node_modules", path), ...args], { cwd: consumer, stdio: "pipe" });
}

function run(path: string, where?: "page"): Printed {
  const preload = where ? ["--import", resolve("test/package/page.mjs")] : [];
  return JSON.parse(execFileSync(process.execPath, [...preload, path], { encoding: "utf8" })) as Printed;
}

/** The entry's text and the text of everything that is loaded later. */
function filesIn(folder: string): { main: string; mainName: string; chunk: string } {
  const at = join(consumer, folder);
  const names = readdirSync(at).filter((name) => name.endsWith(".js"));
  const mainName = names.find((name) => /^(main|index)\b/.test(name))!;
  const later = names.filter((name) => name !== mainName);
  const read = (name: string): string => readFileSync(join(at, name), "utf8");
  return { main: read(mainName), mainName, chunk: later.map(read).join("\n") };
}

function expectApart(main: string, chunk: string): void {
  // The digits that each build's text begins with; they need no escapes, whatever a bundler puts
  // around them.
  const head = (build: string): string =>
    readFileSync(`src/wasm/generated/${build}.ts`, "utf8").split('"')[1].slice(0, 64);
  expect(head("strict")).not.toBe(head("relaxed"));
  expect(main.includes(head("strict"))).toBe(true);
  expect(main.includes(head("relaxed"))).toBe(false);
  expect(chunk.includes(head("relaxed"))).toBe(true);
  expect(chunk.includes(head("strict"))).toBe(false);
}
