// Oracle: the package's own sessions under Node, which take the course that the page's address
// tells to its end; a picture's digest is held against theirs.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { Session } from "../src/engine/session.ts";
import { fromHash } from "../src/model/link.ts";
import { digestOf } from "../src/model/place.ts";
import { browsing, executablePath, type Visit } from "./browser.ts";

/** What the engine's parameters are after so many steps of the course that an address tells. */
function digestAfter(hash: string, step: number): { digest: string; parameters: number } {
  const { course } = fromHash(hash);
  const session = new Session(course, null);
  session.advance(step);
  return { digest: digestOf(session.net.getParameters()), parameters: session.net.parameterCount };
}

const pictures = [
  "plane",
  "network-canvas",
  "story-hessian",
  "story-spectrum",
  "hessian-canvas",
  "eigenvalues-canvas",
  "surface-canvas",
];

/**
 * Every picture shows the network that the page's address tells, with as many parameters as the
 * text says.
 */
async function allShow(page: Visit, { step = 0, cards = true } = {}): Promise<void> {
  await page.page.waitForTimeout(400);
  await expect.poll(() => page.steps()).toBe(step);
  const { digest, parameters } = digestAfter(page.hash(), step);
  for (const canvas of cards ? pictures : pictures.slice(0, 2))
    await expect.poll(async () => (await page.shows(canvas))?.digest, { message: canvas }).toBe(digest);
  if (cards)
    await expect
      .poll(() => page.page.locator("#hessian-summary").textContent())
      .toContain(`${parameters} parameters: `);
}

const open = "open=hessian,surface,units";

/** The cards are looked at while they are on the screen. */
const tall = { viewport: { width: 1440, height: 2600 } };

describe.skipIf(!executablePath)("what is shown belongs to what is there", () => {
  const { visit } = browsing();

  test("a layer more, a seed, data and an optimizer while paused: all pictures follow", async () => {
    const page = await visit(open, tall);
    await allShow(page);
    await page.button("Layer 2: one unit more").click();
    await allShow(page);
    await page.type("seed", 5);
    await allShow(page);
    await page.page.getByRole("radio", { name: "Spiral" }).check({ force: true });
    await allShow(page);
    await page.choose("optimizer", "Adam");
    await allShow(page);
    await page.button("One step").click();
    await allShow(page, { step: 1 });
  });

  test("after a reload the cards in view are filled", async () => {
    const page = await visit(`${open}&at=30`, tall);
    await allShow(page, { step: 30 });
    await page.page.reload();
    await allShow(page, { step: 30 });
  });

  test("rescues that change the network's shape leave no picture of the one before", async () => {
    const page = await visit(`${open}&at=40`, tall);
    await page.page.getByRole("button", { name: "Add batch norm to layer 1" }).click();
    await allShow(page, { step: 40 });
    expect((await page.shows("hessian-canvas"))?.network).toBe(1);
  });

  test("own data: pictures of its network, and no internal message", async () => {
    const page = await visit(`open=own,hessian,surface`, tall);
    const rows = Array.from({ length: 40 }, (_, i) => `${i % 7},${i % 5},${(i * i) % 11},${i % 3 ? "a" : "b"}`);
    await page.page.getByLabel("Paste a table, or drop a file here").fill(["x,y,z,kind", ...rows].join("\n"));
    await page.button("Train on this table").click();
    await expect
      .poll(() => page.page.locator("#hessian-summary").textContent(), { timeout: 20_000 })
      .toContain("57 parameters");
    await expect.poll(async () => (await page.shows("hessian-canvas"))?.digest).toBeDefined();
    expect(await page.shows("hessian-canvas")).toEqual(await page.shows("plane"));
    await expect.poll(() => page.shows("surface-canvas")).toEqual(await page.shows("plane"));
    expect(await page.page.locator(".notice.bad").count()).toBe(0);
  });

  test("after a blow-up one gets back to parameters that were sane", async () => {
    const page = await visit("learningRate=10&batchSize=1&data=six-gauss&loss=mse&layers=8:relu,8:relu");
    const first = await page.trainLoss();
    await page.play();
    await page.page.getByText("The numbers got out of hand").waitFor({ timeout: 30_000 });
    await page.button("Go back and on with a tenth of the learning rate").click();
    await page.pause();
    const { course } = fromHash(page.hash());
    const back = course.log.find(({ change }) => change.kind === "back")?.change;
    if (back?.kind !== "back") throw new Error("Nothing has gone back.");
    const session = new Session({ start: course.start, log: [] }, null);
    session.net.setParameters(Float64Array.from(back.parameters));
    expect(session.net.loss(session.world.train)).toBeLessThanOrEqual(first * (1 + 1e-3));
    expect(Math.max(...back.parameters.map(Math.abs))).toBeLessThan(100);
  });

  test("Back and Forward show the right pages; acts are entries of their own", async () => {
    const page = await visit("seed=3");
    const title = page.page.locator("#scene-title");
    await page.button("Guided scenes").click();
    await page.page.getByRole("link", { name: "The value at the kink" }).click();
    await title.waitFor();
    await page.button("2. ReLU′(0) = ½").click();
    await page.hashHas("act=1");
    await page.page.goBack();
    await expect
      .poll(() => page.page.locator('[aria-current="step"]').getAttribute("aria-label"))
      .toContain("ReLU′(0) = 0");
    await page.page.goBack();
    await expect.poll(() => page.field("seed").inputValue()).toBe("3");
    expect(await title.count()).toBe(0);
    await page.page.goForward();
    await title.waitFor();
    expect(await page.field("seed").inputValue()).toBe("1");
    await page.page.goForward();
    await expect
      .poll(() => page.page.locator('[aria-current="step"]').getAttribute("aria-label"))
      .toContain("ReLU′(0) = ½");
    await page.page.waitForTimeout(400);
    await page.hashHas("act=1");
  });

  test("a reset within an act takes back what it had shown", async () => {
    const page = await visit("scene=born-dead");
    await page.page.locator(".answer").first().click();
    const claim = page.page.locator(".claims li").first();
    await expect.poll(() => claim.getAttribute("data-state")).toBe("met");
    await page.button("Reset").click();
    await expect.poll(() => claim.getAttribute("data-state")).toBe("open");
  });

  test("keys work while a slider has the focus", async () => {
    const page = await visit();
    await page.page.locator('input[type="range"]').first().focus();
    await page.page.keyboard.press("s");
    await expect.poll(() => page.steps()).toBe(1);
    await page.page.keyboard.press("e");
    await expect.poll(() => page.steps()).toBe(25);
    await page.page.keyboard.press("r");
    await expect.poll(() => page.steps()).toBe(0);
  });

  test("what has the focus does not lie under the toolbar", async () => {
    const page = await visit("open=hessian,units", { viewport: { width: 1000, height: 500 } });
    const count = 60;
    for (let i = 0; i < count; ++i) await page.page.keyboard.press("Tab");
    for (let i = 0; i < count - 15; ++i) {
      await page.page.keyboard.press("Shift+Tab");
      const hidden = await page.page.evaluate(() => {
        const on = document.activeElement as HTMLElement;
        const bar = document.querySelector(".toolbar") as HTMLElement;
        if (bar.contains(on) || on.closest("header, .scene") || getComputedStyle(bar).position !== "sticky") return "";
        const [box, cover] = [on.getBoundingClientRect(), bar.getBoundingClientRect()];
        return box.top < cover.bottom - 1 && box.bottom > cover.top ? on.outerHTML.slice(0, 200) : "";
      });
      expect(hidden).toBe("");
    }
  });

  test("dead units are never called nothing to speak of", async () => {
    const page = await visit("layers=16:relu&data=circle&seed=1&bias=-4&open=units", tall);
    await expect.poll(() => page.page.locator('[data-dead="0"]').textContent()).toMatch(/^[1-9]\d*\/16/);
    await expect.poll(() => page.page.locator("#flow").textContent()).toContain("gradient");
    expect(await page.page.locator("#flow").textContent()).not.toContain("Nothing to say");
  });

  test("a seed beyond counting is refused", async () => {
    const page = await visit("seed=1e20");
    expect(await page.field("seed").inputValue()).toBe("1");
    await page.type("seed", "1e20");
    expect(await page.field("seed").inputValue()).toBe("1");
    expect(await page.page.locator(".notice.bad").count()).toBe(0);
  });

  test("the program runs under Node, data included, to the bits of the page", async () => {
    const page = await visit("layers=5:tanh,3:relu&features=x1,x2,x1*x2&optimizer=adam&stopEpochs=2&learningRate=0.01");
    const program = await page.program();
    const folder = mkdtempSync(new URL("./program-", import.meta.url).pathname);
    try {
      const ending = "\nconsole.log(JSON.stringify(Array.from(net.getParameters())));";
      writeFileSync(`${folder}/train.mjs`, program + ending);
      const printed = execFileSync(process.execPath, [`${folder}/train.mjs`], { encoding: "utf8" });
      for (const epoch of [1, 2]) {
        await page.button("One epoch").click();
        await expect.poll(() => page.steps()).toBe(25 * epoch);
      }
      expect((await page.saved()).parameters).toEqual(JSON.parse(printed.trim().split("\n").at(-1) as string));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test("undo takes back a reset, a restart and a change, to the bit", async () => {
    const page = await visit("optimizer=adam&at=130");
    const before = await page.saved();
    const digest = (await page.shows("plane"))?.digest;
    const undone = async (): Promise<void> => {
      await page.button("Undo").click();
      await expect.poll(() => page.steps()).toBe(130);
      await expect.poll(async () => (await page.shows("plane"))?.digest).toBe(digest);
    };
    await page.button("Reset").click();
    await expect.poll(() => page.steps()).toBe(0);
    await undone();
    await page.type("seed", 9);
    await expect.poll(() => page.steps()).toBe(0);
    await undone();
    await page.type("learningRate", 0.5);
    await page.button("One epoch").click();
    await undone();
    expect(await page.field("learningRate").inputValue()).toBe("0.03");
    expect((await page.saved()).parameters).toEqual(before.parameters);
    // Momentum and the order of the samples are what they were, too.
    await page.button("One epoch").click();
    await expect.poll(() => page.steps()).toBe(150);
    const session = new Session({ start: fromHash("optimizer=adam").course.start, log: [] }, null);
    session.advance(150);
    expect((await page.shows("plane"))?.digest).toBe(digestOf(session.net.getParameters()));
  });

  test("a long course is linked by its parameters, and opens at once", async () => {
    const page = await visit("pace=full&layers=2:relu&batchSize=50");
    await page.play();
    await expect.poll(() => page.steps(), { timeout: 60_000 }).toBeGreaterThan(50_100);
    await page.pause();
    await page.hashHas("run=");
    const steps = await page.steps();
    const shown = await page.shows("plane");
    const other = await visit(new URL(page.page.url()).hash.slice(1));
    await expect.poll(() => other.steps()).toBe(steps);
    expect((await other.shows("plane"))?.digest).toBe(shown?.digest);
    for (const each of [page, other]) await each.button("One epoch").click();
    await expect.poll(() => page.steps()).toBeGreaterThan(steps);
    await expect.poll(async () => (await other.shows("plane"))?.digest).toBe((await page.shows("plane"))?.digest);
  });

  test("a replay of millions of steps can be stopped where it is", async () => {
    const page = await visit("at=143000000");
    await page.page.locator("#stop-replay").click();
    await page.button("One step").click();
    const steps = await page.steps();
    expect(steps).toBeLessThan(143_000_000);
    await page.button("One step").click();
    await expect.poll(() => page.steps()).toBe(steps + 1);
  });
});
