// Installs the runtimes that test/package/runtimes.test.ts tries the package in into
// build/runtimes: most of a gigabyte, so not with the rest.
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync } from "node:fs";

const folder = "build/runtimes";
mkdirSync(folder, { recursive: true });
for (const name of ["package.json", "package-lock.json"]) copyFileSync(`test/runtimes/${name}`, `${folder}/${name}`);
// The packages hold the programs; their scripts would only put them elsewhere.
execFileSync("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], { cwd: folder, stdio: "inherit" });
