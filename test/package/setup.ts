import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import type { TestProject } from "vitest/node";
import { isFresh } from "../../scripts/freshness.mjs";

declare module "vitest" {
  interface ProvidedContext {
    /** What `npm publish` would send. */
    tarball: string;
    /**
     * A folder outside of the repository in which the package and what it depends on are installed.
     */
    consumer: string;
  }
}

/** Packs what has been built, once, and installs it the way a user gets it. */
export default function setup(project: TestProject): () => void {
  if (!isFresh()) throw new Error("The build is older than its sources: `npm run build` first, or `npm test`.");
  const folder = mkdtempSync(join(tmpdir(), "hessia-package-"));
  const packed = execFileSync("npm", ["pack", "--ignore-scripts", "--json", "--pack-destination", folder], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  const tarball = join(folder, (JSON.parse(packed) as [{ filename: string }])[0].filename);
  const modules = join(folder, "consumer", "node_modules");
  mkdirSync(join(modules, "hessia"), { recursive: true });
  execFileSync("tar", ["-xzf", tarball, "-C", join(modules, "hessia"), "--strip-components=1"]);
  const { dependencies } = JSON.parse(readFileSync("package.json", "utf8")) as { dependencies: object };
  for (const name of Object.keys(dependencies)) {
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    symlinkSync(resolve("node_modules", name), join(modules, name), "junction");
  }
  project.provide("tarball", tarball);
  project.provide("consumer", dirname(modules));
  return () => rmSync(folder, { recursive: true });
}
