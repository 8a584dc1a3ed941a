// What of the package is bundled, so that it depends on the loader alone: the command line in
// chunks that are loaded when needed, the parser of tables, and everything once more as CommonJS.
// Beside them the licences of what is inside.
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { relative, resolve } from "node:path";
import { build } from "esbuild";

const { dependencies, peerDependencies = {}, exports: subpaths } = JSON.parse(readFileSync("package.json", "utf8"));
const common = { bundle: true, write: true, metafile: true, target: "es2022", legalComments: "none", charset: "utf8" };

/** The package's entries by the name of their file in dist/cjs. */
const entries = Object.entries(subpaths)
  .filter(([, target]) => target.require)
  .map(([subpath, target]) => ({ name: subpath === "." ? "index" : subpath.slice(2), from: target.default.default }));

/** Bundles into dist/, which holds what the compiler made of src/. */
export async function bundlePackage() {
  const made = [await bundleCommand(), await bundleParser(), await bundleCommonJs()];
  const packages = new Set(made.flatMap(({ metafile }) => Object.keys(metafile.inputs).flatMap(packageOf)));
  for (const name of readdirSync("dist/vendor")) packages.add(`node_modules/${name}`);
  writeFileSync("dist/THIRD-PARTY-LICENSES.txt", licencesOf([...packages].sort()));
}

/** dist/cli: the command's own code and packages; the library's modules stay where they are. */
async function bundleCommand() {
  rmSync("dist/cli", { recursive: true, force: true });
  const result = await build({
    ...common,
    entryPoints: ["src/cli/main.ts", "src/cli/worker.ts"],
    outdir: "dist/cli",
    chunkNames: "[name]-[hash]",
    splitting: true,
    minifySyntax: true,
    minifyWhitespace: true,
    format: "esm",
    platform: "node",
    external: [...Object.keys(dependencies), ...Object.keys(peerDependencies)],
    // Packages in CommonJS require Node's modules.
    banner: {
      js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
    },
    plugins: [libraryOutside("src/cli", "dist/cli")],
  });
  // The shebang has to come first, before the banner.
  const main = readFileSync("dist/cli/main.js", "utf8");
  writeFileSync("dist/cli/main.js", `#!/usr/bin/env node\n${main.replace(/^#!.*\n/, "")}`);
  return result;
}

/**
 * Modules of src/ outside of the folder `inside` are imported from dist/ and not bundled; `out` is
 * where the bundle will lie.
 */
export function libraryOutside(inside, out) {
  return {
    name: "library-outside",
    setup({ onResolve }) {
      onResolve({ filter: /^\.\.?\// }, ({ path, resolveDir }) => {
        const target = resolve(resolveDir, path);
        if (!target.startsWith(resolve("src")) || target.startsWith(`${resolve(inside)}/`)) return undefined;
        return { path: relative(out, target.replace(resolve("src"), "dist")), external: true };
      });
    },
  };
}

/** The parser of tables, as a module that imports nothing. Its types are those of src/tables. */
async function bundleParser() {
  const file = "dist/tables/reading/csv.js";
  const result = await build({
    ...common,
    entryPoints: [file],
    outfile: file,
    allowOverwrite: true,
    minify: true,
    format: "esm",
    platform: "browser",
  });
  writeFileSync(
    "dist/tables/reading/csv.d.ts",
    "export declare function parse(text: string, options: object): unknown;\n",
  );
  return result;
}

/**
 * dist/cjs: one bundle for all entries, so that they share their classes; for runners of tests and
 * versions of Node that require no modules.
 */
async function bundleCommonJs() {
  const lines = entries.map(({ name, from }) => `export * as ${name} from ${JSON.stringify(from)};`);
  const result = await build({
    ...common,
    stdin: { contents: lines.join("\n"), resolveDir: ".", sourcefile: "all.js" },
    outfile: "dist/cjs/all.cjs",
    minify: true,
    format: "cjs",
    platform: "node",
    external: Object.keys(peerDependencies),
    plugins: [addressesOfModules],
  });
  for (const { name, from } of entries) {
    writeFileSync(`dist/cjs/${name}.cjs`, `module.exports = require("./all.cjs").${name};\n`);
    writeFileSync(`dist/cjs/${name}.d.cts`, `export * from "${from.replace("./dist", "..")}";\n`);
  }
  return result;
}

/** In CommonJS `import.meta.url` is the address of the module that the code comes from. */
const addressesOfModules = {
  name: "addresses-of-modules",
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]dist[\\/].*\.js$/ }, ({ path }) => {
      const text = readFileSync(path, "utf8");
      if (!text.includes("import.meta.url")) return undefined;
      const from = JSON.stringify(relative("dist/cjs", path));
      const url = `require("node:url").pathToFileURL(require("node:path").join(__dirname, ${from})).href`;
      return { contents: text.replaceAll("import.meta.url", `(${url})`), loader: "js" };
    });
  },
};

/** The folder of the package that a bundled file belongs to; nothing for the project's own. */
function packageOf(input) {
  const found = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input);
  return found ? [found[0]] : [];
}

/** The ISC licence, for packages that name it and hold no text of it. */
const isc = (author) => `Copyright (c) ${author}

Permission to use, copy, modify, and/or distribute this software for any purpose with or without fee is hereby granted,
provided that the above copyright notice and this permission notice appear in all copies.

THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES WITH REGARD TO THIS SOFTWARE INCLUDING ALL
IMPLIED WARRANTIES OF MERCHANTABILITY AND FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR ANY SPECIAL, DIRECT,
INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES WHATSOEVER RESULTING FROM LOSS OF USE, DATA OR PROFITS, WHETHER IN
AN ACTION OF CONTRACT, NEGLIGENCE OR OTHER TORTIOUS ACTION, ARISING OUT OF OR IN CONNECTION WITH THE USE OR
PERFORMANCE OF THIS SOFTWARE.`;

function licenceText(folder, { name, license, author }) {
  const own = readdirSync(folder).find((entry) => /^(licen[cs]e|copying)/i.test(entry));
  if (own) return readFileSync(`${folder}/${own}`, "utf8").trim();
  if (license === "ISC" && author) return isc(author.name ?? author);
  // The loader is a part of the compiler's repository, whose package holds the text.
  if (name === "@assemblyscript/loader") return readFileSync("node_modules/assemblyscript/LICENSE", "utf8").trim();
  throw new Error(`${name}: expected a file with its licence`);
}

/** Names, versions, licences and their texts. */
function licencesOf(folders) {
  const parts = folders.map((folder) => {
    const manifest = JSON.parse(readFileSync(`${folder}/package.json`, "utf8"));
    return `${manifest.name} ${manifest.version} (${manifest.license})\n\n${licenceText(folder, manifest)}\n`;
  });
  const head = "dist/cli, dist/cjs, dist/vendor and dist/tables/reading/csv.js hold code of these packages.\n";
  return [head, ...parts].join(`\n${"-".repeat(80)}\n\n`);
}
