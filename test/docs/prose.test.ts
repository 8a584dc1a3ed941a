// Oracle: the rules of prose themselves, over the pages for users; and for the entries of
// docs/answers.md their form.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  AVOIDED,
  filled,
  MOST_WORDS,
  blocksOf as partsOf,
  seen,
  sentencesOf,
  WIDTH,
} from "../../scripts/docs/prose.mjs";
import { blocksOf, root } from "./samples.js";

const pages = [
  "README.md",
  "ARCHITECTURE.md",
  "CONTRIBUTING.md",
  ...readdirSync(join(root, "docs")).map((name) => `docs/${name}`),
].filter((name) => name.endsWith(".md"));
const read = (page: string): string => readFileSync(join(root, page), "utf8");

describe.each(pages)("%s", (page) => {
  it("has prose in lines of at most 100 characters", () => {
    expect(read(page).split("\n")).toEqual(filled(read(page)).split("\n"));
    const lines = partsOf(read(page)).flatMap((block) => (block.prose ? [] : block.lines));
    const long = lines.filter((line) => /^[^`|#<!]/.test(line.trim()) && seen(line).length > WIDTH);
    // Code may be longer, within its fences.
    expect(long.filter((line) => !blocksOf(page).some(({ source }) => source.includes(line.trim())))).toEqual([]);
  });

  it("has no sentence over 35 words", () => {
    expect(
      sentencesOf(read(page))
        .filter(({ words }) => words > MOST_WORDS)
        .map(({ line, text, words }) => `${page}:${line}: ${words} words: ${text}`),
    ).toEqual([]);
  });

  it("has none of the words to avoid", () => {
    const found = sentencesOf(read(page)).filter(({ text }) => AVOIDED.some((word) => word.test(text)));
    expect(found.map(({ line, text }) => `${page}:${line}: ${text}`)).toEqual([]);
  });
});

describe("docs/answers.md", () => {
  const entries = read("docs/answers.md").split(/^## /m).slice(1);

  it("has more than fifteen entries", () => expect(entries.length).toBeGreaterThan(15));

  it.each(entries.map((entry) => [entry.slice(0, entry.indexOf("\n")), entry]))(
    "%s three sentences, a sample of some lines, a figure or a scene",
    (heading, entry) => {
      const paragraph = entry.split(/\n\n/)[1];
      expect(sentencesOf(paragraph).length, paragraph).toBeGreaterThanOrEqual(3);
      expect(sentencesOf(paragraph).length, paragraph).toBeLessThanOrEqual(4);
      expect(entry).toMatch(/\]\((?:figures\/[\w-]+\.svg|playground\.md)/);
      const samples = blocksOf("docs/answers.md").filter(({ source }) => entry.includes(source));
      expect(samples.length, heading).toBeGreaterThan(0);
    },
  );
});

describe("docs/questions.json", () => {
  const places = Object.entries(JSON.parse(read("docs/questions.json")) as Record<string, string>);

  it.each(places)("%s is answered at %s", (_, place) => {
    const [page, anchor] = place.split("#");
    const headings = [...read(`docs/${page}`).matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, "")
        .replaceAll(" ", "-"),
    );
    expect(headings.length).toBeGreaterThan(0);
    if (anchor) expect(headings).toContain(anchor);
  });

  it("covers every entry of docs/answers.md", () => {
    const named = places.filter(([, place]) => place.startsWith("answers.md#")).length;
    expect(named).toBe(read("docs/answers.md").match(/^## /gm)?.length);
  });
});
