// Oracle: the table itself; what is wrong with it is told by line and column.
import { describe as describe_, readTable } from "hessia/tables";
import { describe, expect, test } from "vitest";
import { browsing, executablePath } from "./browser.ts";

const words = [
  "petal,sepal,kind",
  ...Array.from({ length: 60 }, (_, i) => `${(i % 7) + (i % 2) * 9},${i % 5},${i % 2 ? "iris" : "rose"}`),
].join("\n");
const values = [
  "a;b;c;y",
  ...Array.from({ length: 80 }, (_, i) => `${i % 9};${i % 5};${(i * 3) % 7};${(i % 9) * 0.7 - (i % 5)}`),
].join("\n");

describe.skipIf(!executablePath)("own data", () => {
  const { visit } = browsing();

  async function paste(text: string) {
    const page = await visit("open=own");
    await page.open("own");
    await page.page.getByLabel("Paste a table, or drop a file here").fill(text);
    await page.button("Train on this table").click();
    return page;
  }

  test("words are classes, and training tells them apart", async () => {
    const page = await paste(words);
    await expect.poll(() => page.page.locator("#own-summary").textContent()).toContain("kind is one of iris, rose");
    expect(await page.page.locator(".output .legend").textContent()).toBe("irisrose");
    await page.choose("optimizer", "Adam");
    await page.choose("pace", "250 steps a frame");
    await page.play();
    await expect.poll(() => page.page.locator("#train-loss").textContent(), { timeout: 20_000 }).toContain("100.0 %");
  });

  test("numbers are values; more than two inputs go in together", async () => {
    const page = await paste(values);
    await expect
      .poll(() => page.page.locator("#own-summary").textContent())
      .toContain("80 rows, inputs a, b, c; y is a number");
    expect((await page.saved()).spec).toMatchObject({ inputs: 3, loss: "mse" });
    const before = await page.trainLoss();
    await page.play();
    await page.trained(400);
    await page.pause();
    expect(await page.trainLoss()).toBeLessThan(before);
  });

  test("text, gaps and decimal commas go in as they do in the package", async () => {
    const lines = Array.from({ length: 60 }, (_, i) => {
      const height = i % 9 === 4 ? "" : `${10 + (i % 7)},${i % 10}`;
      return `${height};${["red", "green", "blue"][i % 3]};${(i % 5) * 1000 + 250},5;${i % 3 === 1 ? "yes" : "no"}`;
    });
    const text = ["height;colour;weight;ripe", ...lines].join("\n");
    const page = await paste(text);
    const { rows, names } = await readTable(text);
    const columns = describe_(rows, { names: names ?? [] });
    await expect
      .poll(() => page.page.locator("#own-summary").textContent())
      .toContain(`60 rows, inputs ${columns.inputNames.join(", ")}; ripe is one of no, yes`);
    const { inputs } = columns.encode(rows);
    const program = (await page.program()).split("const targets")[0];
    const shown = [...program.matchAll(/^ {2}\[(.*)\],$/gm)].map(([, line]) => line.split(", ").map(Number));
    const expected = Array.from({ length: 60 }, (_, r) =>
      Array.from(inputs.data.subarray(r * inputs.columns, (r + 1) * inputs.columns), (v) => Math.fround(2 * v)),
    );
    expect(shown).toHaveLength(30);
    for (const row of shown) expect(expected).toContainEqual(row);
  });

  test("the plane's axes are in the columns' units", async () => {
    const page = await paste(words);
    const petal = Array.from({ length: 60 }, (_, i) => (i % 7) + (i % 2) * 9);
    const mean = petal.reduce((sum, v) => sum + v, 0) / 60;
    const deviation = Math.sqrt(petal.reduce((sum, v) => sum + (v - mean) ** 2, 0) / 60);
    await expect
      .poll(async () => (await page.page.locator(".plane figcaption").textContent())?.replace("−", "-"))
      .toContain(`${(mean - 3 * deviation).toPrecision(3)}petal →${(mean + 3 * deviation).toPrecision(3)}`);
  });

  test("from a table of values to the circle: classes under cross-entropy", async () => {
    const page = await paste(values);
    await expect.poll(() => page.page.locator("#own-summary").textContent()).toContain("y is a number");
    await page.page.getByRole("radio", { name: "Circle" }).check({ force: true });
    await expect.poll(async () => (await page.saved()).spec.loss).toBe("binary-cross-entropy");
    await page.button("One epoch").click();
    await page.trained(20);
  });

  test("each class has an output, called by its name", async () => {
    const page = await paste(
      [
        "x,y,wind",
        ...Array.from({ length: 30 }, (_, i) => `${i % 7},${i % 5},${["north", "east", "west"][i % 3]}`),
      ].join("\n"),
    );
    const names = page.page.locator('[data-unit^="3."]');
    await expect
      .poll(() => names.evaluateAll((units) => units.map((unit) => unit.getAttribute("aria-label"))))
      .toEqual(["Output for east", "Output for north", "Output for west"]);
    await names.nth(1).click();
    await page.page.getByRole("region", { name: "Output for north" }).waitFor();
  });

  test("another column can be the target", async () => {
    const page = await paste(words);
    await page.choose("target", "sepal");
    await expect
      .poll(() => page.page.locator("#own-summary").textContent())
      .toContain("inputs petal, kind = iris, kind = rose; sepal is one of 0, 1, 2, 3, 4");
  });

  test("a file may be dropped", async () => {
    const page = await visit("open=own");
    await page.open("own");
    await page.page.locator(".drop").evaluate((zone, text) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([text], "table.csv", { type: "text/csv" }));
      zone.dispatchEvent(new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true }));
    }, words);
    await expect.poll(() => page.page.locator("#own-summary").textContent()).toContain("60 rows");
  });

  test.each([
    ["1,2", "at least three columns"],
    ["a,b,c\n1,2,x\n1,2,y", "at least four rows"],
    ["a,b,c\n1,2,x\n1,2\n1,2,y\n3,4,x\n1,1,y", "Line 3: expected 3 columns, as in line 1, got 2"],
    ["a,b,c\n1,2,0.5\n1,2,0.5\n3,2,0.5\n3,4,0.5\n2,1,0.5", "expected a target whose values differ"],
    ["a,b,c\n1,2,x\n1,2,x\n1,2,y\n1,2,x\n1,2,y", "needs two inputs at least"],
    ["a,b,c\n1,2,x\n1,2,x\n1,2,x\n3,4,x\n1,1,x", "expected at least two classes to tell apart"],
  ])("a table of no use is refused in words (%#)", async (text, said) => {
    const page = await paste(text);
    await expect.poll(() => page.page.locator("#card-own .notice.bad").textContent()).toContain(said);
  });
});
