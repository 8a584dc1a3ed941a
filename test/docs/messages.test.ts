// Oracle: the rules of prose themselves, over the texts that the sources print, throw and report.
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { AVOIDED, MOST_WORDS, sentencesOf } from "../../scripts/docs/prose.mjs";
import { messagesOf } from "../../scripts/messages.mjs";
import * as formats from "../../src/formats/index.js";
import * as library from "../../src/index.js";
import * as jobs from "../../src/jobs/index.js";
import * as tables from "../../src/tables/index.js";
import { root } from "./samples.js";

/** Texts that are code or style sheets. */
const NO_PROSE = /^src\/(?:formats\/javascript|cli\/report\/style)\.ts$|\/generated\//;

/** Beside those of the pages. */
const ALSO_AVOIDED = [
  /\bgo(?:es|ing|ne)? on\b/i,
  /\btold\b(?! apart)/i,
  /\btells? (?!.{0,60}\b(?:apart|from)\b)|\btells?$/i,
  /\bno word on\b/i,
  /\bfound out\b/i,
  /\blook(?:ed|s|ing)? on\b/i,
  /\bcould not be had\b/i,
  /\bcame to no end\b/i,
  /\band its like\b/i,
];

const sources = readdirSync(join(root, "src"), { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
  .map((entry) => relative(root, join(entry.parentPath, entry.name)));
const messages = sources
  .filter((path) => !NO_PROSE.test(path))
  .flatMap((path) =>
    messagesOf(readFileSync(join(root, path), "utf8")).map(({ line, text }) => ({
      path,
      text,
      place: `${path}:${line}: ${text}`,
    })),
  );
const places = (found: typeof messages): string[] => found.map(({ place }) => place);

describe("messages of the sources", () => {
  it("were found", () => expect(messages.length).toBeGreaterThan(1000));

  it("are read as they are printed", () => {
    const source = `f(\`a $\{x ? "value of three or four" : ""} is put\` + " into a sum", "two words");`;
    expect(messagesOf(source).map(({ text }) => text)).toEqual(["a … is put into a sum", "value of three or four"]);
  });

  it("have no sentence over 35 words", () => {
    expect(places(messages.filter(({ text }) => longest(text) > MOST_WORDS))).toEqual([]);
  });

  it("have none of the words to avoid", () => {
    const words = [...AVOIDED, ...ALSO_AVOIDED];
    expect(places(messages.filter(({ text }) => words.some((word) => word.test(text))))).toEqual([]);
  });

  it("name only functions that the package exports, or methods of what it exports", () => {
    const known = new Set([...Object.keys({ ...library, ...formats, ...jobs, ...tables }), ...methods()]);
    expect(known.size).toBeGreaterThan(150);
    const called = (text: string) => [...text.matchAll(/(?<![\w.])([a-z]\w+)\(/g)].map(([, name]) => name as string);
    const unknown = messages.filter(
      ({ text }) => !/·max\(/.test(text) && called(text).some((name) => !known.has(name)),
    );
    expect(places(unknown)).toEqual([]);
  });

  it("of the command line speak of options, and hold no JavaScript", () => {
    const own = messages.filter(({ path }) => path.startsWith("src/cli/"));
    expect(own.length).toBeGreaterThan(200);
    expect(places(own.filter(({ text }) => /\w\(\w*\)|=>|\bnew [A-Z]|\bawait\b/.test(text)))).toEqual([]);
  });
});

/** Words of the longest sentence; examples of commands have lines of their own. */
function longest(text: string): number {
  return Math.max(0, ...sentencesOf(text.replace(/^\s*hessia .*$/gm, "")).map(({ words }) => words));
}

/** Methods of exported interfaces and classes. */
function methods(): string[] {
  return sources.flatMap((path) =>
    ts
      .createSourceFile(path, readFileSync(join(root, path), "utf8"), ts.ScriptTarget.Latest)
      .statements.filter((found) => ts.isInterfaceDeclaration(found) || ts.isClassDeclaration(found))
      .filter(({ modifiers }) => modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword))
      .flatMap(({ members }) => [...members])
      .filter((member) => ts.isMethodSignature(member) || ts.isMethodDeclaration(member))
      .flatMap(({ name }) => (ts.isIdentifier(name) ? [name.text] : [])),
  );
}
