// Oracle: the rules of prose themselves, over the comments of the sources; and for docstrings of
// options their form.
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { commentsOf, filledComments } from "../../scripts/comments.mjs";
import { AVOIDED, MOST_WORDS, sentencesOf } from "../../scripts/docs/prose.mjs";
import { root } from "./samples.js";

const sources = ["src", "assembly"].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts") && !entry.parentPath.endsWith("generated"))
    .map((entry) => relative(root, join(entry.parentPath, entry.name))),
);
const read = (path: string): string => readFileSync(join(root, path), "utf8");

/** Beside those of the pages. */
const ALSO_AVOIDED = [/\bgo(?:es|ing|ne)? on\b/i, /\btold\b(?! apart)/i, /\bdear(?:er|est)\b/i, /\bforetells\b/i];

const sentences = sources.flatMap((path) =>
  commentsOf(read(path)).flatMap(({ line, text }) =>
    sentencesOf(text).map((sentence) => ({ ...sentence, place: `${path}:${line}: ${sentence.text}` })),
  ),
);

describe("comments of the sources", () => {
  it("were found", () => expect(sentences.length).toBeGreaterThan(3000));

  it("have lines of at most 100 characters", () => {
    expect(
      sources.filter((path) => filledComments(read(path)) !== read(path)),
      "npm run format",
    ).toEqual([]);
  });

  it("have no sentence over 35 words", () => {
    expect(sentences.filter(({ words }) => words > MOST_WORDS).map(({ place }) => place)).toEqual([]);
  });

  it("have none of the words to avoid", () => {
    const words = [...AVOIDED, ...ALSO_AVOIDED];
    const found = sentences.filter(({ text }) => words.some((word) => word.test(text)));
    expect(found.map(({ place }) => place)).toEqual([]);
  });
});

describe("docstrings of options", () => {
  const options = sources.filter((path) => !/^(?:src\/cli|assembly)\//.test(path)).flatMap(optionsOf);

  it("were found", () => expect(options.length).toBeGreaterThan(150));

  it("name the default", () => {
    expect(options.filter(({ text }) => !/\bDefault\b/.test(text)).map(({ name }) => name)).toEqual([]);
  });
});

/** The optional properties of a source's exported interfaces that end in `Options`. */
function optionsOf(path: string): { name: string; text: string }[] {
  return ts
    .createSourceFile(path, read(path), ts.ScriptTarget.Latest, true)
    .statements.filter(ts.isInterfaceDeclaration)
    .filter((found) => found.name.text.endsWith("Options"))
    .filter(({ modifiers }) => modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword))
    .flatMap((found) =>
      found.members
        .filter(({ questionToken }) => questionToken !== undefined)
        .map((member) => ({
          name: `${path}: ${found.name.text}.${member.name?.getText()}`,
          text: ts
            .getJSDocCommentsAndTags(member)
            .map((doc) => doc.getText())
            .join(" "),
        })),
    );
}
