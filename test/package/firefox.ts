/** Firefox, driven by WebDriver BiDi: Playwright would need a build of its own. */

import puppeteer, { type Browser, type Page } from "puppeteer-core";

export function launchFirefox(executablePath: string): Promise<Browser> {
  return puppeteer.launch({ browser: "firefox", executablePath, headless: true });
}

/**
 * The first line that a page logs on its console; Firefox itself warns there, of icons that a
 * policy forbids.
 */
export async function printedByFirefox(browser: Browser, url: string): Promise<string> {
  const page: Page = await browser.newPage();
  try {
    return await new Promise<string>((resolve, reject) => {
      page.on("console", (message) => {
        if (message.type() === "log") resolve(message.text());
      });
      page.on("pageerror", (error) => reject(error));
      page.goto(url).catch(reject);
    });
  } finally {
    await page.close();
  }
}
