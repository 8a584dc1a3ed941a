// Oracle: the package's own sessions under Node, on the course and the table that the page's
// address tells; every picture's digest is held against theirs.
import { describe, expect, test } from "vitest";
import { Session } from "../src/engine/session.ts";
import { fromHash } from "../src/model/link.ts";
import { digestOf } from "../src/model/place.ts";
import { readTable } from "../src/page/own-data.ts";
import { browsing, executablePath, type Visit } from "./browser.ts";

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
 * What pictures of the network that the address tells must say, after as many steps as are shown.
 */
async function expected(page: Visit): Promise<string> {
  const { course, own } = fromHash(new URL(page.page.url()).hash);
  const session = new Session(course, own && (await readTable(own.text, own.target ?? undefined)));
  session.advance(await page.steps());
  return digestOf(session.net.getParameters());
}

async function shown(page: Visit): Promise<(string | undefined)[]> {
  const all = await Promise.all(
    pictures.map(async (id) => ((await page.page.locator(`#${id}`).count()) > 0 ? [await page.shows(id)] : [])),
  );
  return all.flat().map((place) => place?.digest);
}

const table = (heads: string, row: (i: number) => string): string =>
  [heads, ...Array.from({ length: 40 }, (_, i) => row(i))].join("\n");
const wide = table("x,y,z,kind", (i) => `${i % 7},${i % 5},${(i * i) % 11},${i % 3 ? "a" : "b"}`);
const three = table("x,y,kind", (i) => `${(i * 7) % 13},${(i * 5) % 11},${"abc"[i % 3]}`);
const values = table("x,y,v", (i) => `${i % 7},${(i * 3) % 5},${((i * i) % 11) + 0.5}`);

async function own({ page }: Visit, text: string): Promise<void> {
  await page.locator('[name="table"]').fill(text);
  await page.getByRole("button", { name: "Train on this table" }).click();
  await page.waitForTimeout(300);
}

async function scrub({ page }: Visit, share: number): Promise<void> {
  await page.locator('[name="timeline"]').evaluate((line, at) => {
    const input = line as HTMLInputElement;
    input.value = String(Math.round(Number(input.max) * at));
    input.dispatchEvent(new Event("change", { bubbles: true }));
  }, share);
  await page.waitForTimeout(300);
}

const radio = ({ page }: Visit, name: string): Promise<void> =>
  page.getByRole("radio", { name }).check({ force: true });
const cards = "open=hessian,surface,units,own";

type Sequence = readonly [name: string, hash: string, course: (page: Visit) => Promise<unknown>];

const sequences: readonly Sequence[] = [
  [
    "another loss while it plays",
    cards,
    async (page) => {
      await page.play();
      await page.trained(50);
      await page.choose("loss", "Huber, tanh");
    },
  ],
  [
    "another seed while it plays",
    cards,
    async (page) => {
      await page.play();
      await page.trained(50);
      await page.type("seed", 7);
    },
  ],
  [
    "a table of values, then classes",
    cards,
    async (page) => {
      await own(page, values);
      await page.button("One epoch").click();
      await radio(page, "Circle");
    },
  ],
  [
    "a table of three classes, then values",
    cards,
    async (page) => {
      await own(page, three);
      await page.button("One epoch").click();
      await radio(page, "Six Gaussians");
      await page.button("One step").click();
    },
  ],
  [
    "two tables, and one of them undone",
    cards,
    async (page) => {
      await own(page, wide);
      await page.button("One epoch").click();
      await own(page, three);
      await page.button("Undo").click();
    },
  ],
  [
    "back on the timeline, and on from there in another way",
    `${cards}&at=200`,
    async (page) => {
      await scrub(page, 0.5);
      await page.type("learningRate", 0.3);
      await page.button("One epoch").click();
    },
  ],
  [
    "a rescue, the timeline to before it, and after it again",
    `${cards}&at=60`,
    async (page) => {
      await page.button("Add batch norm to layer 1").click();
      await page.button("One epoch").click();
      await scrub(page, 0.3);
      await scrub(page, 1);
    },
  ],
  [
    "an address typed while it plays",
    cards,
    async (page) => {
      await page.play();
      await page.trained(50);
      await page.page.evaluate(() => {
        location.hash = "data=xor&layers=3:tanh&open=hessian&at=25";
      });
      await expect.poll(() => page.steps()).toBe(25);
    },
  ],
  [
    "a reset in the middle of a replay",
    `${cards}&at=3000000`,
    async (page) => {
      await page.page.keyboard.press("r");
      await expect.poll(() => page.steps()).toBe(0);
    },
  ],
  [
    "a reload in the middle of an act",
    "scene=dying",
    async (page) => {
      await page.page.locator(".answer").first().click();
      await page.page.locator("#run-act").click();
      await page.trained(5);
      await page.page.reload();
      await expect.poll(() => page.page.locator("#train-loss").textContent()).not.toBe("–");
    },
  ],
];

describe.skipIf(!executablePath)("one thing after another", () => {
  const { visit } = browsing();

  test.each(sequences)("%s: every picture shows what the address tells", async (_, hash, course) => {
    const page = await visit(hash, { viewport: { width: 1440, height: 2600 } });
    await course(page);
    if ((await page.button("Pause").count()) > 0) await page.pause();
    // The address is written a moment after the change.
    await expect
      .poll(
        async () => {
          const digest = await expected(page);
          const all = await shown(page);
          return all.length > 3 && all.every((other) => other === digest);
        },
        { timeout: 20_000 },
      )
      .toBe(true);
    expect(await page.page.locator(".notice.bad").count()).toBe(0);
  });
});
