// Oracle: the claims that each act states, held against what the page has computed at its end, at
// the speed that people see.
import { describe, expect, test } from "vitest";
import { hessianPicture } from "../src/engine/curvature.ts";
import { Painter, scoreOf } from "../src/engine/picture.ts";
import { Session } from "../src/engine/session.ts";
import type { Frame } from "../src/model/protocol.ts";
import { scenes } from "../src/scenes/index.ts";
import { stretchesOf } from "../src/scenes/pace.ts";
import { pictures } from "../src/scenes/pictures.ts";
import { type Act, type ActEvent, courseOf } from "../src/scenes/scene.ts";
import { browsing, executablePath, type Visit } from "./browser.ts";

const acts = scenes.flatMap((scene) => scene.acts.map((act) => ({ scene, act })));

function actsOf(name: string): readonly Act[] {
  return scenes.find(({ key }) => key === name)?.acts ?? [];
}

test("each act asks, says what was seen, and ends where it is said to", () => {
  for (const { act } of acts) {
    expect(act.ask.options[act.ask.right], act.title).toBeDefined();
    expect(act.seen.length, act.title).toBeGreaterThan(20);
    expect(act.claims.length, act.title).toBeGreaterThan(0);
  }
  for (const { picture } of scenes) expect(pictures[picture]).toBeDefined();
});

test("an act that trains takes seconds at 60 pictures a second, most of them around its event", () => {
  for (const { act } of acts) {
    const stretches = stretchesOf(act);
    let at = act.from ?? 0;
    let frames = 0;
    for (const { until, pace } of stretches) {
      expect(until).toBeGreaterThan(at);
      frames += (until - at) / pace;
      at = until;
    }
    expect(at).toBe(act.to);
    if (stretches.length > 0) expect(frames).toBeGreaterThanOrEqual(150);
  }
});

test.each(acts.filter(({ act }) => act.event).map(({ scene, act }) => [scene.title, act.title, scene, act] as const))(
  "%s, %s: what the note says happens at the step where the act stands",
  (_, __, scene, act) => {
    const event = act.event as ActEvent;
    const session = new Session(courseOf(scene, act), null);
    const point = { place: { start: 1, network: 0, changes: 0, step: 0, digest: "" }, step: 0, epoch: 0 };
    const holds = (): boolean =>
      event.claim.test({
        frame: {
          trainLoss: scoreOf(session, session.world.train).loss,
          dead: new Painter(session).dead(),
          settings: session.settings,
        } as unknown as Frame,
        hessian: event.claim.hessian ? hessianPicture(session.net, session.world.train, point) : null,
        study: null,
      });
    expect(event.at).toBeGreaterThan(act.from ?? 0);
    expect(event.at).toBeLessThan(act.to);
    session.advance(event.at - 1);
    expect(holds()).toBe(false);
    session.advance(event.at);
    expect(holds()).toBe(true);
  },
);

describe.skipIf(!executablePath)("guided scenes", () => {
  const { visit } = browsing();

  const states = (page: Visit) =>
    page.page
      .locator(".claims li")
      .evaluateAll((items) =>
        items.map((item) => `${item.getAttribute("data-state")}: ${item.lastChild?.textContent}`),
      );

  /** Guesses, runs the act where there is something to run, and waits for its end. */
  async function run(page: Visit, act: Act, answer = act.ask.right): Promise<void> {
    await page.page.locator(".answer").nth(answer).click();
    if (act.to > (act.from ?? 0)) await page.page.locator("#run-act").click();
    if (act.event) {
      await page.page.locator("#event", { hasText: act.event.says }).waitFor({ timeout: 30_000 });
      expect(await page.steps(), act.title).toBe(act.event.at);
      await page.page.locator("#go-on").click();
    }
    await expect
      .poll(async () => (await states(page)).filter((state) => state.startsWith("open")), {
        timeout: 60_000,
        message: act.title,
      })
      .toEqual([]);
  }

  test.each(scenes.map(({ key, title }) => [title, key] as const))(
    "%s",
    async (title, key) => {
      const scene = scenes.find((each) => each.key === key);
      if (!scene) throw new Error(`There is no scene ${key}.`);
      const page = await visit(`scene=${key}`, { viewport: { width: 1366, height: 768 }, folded: true });
      expect(await page.page.locator("#scene-title").textContent()).toBe(title);
      for (const [index, act] of scene.acts.entries()) {
        await page.button(`${index + 1}. ${act.title}`).click();
        expect(await page.page.locator(".claims").count(), act.title).toBe(0);
        await run(page, act);
        expect(await states(page), act.title).toEqual(act.claims.map(({ text }) => `met: ${text}`));
        await expect.poll(() => page.page.locator("#seen").getAttribute("data-right")).toBe("true");
        expect(await page.page.locator(".callout").textContent()).toContain(act.seen);
      }
    },
    300_000,
  );

  test("a wrong guess is told what it was; the next act asks anew", async () => {
    const page = await visit("scene=kink");
    const [act, next] = actsOf("kink");
    await run(page, act, 1 - act.ask.right);
    expect(await page.page.locator("#seen").textContent()).toContain(`It was: ${act.ask.options[act.ask.right]}.`);
    await page.page.locator("#next-act").click();
    await page.page.locator("legend", { hasText: next.ask.question }).waitFor();
    expect(await page.page.locator(".answer[aria-pressed=true]").count()).toBe(0);
    expect(await page.page.locator("#run-act").count()).toBe(0);
  });

  test("an act stands at its event, and goes on by itself; a reset leaves it", async () => {
    const page = await visit("scene=kink&act=1");
    const [, act] = actsOf("kink");
    await page.page.locator(".answer").first().click();
    await page.page.locator("#run-act").click();
    await page.page.locator("#event").waitFor();
    await expect.poll(() => page.steps(), { timeout: 20_000 }).toBe(act.to);
    await page.page.locator("#run-act").click();
    await page.page.locator("#event").waitFor();
    await page.button("Reset").click();
    await expect.poll(() => page.page.locator("#event").count()).toBe(0);
    expect(await page.steps()).toBe(0);
  });

  test("a fresh network in an act has none of its claims ticked", async () => {
    const page = await visit("scene=kink");
    const [act] = actsOf("kink");
    await run(page, act);
    await page.page.keyboard.press("Escape");
    await page.button("Reset").click();
    await expect.poll(() => states(page)).toEqual(act.claims.map(({ text }) => `open: ${text}`));
  });

  test("text and the picture it speaks of are on one screen", async () => {
    for (const key of ["dying", "saddle", "edge"]) {
      const page = await visit(`scene=${key}`, { viewport: { width: 1366, height: 768 }, folded: true });
      const shown = await page.page.evaluate(() =>
        ["#scene .act h3", ".plane", "#network-canvas", "#story-hessian"].filter((selector) => {
          const box = document.querySelector(selector)?.getBoundingClientRect();
          return !box || box.top < 0 || box.bottom > innerHeight;
        }),
      );
      expect(shown, key).toEqual([]);
    }
  });

  test("dragging along the eigenvector changes the plane and not the network", async () => {
    const page = await visit("scene=along&act=1");
    const [, act] = actsOf("along");
    await run(page, act);
    const [plane, loss] = [await page.pixels("#plane"), await page.page.locator("#train-loss").textContent()];
    await page.page.locator('[name="along"]').fill("-2");
    await expect.poll(() => page.pixels("#plane")).not.toBe(plane);
    expect(await page.page.locator("#train-loss").textContent()).toBe(loss);
  });

  test("two weights fewer at a time", async () => {
    const page = await visit("scene=pruning&act=1");
    const [, act] = actsOf("pruning");
    await run(page, act);
    const left = async () =>
      Number(/(\d+) parameters left/.exec((await page.page.locator("#scene").textContent()) ?? "")?.[1]);
    const before = await left();
    await page.page.keyboard.press("Escape");
    await page.page.locator("#prune-more").click();
    await expect.poll(left).toBeLessThan(before);
  });
});
