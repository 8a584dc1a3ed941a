// Oracle: sessions of the package under Node that take the same course; a picture's digest is held
// against their parameters at the step it names.
import { describe, expect, test } from "vitest";
import { randomOf } from "../src/data/random.ts";
import { Session } from "../src/engine/session.ts";
import { fromHash } from "../src/model/link.ts";
import { digestOf } from "../src/model/place.ts";
import { browsing, executablePath, type Shown, type Visit } from "./browser.ts";

const CHANGES = 500;
/** Between two looks: so many changes in a row. */
const ROUND = 25;

const pictures = [
  "plane",
  "network-canvas",
  "story-hessian",
  "story-spectrum",
  "hessian-canvas",
  "eigenvalues-canvas",
  "surface-canvas",
];

type Choose = <T>(items: readonly T[]) => T;

/** What a visitor may do, each given where it can be done. */
const actions: readonly ((page: Visit, choose: Choose) => Promise<void>)[] = [
  (page, choose) => press(page, choose(["Layer 1: one unit more", "Layer 1: one unit less"])),
  (page, choose) => press(page, choose(["Layer 2: one unit more", "Layer 2: one unit less"])),
  (page, choose) => put(page, "seed", choose([1, 2, 3, 4])),
  (page, choose) => put(page, "dataSeed", choose([1, 2, 3])),
  (page, choose) => put(page, "learningRate", choose([0.01, 0.03, 0.1])),
  (page, choose) => put(page, "bias", choose([0, 0.1, -0.3])),
  (page, choose) => pick(page, "optimizer", choose(["SGD", "Adam", "RMSprop"])),
  (page, choose) => pick(page, "batchSize", choose(["5", "10", "50"])),
  (page, choose) => pick(page, "initializer", choose(["He normal", "Glorot uniform"])),
  (page, choose) => act(page, `.data [role="radio"], .data input[type="radio"]`, choose([0, 1, 2, 3, 4, 5])),
  (page, choose) => press(page, choose(["Add a hidden layer", "Remove the last hidden layer"])),
  (page, choose) => pickAny(page, `[name="activation"], .column select`, choose([0, 1, 2]), choose([0, 1, 2, 3, 6])),
  (page, choose) => act(page, `.column input[type="checkbox"]`, choose([0, 1, 2])),
  (page, choose) => act(page, `.features input`, choose([0, 1, 2, 5])),
  (page, choose) => pickAny(page, `[name="loss"]`, 0, choose([0, 1, 2, 3, 4])),
  (page, choose) => pickAny(page, `[name="atZero"]`, 0, choose([0, 1, 2])),
  (page, choose) => put(page, "l2", choose([0, 0.001, 0.1])),
  (page, choose) => press(page, choose(["Revive dead units", "Step along the escape direction"])),
  (page, choose) => press(page, choose(["Make layer 1 leaky", "Make layer 2 leaky", "Add batch norm to layer 1"])),
  (page, choose) => scrub(page, choose([0, 0.3, 0.8, 1])),
  (page) => press(page, "Reset"),
  (page) => press(page, "Undo"),
  (page) => press(page, "One step"),
  (page) => press(page, "One epoch"),
  (page) => press(page, "Play"),
  (page) => press(page, "Pause"),
];

/** Clicks by script, so that a click takes no time for scrolling and waiting. */
async function press(page: Visit, name: string): Promise<void> {
  await page.page.evaluate((label) => {
    const all = [...document.querySelectorAll("button")];
    const named = (button: HTMLButtonElement) => button.getAttribute("aria-label") ?? button.textContent?.trim();
    const found = all.find((button) => named(button) === label && !button.disabled);
    found?.click();
  }, name);
}

async function act(page: Visit, selector: string, index: number): Promise<void> {
  await page.page.evaluate(
    ([all, at]) => (document.querySelectorAll(all as string)[at as number] as HTMLElement | undefined)?.click(),
    [selector, index] as const,
  );
}

/** Chooses by place in one of the lists that there are. */
async function pickAny(page: Visit, selector: string, which: number, index: number): Promise<void> {
  await page.page.evaluate(
    ([all, at, to]) => {
      const list = document.querySelectorAll<HTMLSelectElement>(all as string)[at as number];
      if (!list || (to as number) >= list.options.length) return;
      list.selectedIndex = to as number;
      list.dispatchEvent(new Event("change", { bubbles: true }));
    },
    [selector, which, index] as const,
  );
}

/** Goes to a share of the run so far. */
async function scrub(page: Visit, share: number): Promise<void> {
  await page.page.evaluate((at) => {
    const line = document.querySelector<HTMLInputElement>('[name="timeline"]');
    if (!line || line.disabled) return;
    line.value = String(Math.round(Number(line.min) + at * (Number(line.max) - Number(line.min))));
    line.dispatchEvent(new Event("change", { bubbles: true }));
  }, share);
}

async function put(page: Visit, name: string, value: number): Promise<void> {
  if ((await page.field(name).count()) > 0) await page.type(name, value);
}

async function pick(page: Visit, name: string, label: string): Promise<void> {
  if ((await page.field(name).count()) > 0) await page.field(name).selectOption({ label });
}

/** What all pictures say at one moment. */
function looks(page: Visit): Promise<(Shown | null)[]> {
  return Promise.all(pictures.map((canvas) => page.shows(canvas)));
}

/** Whether all pictures are there, and are of one place. */
async function settled(page: Visit): Promise<boolean> {
  const all = await looks(page);
  return all[0] !== null && all.every((shown) => JSON.stringify(shown) === JSON.stringify(all[0]));
}

/** The engine's parameters after so many steps of the course that the address tells. */
function digests(hash: string, steps: readonly number[]): Map<number, string> {
  const session = new Session(fromHash(hash).course, null);
  const found = new Map<number, string>();
  for (const step of [...new Set(steps)].sort((a, b) => a - b)) {
    session.advance(step);
    found.set(step, digestOf(session.net.getParameters()));
  }
  return found;
}

describe.skipIf(!executablePath)("settings changed at random", () => {
  const { visit } = browsing();

  test(`after ${CHANGES} changes, paused and playing, every picture shows what it says`, async () => {
    const random = randomOf(20260726);
    const choose: Choose = (items) => items[Math.floor(random() * items.length)];
    const page = await visit("open=hessian,surface,units&pace=5", { viewport: { width: 1440, height: 2600 } });
    let compared = 0;
    for (let done = 0; done < CHANGES; done += ROUND) {
      for (let i = 0; i < ROUND; ++i) await choose(actions)(page, choose);
      // Under way: pictures of other steps than the last, but of no other network.
      await press(page, "Play");
      await page.page.waitForTimeout(300);
      const moving = await looks(page);
      await press(page, "Pause");
      await expect.poll(() => settled(page), { timeout: 30_000 }).toBe(true);
      await page.page.waitForTimeout(300);
      const still = await looks(page);
      const now = still[0];
      if (!now)
        throw new Error(`Nothing is shown after ${done} changes: ${await page.page.locator(".notices").textContent()}`);
      const seen = [...moving, ...still].filter((shown): shown is Shown => shown?.start === now.start);
      const expected = digests(
        page.hash(),
        seen.map(({ step }) => step),
      );
      for (const { step, digest, network } of seen) {
        expect([done, step, network, digest]).toEqual([done, step, now.network, expected.get(step)]);
        ++compared;
      }
      expect(now.step).toBe(await page.steps());
    }
    expect(compared).toBeGreaterThan((CHANGES / ROUND) * pictures.length);
  }, 900_000);
});
