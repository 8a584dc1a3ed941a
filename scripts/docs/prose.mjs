// Prose of Markdown pages: its lines, its sentences, and both brought into form.
// `node scripts/docs/prose.mjs docs/x.md …` fills lines up to 100 characters.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export const WIDTH = 100;
export const MOST_WORDS = 35;

/** Words that the field says otherwise, or that say nothing to a user. */
export const AVOIDED = [
  /\bforetell|\bforetold\b/i,
  /\bdrawn (?:anew|again)\b/i,
  /\bgo(?:es)? on from\b|\bgone on from\b/i,
  /\bthe same bits as before\b/i,
  /\bdear\b/i,
  /\bevery so many\b/i,
  /\blooks? on\b/i,
  /\bthe (?:former|latter)\b/i,
  /\bhonest(?:y|ly)?\b/i,
  /\bnotice[sd]\b|\bnoticing\b/i,
  /\btells? (?!.{0,60}\b(?:apart|from)\b)/i,
];

const COMPUTED = /<!-- \/?computed(?::[\w-]+)? -->/g;

/** A text as a reader sees it: without the marks of computed values. */
export function seen(text) {
  return text.replace(COMPUTED, "");
}

/**
 * The blocks of a page, in order: { prose: false, lines } for code, tables, headings, pictures and
 * empty lines, and { prose: true, first, rest, text, line } for paragraphs and items, `first` and
 * `rest` being what their lines begin with.
 */
export function blocksOf(page) {
  const lines = page.split("\n");
  const blocks = [];
  let open = null;
  let fence = null;
  lines.forEach((line, i) => {
    const fenced = /^ *(`{3,}|~{3,})/.exec(line);
    const apart =
      fence !== null ||
      fenced ||
      /^\s*$|^#|^ *\||^ *!\[[^\]]*\]\([^)]*\)$|^ *<(?!!-- \/?computed(?::[\w-]+)? -->.*\S)|^(?:-{3,}|={3,})$/.test(
        line,
      );
    if (fenced && fence === null) fence = fenced[1];
    else if (fenced && line.trim() === fence) fence = null;
    if (apart) {
      open = null;
      blocks.push({ prose: false, lines: [line] });
      return;
    }
    const [, indent, mark, text] = /^( *)((?:[-*]|\d+\.) +|> ?)?(.*)$/.exec(line);
    if (open && !mark) {
      open.text += ` ${text.trim()}`;
      return;
    }
    open = {
      prose: true,
      first: indent + (mark ?? ""),
      rest: mark === "> " ? `${indent}> ` : " ".repeat(indent.length + (mark ?? "").length),
      text: text.trim(),
      line: i + 1,
    };
    blocks.push(open);
  });
  return blocks;
}

/** Words that no line break may part: code, links' addresses and computed values hold together. */
function atomsOf(text) {
  const atoms =
    text.match(/(?:<!-- computed:[\w-]+ -->.*?<!-- \/computed -->|`[^`]*`|\]\([^)]*\)|[^\s`<\]]|[`<\]])+/g) ?? [];
  // A line that began with a mark would be HTML, and one that began with a sign of a list would be
  // an item.
  return atoms.reduce((joined, atom) => {
    if (joined.length && /^(?:<!--|[-+*>#|]$|\d+\.$)/.test(atom)) joined.push(`${joined.pop()} ${atom}`);
    else joined.push(atom);
    return joined;
  }, []);
}

/**
 * A page with its prose in lines of at most `WIDTH` characters, as far as single words are not
 * longer.
 */
export function filled(page) {
  return blocksOf(page)
    .flatMap((block) => {
      if (!block.prose) return block.lines;
      const lines = [];
      let line = "";
      for (const atom of atomsOf(block.text)) {
        const indent = lines.length === 0 ? block.first : block.rest;
        if (line && seen(`${indent}${line} ${atom}`).length > WIDTH) {
          lines.push(indent + line);
          line = atom;
        } else line = line ? `${line} ${atom}` : atom;
      }
      lines.push((lines.length === 0 ? block.first : block.rest) + line);
      return lines;
    })
    .join("\n");
}

/** The sentences of a page's prose: { line, text, words }. */
export function sentencesOf(page) {
  return blocksOf(page)
    .filter(({ prose }) => prose)
    .flatMap(({ text, line }) => {
      const plain = seen(text)
        .replace(/!\[([^\]]*)\]\([^)]*\)/g, "$1")
        .replace(/\[((?:`[^`]*`|[^\]])*)\]\([^)]*\)/g, "$1")
        .replace(/`[^`]*`/g, "code");
      return plain.split(/(?<=[.!?:][)"”*_]*)\s+(?=[A-ZÀ-Þ0-9"“(‖|*_`−½]|code\b|hessia\b|\[)/u).map((sentence) => ({
        line,
        text: sentence,
        words: sentence.split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word)).length,
      }));
    });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const path of process.argv.slice(2)) {
    const page = readFileSync(path, "utf8");
    const now = filled(page);
    if (now !== page) writeFileSync(path, now);
  }
}
