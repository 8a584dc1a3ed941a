// Oracle: the packed files themselves, and cases by hand.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { expect, inject, test } from "vitest";
import { faultsOf, obstacles } from "../../scripts/release.mjs";

const manifest = { homepage: "https://example.org", repository: "example", scripts: {} };
const ready = { version: "1.2.3", manifest, changelog: "# Changelog\n\n## 1.2.3 (unreleased)\n", tree: "" };

test("nothing stands against a release that is ready", () => {
  expect(obstacles(ready)).toEqual([]);
});

test.each([
  [{ version: "1.2" }, /expected a version/],
  [{ tree: " M README.md\n" }, /working tree/],
  [{ changelog: "## 1.2.2 (unreleased)\n" }, /CHANGELOG/],
  [{ manifest: { ...manifest, homepage: undefined } }, /"homepage"/],
  [{ manifest: { ...manifest, repository: undefined } }, /"repository"/],
  [{ manifest: { ...manifest, scripts: { prepare: "make" } } }, /on installation/],
])("%j stands against it", (change, message) => {
  expect(obstacles({ ...ready, ...change }).join("\n")).toMatch(message);
});

test("the tarball holds what it should, and a foreign file is found", () => {
  const listed = execFileSync("tar", ["-tzf", inject("tarball")], { encoding: "utf8" })
    .trim()
    .split("\n");
  const files = listed.map((name) => name.replace(/^package\//, ""));
  expect(faultsOf(files)).toEqual([]);
  expect(faultsOf([...files, "src/index.ts"])).toEqual(["src/index.ts does not belong in it"]);
  expect(faultsOf(files.filter((name) => name !== "LICENSE"))).toEqual(["LICENSE is missing"]);
});

test("it never publishes", () => {
  const source = readFileSync("scripts/release.mjs", "utf8");
  expect(source.match(/npm\("publish/)).toBeNull();
});
