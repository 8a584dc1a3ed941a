// Oracle: the parts that the address names, and the frame's code put on a page of its own.
import { describe, expect, test } from "vitest";
import { frameAddress, frameCode, partsIn, usualParts } from "../src/model/frame.ts";
import { browsing, executablePath, here } from "./browser.ts";

describe("addresses of frames", () => {
  test("name their parts; unknown ones are left out", () => {
    expect(partsIn("")).toBe(null);
    expect(partsIn("?embed")).toEqual(usualParts);
    expect(partsIn("?embed=nothing")).toEqual(usualParts);
    expect(partsIn("?embed=output,nothing,data")).toEqual(["data", "output"]);
  });

  test("come back from what is written", () => {
    const address = frameAddress(["output", "curvature"], "https://example.org/playground/?x=1#data=xor&at=10");
    expect(address).toBe("https://example.org/playground/?embed=output,curvature#data=xor&at=10");
    expect(partsIn(new URL(address).search)).toEqual(["output", "curvature"]);
    expect(frameCode(address, 300, "t")).toContain("&amp;at=10");
  });
});

describe.skipIf(!executablePath)("a frame", () => {
  const { visit } = browsing();

  test.each([
    ["?embed=output", [".output"], [".data", ".network", ".curvature", ".toolbar", ".top", ".cards", "footer"]],
    ["?embed", [".output", ".network", ".curvature", ".toolbar"], [".data", ".top", ".cards", "footer"]],
  ] as const)("shows what %s asks for", async (query, shown, left) => {
    const page = await visit("at=100", { query, viewport: { width: 900, height: 640 } });
    for (const selector of shown) expect(await page.page.locator(selector).count(), selector).toBe(1);
    for (const selector of left) expect(await page.page.locator(selector).count(), selector).toBe(0);
  });

  test("the code of the button shows the same network on another page, and leads back to the whole", async () => {
    const page = await visit("at=100&data=xor");
    await page.button("Embed").click();
    await page.page.locator('[name="embed-data"]').check();
    await page.page.locator('[name="embed-network"]').uncheck();
    const code = await page.page.locator('[name="embed-code"]').inputValue();
    expect(code).toContain("?embed=controls,scene,data,output,curvature#");
    const loss = await page.page.locator("#train-loss").textContent();
    const src = /src="([^"]*)"/.exec(code)?.[1].replaceAll("&amp;", "&") ?? "";
    expect(src.startsWith(here)).toBe(true);
    await page.page.evaluate((html) => {
      document.body.innerHTML = html;
    }, code);
    const frame = page.page.frameLocator("iframe");
    await expect.poll(() => frame.locator("#train-loss").textContent()).toBe(loss);
    expect(await frame.locator(".panel.data").count()).toBe(1);
    expect(await frame.locator(".panel.network").count()).toBe(0);
    expect(await frame.getByRole("link", { name: "Open in the playground" }).count()).toBe(1);
  });
});

describe.skipIf(!executablePath)("the tour", () => {
  const { visit } = browsing();

  test("leads a first visitor from part to part, and comes once", async () => {
    const page = await visit("", { first: true });
    const titles: (string | null)[] = [];
    const note = page.page.locator(".callout");
    for (;;) {
      titles.push(await note.locator("h3").textContent());
      expect(await page.page.locator(".framed").count()).toBe(1);
      const last = note.getByRole("button", { name: "Try it" });
      if ((await last.count()) > 0) {
        await last.click();
        break;
      }
      await note.getByRole("button", { name: "Next" }).click();
    }
    expect(new Set(titles).size).toBe(6);
    expect(await note.count()).toBe(0);
    await page.page.reload();
    await expect.poll(() => page.page.locator("#train-loss").textContent()).not.toBe("–");
    expect(await note.count()).toBe(0);
    await page.button("Help").click();
    await page.button("Show me around").click();
    await note.waitFor();
    await page.page.keyboard.press("Escape");
    await expect.poll(() => note.count()).toBe(0);
  });

  test("does not come over a link that shows something", async () => {
    const page = await visit("data=xor", { first: true });
    expect(await page.page.locator(".callout").count()).toBe(0);
  });
});
