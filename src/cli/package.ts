import { readFileSync } from "node:fs";

/**
 * The folder that the package is installed in: src/cli and dist/cli, in whose files this ends up,
 * lie equally deep.
 */
const root = new URL("../../", import.meta.url);

/** A file of the package. */
export function packaged(path: string): URL {
  return new URL(path, root);
}

export function version(): string {
  return JSON.parse(readFileSync(packaged("package.json"), "utf8")).version;
}
