// The report of the first command of the README, in Chromium as a reader opens it: in light and
// dark, wide, on a telephone and in print; and axe-core on reports of every kind.

import { fileURLToPath, pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { complaintsOf, launch } from "../package/browser.js";
import { chromium } from "../package/needs.js";
import { folder, start } from "./support.js";

const program = chromium();

describe.skipIf(!program)("the report of the digits in Chromium", () => {
  const { path, remove } = folder({});
  let browser: Browser;

  beforeAll(async () => {
    const args = ["train", "data/digits.csv", "--target", "digit", "--hidden", "64,32", "--optimizer", "adam"];
    const made = await start([...args, "--report", path("digits.html"), "--quiet"]);
    expect(made).toMatchObject({ code: 0, stderr: "" });
    const small = ["--hidden", "8", "--epochs", "6", "--quiet"];
    const model = path("iris.json");
    for (const more of [
      ["compare", "data/iris.csv", ...small, "--report", path("compare.html")],
      ["train", "data/diabetes.csv", ...small, "--report", path("regression.html")],
      ["train", "data/iris.csv", ...small, "--save", model],
      ["curvature", model, "--quiet", "--report", path("curvature.html")],
      ["audit", model, "--report", path("audit.html")],
      ["prune", model, "--share", "0.5", "--report", path("pruning.html")],
    ]) {
      expect(await start(more)).toMatchObject({ code: 0, stderr: "" });
    }
    browser = await launch(program as string);
  }, 240_000);
  afterAll(async () => {
    await browser?.close();
    remove();
  });

  const figures = [
    ...["loss", "accuracy", "learning-rate", "confusion", "calibration", "importance", "sparsity", "gradient-flow"],
    ...["unit-gradients", "hessian", "spectrum", "eigenvalues", "along-gradient", "along-negative"],
  ];

  describe.each([
    ["light", 1200],
    ["dark", 1200],
    ["light", 390],
    ["dark", 390],
  ] as const)("%s, %d pixels wide", (colorScheme, width) => {
    let complaints: string[];
    let page: Page;

    beforeAll(async () => {
      const context = await browser.newContext({ viewport: { width, height: 800 }, colorScheme });
      page = await context.newPage();
      complaints = complaintsOf(page, "file:", "data:");
      await page.goto(pathToFileURL(path("digits.html")).href);
    });
    afterAll(() => page?.context().close());

    it("asks for nothing and complains of nothing", () => {
      expect(complaints).toEqual([]);
    });

    it("shows every figure, and its image", async () => {
      const boxes = await page.$$eval("figure > svg", (drawings) =>
        drawings.map((drawing) => ({
          id: drawing.parentElement?.id,
          drawn: drawing.querySelectorAll("path, rect, image").length > 0,
          width: drawing.getBoundingClientRect().width,
          height: drawing.getBoundingClientRect().height,
        })),
      );
      const named = boxes.map(({ id }) => id).filter((id) => !id?.startsWith("figure-dependence-"));
      expect(named).toEqual(figures.map((id) => `figure-${id}`));
      for (const box of boxes) {
        expect(box).toMatchObject({ drawn: true });
        expect(box.width).toBeGreaterThan(300);
        expect(box.height).toBeGreaterThan(60);
      }
      const image = await page.$eval("#figure-hessian image", async (element) => {
        const decoded = new Image();
        decoded.src = element.getAttribute("href") as string;
        await decoded.decode();
        return [decoded.naturalWidth, decoded.naturalHeight];
      });
      expect(image).toEqual([600, 600]);
    });

    it("fits into its width, its tables scrolling by themselves", async () => {
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
    });

    it("cuts no text of a figure off, and lets none overlap", async () => {
      const found = await page.$$eval("figure > svg", (drawings) =>
        drawings.flatMap((drawing) => {
          const frame = drawing.getBoundingClientRect();
          const name = drawing.parentElement?.id;
          const texts = Array.from(drawing.querySelectorAll("text")).filter((text) => text.textContent?.trim());
          const boxes = texts.map((text) => ({ words: text.textContent, box: text.getBoundingClientRect() }));
          const slack = 1.5;
          const cut = boxes
            .filter(
              ({ box }) =>
                box.left < frame.left - slack ||
                box.right > frame.right + slack ||
                box.top < frame.top - slack ||
                box.bottom > frame.bottom + slack,
            )
            .map(({ words }) => `${name}: "${words}" is cut off`);
          const overlapping = boxes.flatMap((a, i) =>
            boxes
              .slice(i + 1)
              .filter(
                (b) =>
                  Math.min(a.box.right, b.box.right) - Math.max(a.box.left, b.box.left) > slack &&
                  Math.min(a.box.bottom, b.box.bottom) - Math.max(a.box.top, b.box.top) > 3 * slack,
              )
              .map((b) => `${name}: "${a.words}" overlaps "${b.words}"`),
          );
          return [...cut, ...overlapping];
        }),
      );
      expect(found).toEqual([]);
    });

    it("is written large enough, and stands out from its background", async () => {
      const { sizes, contrast } = await page.evaluate(() => {
        const drawing = document.querySelector("figure > svg") as SVGSVGElement;
        const scale = drawing.getBoundingClientRect().width / drawing.viewBox.baseVal.width;
        const size = Number.parseFloat(getComputedStyle(drawing).fontSize) * scale;
        const luminance = (color: string): number => {
          const [r = 0, g = 0, b = 0] = (color.match(/[\d.]+/g) ?? []).map((part) => Number(part) / 255);
          const linear = (x: number): number => (x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4);
          return 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
        };
        const ratio = (a: string, b: string): number => {
          const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y) as [number, number];
          return (high + 0.05) / (low + 0.05);
        };
        const figure = getComputedStyle(document.querySelector("figure") as Element).backgroundColor;
        const caption = getComputedStyle(document.querySelector("figcaption") as Element).color;
        const text = getComputedStyle(document.body).color;
        const line = getComputedStyle(
          document.querySelector('#figure-loss [stroke^="var(--series"]') as Element,
        ).stroke;
        return {
          sizes: [size],
          contrast: { caption: ratio(caption, figure), text: ratio(text, figure), line: ratio(line, figure) },
        };
      });
      for (const size of sizes) expect(size).toBeGreaterThan(11);
      // What the Web Content Accessibility Guidelines 2.1 ask for: 4.5 for text, 3 for lines.
      expect(contrast.text).toBeGreaterThan(7);
      expect(contrast.caption).toBeGreaterThan(4.5);
      expect(contrast.line).toBeGreaterThan(3);
    });
  });

  it.each([
    ["digits", "light"],
    ["digits", "dark"],
    ["compare", "light"],
    ["regression", "light"],
    ["audit", "light"],
    ["pruning", "dark"],
    ["curvature", "dark"],
  ] as const)("of %s, %s, has nothing that axe-core complains of", async (name, colorScheme) => {
    // The page's own policy admits no script, not even this one.
    const context = await browser.newContext({ viewport: { width: 1200, height: 800 }, colorScheme, bypassCSP: true });
    const page = await context.newPage();
    await page.goto(pathToFileURL(path(`${name}.html`)).href);
    await page.addScriptTag({ path: fileURLToPath(import.meta.resolve("axe-core")) });
    const { violations } = await page.evaluate(() =>
      (globalThis as unknown as { axe: typeof import("axe-core") }).axe.run(document),
    );
    expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0].html}`)).toEqual([]);
    await context.close();
  });

  it("prints on white, without a script", async () => {
    const context = await browser.newContext({ colorScheme: "dark", javaScriptEnabled: false });
    const page = await context.newPage();
    await page.goto(pathToFileURL(path("digits.html")).href);
    const pdf = await page.pdf({ format: "A4" });
    expect(pdf.subarray(0, 5).toString()).toBe("%PDF-");
    expect(pdf.length).toBeGreaterThan(50_000);
    await context.close();
    const lit = await browser.newContext({ colorScheme: "dark" });
    const printed = await lit.newPage();
    await printed.emulateMedia({ media: "print" });
    await printed.goto(pathToFileURL(path("digits.html")).href);
    const colors = await printed.evaluate(() => {
      const { backgroundColor } = getComputedStyle(document.documentElement);
      return [backgroundColor, getComputedStyle(document.body).color];
    });
    expect(colors).toEqual(["rgb(255, 255, 255)", "rgb(0, 0, 0)"]);
    await lit.close();
  });
});
