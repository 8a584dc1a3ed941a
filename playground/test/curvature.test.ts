// Oracle: the package itself under Node, at the same parameters and data; and what the theory of
// ReLU says of the blocks.
import { describe, expect, test } from "vitest";
import { Session } from "../src/engine/session.ts";
import { fromHash } from "../src/model/link.ts";
import { browsing, executablePath } from "./browser.ts";

describe.skipIf(!executablePath)("curvature", () => {
  const { visit } = browsing();

  test("the Hessian's numbers are the package's", async () => {
    const page = await visit("at=250");
    await page.open("hessian");
    const summary = page.page.locator("#hessian-summary");
    await expect.poll(() => summary.textContent()).toContain("After 250 steps");
    const session = new Session(fromHash("at=250").course, null);
    session.advance(250);
    const H = session.net.hessian(session.world.train);
    const { negative, zero, positive } = H.inertia();
    expect(await summary.textContent()).toContain(
      `51 parameters: ${negative} negative, ${zero} zero, ${positive} positive`,
    );
  });

  test("exact, Gauss-Newton and their difference are three pictures; an entry can be read", async () => {
    const page = await visit("at=250");
    await page.open("hessian");
    await expect.poll(() => page.page.locator("#hessian-summary").textContent()).toContain("After 250 steps");
    const pictures = new Set<string>();
    for (const name of ["Exact H", "Gauss-Newton G", "H − G"]) {
      await page.page.locator("#card-hessian").getByRole("radio", { name, exact: true }).check();
      await page.page.waitForTimeout(100);
      pictures.add(await page.pixels("#hessian-canvas"));
    }
    expect(pictures.size).toBe(3);
    expect(await page.page.locator("#card-hessian").textContent()).toContain(
      "all negative curvature, lies between layers",
    );
    await page.page.locator("#hessian-canvas").hover({ position: { x: 3, y: 3 } });
    await expect
      .poll(() => page.page.locator("#card-hessian").textContent())
      .toContain("0: layer 1, weight of unit 1 from input 1 ×");
  });

  test("eigenvalues over time gain a column with each look", async () => {
    const page = await visit("open=spectrum");
    await page.open("spectrum");
    const canvas = "#card-spectrum canvas >> nth=0";
    await page.play();
    await page.trained(500);
    const before = await page.pixels(canvas);
    await page.trained(1500);
    await page.pause();
    await expect.poll(() => page.pixels(canvas)).not.toBe(before);
  });

  test("the loss surface follows directions, reach and model", async () => {
    const page = await visit("at=100&open=surface");
    await page.open("surface");
    await expect.poll(() => page.page.locator("#surface-note").textContent()).toContain("in the middle");
    let before = await page.pixels("#surface-canvas");
    const changed = async (): Promise<void> => {
      await expect.poll(() => page.pixels("#surface-canvas")).not.toBe(before);
      before = await page.pixels("#surface-canvas");
    };
    for (const label of ["none", "first order", "Gauss-Newton"]) {
      await page.page.locator("#card-surface").getByRole("radio", { name: label, exact: true }).check();
      await changed();
    }
    await page.page.locator("#card-surface select").first().selectOption({ label: "random" });
    await changed();
    await page.page.getByRole("button", { name: "Reach: lower" }).click();
    await changed();
  });

  test("a step along the escape direction leaves a saddle", async () => {
    const page = await visit(
      "data=gauss&layers=4:tanh&initializer=zeros&batchSize=0&learningRate=0.1&open=surface&at=1000",
    );
    const before = await page.trainLoss();
    expect(before).toBeGreaterThan(0.65);
    await page.open("surface");
    await page.page.locator("#escape").click();
    await expect.poll(() => page.trainLoss()).toBeLessThan(before - 0.05);
  });

  test("a link restores what the cards show", async () => {
    const page = await visit("open=hessian,surface,race");
    await page.page.locator("#card-hessian").getByRole("radio", { name: "H − G", exact: true }).check();
    await page.page.locator("#card-surface select").first().selectOption({ label: "random" });
    await page.page.locator("#card-surface").getByRole("radio", { name: "Gauss-Newton", exact: true }).check();
    await page.page.getByRole("button", { name: "Reach: lower" }).click();
    await page.button("Remove Adam, 0.01, batch 10").click();
    await page.type("raceEpochs", 30);
    for (const said of ["matrix=difference", "across=random+1", "model=ggn", "reach=0.3", "raceEpochs=30", "racers="])
      await page.hashHas(said);
    const other = await visit(new URL(page.page.url()).hash.slice(1));
    const on = (card: string, name: string) =>
      other.page.locator(`#card-${card}`).getByRole("radio", { name, exact: true }).isChecked();
    expect(await on("hessian", "H − G")).toBe(true);
    expect(await on("surface", "Gauss-Newton")).toBe(true);
    expect(await other.page.locator('[name="reach"]').inputValue()).toBe("0.3");
    expect(await other.page.locator(".lane-name").allTextContents()).toEqual([
      "SGD, 0.03, batch 10",
      "SGD, 0.03, Momentum 0.9, batch 10",
    ]);
  });

  test("a race has a result for every lane, by every measure", async () => {
    const page = await visit("open=race");
    await page.open("race");
    await page.choose("optimizer", "Newton");
    await page.button("Add the optimizer of the toolbar").click();
    await page.type("raceEpochs", 20);
    for (const by of ["Steps", "Evaluations", "Time"]) {
      await page.page.locator("#card-race").getByRole("radio", { name: by, exact: true }).check();
      await page.page.locator("#race").click();
      await page.button("Start the race").waitFor({ timeout: 30_000 });
      const results = await page.page.locator(".lane-result").allTextContents();
      expect(results).toHaveLength(4);
      expect(results[0]).toContain("500 steps");
      expect(results[3]).toContain("20 steps");
    }
  });
});
