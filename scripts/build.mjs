// The whole build: core, declarations and JavaScript, the raw core beside them, and bundles. Does
// nothing when neither what goes in nor what came out has changed since it last ran.
import { execFileSync } from "node:child_process";
import { copyFileSync, cpSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import * as esbuild from "esbuild";
import { bundlePackage } from "./bundle-package.mjs";
import { allowUndefined } from "./declarations.mjs";
import { inputs, isFresh, outputs, RECORD } from "./freshness.mjs";

if (isFresh()) {
  console.log("The build is up to date.");
} else {
  const made = inputs();
  node("scripts/build-core.mjs");
  node("scripts/reading-cells.mjs");
  rmSync("dist", { recursive: true, force: true });
  node("node_modules/typescript/bin/tsc", "-p", "tsconfig.build.json");
  copyFileSync("build/strict.wasm", "dist/core.wasm");
  copyFileSync("build/relaxed.wasm", "dist/core-relaxed.wasm");
  // Web workers are one file each: bundlers that make classic scripts of workers cannot divide
  // them.
  esbuild.buildSync({
    entryPoints: ["dist/jobs/worker.js", "dist/jobs/bridge-worker.js"],
    ...{ outdir: "dist/jobs", allowOverwrite: true, bundle: true, minify: true, format: "esm", target: "es2022" },
  });
  // What the thread pool stands on is part of the package, with its licence: nobody installs it.
  cpSync("node_modules/tinypool/dist", "dist/vendor/tinypool", { recursive: true });
  copyFileSync("node_modules/tinypool/LICENSE", "dist/vendor/tinypool/LICENSE");
  await bundlePackage();
  const files = readdirSync("dist", { recursive: true }).map((name) => `dist/${name}`);
  allowUndefined(files.filter((name) => name.endsWith(".d.ts")));
  writeFileSync(RECORD, JSON.stringify({ inputs: made, outputs: outputs() }));
}

function node(...args) {
  execFileSync(process.execPath, args, { stdio: "inherit" });
}
