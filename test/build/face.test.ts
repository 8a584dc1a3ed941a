// What is public is said in an index of each sub-path; whatever has to be computed belongs in a
// room.
import { readFileSync } from "node:fs";
import ts from "typescript";
import { expect, test } from "vitest";

test.each(["src/index.ts", "src/formats/index.ts", "src/jobs/index.ts", "src/node/index.ts"])(
  "%s re-exports, name by name, and does nothing else",
  (path) => {
    const source = ts.createSourceFile(path, readFileSync(path, "utf8"), ts.ScriptTarget.Latest);
    for (const statement of source.statements) {
      const named =
        ts.isExportDeclaration(statement) && statement.moduleSpecifier && ts.isNamedExports(statement.exportClause!);
      expect(named, statement.getText(source)).toBe(true);
    }
  },
);
