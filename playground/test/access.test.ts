// Oracle: axe-core's rules; and the layout's own measures, at widths from a small phone to a large
// screen.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import axe from "axe-core";
import { describe, expect, test } from "vitest";
import { browsing, executablePath, here, type Visit } from "./browser.ts";

async function violations({ page }: Visit): Promise<string[]> {
  await page.evaluate(axe.source);
  const found = await page.evaluate(async () => {
    const { axe: engine } = window as unknown as { axe: typeof axe };
    return (await engine.run(document, { resultTypes: ["violations"] })).violations;
  });
  return found.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${target.join(" ")} ${failureSummary}`),
  );
}

const everything = "open=hessian,spectrum,surface,units,race,own,code&kinkLines=1&overlay=regions";

describe.skipIf(!executablePath)("accessibility and layout", () => {
  const { visit } = browsing();

  test.each([
    ["light", "laptop", 1440, everything],
    ["dark", "laptop", 1440, everything],
    ["light", "phone", 390, everything],
    ["dark", "phone", 390, "data=six-gauss&loss=mse"],
    ["light", "in a scene", 1440, "scene=dying"],
    ["dark", "in a scene", 1440, "scene=dying&act=4"],
  ] as const)("axe finds nothing: %s, %s", async (colorScheme, _, width, hash) => {
    const page = await visit(hash, { colorScheme, viewport: { width, height: 3600 } });
    await page.play();
    await page.trained(200);
    await page.pause();
    await page.page.waitForTimeout(800);
    expect(await violations(page)).toEqual([]);
  });

  test.each([
    ["light", 1366],
    ["dark", 360],
  ] as const)("axe finds nothing with two side by side, and nothing sticks out: %s, %i", async (colorScheme, width) => {
    const page = await visit("", { colorScheme, viewport: { width, height: 900 } });
    await page.page.locator("#compare").click();
    await page.page.locator("#pair-step").waitFor();
    for (const index of [0, 1])
      await expect
        .poll(() => page.page.locator("iframe").nth(index).contentFrame().locator("#train-loss").textContent())
        .not.toBe("–");
    await page.button("One step each").click();
    await page.page.locator("#shared-canvas").waitFor();
    expect(await violations(page)).toEqual([]);
    expect(await page.page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
  });

  test("axe finds nothing where an act stands at its event", async () => {
    const page = await visit("scene=kink&act=1", { viewport: { width: 1366, height: 900 } });
    await page.page.locator(".answer").first().click();
    await page.page.locator("#run-act").click();
    await page.page.locator("#go-on").focus();
    expect(await violations(page)).toEqual([]);
    await page.page.keyboard.press("Enter");
    await expect.poll(() => page.steps()).toBeGreaterThan(1);
  });

  test("axe finds nothing in dialogs and in an opened unit", async () => {
    const page = await visit("layers=4:relu:bn&showTest=1");
    await page.page.locator('[data-unit="1.1"]').click();
    await page.page.locator(".confusion summary").click();
    expect(await violations(page)).toEqual([]);
    await page.button("Guided scenes").click();
    expect(await violations(page)).toEqual([]);
    await page.page.keyboard.press("Escape");
    await page.button("Help").click();
    expect(await violations(page)).toEqual([]);
  });

  test("a unit is opened, changed and closed by keyboard alone", async () => {
    const page = await visit();
    await page.page.locator('[data-unit="2.0"]').focus();
    await page.page.keyboard.press("Enter");
    const region = page.page.getByRole("region", { name: "Layer 2, unit 1" });
    await region.waitFor();
    await region.getByLabel("bias").focus();
    await page.page.keyboard.press("Control+A");
    await page.page.keyboard.type("0.5");
    await page.page.keyboard.press("Enter");
    await page.hashHas('"kind":"edit"');
    await region.getByRole("button", { name: "Close" }).press("Enter");
    await expect.poll(() => region.count()).toBe(0);
  });

  test.each([360, 390, 600, 768, 1024, 1180, 1440, 1920, 2560])("nothing sticks out at %i pixels", async (width) => {
    const page = await visit(everything, { viewport: { width, height: 1000 } });
    const out = await page.page.evaluate(() => {
      const right = document.documentElement.clientWidth;
      const wide = document.documentElement.scrollWidth - right;
      const boxes = [
        ...document.querySelectorAll("button, select, input, h1, h2, h3, p, canvas, label, td, th"),
      ].filter((element) => {
        if (element.closest(".hidden, .skip, dialog, .scroller, pre, .tables") || element.classList.contains("hidden"))
          return false;
        const { left, right: end, width: size } = element.getBoundingClientRect();
        return size > 0 && (end > right + 1 || left < -1);
      });
      const cut = [...document.querySelectorAll("button")].filter(
        (button) => button.scrollWidth > button.clientWidth + 1 && !button.closest("dialog"),
      );
      const tables = [...document.querySelectorAll("#layers")].filter(
        ({ parentElement: frame }) => frame && frame.scrollWidth > frame.clientWidth + 1,
      );
      return [...boxes, ...cut, ...tables]
        .map((element) => element.outerHTML.slice(0, 120))
        .concat(wide > 0 ? [`page by ${wide}`] : []);
    });
    expect(out).toEqual([]);
  });

  test("all that is fetched before a scene is opened is 260 KB compressed at most", async () => {
    const page = await visit("", { folded: true });
    const fetched = new Set<string>();
    // Scripts of workers are asked for by the page's context.
    page.page.context().on("request", (request) => fetched.add(request.url()));
    await page.page.reload();
    await expect.poll(() => page.page.locator("#curvature-sentence").textContent()).toContain("directions");
    await page.play();
    await page.trained(200);
    const names = [...fetched].filter((url) => url.startsWith(here)).map((url) => new URL(url).pathname.slice(1));
    const sizeOf = (name: string): number =>
      gzipSync(readFileSync(new URL(`../dist/${name || "index.html"}`, import.meta.url))).length;
    expect(names.some((name) => /worker-/.test(name))).toBe(true);
    expect(names.reduce((sum, name) => sum + sizeOf(name), 0)).toBeLessThan(260_000);
  });
});
