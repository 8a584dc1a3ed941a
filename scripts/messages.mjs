// The texts of sources that users read: errors, reasons, advice, help and summaries.
import ts from "typescript";

/** A text has this many words or more; shorter strings are names, units and headings. */
const FEWEST_WORDS = 4;
const WORD = /^[("“]*[\p{L}][\p{L}'’-]*[)"”.,;:?!]*$/u;

/**
 * Strings of a source that are prose: { line, text }. A value put into a template is "…", and
 * strings joined by + are one text.
 */
export function messagesOf(source) {
  const file = ts.createSourceFile("source.ts", source, ts.ScriptTarget.Latest, true);
  const found = [];
  const visit = (node) => {
    const text = textOf(node);
    if (text === null || ts.isTypeNode(node.parent) || ts.isImportDeclaration(node.parent)) {
      ts.forEachChild(node, visit);
      return;
    }
    const words = text.split(/\s+/).filter((word) => WORD.test(word));
    if (words.length >= FEWEST_WORDS) {
      found.push({ line: file.getLineAndCharacterOfPosition(node.getStart()).line + 1, text });
    }
    values(node).forEach(visit);
  };
  visit(file);
  return found;
}

/** The text of a string, a template or a sum of them; null for anything else. */
function textOf(node) {
  if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) return node.text;
  if (ts.isTemplateExpression(node)) {
    return node.head.text + node.templateSpans.map(({ literal }) => `…${literal.text}`).join("");
  }
  if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.PlusToken) {
    const [left, right] = [textOf(node.left), textOf(node.right)];
    if (left === null && right === null) return null;
    return (left ?? "…") + (right ?? "…");
  }
  return null;
}

/** The values within a text, which may hold texts of their own. */
function values(node) {
  if (ts.isTemplateExpression(node)) return node.templateSpans.map(({ expression }) => expression);
  if (!ts.isBinaryExpression(node)) return [];
  return [node.left, node.right].flatMap((side) => (textOf(side) === null ? [side] : values(side)));
}
