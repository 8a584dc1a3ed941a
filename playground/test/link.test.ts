// Oracle: a second page that is given the link alone must save the same bits as the first.
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fromHash, type Linked, toHash } from "../src/model/link.ts";
import { chosen } from "../src/model/optimizers.ts";
import { defaults, type OptionValue } from "../src/model/settings.ts";
import { defaultView } from "../src/model/view.ts";
import { browsing, executablePath, here } from "./browser.ts";

test("an address gives back what was written", () => {
  const linked: fc.Arbitrary<Linked> = fc.record({
    course: fc.record({
      start: fc
        .record({
          noise: fc.integer({ min: 0, max: 50 }),
          learningRate: fc.double({ min: 1e-9, max: 100, noNaN: true }),
          features: fc.constantFrom(["x1" as const], ["x1^2" as const, "sin x2" as const]),
          layers: fc.array(
            fc.record({
              units: fc.integer({ min: 1, max: 16 }),
              activation: fc.constantFrom("relu" as const, "tanh" as const),
              batchNorm: fc.boolean(),
            }),
            { maxLength: 8 },
          ),
          options: fc.constantFrom<Record<string, OptionValue>>({}, { momentum: 0.9, nesterov: true }),
          bias: fc.double({ min: -9, max: 9, noNaN: true }).map((value) => value + 0),
        })
        .map((some) => ({ ...defaults, ...some })),
      log: fc.constantFrom([], [{ step: 3, change: { kind: "edit" as const, values: [[1, 0.1 + 0.2] as const] } }]),
      at: fc.nat(),
    }),
    view: fc
      .record({
        showTest: fc.boolean(),
        pace: fc.constantFrom(1, 25, "full" as const),
        open: fc.constantFrom([], ["race" as const, "own" as const]),
        matrix: fc.constantFrom("exact" as const, "difference" as const),
        across: fc.constantFrom("last step" as const, "random 2" as const),
        reach: fc.constantFrom(0.001, 3),
        racers: fc.constantFrom(defaultView.racers, [
          { optimizer: "newton", learningRate: 1, options: { search: "wolfe", damping: 0.1 }, batchSize: 0 },
        ]),
        raceBy: fc.constantFrom("steps" as const, "seconds" as const),
      })
      .map((some) => ({ ...defaultView, ...some })),
    own: fc.constantFrom(null, { text: "a,b,c\n1,2,é&=#\n", target: 1 }),
  });
  fc.assert(
    fc.property(linked, (value) => {
      expect(fromHash(`#${toHash(value)}`)).toEqual(value);
    }),
  );
});

test("nonsense in an address leaves the defaults", () => {
  const { course, view } = fromHash("#layers=x:y&pace=fast&learningRate=much&log={&at=-3&features=&options=[");
  expect(course).toEqual({
    start: { ...defaults, layers: [{ units: 1, activation: "relu", batchNorm: false }] },
    log: [],
    at: 0,
  });
  expect(view).toEqual(defaultView);
});

test.each([
  "data=square",
  "features=x9",
  "loss=big",
  "initializer=none",
  "optimizer=best",
  "penaltyOn=some",
  "clip=hard&clipAt=-1",
  "schedule=slow",
  "samples=1",
  "samples=1e9",
  "train=100",
  "noise=-5",
  "seed=-1",
  "seed=1.5",
  "dataSeed=-3",
  "atZero=7",
  "slope=-3",
  "learningRate=-1",
  "learningRate=0",
  "batchSize=2.5",
  "l1=-1&l2=NaN",
  "stopEpochs=-1&patience=0.5",
  "scheduleEpochs=0",
  "scheduleEpochs=1e300&patience=1e20&batchSize=1e20",
  "learningRate=1e300&slope=1e308&l1=1e300&bias=-1e308",
  "data=__proto__&loss=constructor&optimizer=toString&features=__proto__",
  'options={"momentum":5}',
  'options={"momentum":"much","nesterov":1,"__proto__":{},"constructor":2}',
  "options=[1,2]",
  "options=null",
])("what the page could not have set is left at its default: %s", (hash) => {
  expect(fromHash(`#${hash}`).course.start).toEqual(defaults);
});

test.each([
  "overlay=all",
  "matrix=whole",
  "across=down&up=up",
  "model=third",
  "reach=-1",
  "raceBy=luck",
  "raceEpochs=0",
  "racers=[]",
  'racers=[{"optimizer":"best","learningRate":1,"options":{},"batchSize":1}]',
  "racers={",
  'racers=[{"optimizer":"sgd","learningRate":1,"options":{},"batchSize":-1}]',
  "racers=[null,5]",
  "matrix=__proto__&act=-1",
  "pace=0&act=0.5",
])("nor is a view shown that there is not: %s", (hash) => {
  expect(fromHash(`#${hash}`).view).toEqual(defaultView);
});

test("a log keeps what the page could have written, and nothing else", () => {
  const good = [
    { step: 0, change: { kind: "set", set: { learningRate: 0.1 } } },
    { step: 2, change: { kind: "activation", layer: 1, activation: "tanh" } },
    { step: 2, change: { kind: "fill", layer: 2, what: "bias", value: -1 } },
    { step: 3, change: { kind: "prune", parameters: 20 } },
  ];
  const bad = [
    null,
    { step: -5, change: { kind: "revive" } },
    { step: 1e300, change: { kind: "constructor" } },
    { step: 0, change: { kind: "edit", values: null } },
    { step: 0, change: { kind: "edit", values: [[0, "x"]] } },
    { step: 0, change: { kind: "fill", layer: 0, what: "all", value: 1 } },
    { step: 0, change: { kind: "activation", layer: 99, activation: "relu" } },
    { step: 0, change: { kind: "activation", layer: 0, activation: "constructor" } },
    { step: 0, change: { kind: "batch-norm", layer: -1 } },
    { step: 0, change: { kind: "prune", parameters: -9 } },
    { step: 0, change: { kind: "back" } },
  ];
  const log = [...bad, ...good];
  expect(fromHash(`#log=${encodeURIComponent(JSON.stringify(log))}`).course.log).toEqual(good);
  const set = { learningRate: -3, optimizer: "best", layers: null, data: "spiral", seed: 5, batchSize: 20 };
  const odd = JSON.stringify([{ step: 0, change: { kind: "set", set } }]);
  expect(fromHash(`#log=${encodeURIComponent(odd)}`).course.log).toEqual([
    { step: 0, change: { kind: "set", set: { batchSize: 20 } } },
  ]);
});

test("no method of second order goes with a loss that has no curvature", () => {
  expect(fromHash("#loss=mae&data=plane&optimizer=newton").course.start).toMatchObject({
    loss: "mae",
    ...chosen("adam"),
  });
  const log = JSON.stringify([{ step: 4, change: { kind: "set", set: { optimizer: "lbfgs", batchSize: 0 } } }]);
  expect(fromHash(`#loss=quantile&data=plane&log=${log}`).course.log).toEqual([
    { step: 4, change: { kind: "set", set: { batchSize: 0 } } },
  ]);
});

test("the open cards are such as there are, each once", () => {
  expect(fromHash("#open=race,__proto__,hessian,race").view.open).toEqual(["race", "hessian"]);
});

describe.skipIf(!executablePath)("links", () => {
  const { visit } = browsing();

  test("restore the bits of a run with changes of every kind", async () => {
    const page = await visit("layers=6:relu,4:relu&noise=10");
    await page.play();
    await page.trained(200);
    await page.button("Learning rate: raise").click();
    await page.trained(400);
    await page.choose("optimizer", "Adam");
    await page.choose("pace", "Full speed");
    await page.trained(3000);
    await page.choose("batchSize", "30");
    await page.trained(6000);
    await page.pause();
    await page.page.locator('[data-unit="1.2"]').click();
    await page.page.getByRole("region", { name: "Layer 1, unit 3" }).getByLabel("bias").fill("-30");
    await page.page.getByRole("region", { name: "Layer 1, unit 3" }).getByLabel("bias").blur();
    await page.open("units");
    await page.button("Make layer 2 leaky").click();
    await page.button("Add batch norm to layer 1").click();
    await page.button("One epoch").click();
    await page.choose("optimizer", "L-BFGS");
    await page.button("One epoch").click();
    await page.page.waitForTimeout(400);
    const steps = await page.steps();
    const first = await page.saved();
    await page.page.locator("#share").click();
    const link = page.page.url();
    expect(link).toContain(`at=${steps}`);
    const again = await visit(link.split("#")[1]);
    await expect.poll(() => again.steps(), { timeout: 30_000 }).toBe(steps);
    const second = await again.saved();
    expect(second).toEqual(first);
    // And both go on alike.
    for (const each of [page, again]) {
      await each.button("One epoch").click();
      await expect.poll(() => each.steps()).toBe(steps + 1);
    }
    expect((await again.saved()).parameters).toEqual((await page.saved()).parameters);
  });

  test("hold a table of one's own", async () => {
    const page = await visit("open=own");
    await page.open("own");
    await page.button("Fill in an example").click();
    await page.button("Train on this table").click();
    await expect
      .poll(() => page.page.locator("#own-summary").textContent())
      .toContain("210 rows, inputs x, y; wind is one of east, north, west");
    await page.choose("optimizer", "Adam");
    await page.play();
    await page.trained(300);
    await page.pause();
    const steps = await page.steps();
    const first = await page.saved();
    await page.page.locator("#share").click();
    const again = await visit(page.page.url().split("#")[1]);
    await expect.poll(() => again.steps()).toBe(steps);
    expect((await again.saved()).parameters).toEqual(first.parameters);
  });

  test("follow the back button of a scene's link", async () => {
    const page = await visit("data=xor");
    await page.button("Guided scenes").click();
    await page.page.getByRole("link", { name: "Born dead" }).click();
    await page.page.locator("#scene-title", { hasText: "Born dead" }).waitFor();
    await page.page.goBack();
    await expect.poll(() => page.page.locator("#scene").count()).toBe(0);
    await page.hashHas("data=xor");
  });

  test("the page is one file of each kind, without a request to anywhere else", async () => {
    const html = readFileSync(new URL("../dist/index.html", import.meta.url), "utf8");
    const outside = [...html.matchAll(/(?:src|href)="([^"]+)"/g)]
      .map(([, url]) => url)
      .filter((url) => /^[a-z]+:/.test(url) && !url.startsWith("data:"));
    expect(outside).toEqual([]);
    expect(here).toMatch(/^http:\/\/127\.0\.0\.1/);
  });
});
