// The site's front page: what hessia is, in one screen, with the playground on it.
import { readFileSync } from "node:fs";

const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");

/** A table of README.md that stands under a heading, as rows of cells in Markdown. */
function tableUnder(readme, heading) {
  const section = readme.split(/^## /m).find((part) => part.startsWith(heading));
  if (!section) throw new Error(`README.md has no section "${heading}"`);
  return section
    .split("\n")
    .filter((line) => line.startsWith("| ") && !/^\| -/.test(line))
    .slice(1)
    .map((line) => line.slice(2, -2).split(" | "));
}

/** Markdown of one line: code, bold and links, which lead to the site's pages. */
function inline(markdown) {
  return escaped(markdown)
    .replace(/`([^`]+)`/g, "<code>$1</code>")
    .replace(/\*\*([^*]+)\*\*/g, "<strong>$1</strong>")
    .replace(/\[([^\]]+)\]\(docs\/([\w-]+)\.md\)/g, '<a href="documents/$2.html">$1</a>');
}

const COMMENT = /(\/\/ .*)$/gm;
const STRING = /("[^"]*")/g;
const WORD = /\b(import|from|const|await)\b/g;

/** Code with a little colour. */
function coloured(code) {
  return escaped(code).replace(STRING, "<i>$1</i>").replace(WORD, "<b>$1</b>").replace(COMMENT, "<span>$1</span>");
}

export function frontPage() {
  const readme = readFileSync("README.md", "utf8");
  const [, sentence] = /^# hessia\n\n([\s\S]*?)\n\n/.exec(readme);
  const [, code] = /```ts\n([\s\S]*?)```/.exec(readme);
  const [, commands] = readme.match(/```sh\n[\s\S]*?```/g).map((block) => block.slice(6, -4));
  const [, alt] = /^!\[([^\]]*)\]/m.exec(readme);
  const bullets = readme
    .match(/^- \*\*(?:.|\n {2})*/gm)
    .map((item) => `<li>${inline(item.slice(2).replace(/\s+/g, " "))}</li>`);
  const guides = tableUnder(readme, "Guides").map(
    ([want, pages]) => `<div><dt>${inline(want)}</dt><dd>${inline(pages)}</dd></div>`,
  );
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>hessia: ReLU networks with their exact curvature</title>
<meta name="description" content="${escaped(sentence.replace(/\s+/g, " "))}">
<link rel="icon" href="assets/favicon.svg">
<link rel="stylesheet" href="assets/front.css">
</head>
<body>
<a class="skip" href="#main">Skip to the content</a>
<header>
<a class="name" href="index.html">hessia</a>
<nav aria-label="Site">
<a href="documents/getting-started.html">Guides</a>
<a href="documents/answers.html">Answers</a>
<a href="modules/hessia.html">Reference</a>
<a href="playground/index.html">Playground</a>
</nav>
</header>
<main id="main">
<section class="hero">
<h1>${inline(sentence.replace(/\s+/g, " "))}</h1>
<p class="install"><code>npm install hessia</code></p>
<p class="ways"><a class="button" href="documents/getting-started.html">Get started</a> <a href="documents/answers.html">Is the Hessian of a ReLU network zero?</a></p>
<img src="media/hessian.svg" alt="${escaped(alt)}" width="668" height="304">
</section>
<section>
<h2>Ten lines</h2>
<pre tabindex="0"><code>${coloured(code.trim())}</code></pre>
<h2>Without code</h2>
<pre tabindex="0"><code>${coloured(commands.trim())}</code></pre>
</section>
<section class="live">
<h2>See a layer die, and come back</h2>
<iframe src="playground/index.html#scene=dying" title="The playground: a layer of ReLUs dies of its learning rate" loading="lazy"></iframe>
<p><a href="playground/index.html">Open the playground</a> on a page of its own. It runs in your browser, without a server.</p>
</section>
<section>
<h2>What it does</h2>
<ul class="points">${bullets.join("\n")}</ul>
</section>
<section>
<h2>You want to …</h2>
<dl class="guides">${guides.join("\n")}</dl>
</section>
</main>
<footer><a href="documents/architecture.html">Architecture</a> <a href="documents/changelog.html">Changelog</a> MIT licence</footer>
</body>
</html>
`;
}
