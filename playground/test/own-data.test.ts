// Oracle: the table itself; what is wrong with it is told by line and column.
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
    expect(await page.page.locator(".legend").textContent()).toBe("irisrose");
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
      .poll(() => page.page.locator(".own-trouble, #card-own .notice.bad").textContent())
      .toContain('column "kind": "rose" is not a number');
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
    ["a,b,c\n1,2,x\n1,2\n1,2,y\n3,4,x\n1,1,y", "Line 3 has 2 cells"],
    ["a,b,c\n1,2,x\n1,oops,y\n1,2,y\n3,4,x\n1,1,y", 'Line 3, column "b": "oops" is not a number'],
    ["a,b,c\n1,2,x\n1,2,x\n1,2,x\n3,4,x\n1,1,x", "has one value only"],
  ])("a table of no use is refused in words (%#)", async (text, said) => {
    const page = await paste(text);
    await expect.poll(() => page.page.locator("#card-own .notice.bad").textContent()).toContain(said);
  });
});
