// Whether the build's output is what today's sources give: digests of both, recorded when the build
// ends.
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";

export const RECORD = "build/record.json";

const GENERATED = ["src/wasm/generated", "src/formats/generated"];
const SOURCES = [
  "assembly",
  "src",
  "scripts/build.mjs",
  "scripts/build-core.mjs",
  "scripts/kernels.mjs",
  "scripts/reading-cells.mjs",
  "scripts/bundle-package.mjs",
  "scripts/declarations.mjs",
  "asconfig.json",
  "package-lock.json",
];
const CONFIGS = ["tsconfig.json", "tsconfig.build.json"];
const RESULTS = [
  "dist",
  ...GENERATED,
  ...["strict", "relaxed", "strict-threads", "relaxed-threads"].map((build) => `build/${build}.wasm`),
];

export function inputs() {
  return digest([...SOURCES, ...CONFIGS], (path) => !GENERATED.some((folder) => path.startsWith(folder)));
}

export function outputs() {
  return digest(RESULTS, () => true);
}

export function isFresh() {
  if (!existsSync(RECORD)) return false;
  const record = JSON.parse(readFileSync(RECORD, "utf8"));
  return record.inputs === inputs() && record.outputs === outputs();
}

function digest(roots, wanted) {
  const hash = createHash("sha256");
  for (const path of roots.flatMap(filesOf).filter(wanted)) {
    const bytes = readFileSync(path);
    hash.update(`${path} ${bytes.length}\n`).update(bytes);
  }
  return hash.digest("hex");
}

function filesOf(path) {
  if (!existsSync(path)) return [];
  if (statSync(path).isFile()) return [path];
  return readdirSync(path)
    .sort()
    .flatMap((name) => filesOf(`${path}/${name}`));
}
