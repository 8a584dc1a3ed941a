import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Build, currentBuild } from "../../wasm/load.js";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** Version, build of the core, and a digest of the code: results are the same where these are. */
export interface Identity {
  readonly version: string;
  readonly build: string;
  readonly code: string;
}

let known: string | null = null;

/** Of this code with a build of its core. */
export function identity(build: Build = currentBuild()): Identity {
  known ??= digestOfCode();
  return { version: versionOf(), build, code: known };
}

export function describeIdentity({ version, build, code }: Identity): string {
  return `hessia ${version}, ${build} build, code ${code}`;
}

function versionOf(): string {
  return JSON.parse(readFileSync(new URL("../../../package.json", import.meta.url), "utf8")).version;
}

/** Of everything that is computed with. */
function digestOfCode(): string {
  const names = readdirSync(root, { recursive: true, encoding: "utf8" })
    .map((name) => name.replaceAll("\\", "/"))
    .filter((name) => /^(wasm|linalg|network|optimize|infer|train|formats|jobs)\/.*\.js$|^[^/]*\.wasm$/.test(name));
  const hash = createHash("sha256");
  for (const name of names.sort()) hash.update(`${name}\n`).update(readFileSync(`${root}${name}`));
  return hash.digest("hex").slice(0, 12);
}
