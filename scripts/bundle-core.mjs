// Bundles what a page that trains a network imports, minified, into build/size: `npm run size`
// weighs it.
import { rmSync } from "node:fs";
import { build } from "esbuild";

rmSync("build/size", { recursive: true, force: true });
await build({
  stdin: {
    contents: 'export { adam, dataset, fit, network } from "./dist/index.js";',
    resolveDir: ".",
    sourcefile: "core.js",
  },
  outdir: "build/size",
  entryNames: "core",
  chunkNames: "[name]",
  bundle: true,
  splitting: true,
  minify: true,
  format: "esm",
  platform: "browser",
  target: "es2022",
  legalComments: "none",
});
