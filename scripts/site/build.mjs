// Builds the documentation site: pages and docstrings, as files that need no network. `npm run site`, or with a folder to build it into.
import { existsSync, readdirSync, rmSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { Application } from "typedoc";
import { pages, topics } from "./contents.mjs";
import { finish } from "./finish.mjs";
import { typesetFormulas } from "./math.mjs";
import { load } from "./plugin.mjs";

process.chdir(fileURLToPath(new URL("../..", import.meta.url)));
const out = resolve(process.argv[2] ?? "build/site");

const listed = Object.values(pages).flat();
const others = readdirSync("docs")
  .map((name) => `docs/${name}`)
  .filter((file) => file.endsWith(".md") && !listed.includes(file));

const app = await Application.bootstrapWithPlugins({
  name: "hessia",
  entryPoints: [
    "src/index.ts",
    "src/formats/index.ts",
    "src/jobs/index.ts",
    "src/tables/index.ts",
    "src/node/index.ts",
  ],
  tsconfig: "tsconfig.build.json",
  readme: "README.md",
  router: "files",
  projectDocuments: [...listed.filter(existsSync), ...others],
  excludeInternal: true,
  excludePrivate: true,
  excludeProtected: true,
  disableSources: true,
  categorizeByGroup: false,
  categoryOrder: [...Object.keys(pages), ...topics.map(([topic]) => topic), "*"],
  defaultCategory: "Reference",
  groupOrder: ["Documents", "Modules", "*"],
  sort: ["documents-first", "kind", "alphabetical-ignoring-documents"],
  kindSortOrder: ["Function", "Class", "Interface", "TypeAlias"],
  sortEntryPoints: false,
  navigation: { includeCategories: true, includeGroups: false },
  customCss: "scripts/site/style.css",
  customJs: "scripts/site/navigation.js",
  favicon: "scripts/site/icon.svg",
  headings: { readme: false, document: true },
  hideGenerator: true,
  githubPages: false,
  searchInComments: true,
  searchInDocuments: true,
  // Guides and what one calls come before properties of options.
  searchCategoryBoosts: { Guides: 6, Studies: 3 },
  searchGroupBoosts: { Documents: 4, Classes: 4, Functions: 4, Interfaces: 2, Properties: 0.5, Methods: 1 },
  validation: { notExported: true, invalidLink: true, invalidPath: true, notDocumented: true, rewrittenLink: true },
  requiredToBeDocumented: ["Function", "Class", "Interface", "TypeAlias", "Variable", "Property", "Method", "Accessor"],
  // Said where they stand: in one line, or by what they belong to.
  intentionallyNotDocumented: [
    ...["type", "atZero", "slope", "alpha"].map((name) => `hessia.Activation.__type.${name}`),
    ...["Loss", "ResolvedLoss"].flatMap((of) => ["type", "delta", "at"].map((name) => `hessia.${of}.__type.${name}`)),
    ...["loss", "gradient"].map((name) => `hessia.Network.gradient.__type.${name}`),
    ...["training", "test"].map((name) => `hessia.split.__type.${name}`),
  ],
  highlightLanguages: ["bash", "http", "javascript", "json", "python", "typescript"],
  markdownItLoader: (parser) => {
    // Names of files such as README.md are no addresses.
    parser.linkify.set({ fuzzyLink: false });
    typesetFormulas(parser);
    parser.core.ruler.push("code_in_headings", codeInHeadings);
    parser.core.ruler.push("cells_of_numbers", cellsOfNumbers);
  },
  treatWarningsAsErrors: true,
  logLevel: "Warn",
});
load(app);

/** TypeDoc makes a heading's address of its plain text alone; where code is text between tags, it counts. */
function codeInHeadings({ tokens, Token }) {
  tokens.forEach(({ type }, i) => {
    if (type !== "heading_open") return;
    const inline = tokens[i + 1];
    inline.children = inline.children.flatMap((token) => {
      if (token.type !== "code_inline") return [token];
      const part = (kind, content) => Object.assign(new Token(kind, "", 0), { content });
      return [part("html_inline", "<code>"), part("text", token.content), part("html_inline", "</code>")];
    });
  });
}

/** Figures stay on one line: a table that is too wide for that scrolls. */
function cellsOfNumbers({ tokens }) {
  tokens.forEach((token, i) => {
    const text = tokens[i + 1]?.content;
    if (token.type === "td_open" && /\d/.test(text) && text.length < 30) token.attrJoin("class", "figure");
  });
}

const project = await app.convert();
if (project) app.validate(project);
stopOnComplaints();
rmSync(out, { recursive: true, force: true });
await app.generateDocs(project, out);
stopOnComplaints();
await finish(out);
console.log(`The site is in ${out}.`);

/** Warnings are errors: of links that lead nowhere, and of names without a docstring. */
function stopOnComplaints() {
  if (app.logger.hasErrors() || app.logger.hasWarnings()) process.exit(1);
}
