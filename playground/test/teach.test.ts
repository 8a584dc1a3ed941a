// Oracle: the package under Node at the same step; pixels and numbers of the page before and after.
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { Session } from "../src/engine/session.ts";
import { sharedSurfaceOf } from "../src/engine/shared-surface.ts";
import { fromHash } from "../src/model/link.ts";
import { browsing, executablePath, type Visit } from "./browser.ts";

describe.skipIf(!executablePath)("teaching", () => {
  const { visit } = browsing();

  async function goTo({ page }: Visit, step: number): Promise<void> {
    await page.locator('[name="timeline"]').evaluate((input, value) => {
      (input as HTMLInputElement).value = String(value);
      input.dispatchEvent(new Event("change", { bubbles: true }));
    }, step);
  }

  test("the timeline goes back to the bits of then, and forward again", async () => {
    const page = await visit("at=500");
    await page.trained(500);
    await goTo(page, 200);
    await expect.poll(() => page.steps()).toBe(200);
    const session = new Session(fromHash("").course, null);
    session.advance(200);
    expect((await page.saved()).parameters).toEqual(Array.from(session.net.getParameters()));
    await goTo(page, 500);
    await expect.poll(() => page.steps()).toBe(500);
    session.advance(500);
    expect((await page.saved()).parameters).toEqual(Array.from(session.net.getParameters()));
  });

  test("the timeline is moved by keyboard, and starts anew with the network", async () => {
    const page = await visit("at=30");
    await page.page.locator('[name="timeline"]').focus();
    await page.page.keyboard.press("Home");
    await expect.poll(() => page.steps()).toBe(0);
    await page.type("seed", 5);
    await expect.poll(() => page.page.locator('[name="timeline"]').isDisabled()).toBe(true);
  });

  test("each optimizer keeps the learning rate and the options it was left with", async () => {
    const page = await visit();
    await page.type("learningRate", 0.5);
    await page.type("option-momentum", 0.8);
    await page.choose("optimizer", "Adam");
    expect(await page.field("learningRate").inputValue()).toBe("0.01");
    await page.type("learningRate", 0.002);
    await page.choose("optimizer", "SGD");
    expect(await page.field("learningRate").inputValue()).toBe("0.5");
    expect(await page.field("option-momentum").inputValue()).toBe("0.8");
    await page.choose("optimizer", "Adam");
    expect(await page.field("learningRate").inputValue()).toBe("0.002");
  });

  test("a picture to share is a PNG of 1200 × 630", async () => {
    const page = await visit("at=250");
    await page.button("Embed").click();
    const download = page.page.waitForEvent("download");
    await page.button("Save a picture").click();
    const bytes = readFileSync(await (await download).path());
    expect(bytes.subarray(1, 4).toString()).toBe("PNG");
    expect([bytes.readUInt32BE(16), bytes.readUInt32BE(20)]).toEqual([1200, 630]);
    expect(bytes.length).toBeGreaterThan(20_000);
  });
});

describe.skipIf(!executablePath)("a clip", () => {
  const { visit } = browsing();

  test("shows the training of a few seconds, and is saved as a film that plays", async () => {
    const page = await visit("");
    await page.button("Embed").click();
    const download = page.page.waitForEvent("download", { timeout: 30_000 });
    await page.page.locator("#save-clip").click();
    await page.page.locator("#recording").waitFor();
    await expect.poll(() => page.steps()).toBeGreaterThan(30);
    await page.button("End it here").click();
    const bytes = readFileSync(await (await download).path());
    expect(await page.page.locator("#recording").count()).toBe(0);
    const film = await page.page.evaluate(async (text) => {
      const video = document.createElement("video");
      video.src = `data:video/webm;base64,${text}`;
      video.muted = true;
      await video.play();
      return [video.videoWidth, video.videoHeight];
    }, bytes.toString("base64"));
    expect(film).toEqual([1200, 630]);
    // It was paused before.
    await page.button("Play").waitFor();
  });
});

describe.skipIf(!executablePath)("two side by side", () => {
  const { visit } = browsing();

  test("go in step, with settings of their own", async () => {
    const page = await visit("data=xor");
    await page.page.locator("#compare").click();
    const step = page.page.locator("#pair-step");
    await step.waitFor();
    const frames = page.page.locator("iframe");
    const inner = (index: number) => frames.nth(index).contentFrame();
    for (const index of [0, 1])
      await expect.poll(() => inner(index).locator("#train-loss").textContent()).not.toBe("–");
    const rate = inner(1).locator('[name="learningRate"]');
    await rate.fill("0.3");
    await rate.blur();
    await page.page.locator('[name="speed"]').selectOption("100");
    await page.button("Play both").click();
    await expect.poll(async () => Number((await step.textContent())?.replace(/\D/g, ""))).toBeGreaterThan(60);
    await page.button("Pause both").click();
    await page.page.waitForTimeout(500);
    const at = Number((await step.textContent())?.replace(/\D/g, ""));
    for (const [index, learningRate] of [0.03, 0.3].entries()) {
      const session = new Session(fromHash(`data=xor&learningRate=${learningRate}`).course, null);
      session.advance(at);
      const shown = Number((await inner(index).locator("#train-loss").textContent())?.split(" ")[0]);
      expect(shown).toBeCloseTo(session.net.evaluate(session.world.train).loss, 2);
    }
    const map = page.page.locator("#shared-canvas");
    await map.waitFor();
    const before = await page.pixels("#shared-canvas");
    await page.button("One step each").click();
    await expect.poll(() => page.pixels("#shared-canvas")).not.toBe(before);
    // A network of another shape goes over another surface, and both begin anew.
    await inner(1).getByRole("button", { name: "Layer 1: one unit more" }).click();
    await expect.poll(() => step.textContent()).toBe("0 steps");
    await page.button("One step each").click();
    await page.page.getByText("The two go over different surfaces").waitFor();
    expect(await step.textContent()).toBe("1 step");
  });

  test("a path's end lies on the shared surface at its own loss", () => {
    const [left, right] = [0.03, 0.3].map((learningRate) => {
      const session = new Session(fromHash(`data=xor&learningRate=${learningRate}`).course, null);
      const path = [Float64Array.from(session.net.getParameters())];
      for (const step of [20, 40, 60]) {
        session.advance(step);
        path.push(Float64Array.from(session.net.getParameters()));
      }
      return { session, path };
    });
    const { net, world } = left.session;
    const ends = [left, right].map(({ session }) => session.net.loss(world.train));
    const { loss, paths, size, radius } = sharedSurfaceOf(net, world, [left.path, right.path]);
    paths.forEach((path, index) => {
      const [s, t] = path[path.length - 1];
      expect(Math.max(Math.abs(s), Math.abs(t))).toBeLessThan(radius);
      const column = Math.round(((s / radius + 1) / 2) * (size - 1));
      const row = Math.round(((1 - t / radius) / 2) * (size - 1));
      // Within what a point of the raster beside it differs.
      const around = [0, 1, -1].flatMap((i) => [0, 1, -1].map((j) => loss[(row + i) * size + column + j]));
      expect(ends[index]).toBeGreaterThan(Math.min(...around));
      expect(ends[index]).toBeLessThan(Math.max(...around));
    });
  });
});
