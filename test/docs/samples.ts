/** The code samples of Markdown pages: found, put together, type-checked, and made to compare what their comments promise. */

import { readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

export const root = fileURLToPath(new URL("../..", import.meta.url));

/** Samples that run as one program: one with imports, and those after it that go on without, or are marked `continued` and import more. */
export interface Program {
  /** Page and line of the first sample. */
  readonly name: string;
  readonly source: string;
}

const FENCE = /^( *)(`{3,}|~{3,}) *(.*)$/;

/** A fenced block of a page. */
interface Block {
  /** Page and line. */
  readonly name: string;
  readonly language: string;
  /** What else stands behind the fence. */
  readonly words: readonly string[];
  readonly source: string;
}

export function blocksOf(page: string): Block[] {
  const blocks: Block[] = [];
  const lines = readFileSync(join(root, page), "utf8").split("\n");
  for (let i = 0; i < lines.length; ++i) {
    const opened = FENCE.exec(lines[i]);
    if (!opened) continue;
    const [, indent, fence, info] = opened;
    const first = i + 1;
    do ++i;
    while (i < lines.length && lines[i].trim() !== fence);
    if (i === lines.length) throw new Error(`${page}:${first}: the sample does not end`);
    const [language, ...words] = info.trim().split(/\s+/);
    const source = lines
      .slice(first, i)
      .map((line) => line.slice(indent.length))
      .join("\n");
    blocks.push({ name: `${page}:${first + 1}`, language, words, source });
  }
  return blocks;
}

const LANGUAGES = ["ts", "typescript", "js", "javascript", "mjs"];

/** The programs of a page: its samples in TypeScript and JavaScript, but for those marked `no-run` or `browser`. */
export function programsOf(page: string): Program[] {
  const programs: { name: string; source: string }[] = [];
  for (const { name, language, words, source } of blocksOf(page)) {
    if (!LANGUAGES.includes(language) || words.includes("no-run") || words[0] === "browser") continue;
    const begins = /^import\b/m.test(source) && !words.includes("continued");
    if (begins || programs.length === 0) programs.push({ name, source });
    else programs[programs.length - 1].source += `\n${source}`;
  }
  return programs;
}

/** The files of a page's samples for browsers, marked `browser` with a name behind it. */
export function browserFilesOf(page: string): (Program & { readonly file: string })[] {
  return blocksOf(page)
    .filter(({ words }) => words[0] === "browser")
    .map(({ name, words, source }) => ({ name, file: words[1], source }));
}

/** The statements whose value a comment behind them states: `expression; // value` and `const name = …; // value`. */
export function promises(source: string): { at: number; expression: string; promised: string }[] {
  const file = ts.createSourceFile("sample.ts", source, ts.ScriptTarget.Latest, true);
  return file.statements.flatMap((statement) => {
    const [, comment] = /^[ \t]*\/\/ (.*)/.exec(source.slice(statement.end)) ?? [];
    const expression = statedBy(statement);
    if (comment === undefined || !expression) return [];
    const promised = literal(comment);
    return promised === null ? [] : [{ at: statement.end, expression: expression.getText(file), promised }];
  });
}

function statedBy(statement: ts.Statement): ts.Node | undefined {
  if (ts.isVariableStatement(statement)) {
    const { declarations } = statement.declarationList;
    return declarations.length === 1 && ts.isIdentifier(declarations[0].name) ? declarations[0].name : undefined;
  }
  if (!ts.isExpressionStatement(statement)) return undefined;
  const { expression } = statement;
  const isLog = ts.isCallExpression(expression) && expression.expression.getText() === "console.log";
  return isLog ? expression.arguments[0] : expression;
}

/** A comment that is a value and nothing else, perhaps as Node prints it: `Float64Array [1, 2]`. */
function literal(comment: string): string | null {
  const text = comment.trim().replace(/^(?:Float64|Float32|Int32|Uint32)Array(?:\(\d+\))? (?=\[)/, "");
  const file = ts.createSourceFile("value.ts", `(${text})`, ts.ScriptTarget.Latest, true);
  const [statement] = file.statements;
  const { parseDiagnostics } = file as unknown as { parseDiagnostics: unknown[] };
  if (file.statements.length !== 1 || parseDiagnostics.length || !ts.isExpressionStatement(statement)) return null;
  const isValue = (node: ts.Node): boolean =>
    ts.isNumericLiteral(node) ||
    ts.isStringLiteral(node) ||
    [ts.SyntaxKind.TrueKeyword, ts.SyntaxKind.FalseKeyword, ts.SyntaxKind.NullKeyword].includes(node.kind) ||
    (ts.isIdentifier(node) && ["NaN", "undefined", "Infinity"].includes(node.text)) ||
    (ts.isPrefixUnaryExpression(node) && ts.isNumericLiteral(node.operand)) ||
    (ts.isParenthesizedExpression(node) && isValue(node.expression)) ||
    (ts.isArrayLiteralExpression(node) && node.elements.every(isValue)) ||
    (ts.isObjectLiteralExpression(node) &&
      node.properties.every((property) => ts.isPropertyAssignment(property) && isValue(property.initializer)));
  return isValue(statement.expression) ? text : null;
}

/** Runs before a sample. Numbers agree when they do in the digits that the comment gives; an object may have more properties than that. */
const CHECK = `
const __same = (got, promised) => {
  if (typeof promised === "string" && promised.startsWith("#")) {
    const text = promised.slice(1);
    const [mantissa] = text.split("e");
    const places = (mantissa.split(".")[1] ?? "").length - Number(text.split("e")[1] ?? 0);
    const rounding = text.includes(".") || text.includes("e") ? 0.5000001 * 10 ** -places : 1e-9 * Math.abs(Number(text));
    return typeof got === "number" && Math.abs(got - Number(text)) <= rounding;
  }
  if (promised === null || typeof promised !== "object") return Object.is(got, promised);
  if (got === null || typeof got !== "object") return false;
  if (Array.isArray(promised) && got.length !== promised.length) return false;
  return Object.keys(promised).every((key) => __same(got[key], promised[key]));
};
const __check = (got, promised, text, source) => {
  if (__same(got, promised)) return;
  console.error(source + " is", got, "and not", text);
  process.exitCode = 1;
};
`;

/** JavaScript that runs a program and fails where a promised value differs. */
export function runnable({ source }: Program): string {
  let checked = source;
  for (const { at, expression, promised } of promises(source).reverse()) {
    const numbers = promised.replace(/"[^"]*"|-?(?<![\w.])\d[\d_]*\.?\d*(?:e[+-]?\d+)?/g, (token) =>
      token.startsWith('"') ? token : `"#${token.replaceAll("_", "")}"`,
    );
    const call = `;__check(${expression}, (${numbers}), ${JSON.stringify(promised)}, ${JSON.stringify(expression)});`;
    checked = checked.slice(0, at) + call + checked.slice(at);
  }
  const { outputText } = ts.transpileModule(checked, {
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, verbatimModuleSyntax: true },
  });
  return CHECK + outputText;
}

/** What the compiler says about programs in a folder that has the package; "" where it is content. */
export function typeErrors(programs: readonly Program[], folder: string): string {
  const sources = new Map(programs.map(({ source }, i) => [join(folder, `sample-${i}.mts`), source]));
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    lib: ["lib.es2023.d.ts", "lib.dom.d.ts"],
    types: ["node"],
    typeRoots: [join(root, "node_modules/@types")],
    strict: true,
    skipLibCheck: true,
    noEmit: true,
  };
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists, readFile } = host;
  host.getSourceFile = (name, target, ...rest) => {
    const source = sources.get(name);
    return source === undefined
      ? getSourceFile(name, target, ...rest)
      : ts.createSourceFile(name, `${source}\nexport {};`, target);
  };
  host.fileExists = (name) => sources.has(name) || fileExists(name);
  host.readFile = (name) => sources.get(name) ?? readFile(name);
  const found = ts.getPreEmitDiagnostics(ts.createProgram([...sources.keys()], options, host));
  const names = new Map([...sources.keys()].map((path, i) => [path, programs[i].name]));
  return found
    .map(({ file, start, messageText }) => {
      const text = ts.flattenDiagnosticMessageText(messageText, "\n");
      if (!file || start === undefined) return text;
      const { line } = file.getLineAndCharacterOfPosition(start);
      return `${names.get(file.fileName) ?? relative(root, file.fileName)}, line ${line + 1} of it: ${text}`;
    })
    .join("\n");
}
