/**
 * What the tests need beside npm's packages, and may be missing: browsers, other runtimes, and
 * Redis.
 */

import { accessSync, constants } from "node:fs";
import { arch } from "node:os";
import { delimiter, join, resolve } from "node:path";

/** Names, with a space between, of what must not be missing: "chromium firefox runtimes redis". */
const required = (process.env.HESSIA_REQUIRE ?? "").split(" ");

/**
 * The path of what was found; where it is missing, null and a notice, or an error where it is
 * required.
 */
function found(name: string, path: string | undefined, remedy: string): string | null {
  if (path) return path;
  const notice = `${name}: not found on this machine; \`${remedy}\` installs what is missing`;
  if (required.includes(name)) throw new Error(notice);
  console.warn(`Skipped. ${notice}`);
  return null;
}

/** Chromium or Chrome on this machine. */
export function chromium(): string | null {
  const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
  return found("chromium", programOf(names), "apt-get install chromium");
}

/** Firefox on this machine. */
export function firefox(): string | null {
  return found("firefox", programOf(["firefox-esr", "firefox"]), "apt-get install firefox-esr");
}

/** The server of Redis or Valkey on this machine. */
export function redisServer(): string | null {
  return found("redis", programOf(["redis-server", "valkey-server"]), "apt-get install redis-server");
}

/** The first of some programs on the path. */
function programOf(names: readonly string[]): string | undefined {
  const folders = (process.env.PATH ?? "").split(delimiter);
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find(isProgram);
}

const X64 = arch() === "x64";
const PROGRAMS = {
  "Node 20": `node-20-${arch()}/bin/node`,
  "Node 22": `node-22-${arch()}/bin/node`,
  "Node 24": `node-24-${arch()}/bin/node`,
  Deno: X64 ? "@deno/linux-x64-glibc/deno" : "@deno/linux-arm64-glibc/deno",
  Bun: X64 ? "@oven/bun-linux-x64/bin/bun" : "@oven/bun-linux-aarch64/bin/bun",
  workerd: X64 ? "@cloudflare/workerd-linux-64/bin/workerd" : "@cloudflare/workerd-linux-arm64/bin/workerd",
};

/** The programs of the runtimes, all or none. */
export function runtimes(): Record<keyof typeof PROGRAMS, string> | null {
  const paths = Object.entries(PROGRAMS).map(
    ([name, path]) => [name, resolve("build/runtimes/node_modules", path)] as const,
  );
  const all = paths.every(([, path]) => isProgram(path)) ? "all" : undefined;
  if (!found("runtimes", all, "npm run runtimes")) return null;
  return Object.fromEntries(paths) as Record<keyof typeof PROGRAMS, string>;
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
