// Oracle: the files of the site itself, which its links have to lead to; the sources, for what it has to tell of; and Chromium, which shows it.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative, resolve } from "node:path";
import { parseHTML } from "linkedom";
import type { Browser, BrowserContext, Page } from "playwright-core";
import ts from "typescript";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { complaintsOf, launch, type Site, serve } from "../package/browser.js";
import { chromium } from "../package/needs.js";
import { runToEnd } from "./run.js";
import { root } from "./samples.js";

/** What the site's pages need: files of its own, the search index, which is data within one of them, and WebAssembly for the playground. */
const POLICY = [
  "default-src 'none'; script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:; connect-src 'self' data:; frame-src 'self'; worker-src 'self'",
].join("; ");

const MODULES = {
  "src/index.ts": "hessia",
  "src/formats/index.ts": "hessia_formats",
  "src/jobs/index.ts": "hessia_jobs",
  "src/tables/index.ts": "hessia_tables",
  "src/node/index.ts": "hessia_node",
};

/** A reference of a page: from which attribute of which element, and to where. */
interface Reference {
  readonly from: string;
  readonly element: string;
  readonly relation: string;
  readonly address: string;
}

/** Of what axe finds, what is told. */
interface AxeResult {
  readonly violations: readonly { readonly id: string; readonly nodes: readonly { readonly target: string[] }[] }[];
}

/** The pages of docs/, without their charts. */
const guides = readdirSync(join(root, "docs")).filter((name) => name.endsWith(".md"));

const program = chromium();
const folder = mkdtempSync(join(tmpdir(), "hessia-site-"));
let built: ReturnType<typeof runToEnd>;
/** The pages by their path in the folder: the names of their elements, and what they refer to. */
const pages = new Map<string, { ids: Set<string>; references: Reference[]; text: string }>();

beforeAll(() => {
  built = runToEnd(process.execPath, ["scripts/site/build.mjs", folder], { cwd: root });
  for (const file of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    if (file.endsWith(".html") && !file.startsWith("playground")) pages.set(file, read(file));
  }
}, 300_000);
afterAll(() => rmSync(folder, { recursive: true }));

function read(file: string): { ids: Set<string>; references: Reference[]; text: string } {
  const { document } = parseHTML(readFileSync(join(folder, file), "utf8"));
  const ids = new Set(Array.from(document.querySelectorAll("[id]"), ({ id }) => id));
  const references = Array.from(document.querySelectorAll("[href], [src], [srcset]")).flatMap((element) =>
    ["href", "src", "srcset"]
      .filter((name) => element.hasAttribute(name))
      .map((name) => ({
        from: file,
        element: element.localName,
        relation: element.getAttribute("rel") ?? "",
        address: element.getAttribute(name) ?? "",
      })),
  );
  return { ids, references, text: document.querySelector(".col-content")?.textContent ?? "" };
}

const all = () => [...pages.values()].flatMap(({ references }) => references);
const isElsewhere = ({ address }: Reference) => /^(?:[a-z][a-z+.-]*:|\/\/)/i.test(address);

/** Why a reference to a place of the site leads nowhere; nothing where it leads somewhere. */
function trouble({ from, element, address }: Reference): string | undefined {
  const [path, fragment] = address.split("#").map(decodeURIComponent);
  const file = path ? relative(folder, resolve(folder, dirname(from), path)) : from;
  if (!existsSync(join(folder, file)) || !/\.\w+$/.test(file)) return `${from}: ${address} is no file`;
  const ids = pages.get(file)?.ids;
  if (element === "a" && fragment && ids && !ids.has(fragment)) return `${from}: ${address} is no element`;
  return undefined;
}

/** The public names of a sub-path, as its index lists them. */
function names(index: string): string[] {
  const source = ts.createSourceFile(index, readFileSync(join(root, index), "utf8"), ts.ScriptTarget.Latest);
  return source.statements.flatMap((statement) =>
    ts.isExportDeclaration(statement) && statement.exportClause && ts.isNamedExports(statement.exportClause)
      ? statement.exportClause.elements.map(({ name }) => name.text)
      : [],
  );
}

describe("the site's files", () => {
  it("were made without a complaint", () => {
    expect(built).toMatchObject({ status: 0, stderr: "" });
    expect(pages.size).toBeGreaterThan(200);
  });

  it("every link leads to a file, and to an element of it", () => {
    const internal = all().filter((reference) => !isElsewhere(reference));
    expect(internal.length).toBeGreaterThan(pages.size * 10);
    expect(internal.map(trouble).filter(Boolean)).toEqual([]);
  });

  it("nothing is loaded from elsewhere; what leads there is a link that one follows", () => {
    const loaded = all().filter((reference) => isElsewhere(reference) && !/^data:/.test(reference.address));
    expect(loaded.filter(({ element }) => element !== "a")).toEqual([]);
    expect(loaded.filter(({ address }) => !address.startsWith("https://"))).toEqual([]);
  });

  it("style sheets refer to nothing", () => {
    const sheets = readdirSync(join(folder, "assets")).filter((name) => name.endsWith(".css"));
    expect(sheets).toContain("custom.css");
    const text = sheets.map((name) => readFileSync(join(folder, "assets", name), "utf8")).join("\n");
    expect(text.match(/@import[^;]*|url\((?!["']?data:)[^)]*\)/g)).toBeNull();
  });

  it("docs/playground.md names the playground's scenes", () => {
    const sources = readdirSync(join(root, "playground/src/scenes")).map((name) =>
      readFileSync(join(root, "playground/src/scenes", name), "utf8"),
    );
    const keys = sources.flatMap((source) => /^ {2}key: "([\w-]+)",$/m.exec(source)?.[1] ?? []);
    const text = readFileSync(join(root, "docs/playground.md"), "utf8");
    expect([...text.matchAll(/^## (.*)$/gm)].map(([, key]) => key).sort()).toEqual(keys.sort());
  });

  it.each(guides)("docs/%s is a page", (name) => {
    const page = pages.get(`documents/${name.replace(/md$/, "html")}`);
    const [, heading] = /^# (.*)$/m.exec(readFileSync(join(root, "docs", name), "utf8")) as RegExpExecArray;
    expect(page?.text).toContain(heading.replaceAll("`", ""));
  });

  it.each(Object.entries(MODULES))("every public name of %s has a page of its own", (index, module) => {
    const found = [...pages.keys()].map((file) => /^[a-z]+\/([^/]*)\.html$/.exec(file)?.[1]);
    const missing = names(index).filter((name) => !found.includes(`${module}.${name}`));
    expect(names(index).length).toBeGreaterThan(4);
    expect(missing).toEqual([]);
  });
});

describe.skipIf(!program)("the site in Chromium", () => {
  let browser: Browser;
  let site: Site;

  beforeAll(async () => {
    site = await serve(folder, POLICY);
    browser = await launch(program as string);
  });
  afterAll(async () => {
    await browser?.close();
    await site?.close();
  });

  const shown = [
    "index.html",
    ...[
      "getting-started",
      "answers",
      "command-line",
      "relu-and-second-order",
      "diagnostics",
      "performance",
      "more-garbow-hillstrom",
    ].map((name) => `documents/${name}.html`),
    ...["functions/hessia.network.html", "interfaces/hessia.Network.html"],
  ];

  describe.each([
    ["light", 390],
    ["dark", 390],
    ["light", 1440],
    ["dark", 1440],
  ] as const)("%s, %d pixels wide", (colorScheme, width) => {
    let complaints: string[];
    let context: BrowserContext;
    let page: Page;

    beforeAll(async () => {
      context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme });
      page = await context.newPage();
      page.setDefaultTimeout(20_000);
      complaints = complaintsOf(page, site.origin, "data:");
    });
    afterAll(() => context?.close());

    it.each(shown)("%s fits and complains of nothing", async (file) => {
      await page.goto(`${site.origin}/${file}`);
      await page.locator("h1").first().waitFor();
      const size = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
      expect(size).toEqual([width, width]);
      expect(await page.locator("h1").count()).toBe(1);
      const [back, front] = await page.evaluate(() => {
        const { backgroundColor, color } = getComputedStyle(document.body);
        return [backgroundColor, color].map((text) => Number(/\d+/.exec(text)?.[0]));
      });
      expect(colorScheme === "light" ? back - front : front - back).toBeGreaterThan(128);
      expect(complaints).toEqual([]);
    });

    it.each([
      "index.html",
      "documents/answers.html",
      "documents/relu-and-second-order.html",
      "functions/hessia.fit.html",
    ])("%s: axe finds no violation", async (file) => {
      await page.goto(`${site.origin}/${file}`);
      await page.locator("h1").first().waitFor();
      if (file !== "index.html") await page.locator(".site-menu a").first().waitFor({ state: "attached" });
      await page.evaluate(readFileSync(join(root, "node_modules/axe-core/axe.min.js"), "utf8"));
      const violations = await page.evaluate(async () => {
        const { axe } = window as unknown as { axe: { run(...args: unknown[]): Promise<AxeResult> } };
        const { violations: found } = await axe.run(document, { iframes: false });
        return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(" ")).join("; ")}`);
      });
      expect(violations).toEqual([]);
    });

    it("what is searched for is found and opened", async () => {
      for (const [words, file] of [
        ["hessianOperator", "functions/hessia.hessianOperator.html"],
        ["many machines", "documents/many-machines.html"],
      ]) {
        await page.goto(`${site.origin}/documents/getting-started.html`);
        await page.locator("#tsd-search-trigger").click();
        await page.locator("#tsd-search-input").fill(words);
        await page.locator(`#tsd-search-results a[href*="${file}"]`).first().click();
        await page.waitForURL(`${site.origin}/${file}*`);
      }
      expect(complaints).toEqual([]);
    });
  });

  it("guides, classes and functions come first in what is found", async () => {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    for (const [words, first] of [
      ["diagnostics", /^documents\//],
      ["glossary", /^documents\//],
      ["Levenberg", /^(documents|functions)\//],
      ["network", /^(documents|functions|interfaces|classes)\//],
    ] as const) {
      await page.goto(`${site.origin}/documents/getting-started.html`);
      await page.locator("#tsd-search-trigger").click();
      await page.locator("#tsd-search-input").fill(words);
      const found = page.locator("#tsd-search-results a").first();
      await found.waitFor();
      const address = await found.evaluate((link) => (link as HTMLAnchorElement).href);
      expect(new URL(address).pathname.slice(1), words).toMatch(first);
    }
    await page.close();
  });

  it("the front page runs the playground, and a study opens its scene", async () => {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    await page.goto(`${site.origin}/index.html`);
    await page.locator("iframe").scrollIntoViewIfNeeded();
    await page.frameLocator("iframe").getByRole("heading", { name: "A dying layer" }).waitFor();
    await page.goto(`${site.origin}/documents/relu-at-zero.html`);
    await page.locator('a[href$="#scene=kink"]').first().click();
    await page.getByRole("heading", { name: "The value at the kink" }).waitFor();
    await page.close();
  });

  it("formulas are typeset", async () => {
    const page = await browser.newPage();
    await page.goto(`${site.origin}/documents/relu-and-second-order.html`);
    const sizes = await page.$$eval(".formula math", (all) => all.map((math) => math.getBoundingClientRect().height));
    expect(sizes.length).toBe(4);
    for (const height of sizes) expect(height).toBeGreaterThan(15);
    await page.close();
  });

  it("the navigation leads to every page of docs/ and nowhere else but to pages", async () => {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    await page.goto(`${site.origin}/functions/hessia.network.html`);
    await page.locator(".site-menu a[aria-current]").waitFor();
    const links = await page.$$eval(".site-menu a", (anchors) =>
      anchors.map((anchor) => (anchor as HTMLAnchorElement).href),
    );
    const files = links.map((link) => decodeURIComponent(new URL(link).pathname.slice(1)));
    expect(files.filter((file) => !pages.has(file))).toEqual([]);
    expect(files).toEqual(expect.arrayContaining(guides.map((name) => `documents/${name.replace(/md$/, "html")}`)));
    await page.close();
  });
});
