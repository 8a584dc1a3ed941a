// Declarations for callers who compile with `exactOptionalPropertyTypes`: an option that may be left out may be given as undefined too, as
// `{ seed: settings.seed }` gives it.
import { readFileSync, writeFileSync } from "node:fs";
import ts from "typescript";

/** Adds `| undefined` to every optional property of an interface or object type in dist/. */
export function allowUndefined(files) {
  for (const file of files) {
    const text = readFileSync(file, "utf8");
    const changed = withUndefined(file, text);
    if (changed !== text) writeFileSync(file, changed);
  }
}

export function withUndefined(name, text) {
  const source = ts.createSourceFile(name, text, ts.ScriptTarget.Latest, true);
  const types = [];
  const visit = (node) => {
    if (ts.isPropertySignature(node) && node.questionToken && node.type) types.push(node.type);
    ts.forEachChild(node, visit);
  };
  visit(source);
  let changed = text;
  // From the end, so that positions before it stay; types within types close in order.
  const edits = types.flatMap((type) => {
    const wrapped = ts.isFunctionTypeNode(type) || ts.isConditionalTypeNode(type) || ts.isConstructorTypeNode(type);
    return wrapped
      ? [
          [type.end, ") | undefined"],
          [type.getStart(source), "("],
        ]
      : [[type.end, " | undefined"]];
  });
  for (const [at, added] of edits.sort(([a], [b]) => b - a)) changed = changed.slice(0, at) + added + changed.slice(at);
  return changed;
}
