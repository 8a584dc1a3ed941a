// Oracle: the sources of src/diagnose, read by the compiler: which codes there are, and what the advice says of its sources.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { root } from "./samples.js";

const page = readFileSync(join(root, "docs/diagnostics.md"), "utf8");

/** Entries by code, from headings such as "### `dead-units`". */
const entries = new Map(
  page
    .split(/^(?=##+ )/m)
    .filter((section) => section.startsWith("### "))
    .map((section) => [/^### `(.*)`$/m.exec(section)?.[1] ?? "", section]),
);

function parse(path: string): ts.SourceFile {
  return ts.createSourceFile(path, readFileSync(join(root, path), "utf8"), ts.ScriptTarget.Latest, true);
}

function nodesOf(node: ts.Node): ts.Node[] {
  const nodes = [node];
  node.forEachChild((child) => void nodes.push(...nodesOf(child)));
  return nodes;
}

/** The strings of a union type. */
function members(path: string, name: string): string[] {
  const declared = nodesOf(parse(path)).filter(ts.isTypeAliasDeclaration);
  const type = declared.find((declaration) => declaration.name.text === name)?.type;
  if (!type || !ts.isUnionTypeNode(type)) throw new Error(`${path}: ${name} is no union`);
  return type.types.map((member) => (ts.isLiteralTypeNode(member) ? (member.literal as ts.StringLiteral).text : ""));
}

/** The properties of object literals that have a `code` and a `source`. */
function rows(path: string): { code: string; source: string }[] {
  return nodesOf(parse(path))
    .filter(ts.isObjectLiteralExpression)
    .map(({ properties }) =>
      Object.fromEntries(
        properties
          .filter(ts.isPropertyAssignment)
          .filter(({ initializer }) => ts.isStringLiteralLike(initializer))
          .map(({ name, initializer }) => [name.getText(), (initializer as ts.StringLiteral).text]),
      ),
    )
    .filter((row): row is { code: string; source: string } => "code" in row && "source" in row);
}

const advice = members("src/diagnose/advice/table.ts", "AdviceCode");
const findings = members("src/diagnose/run/watch.ts", "FindingCode");
const tables = readdirSync(join(root, "src/diagnose/advice")).map((name) => `src/diagnose/advice/${name}`);
const table = tables.flatMap(rows);

describe("docs/diagnostics.md", () => {
  it("has an entry for every code and for nothing else, in the table as well", () => {
    expect([...entries.keys()]).toEqual([...advice, ...findings]);
    const listed = [...page.matchAll(/^\| \[`(.*)`\]\(#(.*)\) \|/gm)].map(([, code, anchor]) => [code, anchor]);
    expect(listed).toEqual([...advice, ...findings].map((code) => [code, code]));
  });

  it.each([...advice, ...findings])("%s: evidence, why, remedy, source and an example that shows it", (code) => {
    const entry = entries.get(code) ?? "";
    for (const label of ["Evidence", "Why", "Remedy", "Source"]) expect(entry).toContain(`- **${label}:** `);
    expect(entry).toMatch(/```ts\nimport .*"hessia";/);
    // What the example states is held by samples.test.ts.
    expect(entry.slice(entry.indexOf("```ts"))).toContain(`"${code}"`);
  });

  it("the table of advice was read", () => {
    expect(table.map(({ code }) => code).sort()).toEqual(advice.slice().sort());
  });

  it.each(table)("$code: the source is the one that the advice gives", ({ code, source }) => {
    expect(entries.get(code)?.replace(/\s+/g, " ")).toContain(`- **Source:** ${source}.`);
  });
});
