/** Real pages: a server for a folder, and what a page of it prints in Chromium. */

import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";

/** WebAssembly and scripts of the page's own, and nothing more. */
export const POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'";

const TYPES: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
};

export interface Site {
  readonly origin: string;
  close(): Promise<void>;
}

/** What a page needs to share memory with its workers. */
export const ISOLATION = {
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
};

/** Serves the files of a folder under a content security policy, with further headers. */
export async function serve(
  folder: string,
  policy: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Site> {
  const server = createServer((request, response) => {
    const path = normalize(new URL(request.url ?? "/", "http://page").pathname);
    try {
      const body = readFileSync(join(folder, path.endsWith("/") ? `${path}index.html` : path));
      response.setHeader("content-type", TYPES[extname(path) || ".html"] ?? "application/octet-stream");
      response.setHeader("content-security-policy", policy);
      for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
      response.end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

export function launch(executablePath: string): Promise<Browser> {
  // In containers Chromium's own sandbox has no rights, and /dev/shm is small.
  return chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
}

/**
 * What a page says on its console, what fails on it, and what it asks for elsewhere than at
 * addresses with one of these beginnings; filled as it goes.
 */
export function complaintsOf(page: Page, ...own: readonly string[]): string[] {
  const complaints: string[] = [];
  page.on("console", (message) => complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("requestfailed", (request) => {
    // What is under way when the next page is opened is called off.
    if (request.failure()?.errorText !== "net::ERR_ABORTED") complaints.push(`failed: ${request.url().slice(0, 80)}`);
  });
  page.on("response", (response) => {
    if (response.status() >= 400) complaints.push(`${response.status()}: ${response.url()}`);
  });
  page.on("request", (request) => {
    if (!own.some((start) => request.url().startsWith(start))) complaints.push(`asks for ${request.url()}`);
  });
  return complaints;
}

/** Opens a page and waits for the first line that it, or a worker of its, prints. */
export async function printedBy(browser: Browser, url: string): Promise<{ printed: string; complaints: string[] }> {
  const page = await browser.newPage();
  const complaints: string[] = [];
  try {
    const printed = new Promise<string>((resolve, reject) => {
      page.on("console", (message) => {
        if (message.type() === "log") resolve(message.text());
        else complaints.push(message.text());
      });
      page.on("pageerror", (error) => reject(error));
    });
    page.on("request", (request) => {
      if (new URL(request.url()).origin !== new URL(url).origin) complaints.push(`asks for ${request.url()}`);
    });
    await Promise.all([printed, page.goto(url)]);
    return { printed: await printed, complaints };
  } finally {
    await page.close();
  }
}
