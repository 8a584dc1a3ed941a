import { readFileSync } from "node:fs";
import type { ResolvedSpec } from "hessia";
import { fromJson } from "hessia/formats";
import { type Browser, type BrowserContextOptions, chromium, type Locator, type Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, inject } from "vitest";
import type { Place } from "../src/model/place.ts";

export const here = inject("playground");
export const executablePath = inject("chromium");

export type Shown = Place;

/** What a saved file holds. */
export interface Saved {
  readonly spec: ResolvedSpec;
  readonly parameters: readonly number[];
  readonly statistics: readonly number[];
  readonly metadata: unknown;
}

/**
 * The page in a browser, watched: a word in the console, or a request to elsewhere, fails the test.
 */
export class Visit {
  readonly problems: string[] = [];

  constructor(readonly page: Page) {
    page.on("console", (message) => this.problems.push(`${message.type()}: ${message.text()}`));
    page.on("pageerror", (error) => this.problems.push(`error: ${error.message}`));
    page.on("request", (request) => {
      const url = request.url();
      if (!url.startsWith(here) && !url.startsWith("data:") && !url.startsWith("blob:"))
        this.problems.push(`request: ${url}`);
    });
  }

  button(name: string, exact = true): Locator {
    return this.page.getByRole("button", { name, exact });
  }

  /** A field of the training panel or the toolbar, by its name. */
  field(name: string): Locator {
    return this.page.locator(`[name="${name}"]`);
  }

  /** Unfolds rare options, so that every field is there to be used. */
  async unfold(): Promise<void> {
    await this.page.evaluate(() => {
      for (const fold of document.querySelectorAll<HTMLDetailsElement>("details.fold")) fold.open = true;
    });
  }

  /** Chooses by the words in a list. */
  async choose(name: string, label: string): Promise<void> {
    await this.field(name).selectOption({ label });
  }

  async type(name: string, value: number | string): Promise<void> {
    await this.field(name).fill(String(value));
    await this.field(name).blur();
  }

  async steps(): Promise<number> {
    const text = (await this.page.locator("#steps").textContent()) ?? "";
    return Number(text.split(" step")[0].replace(/\D/g, ""));
  }

  async epoch(): Promise<number> {
    return Number((await this.page.locator("#epoch").textContent())?.replace(/\D/g, ""));
  }

  async trainLoss(): Promise<number> {
    const text = (await this.page.locator("#train-loss").textContent()) ?? "";
    return Number(text.split("·")[0].trim().replace("−", "-").replace("e−", "e-"));
  }

  async play(): Promise<void> {
    await this.button("Play").click();
  }

  async pause(): Promise<void> {
    await this.button("Pause").click();
    await this.button("Play").waitFor();
    // The picture that was under way still comes.
    await this.page.waitForTimeout(200);
  }

  /** Waits until so many steps have been taken. */
  async trained(steps: number): Promise<void> {
    await expect.poll(() => this.steps(), { timeout: 30_000 }).toBeGreaterThanOrEqual(steps);
  }

  /** The address without its mark. */
  hash(): string {
    return decodeURIComponent(new URL(this.page.url()).hash);
  }

  async hashHas(text: string): Promise<void> {
    await expect.poll(() => this.hash()).toContain(text);
  }

  /** A canvas as pixels, to be compared. */
  pixels(selector: string): Promise<string> {
    return this.page.locator(selector).evaluate((canvas) => (canvas as HTMLCanvasElement).toDataURL());
  }

  /** Opens a folded card. */
  async open(name: string): Promise<void> {
    const card = this.page.locator(`#card-${name}`);
    if ((await card.getAttribute("open")) === null) await card.locator("summary").first().click();
    // Playwright would wait until nothing moves; here something always may.
    await card.evaluate((node) => node.scrollIntoView({ block: "center" }));
  }

  /** The program that makes and trains the network. */
  async program(): Promise<string> {
    await this.open("code");
    return (await this.page.locator("#program").textContent()) ?? "";
  }

  /**
   * What a canvas says its picture is of: start, network, changes, step and digest of the
   * parameters; null where it is empty.
   */
  async shows(canvas: string): Promise<Shown | null> {
    const text = await this.page.locator(`#${canvas}`).getAttribute("data-shows");
    if (text === null) return null;
    const [start, network, changes, step, digest] = text.split(".");
    return { start: +start, network: +network, changes: +changes, step: +step, digest };
  }

  /** Network and weights as the page saves them. */
  async saved(): Promise<Saved> {
    await this.open("code");
    const download = this.page.waitForEvent("download");
    await this.page.locator("#save-weights").click();
    const { network, metadata } = fromJson(readFileSync(await (await download).path(), "utf8"));
    return {
      spec: network.spec,
      parameters: Array.from(network.getParameters()),
      statistics: Array.from(network.getRunningStatistics()),
      metadata,
    };
  }
}

export interface Options extends BrowserContextOptions {
  /** Whether rare options stay folded, as they are at first. */
  readonly folded?: boolean;
  /** Whether it is the first visit, which is shown around. */
  readonly first?: boolean;
  /** What stands before the mark of the address. */
  readonly query?: string;
}

/** Opens a browser for a file of tests, and pages in it. */
export function browsing(): { visit(hash?: string, options?: Options): Promise<Visit> } {
  let browser: Browser;
  const visits: Visit[] = [];
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
  });
  afterAll(() => browser?.close());
  afterEach(async () => {
    const problems = visits.flatMap((visit) => visit.problems);
    for (const { page } of visits.splice(0)) await page.context().close();
    expect(problems).toEqual([]);
  });
  return {
    async visit(hash = "", { folded = false, first = false, query = "", ...options } = {}) {
      const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
      const visit = new Visit(await context.newPage());
      visits.push(visit);
      if (!first) await visit.page.addInitScript(() => localStorage.setItem("tour", "seen"));
      await visit.page.goto(`${here}${query}#${hash}`);
      await expect.poll(() => visit.page.locator("#train-loss").textContent()).not.toBe("–");
      if (!folded) await visit.unfold();
      return visit;
    },
  };
}
