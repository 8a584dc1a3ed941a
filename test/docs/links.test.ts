// Oracle: the files and headings themselves, in the repository and in the package as it is installed.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { describe, expect, inject, it } from "vitest";
import { root } from "./samples.js";

/** A heading's address, as GitHub, npm and the site make it. */
function slug(heading: string): string {
  return heading
    .replace(/`/g, "")
    .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\p{M} _-]/gu, "")
    .replaceAll(" ", "-");
}

function pageOf(path: string): { links: string[]; anchors: Set<string> } {
  const text = readFileSync(path, "utf8").replace(/^(`{3,}|~{3,}).*?^\1$/gms, "");
  const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link);
  const anchors = new Set([...text.matchAll(/^#+ (.*)$/gm)].map(([, heading]) => slug(heading)));
  return { links: links.filter((link) => !/^[a-z]+:/.test(link)), anchors };
}

/** The links of a folder's pages that lead to no file, or to no heading of it. */
function dead(folder: string, pages: readonly string[]): string[] {
  return pages.flatMap((page) => {
    const at = join(folder, page);
    return pageOf(at).links.flatMap((link) => {
      const [path, anchor] = link.split("#");
      const target = path ? join(dirname(at), path) : at;
      const fine =
        existsSync(target) &&
        !relative(folder, target).startsWith("..") &&
        (!anchor || pageOf(target).anchors.has(decodeURIComponent(anchor)));
      return fine ? [] : [`${page}: ${link}`];
    });
  });
}

const markdown = (folder: string, under: string): string[] =>
  readdirSync(join(folder, under))
    .filter((name) => name.endsWith(".md"))
    .map((name) => join(under, name));

describe("links", () => {
  it("of the repository's pages lead somewhere", () => {
    const pages = ["", "docs", "data", "data/tables", "bench", "bench/peers", "playground"].flatMap((under) =>
      markdown(root, under),
    );
    expect(pages.length).toBeGreaterThan(20);
    expect(dead(root, pages)).toEqual([]);
  });

  it("of the installed package's pages lead to files of the package", () => {
    const folder = join(inject("consumer"), "node_modules/hessia");
    const pages = ["", "docs", "data"].flatMap((under) => markdown(folder, under));
    expect(pages).toEqual(expect.arrayContaining(["README.md", "docs/answers.md"]));
    expect(dead(folder, pages)).toEqual([]);
  });
});
