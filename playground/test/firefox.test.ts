// Oracle: the package itself under Node, at the same step.
import type { Browser, Page } from "puppeteer-core";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { launchFirefox } from "../../test/package/firefox.ts";
import { Session } from "../src/engine/session.ts";
import { fromHash } from "../src/model/link.ts";
import { digestOf } from "../src/model/place.ts";

const here = inject("playground");
const program = inject("firefox");

describe.skipIf(!program)("Firefox", () => {
  let browser: Browser;
  let page: Page;
  const problems: string[] = [];

  beforeAll(async () => {
    browser = await launchFirefox(program);
    page = await browser.newPage();
    page.on("pageerror", (error) => problems.push(String(error)));
    await page.setViewport({ width: 1440, height: 2200 });
  });
  afterAll(() => browser?.close());

  const text = (selector: string): Promise<string> =>
    page.$eval(selector, (element) => element.textContent ?? "").catch(() => "");

  test("the page starts, trains, and shows the Hessian of what it has trained", async () => {
    await page.goto(`${here}#open=hessian&pace=1`);
    await expect.poll(() => text("#train-loss"), { timeout: 30_000 }).toMatch(/^0\./);
    const press = (key: string) => page.keyboard.press(key as "p");
    await press("p");
    await expect.poll(async () => Number.parseInt(await text("#steps"), 10), { timeout: 30_000 }).toBeGreaterThan(20);
    await press("p");
    await page.waitForSelector("[aria-keyshortcuts=p] path[d^='M7']");
    await new Promise((resolve) => setTimeout(resolve, 500));
    const steps = Number.parseInt(await text("#steps"), 10);
    await expect.poll(() => text("#hessian-summary"), { timeout: 30_000 }).toContain(`After ${steps} steps`);
    const session = new Session(fromHash("pace=1").course, null);
    session.advance(steps);
    const { negative, zero, positive } = session.net.hessian(session.world.train).inertia();
    expect(await text("#hessian-summary")).toContain(`${negative} negative, ${zero} zero, ${positive} positive`);
    const shows = await page.$eval("#hessian-canvas", (canvas) => canvas.getAttribute("data-shows"));
    expect(shows?.split(".")[4]).toBe(digestOf(session.net.getParameters()));
    const colours = await page.$eval("#hessian-canvas", (element) => {
      const canvas = element as HTMLCanvasElement;
      const { data } = (canvas.getContext("2d") as CanvasRenderingContext2D).getImageData(
        0,
        0,
        canvas.width,
        canvas.height,
      );
      return new Set(new Uint32Array(data.buffer)).size;
    });
    expect(colours).toBeGreaterThan(20);
    expect(problems).toEqual([]);
  });
});
