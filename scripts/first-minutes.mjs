// A newcomer's first ten minutes, as they are run: install, sample, train, report, predict, the first lines of README.md, and the playground.
// `node scripts/first-minutes.mjs <tarball> <folder>` takes them in an empty folder and prints what it saw.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

/** The steps; each tells what a newcomer sees. */
export function firstMinutes(tarball, folder) {
  mkdirSync(folder, { recursive: true });
  const run = (program, ...args) => execFileSync(program, args, { cwd: folder, encoding: "utf8", stdio: "pipe" });
  writeFileSync(join(folder, "package.json"), '{ "private": true, "type": "module" }\n');
  const installed = run("npm", "install", "--no-audit", "--no-fund", "--prefer-offline", resolve(tarball));
  // What npx runs of an installed package.
  const hessia = (...args) => run(join(folder, "node_modules/.bin/hessia"), ...args);
  const sampled = hessia("sample", "iris");
  const trained = hessia(..."train iris.csv --target species --save iris.safetensors --report iris.html".split(" "));
  const predicted = hessia("predict", "iris.safetensors", "iris.csv");
  const [, code] = /```ts\n([\s\S]*?)```/.exec(readFileSync(join(folder, "node_modules/hessia/README.md"), "utf8"));
  writeFileSync(join(folder, "first.mjs"), code.replaceAll(" as const", ""));
  const printed = run(process.execPath, "first.mjs");
  const guides = ["answers.md", "getting-started.md"].filter((name) =>
    existsSync(join(folder, "node_modules/hessia/docs", name)),
  );
  return { installed, sampled, trained, report: join(folder, "iris.html"), predicted, printed, guides };
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [tarball, folder] = process.argv.slice(2);
  if (!tarball || !folder)
    throw new Error(`usage: node ${fileURLToPath(import.meta.url).slice(root.length)} <tarball> <folder>`);
  for (const [step, seen] of Object.entries(firstMinutes(tarball, folder))) console.log(`== ${step}\n${seen}`);
}
