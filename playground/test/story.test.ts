// Oracle: the window's own measures; the package under Node at the same parameters; and files of
// docs/ that marks of terms lead to.
import { existsSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { Session } from "../src/engine/session.ts";
import { fromHash } from "../src/model/link.ts";
import { terms } from "../src/texts/terms.ts";
import { browsing, executablePath, type Visit } from "./browser.ts";

const saddle = "data=gauss&layers=4:tanh&initializer=zeros&batchSize=0&learningRate=0.1&at=1000";

test("each term leads to a page of the guide", () => {
  for (const { guide } of Object.values(terms))
    expect(existsSync(new URL(`../../docs/${guide}.md`, import.meta.url)), guide).toBe(true);
});

describe.skipIf(!executablePath)("one screen", () => {
  const { visit } = browsing();
  const sentence = (page: Visit) => page.page.locator("#curvature-sentence");

  test.each([
    [1366, 768],
    [1440, 900],
    [1920, 1080],
  ])("data, network, plane, loss and curvature are whole at %i × %i", async (width, height) => {
    const page = await visit("at=250", { viewport: { width, height }, folded: true });
    await expect.poll(() => sentence(page).textContent()).toContain("directions");
    const cut = await page.page.evaluate(() =>
      [
        ".panel.data .choice",
        "#network-canvas",
        "#plane",
        ".output .chart",
        "#story-hessian",
        "#story-spectrum",
        "#curvature-sentence",
        ".transport",
      ].filter((selector) => {
        const box = document.querySelector(selector)?.getBoundingClientRect();
        return !box || box.top < 0 || box.left < 0 || box.bottom > innerHeight || box.right > innerWidth;
      }),
    );
    expect(cut).toEqual([]);
  });

  test("the sentence counts what the package counts, and follows training", async () => {
    const page = await visit("at=250");
    const session = new Session(fromHash("at=250").course, null);
    session.advance(250);
    const { negative } = session.net.hessian(session.world.train).inertia();
    await expect
      .poll(() => sentence(page).textContent())
      .toBe(`${negative} of 51 directions curve down; still descending.`);
    await page.play();
    await expect.poll(async () => Number(await sentence(page).getAttribute("data-step"))).toBeGreaterThan(400);
    await page.pause();
    await expect.poll(async () => Number(await sentence(page).getAttribute("data-step"))).toBe(await page.steps());
  });

  test.each([
    ["Open the Hessian large", "hessian"],
    ["Open the eigenvalues large", "spectrum"],
    ["Loss surface", "surface"],
  ])("%s", async (name, card) => {
    const page = await visit("at=250&open=units");
    await page.page.locator(".curvature").getByRole("button", { name, exact: true }).click();
    await page.page.locator(`#card-${card} .body`).waitFor();
    expect(await page.page.evaluate(() => document.activeElement?.closest(".card")?.id)).toBe(`card-${card}`);
  });

  test("a saddle is named in words, and left by a button", async () => {
    const page = await visit(saddle);
    await expect.poll(() => sentence(page).textContent()).toContain("At a saddle");
    const before = await page.trainLoss();
    await page.button("Step down there").click();
    await expect.poll(() => page.trainLoss()).toBeLessThan(before - 0.05);
  });

  test("a term opens by keyboard and closes where it was", async () => {
    const page = await visit();
    const mark = page.button("What is this: Hessian?").first();
    await mark.focus();
    await page.page.keyboard.press("Enter");
    const text = page.page.locator(".term-text");
    expect(await text.textContent()).toContain(terms.hessian.formula);
    expect(await text.getByRole("link").getAttribute("href")).toBe(`../documents/${terms.hessian.guide}.html`);
    await page.page.keyboard.press("Escape");
    expect(await text.count()).toBe(0);
    expect(await mark.evaluate((element) => element === document.activeElement)).toBe(true);
  });

  test.each([360, 1366])("each mark is 24 pixels or more, and its text lies in the window: %i", async (width) => {
    const page = await visit("open=hessian,surface,spectrum,units,race", { viewport: { width, height: 768 } });
    const marks = page.page.locator(".term-mark");
    expect(await marks.count()).toBeGreaterThan(10);
    for (const mark of await marks.all()) {
      const box = await mark.boundingBox();
      expect(Math.min(box?.width ?? 0, box?.height ?? 0)).toBeGreaterThanOrEqual(24);
      await mark.click();
      const text = await page.page.locator(".term-text").boundingBox();
      expect(text?.x).toBeGreaterThanOrEqual(0);
      expect((text?.x ?? 0) + (text?.width ?? 0)).toBeLessThanOrEqual(width);
      await page.page.keyboard.press("Escape");
    }
  });
});
