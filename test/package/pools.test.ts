// Oracle: the same program under plain Node. Bundlers find the workers by themselves; Chromium runs
// what they made.
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { ISOLATION, launch, POLICY, printedBy, type Site, serve } from "./browser.js";
import { chromium } from "./needs.js";

const program = chromium();
/** What a page needs for shared memory. */

describe.skipIf(!program)("pools of web workers", () => {
  const folder = join(inject("consumer"), "pools");
  const sites: Site[] = [];
  let browser: Browser;
  let here: { folds: unknown; product: number[]; waited: number[] };

  beforeAll(async () => {
    mkdirSync(folder);
    writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
    for (const name of ["pools.js", "starts-pools.js"])
      copyFileSync(`test/package/consumer/${name}`, join(folder, name));
    // A page's own workers are its own to configure; those of the library need nothing.
    writeFileSync(join(folder, "own.config.js"), 'export default { worker: { format: "es" } };');
    here = JSON.parse(execFileSync(process.execPath, [join(folder, "pools.js")], { encoding: "utf8" }));
    browser = await launch(program as string);
  });
  afterAll(async () => {
    await browser?.close();
    for (const site of sites) await site.close();
  });

  function tool(path: string, ...args: string[]): void {
    execFileSync(process.execPath, [resolve("node_modules", path), ...args], { cwd: folder, stdio: "pipe" });
  }

  async function print(at: string, page: string, headers = {}): Promise<typeof here> {
    const site = await serve(join(folder, at), POLICY, headers);
    sites.push(site);
    const { printed, complaints } = await printedBy(browser, `${site.origin}/${page}`);
    expect(complaints).toEqual([]);
    return JSON.parse(printed);
  }

  it("in Node waits, and gives the same as without waiting", () => {
    expect(here.waited).toEqual(here.product);
  });

  it("made by Vite: a page's thread does not wait, one of its workers does", async () => {
    const options = ["build", "--emptyOutDir", "--logLevel", "error", "--target", "es2022", "--minify", "false"];
    const page = (name: string): void =>
      writeFileSync(join(folder, "index.html"), `<!doctype html><script type="module" src="./${name}.js"></script>`);
    page("pools");
    tool("vite/bin/vite.js", ...options, "--outDir", "vite");
    page("starts-pools");
    tool("vite/bin/vite.js", ...options, "--outDir", "own", "--config", "own.config.js");
    const { waited, ...rest } = await print("vite", "index.html");
    expect(rest).toEqual({ folds: here.folds, product: here.product });
    expect(waited).toMatch(/no shared memory here.*cross-origin isolated/);
    expect(await print("own", "index.html", ISOLATION)).toEqual(here);
    expect((await print("vite", "index.html", ISOLATION)).waited).toMatch(/main thread may not wait; use product\(\)/);
  });

  it("made by webpack", async () => {
    tool(
      "webpack/bin/webpack.js",
      "--mode",
      "development",
      "--devtool",
      "false",
      "--entry",
      "./pools.js",
      "--output-path",
      "webpack",
    );
    writeFileSync(join(folder, "webpack/page.html"), '<!doctype html><script src="./main.js"></script>');
    const { waited, ...rest } = await print("webpack", "page.html");
    expect(rest).toEqual({ folds: here.folds, product: here.product });
    expect(waited).toMatch(/no shared memory here/);
  });
});
