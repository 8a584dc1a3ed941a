// Oracle: a layer that is dead by construction, and the package's own diagnosis of it.
import { describe, expect, test } from "vitest";
import { browsing, executablePath, type Visit } from "./browser.ts";

/** Layer 2 has died of its learning rate, and stands still. */
const DEAD = "learningRate=3&open=units,hessian&at=500";

describe.skipIf(!executablePath)("health", () => {
  const { visit } = browsing();

  async function dead(): Promise<Visit> {
    const page = await visit(DEAD);
    await expect.poll(() => page.steps()).toBe(500);
    await page.open("units");
    return page;
  }

  const count = (page: Visit, layer: number) => page.page.locator(`[data-dead="${layer}"]`).textContent();

  test("a dead layer is marked, counted and advised upon", async () => {
    const page = await dead();
    expect(await count(page, 1)).toBe("4/4");
    expect(await page.page.locator('[data-unit="2.3"]').getAttribute("aria-label")).toBe("Layer 2, unit 4, dead");
    await expect.poll(() => page.page.locator("#flow").textContent()).toContain("blocked");
    const advice = page.page.locator('#advice [data-code="dead-layer"]');
    await expect.poll(() => advice.count()).toBe(1);
    expect(await advice.getByRole("button").allTextContents()).toEqual([
      "Revive them",
      "Make its layers leaky",
      "Add batch norm",
    ]);
    expect(await advice.locator("strong").textContent()).toBe(
      "layer 2 gives 0 for every sample, so it and layer 1 get no gradient; layer 3 still learns, but only a constant (of layer 3, the bias alone)",
    );
    await advice.locator("summary").click();
    expect(await advice.locator("dd").count()).toBeGreaterThan(0);
  });

  test.each([
    ["Revive dead units", '"kind":"revive"'],
    ["Make layer 2 leaky", '"activation":"leaky-relu"'],
    ["Add batch norm to layer 2", '"kind":"batch-norm"'],
  ])("%s, and it learns", async (name, said) => {
    const page = await dead();
    await page.type("learningRate", 0.1);
    await page.button(name).click();
    await page.hashHas(said);
    await expect.poll(() => count(page, 1)).not.toBe("4/4");
    await page.choose("pace", "Full speed");
    await page.play();
    await expect.poll(() => page.trainLoss(), { timeout: 30_000 }).toBeLessThan(0.2);
    await page.pause();
  });

  test("below the drawing each layer with dead units is named, and rescued at once", async () => {
    const page = await dead();
    const note = page.page.locator('[data-dead-note="1"]');
    expect(await note.textContent()).toContain("Layer 2 is dead: no sample reaches any unit");
    expect(await page.page.locator('[data-dead-note="0"]').count()).toBe(0);
    for (const name of ["Revive: dead units of layer 2 and others", "Add batch norm: layer 2"])
      expect(await page.button(name).count()).toBe(1);
    await page.button("Make leaky: layer 2").click();
    await page.hashHas('"activation":"leaky-relu"');
    await expect.poll(() => note.count()).toBe(0);
  });

  test("the verdict on a point is told with its reason", async () => {
    const page = await visit(
      "data=gauss&layers=4:tanh&initializer=zeros&batchSize=0&learningRate=0.1&open=hessian&at=1000",
    );
    await page.open("hessian");
    const verdict = page.page.locator("#verdict");
    await expect.poll(() => verdict.getAttribute("data-kind")).toBe("saddle");
    expect(await verdict.textContent()).toMatch(/^At a saddleindex \d+/);
  });
});
