// What the site has beside TypeDoc's pages: a front page, the playground, and links from pages to its scenes.
import { copyFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { build } from "vite";
import { frontPage } from "./front.mjs";

/** Completes the site in a folder. */
export async function finish(out) {
  await buildPlayground(join(out, "playground"));
  writeFileSync(join(out, "index.html"), frontPage());
  copyFileSync("scripts/site/front.css", join(out, "assets/front.css"));
  copyFileSync("docs/figures/hessian.svg", join(out, "media/hessian.svg"));
  for (const file of readdirSync(out, { recursive: true }).filter((name) => name.endsWith(".html"))) {
    if (!file.startsWith("playground") && /[\\/]|^(?:modules|hierarchy)/.test(file)) arrange(join(out, file));
  }
  linkScenes(out);
  // Servers of static files show it where there is no page; GitHub's leaves folders alone that begin with "_" unless told.
  writeFileSync(join(out, "404.html"), notFound);
  writeFileSync(join(out, ".nojekyll"), "");
}

async function buildPlayground(outDir) {
  await build({
    configFile: "playground/vite.config.ts",
    root: "playground",
    logLevel: "error",
    build: { outDir, emptyOutDir: true, reportCompressedSize: false },
  });
}

/** TypeDoc's page as a document for everyone: with a main part, links to the rest of the site, and wide tables that the keyboard scrolls. */
function arrange(file) {
  const page = readFileSync(file, "utf8");
  const arranged = page
    .replace('<div class="col-content">', '<div class="col-content" role="main">')
    .replace('<div class="page-menu">', '<div class="page-menu" role="navigation" aria-label="On this page">')
    .replace(/<table>/g, '<div class="wide" tabindex="0"><table>')
    .replace(/<\/table>/g, "</table></div>")
    .replace(/(<h4 class="tsd-[\w-]+")/g, '$1 aria-level="2"')
    .replace(
      /<a href="([^"]*)index\.html" class="title">[^<]*<\/a>/,
      (title, base) => `${title}<span class="site-links">${linksOf(base)}</span>`,
    );
  if (arranged !== page) writeFileSync(file, arranged);
}

function linksOf(base) {
  const links = {
    Guides: "documents/getting-started.html",
    Answers: "documents/answers.html",
    Reference: "modules/hessia.html",
    Playground: "playground/index.html",
  };
  return Object.entries(links)
    .map(([name, at]) => `<a href="${base}${at}">${name}</a>`)
    .join(" ");
}

/** In the repository a link to a scene leads to its description in docs/playground.md; here it opens the scene. */
function linkScenes(out) {
  const scenes = [...readFileSync("docs/playground.md", "utf8").matchAll(/^## ([\w-]+)$/gm)].map(([, key]) => key);
  const link = new RegExp(`href="[^"#]*playground\\.html#(${scenes.join("|")})"`, "g");
  const name = new RegExp(`<code>#scene=(${scenes.join("|")})</code>`, "g");
  const folder = join(out, "documents");
  for (const file of readdirSync(folder).filter((one) => one.endsWith(".html"))) {
    const at = join(folder, file);
    const playground = `${relative(folder, join(out, "playground"))}/index.html`.replaceAll("\\", "/");
    const page = readFileSync(at, "utf8");
    const opened = (key) => `href="${playground}#scene=${key}"`;
    const linked = file === "playground.html" ? page : page.replace(link, (_, key) => opened(key));
    const named = linked.replace(name, (code, key) => `<a ${opened(key)}>${code}</a>`);
    if (named !== page) writeFileSync(at, named);
  }
  if (!existsSync(join(folder, "playground.html"))) throw new Error("docs/playground.md is no page of the site");
}

const notFound = `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>No such page: hessia</title>
</head>
<body>
<main>
<h1>No such page</h1>
<p>Nothing is at this address. The front page has a list of all guides.</p>
</main>
</body>
</html>
`;
