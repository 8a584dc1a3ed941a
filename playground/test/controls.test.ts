// Oracle: what the page says of itself, in counters, address, pixels and the saved file; and the
// package, for what a saved file means.
import * as hessia from "hessia";
import { network } from "hessia";
import { describe, expect, test } from "vitest";
import { Session } from "../src/engine/session.ts";
import { fromHash } from "../src/model/link.ts";
import { browsing, executablePath } from "./browser.ts";

test.each([0.1, 0.5, 0.9])("the quantile loss has a share of %d of the targets below its output", (quantile) => {
  const { course } = fromHash(
    `data=six-gauss&noise=50&layers=3:tanh&batchSize=0&optimizer=adam&loss=quantile&quantile=${quantile}`,
  );
  const session = new Session(course, null);
  session.advance(2000);
  const { net, world } = session;
  const said = net.predict(world.train.inputs).data;
  const below = (world.train.targets as Float64Array).filter((target, i) => target <= said[i]).length;
  // At the optimum as many targets as there are parameters may lie on the output itself.
  expect(Math.abs(below - quantile * world.train.size)).toBeLessThanOrEqual(net.parameterCount);
});

describe.skipIf(!executablePath)("controls", () => {
  const { visit } = browsing();

  test("play trains until pause", async () => {
    const page = await visit();
    const before = await page.trainLoss();
    await page.play();
    await page.trained(500);
    await page.pause();
    const steps = await page.steps();
    expect(await page.trainLoss()).toBeLessThan(before);
    await page.page.waitForTimeout(200);
    expect(await page.steps()).toBe(steps);
    await page.hashHas(`at=${steps}`);
  });

  test("step, epoch and reset; the same start gives the same bits", async () => {
    const page = await visit();
    const start = await page.saved();
    await page.button("One step").click();
    await expect.poll(() => page.steps()).toBe(1);
    await page.button("One epoch").click();
    await expect.poll(() => page.steps()).toBe(25);
    expect(await page.epoch()).toBe(1);
    const trained = await page.saved();
    expect(trained.parameters).not.toEqual(start.parameters);
    await page.button("Reset").click();
    await expect.poll(() => page.steps()).toBe(0);
    expect((await page.saved()).parameters).toEqual(start.parameters);
    await page.button("One epoch").click();
    await expect.poll(() => page.steps()).toBe(25);
    expect((await page.saved()).parameters).toEqual(trained.parameters);
  });

  test("what is saved is the network that the package makes of its specification", async () => {
    const page = await visit("layers=5:tanh,3:relu:bn&seed=7&l2=0.01&loss=mse");
    const { spec, parameters } = await page.saved();
    const net = network(spec);
    expect(Array.from(net.getParameters())).toEqual(parameters);
    expect(net.spec.penalty).toEqual({ l1: 0, l2: 0.01, on: "weights" });
  });

  test("the program that is shown makes and trains the same network", async () => {
    const page = await visit(
      "layers=5:tanh,3:leaky-relu:bn&slope=0.2&seed=7&l2=0.01&bias=0.5&optimizer=adam&clip=norm&stopEpochs=3",
    );
    const start = await page.saved();
    const program = (await page.page.locator("#program").textContent()) ?? "";
    const [imports, ...lines] = program.split("\n");
    const names = imports.slice(imports.indexOf("{"), imports.indexOf("}") + 1);
    const run = new Function(
      "hessia",
      "inputs",
      "targets",
      "console",
      `return (async () => { const ${names} = hessia;
      ${lines.join("\n").replace("const data =", "const before = Array.from(net.getParameters());\nconst data =")}
      return { net, before, history }; })()`,
    );
    const { trainRows } = new Session(fromHash(page.hash()).course, null).world;
    const { net, before, history } = await run(
      hessia,
      trainRows.map(({ inputs }) => inputs),
      trainRows.map(({ label }) => label),
      { log: () => {} },
    );
    expect(before).toEqual(start.parameters);
    expect(history.epochs).toHaveLength(3);
    for (let epoch = 1; epoch <= 3; ++epoch) {
      await page.button("One epoch").click();
      await expect.poll(() => page.steps()).toBe(25 * epoch);
    }
    expect((await page.saved()).parameters).toEqual(Array.from(net.getParameters()));
  });

  test("keys play, step and reset, but not while typing", async () => {
    const page = await visit();
    await page.page.keyboard.press("s");
    await expect.poll(() => page.steps()).toBe(1);
    await page.page.keyboard.press("e");
    await expect.poll(() => page.steps()).toBe(25);
    await page.field("dataSeed").focus();
    await page.page.keyboard.press("s");
    await page.field("dataSeed").blur();
    expect(await page.steps()).toBe(25);
    await page.page.keyboard.press("r");
    await expect.poll(() => page.steps()).toBe(0);
    await page.page.keyboard.press("p");
    await page.trained(50);
    await page.page.keyboard.press("p");
    await page.button("Play").waitFor();
  });

  test("play right after a reset goes on, again and again", async () => {
    const page = await visit();
    for (let round = 0; round < 10; ++round) {
      await page.page.keyboard.press("r");
      await page.page.keyboard.press("p");
      await page.trained(5);
      await page.button("Pause").waitFor();
    }
    await page.page.keyboard.press("p");
    await page.button("Play").waitFor();
  });

  test("speeds take as many steps a picture as they say, or all they can", async () => {
    const page = await visit();
    await page.choose("pace", "1 step a frame");
    await page.play();
    await page.trained(3);
    await page.pause();
    const slow = await page.steps();
    await page.choose("pace", "Full speed");
    await page.play();
    await page.trained(slow + 5000);
    await page.pause();
  });

  test.each([
    ["Circle", "xor"],
    ["Exclusive or", "circle"],
    ["Two Gaussians", "circle"],
    ["Spiral", "circle"],
    ["Plane", "circle"],
    ["Six Gaussians", "circle"],
  ])("data: %s", async (name, other) => {
    const page = await visit(`data=${other}`);
    const plane = await page.pixels("#plane");
    await page.page.locator(".data").getByRole("radio", { name, exact: true }).check();
    await expect.poll(() => page.pixels("#plane")).not.toBe(plane);
    const before = await page.trainLoss();
    await page.play();
    await page.trained(300);
    await page.pause();
    expect(await page.trainLoss()).toBeLessThan(before);
  });

  test("noise, samples, share and seed make other data", async () => {
    const page = await visit();
    for (const [name, value, said] of [
      ["noise", "30", "noise=30"],
      ["samples", "800", "samples=800"],
      ["train", "80", "train=80"],
    ]) {
      const before = await page.pixels("#plane");
      await page.field(name).fill(value);
      await page.hashHas(said);
      await expect.poll(() => page.pixels("#plane")).not.toBe(before);
    }
    const before = await page.pixels("#plane");
    await page.button("Regenerate").click();
    await page.hashHas("dataSeed=2");
    await expect.poll(() => page.pixels("#plane")).not.toBe(before);
    // 640 of 800 samples in batches of 10.
    await page.button("One epoch").click();
    await expect.poll(() => page.steps()).toBe(64);
  });

  test("inputs come and go, but never all", async () => {
    const page = await visit();
    const inputs = page.page.locator('[data-unit^="0."]');
    expect(await inputs.count()).toBe(2);
    await page.page.getByRole("checkbox", { name: "sine of x1" }).check();
    await expect.poll(() => inputs.count()).toBe(3);
    await page.page.getByRole("checkbox", { name: "x1 squared" }).check();
    await page.page.getByRole("checkbox", { name: "x1", exact: true }).uncheck();
    await page.page.getByRole("checkbox", { name: "x2", exact: true }).uncheck();
    await page.page.getByRole("checkbox", { name: "sine of x1" }).uncheck();
    await expect.poll(() => inputs.count()).toBe(1);
    expect(await page.page.getByRole("checkbox", { name: "x1 squared" }).isDisabled()).toBe(true);
    expect((await page.saved()).spec.inputs).toBe(1);
  });

  test("layers, units, activations and batch norm", async () => {
    const page = await visit();
    await page.button("Add a hidden layer").click();
    await page.button("Layer 3: one unit more").click();
    await page.button("Layer 1: one unit less").click();
    await page.page.getByRole("combobox", { name: "Layer 2: activation" }).selectOption({ label: "tanh" });
    await page.page.getByRole("checkbox", { name: "Layer 3: batch norm" }).check();
    await page.hashHas("layers=5:relu,4:tanh,5:relu:bn");
    expect((await page.saved()).spec.layers).toMatchObject([
      { units: 5, activation: { type: "relu" }, batchNorm: false },
      { units: 4, activation: { type: "tanh" }, batchNorm: false },
      { units: 5, activation: { type: "relu" }, batchNorm: { momentum: 0.1 } },
      { units: 1, activation: { type: "identity" } },
    ]);
    await page.choose("activation", "ELU");
    await page.hashHas("layers=5:elu,4:elu,5:elu:bn");
    for (let left = 3; left > 0; --left) await page.button("Remove the last hidden layer").click();
    await expect.poll(() => page.page.locator("#layer-count").textContent()).toBe("0 hidden layers");
    await page.play();
    await page.trained(50);
    await page.pause();
  });

  test("initializer, biases, seed, loss and the value at the kink belong to the start", async () => {
    const page = await visit();
    await page.choose("initializer", "Glorot uniform");
    await page.type("bias", 0.5);
    await page.button("New start").click();
    await page.choose("atZero", "0.5");
    await page.choose("loss", "squared error, tanh");
    for (const said of ["initializer=glorot-uniform", "bias=0.5", "seed=2", "atZero=0.5", "loss=mse"])
      await page.hashHas(said);
    const { spec, parameters } = await page.saved();
    expect(spec).toMatchObject({ initializer: "glorot-uniform", seed: 2, loss: "mse" });
    expect(parameters.slice(12, 18)).toEqual(new Array(6).fill(0.5));
  });

  test("every optimizer trains, chosen in mid-run", async () => {
    const page = await visit();
    const names = await page.field("optimizer").locator("option").allTextContents();
    expect(names.length).toBeGreaterThanOrEqual(14);
    await page.button("One epoch").click();
    await expect.poll(() => page.steps()).toBe(25);
    for (const name of names) {
      await page.choose("optimizer", name);
      const [steps, loss] = [await page.steps(), await page.trainLoss()];
      await page.button("One epoch").click();
      await expect.poll(() => page.steps(), { message: name }).toBeGreaterThan(steps);
      expect(await page.trainLoss(), name).toBeLessThanOrEqual(loss * 1.5);
      expect(await page.page.locator(".notice.bad").count(), name).toBe(0);
    }
  });

  test("second-order methods tell of their last step", async () => {
    const page = await visit("optimizer=trustRegion&batchSize=0");
    await page.button("One step").click();
    await expect
      .poll(() => page.page.locator("#step-notes").textContent())
      .toMatch(/^Last step: .*gain ratio .*radius .*kinks crossed \d+/);
  });

  test("learning rate, batch size, options, penalties and clipping change without a restart", async () => {
    const page = await visit();
    await page.button("One epoch").click();
    await expect.poll(() => page.steps()).toBe(25);
    await page.button("Learning rate: raise").click();
    await page.choose("batchSize", "50");
    await page.type("option-momentum", 0.9);
    await page.field("option-nesterov").check();
    await page.type("l1", 0.001);
    await page.button("L2 penalty: raise").click();
    await page.choose("penaltyOn", "all");
    await page.choose("clip", "by norm");
    await page.type("clipAt", 0.5);
    expect(await page.steps()).toBe(25);
    await page.button("One epoch").click();
    await expect.poll(() => page.steps()).toBe(30);
    for (const said of [
      '"learningRate":0.1',
      '"batchSize":50',
      '"momentum":0.9',
      '"nesterov":true',
      '"l1":0.001',
      '"penaltyOn":"all"',
      '"clip":"norm"',
      '"clipAt":0.5',
    ]) {
      await page.hashHas(said);
    }
    expect((await page.saved()).spec.penalty).toEqual({ l1: 0.001, l2: 0.0001, on: "all" });
  });

  test("a schedule ends the run after its epochs", async () => {
    const page = await visit("schedule=cosine&scheduleEpochs=20&pace=full");
    await page.play();
    await expect.poll(() => page.page.locator(".notice").textContent()).toContain("All 20 epochs done");
    await expect.poll(() => page.epoch()).toBe(20);
  });

  test.each([
    ["stopEpochs", 7, "7 epochs done"],
    ["stopLoss", 0.3, "Training loss has come down to"],
    ["stopTestLoss", 0.3, "Test loss has come down to"],
    ["stopGradient", 0.2, "Gradient norm has come down to"],
  ])("stops by %s", async (name, value, said) => {
    const page = await visit("pace=full");
    await page.type(name, value);
    await page.play();
    await expect.poll(() => page.page.locator(".notice").textContent(), { timeout: 20_000 }).toContain(said);
    await page.button("Play").waitFor();
    if (name === "stopEpochs") await expect.poll(() => page.epoch()).toBe(7);
  });

  test("early stopping goes back to the best epoch", async () => {
    const page = await visit("data=xor&noise=50&train=20&optimizer=adam&learningRate=0.1&patience=15&pace=full");
    await page.play();
    await expect
      .poll(() => page.page.locator(".notice").textContent(), { timeout: 20_000 })
      .toContain("has not improved for 15 epochs");
  });

  test("numbers out of hand are explained, and the way out works", async () => {
    const page = await visit("data=six-gauss&loss=mse&features=x1,x2,x1^2,x2^2&learningRate=3&pace=full");
    await page.play();
    const notice = page.page.locator(".notice.bad");
    await expect.poll(() => notice.textContent()).toContain("NaN or infinity at step");
    const { parameters } = await page.saved();
    expect(parameters.every(Number.isFinite)).toBe(true);
    await page.button("Go back and clip gradients at norm 1").click();
    await page.hashHas('"clip":"norm"');
    await page.button("Reset").click();
    await expect.poll(() => notice.count()).toBe(0);
  });

  test("the output map: test data, discretized, kinks and regions", async () => {
    const page = await visit();
    let before = await page.pixels("#plane");
    const changed = async (): Promise<void> => {
      await expect.poll(() => page.pixels("#plane")).not.toBe(before);
      before = await page.pixels("#plane");
    };
    for (const name of ["showTest", "discretize", "kinkLines"]) {
      await page.field(name).check();
      await changed();
    }
    await page.page.getByRole("radio", { name: "Activation regions" }).check();
    await changed();
    await expect.poll(() => page.page.locator("#kink-note").textContent()).toMatch(/^\d+ activation regions/);
    await page.play();
    await page.trained(300);
    await page.pause();
    const crossings = Number(
      (await page.page.locator("#kink-note").textContent())?.match(/\. ([\d,]+) crossings/)?.[1].replaceAll(",", ""),
    );
    expect(crossings).toBeGreaterThan(0);
  });

  test("a unit under the pointer is shown large, and its weights can be edited", async () => {
    const page = await visit();
    const output = await page.pixels("#plane");
    await page.page.locator('[data-unit="1.2"]').hover();
    await expect.poll(() => page.pixels("#plane")).not.toBe(output);
    await page.page.locator('[data-unit="1.2"]').click();
    const inspector = page.page.getByRole("region", { name: "Layer 1, unit 3" });
    await inspector.getByLabel("bias").fill("1.25");
    await inspector.getByLabel("bias").blur();
    await inspector.getByLabel("from x₂").fill("-2");
    await inspector.getByLabel("from x₂").blur();
    // What is typed reaches the worker as a message.
    const edited = async (): Promise<number[]> => {
      const { parameters } = await page.saved();
      return [parameters[12 + 2], parameters[2 * 2 + 1]];
    };
    await expect.poll(edited).toEqual([1.25, -2]);
  });

  test("a link under the pointer shows its weight, and a click edits it", async () => {
    const page = await visit("layers=1:relu&features=x1");
    const [from, to] = await Promise.all(
      ['[data-unit="0.0"]', '[data-unit="1.0"]'].map((place) => page.page.locator(place).boundingBox()),
    );
    if (!from || !to) throw new Error("The units are not drawn.");
    const x = (from.x + from.width + to.x) / 2;
    const y = from.y + from.height / 2;
    await page.page.mouse.move(x, y);
    await expect.poll(() => page.page.locator(".tip").textContent()).toMatch(/^Weight [−\d.]+/);
    await page.page.mouse.click(x, y);
    await page.page.locator(".editor input").fill("0.75");
    await page.button("Set").click();
    await expect.poll(async () => (await page.saved()).parameters[0]).toBe(0.75);
  });

  test("the output's bias is found beside it, shown and edited", async () => {
    const page = await visit("layers=1:relu&features=x1");
    const output = await page.page.locator('[data-unit="2.0"]').boundingBox();
    if (!output) throw new Error("The output is not drawn.");
    const [x, y] = [output.x - 2, output.y + output.height - 2];
    await page.page.mouse.move(x, y);
    await expect.poll(() => page.page.locator(".tip").textContent()).toMatch(/^Bias 0/);
    await page.page.mouse.click(x, y);
    const [editor, drawing] = await Promise.all([
      page.page.locator(".editor").boundingBox(),
      page.page.locator(".scroller").boundingBox(),
    ]);
    if (!editor || !drawing) throw new Error("There is nothing to edit in.");
    expect(editor.x).toBeGreaterThanOrEqual(drawing.x);
    expect(editor.x + editor.width).toBeLessThanOrEqual(drawing.x + drawing.width);
    await page.page.locator(".editor input").fill("-1.5");
    await page.button("Set").click();
    await expect.poll(async () => (await page.saved()).parameters[3]).toBe(-1.5);
  });

  test("theme goes from the system's to light and dark", async () => {
    const page = await visit("", { colorScheme: "dark" });
    const theme = (): Promise<string | null> => page.page.locator("html").getAttribute("data-theme");
    expect(await theme()).toBe("dark");
    await page.page.locator("#theme").click();
    expect(await theme()).toBe("light");
    await page.page.locator("#theme").click();
    await page.page.locator("#theme").click();
    await page.page.emulateMedia({ colorScheme: "light" });
    await expect.poll(theme).toBe("light");
  });

  test("confusion counts every sample", async () => {
    const page = await visit();
    await page.page.locator(".confusion summary").click();
    const cells = await page.page.locator(".confusion td").allTextContents();
    expect(cells.map(Number).reduce((sum, value) => sum + value, 0)).toBe(500);
  });

  test("a loss without curvature takes a method of first order, and trains", async () => {
    const page = await visit("data=plane&optimizer=newton&batchSize=0");
    await page.choose("loss", "quantile");
    const method = () =>
      page.field("optimizer").evaluate((list) => (list as HTMLSelectElement).selectedOptions[0].text);
    await expect.poll(method).toBe("Adam");
    await page.button("One epoch").click();
    await expect.poll(() => page.epoch()).toBe(1);
    await page.hashHas("at=");
    const { course } = fromHash(page.hash());
    expect(course.start.loss).toBe("quantile");
    const session = new Session(course, null);
    session.advance(await page.steps());
    expect(await page.trainLoss()).toBeCloseTo(session.net.evaluate(session.world.train).loss, 2);
    expect(await page.page.locator(".notice.bad").count()).toBe(0);
  });
});
