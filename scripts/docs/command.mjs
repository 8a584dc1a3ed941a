// The command line's own modules, which the package holds only as bundles: built from src/cli for scripts that need one of them.
import { relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { libraryOutside } from "../bundle-package.mjs";
import { root } from "./page.mjs";

/** Imports a module of src/cli, given as in "data/source.ts". */
export async function commandModule(path) {
  const outfile = resolve(root, "build/command", path.replace(/\.ts$/, ".mjs"));
  await build({
    absWorkingDir: root,
    entryPoints: [resolve(root, "src/cli", path)],
    outfile,
    bundle: true,
    format: "esm",
    platform: "node",
    packages: "external",
    plugins: [libraryOutside("src/cli", relative(root, resolve(outfile, "..")))],
  });
  return import(pathToFileURL(outfile).href);
}
