// The whole build: core, declarations and JavaScript, and the raw core beside them.
import { execFileSync } from "node:child_process";
import { copyFileSync, rmSync } from "node:fs";

const node = (...args) => execFileSync(process.execPath, args, { stdio: "inherit" });

node("scripts/build-core.mjs");
rmSync("dist", { recursive: true, force: true });
node("node_modules/typescript/bin/tsc", "-p", "tsconfig.build.json");
copyFileSync("build/strict.wasm", "dist/core.wasm");
copyFileSync("build/relaxed.wasm", "dist/core-relaxed.wasm");
