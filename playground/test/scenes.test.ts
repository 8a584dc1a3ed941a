// Oracle: the claims that each act states, held against what the page has computed at its end.
import { describe, expect, test } from "vitest";
import { scenes } from "../src/scenes/index.ts";
import { browsing, executablePath } from "./browser.ts";

describe.skipIf(!executablePath)("guided scenes", () => {
  const { visit } = browsing();

  test("what an act claims of the Hessian is seen without scrolling to it", async () => {
    const page = await visit("scene=saddle");
    await page.choose("pace", "Full speed");
    await page.page.locator("#run-act").click();
    const states = page.page.locator(".claims li");
    await expect
      .poll(() => states.evaluateAll((items) => items.map((item) => item.getAttribute("data-state"))), {
        timeout: 30_000,
      })
      .toEqual(["met", "met"]);
    expect(await page.page.evaluate(() => window.scrollY)).toBe(0);
  });

  test.each(scenes.map(({ key, title }) => [title, key] as const))("%s", async (title, key) => {
    const scene = scenes.find((each) => each.key === key);
    if (!scene) throw new Error(`There is no scene ${key}.`);
    const page = await visit(`scene=${key}`);
    expect(await page.page.locator("#scene-title").textContent()).toBe(title);
    for (const [index, act] of scene.acts.entries()) {
      await page.button(`${index + 1}. ${act.title}`).click();
      await page.choose("pace", "Full speed");
      await page.page.locator("#card-hessian").scrollIntoViewIfNeeded();
      if (act.claims.some(({ hessian }) => hessian)) await page.open("hessian");
      if (act.to > 0) await page.page.locator("#run-act").click();
      if (act.claims.some(({ hessian }) => hessian)) await page.page.locator("#card-hessian").scrollIntoViewIfNeeded();
      const states = page.page.locator(".claims li");
      await expect
        .poll(() => states.evaluateAll((items) => items.map((item) => item.getAttribute("data-state"))), {
          timeout: 40_000,
          message: act.title,
        })
        .not.toContain("open");
      const found = await states.evaluateAll((items) =>
        items.map((item) => `${item.getAttribute("data-state")}: ${item.lastChild?.textContent}`),
      );
      expect(found, act.title).toEqual(act.claims.map(({ text }) => `met: ${text}`));
    }
  });
});
