import { build, preview } from "vite";
import type { TestProject } from "vitest/node";
import { chromium, firefox } from "../../test/package/needs.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Where the built page is served. */
    playground: string;
    /** Chromium's path, or nothing where there is none. */
    chromium: string;
    /** Firefox's path, likewise. */
    firefox: string;
  }
}

/** Builds the page and serves what was built. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const root = new URL("..", import.meta.url).pathname;
  await build({ root, logLevel: "warn", configFile: `${root}/vite.config.ts` });
  const server = await preview({
    root,
    configFile: `${root}/vite.config.ts`,
    preview: { port: 0, host: "127.0.0.1" },
    logLevel: "warn",
  });
  project.provide("playground", server.resolvedUrls?.local[0] ?? "");
  project.provide("chromium", chromium() ?? "");
  project.provide("firefox", firefox() ?? "");
  return () => server.close();
}
