// Fills comments of sources up to 100 characters a line, as prose.mjs does for pages:
// `node scripts/comments.mjs [--check] [paths]`. Blocks whose lines are short enough stay as they
// are; so do code, lists of examples and directives.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const WIDTH = 100;
const SOURCES = /\.(?:ts|tsx|mjs|cjs|js)$/;
/** What begins a part of a docstring, and so a line. */
const SECTION = /^(?:@\w|(?:Cost|Statuses|Source)\b[^.]{0,20}:)/;
const DIRECTIVE = /^(?:biome-|@ts-|-{3,}|#|\/|eslint|v8 |c8 |<reference)/;

/** A source with its long comments in shorter lines. */
export function filledComments(text) {
  const lines = text.split("\n");
  const out = [];
  for (let i = 0; i < lines.length; ++i) {
    const isDoc = /^\s*\/\*\*/.test(lines[i]);
    const block = isDoc ? docBlock(lines, i) : lineBlock(lines, i);
    if (block.some((line) => line.length > WIDTH)) out.push(...(isDoc ? filledDoc(block) : filledLines(block)));
    else out.push(...(block.length ? block : [lines[i]]));
    i += Math.max(block.length, 1) - 1;
  }
  return out.join("\n");
}

/** The comments of a source as prose: { line, text }, examples left out. */
export function commentsOf(text) {
  const lines = text.split("\n");
  const out = [];
  for (let i = 0; i < lines.length; ++i) {
    const block = /^\s*\/\*\*/.test(lines[i]) ? docBlock(lines, i) : lineBlock(lines, i);
    if (block.length === 0) continue;
    out.push({ line: i + 1, text: proseOf(block.map(contentOf)) });
    i += block.length - 1;
  }
  return out;
}

/** Tags begin paragraphs; an example ends with its tag. */
function proseOf(contents) {
  let example = false;
  return contents
    .flatMap((line) => {
      if (/^@\w/.test(line.trim())) example = line.trim().startsWith("@example");
      if (example) return [];
      return SECTION.test(line.trim()) ? ["", line] : [line];
    })
    .join("\n");
}

/** A line of a comment without what makes it one. */
function contentOf(line) {
  return line
    .replace(/^\s*(?:\/\*\*|\*(?!\/)|\/\/)? ?/, "")
    .replace(/ ?\*\/\s*$/, "")
    .trimEnd();
}

/** The lines of a docstring; none where code stands behind it. */
function docBlock(lines, first) {
  let last = first;
  while (last < lines.length - 1 && !lines[last].includes("*/")) ++last;
  return /\*\/\s*$/.test(lines[last]) ? lines.slice(first, last + 1) : [];
}

/** The lines of a comment that stands alone; none for code and directives. */
function lineBlock(lines, first) {
  const [, indent] = /^(\s*)\/\/ (?=\S)/.exec(lines[first]) ?? [];
  const isProse = (line) =>
    line?.startsWith(`${indent}// `) && /^\S/.test(line.trim().slice(3)) && !DIRECTIVE.test(line.trim().slice(3));
  if (indent === undefined) return [];
  let end = first;
  while (isProse(lines[end])) ++end;
  return lines.slice(first, end);
}

function filledLines(block) {
  const [indent] = /^\s*/.exec(block[0]);
  const text = block.map((line) => line.trim().slice(3).trim()).join(" ");
  return wrapped(text, `${indent}// `, `${indent}// `);
}

function filledDoc(block) {
  const [indent] = /^\s*/.exec(block[0]);
  const contents = block.map(contentOf);
  const out = [`${indent}/**`];
  const start = `${indent} * `;
  let open = null;
  let fenced = false;
  let example = false;
  const close = () => {
    if (open) out.push(...wrapped(open.text, start + open.mark, start + " ".repeat(open.mark.length)));
    open = null;
  };
  contents.forEach((line, k) => {
    const trimmed = line.trim();
    if ((k === 0 || k === contents.length - 1) && trimmed === "") return;
    if (/^@\w/.test(trimmed)) example = trimmed.startsWith("@example");
    const apart = trimmed === "" || /^```|^\|/.test(trimmed) || fenced || example;
    if (/^```/.test(trimmed)) fenced = !fenced;
    if (apart) {
      close();
      out.push(`${start}${line}`.trimEnd());
      return;
    }
    const [, mark, rest] = /^((?:[-*]|\d+\.) +)?(.*)$/.exec(trimmed);
    if (mark || SECTION.test(trimmed) || !open) {
      close();
      open = { mark: mark ?? "", text: rest };
    } else open.text += ` ${trimmed}`;
  });
  close();
  const one = `${indent}/** ${out
    .slice(1)
    .map((line) => line.slice(start.length))
    .join(" ")} */`;
  if (out.length === 2 && one.length <= WIDTH) return [one];
  return [...out, `${indent} */`];
}

/**
 * Words that may stand at the beginning of a line; what would open a list or a tag there keeps to
 * the word before.
 */
function wrapped(text, first, rest) {
  const words = (text.match(/(?:`[^`]*`|\{@\w+ [^}]*\}|[^\s`{]|[`{])+/g) ?? []).reduce((joined, word) => {
    if (joined.length && /^(?:[-*+]|\d+\.|@\w.*|\|.*|```.*)$/.test(word)) joined.push(`${joined.pop()} ${word}`);
    else joined.push(word);
    return joined;
  }, []);
  const lines = [];
  let line = first;
  let empty = true;
  for (const word of words) {
    if (!empty && `${line} ${word}`.length > WIDTH) {
      lines.push(line);
      line = rest;
      empty = true;
    }
    line = empty ? line + word : `${line} ${word}`;
    empty = false;
  }
  return [...lines, line];
}

function main(args) {
  const check = args.includes("--check");
  const paths = args.filter((arg) => !arg.startsWith("-"));
  const list = execFileSync(
    "git",
    ["ls-files", ...(paths.length ? paths : ["src", "assembly", "scripts", "test", "bench", "playground"])],
    { encoding: "utf8" },
  );
  const changed = list
    .split("\n")
    .filter((file) => SOURCES.test(file))
    .filter((file) => {
      const before = readFileSync(file, "utf8");
      const after = filledComments(before);
      if (after !== before && !check) writeFileSync(file, after);
      return after !== before;
    });
  if (check && changed.length) {
    console.error(`Comments longer than ${WIDTH} characters: \`npm run format\` fills them.\n${changed.join("\n")}`);
    process.exitCode = 1;
  } else console.log(`${changed.length} files with comments that ${check ? "would be" : "were"} filled`);
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) main(process.argv.slice(2));
