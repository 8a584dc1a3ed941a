// Fits TypeDoc to the project, so that docstrings and pages need to know nothing of it: titles from headings, topics from folders,
// and sections for what docstrings say of cost, statuses and source.
import { basename, relative } from "node:path";
import { CommentTag, Converter, KindRouter, ReflectionKind } from "typedoc";
import { modules, pages, titles, topics } from "./contents.mjs";

export function load(app) {
  app.renderer.defineRouter("files", FileRouter);
  app.converter.on(Converter.EVENT_CREATE_DOCUMENT, (_, document) => {
    const file = path(document.project.files.getReflectionPath(document));
    titlePage(document, file);
  });
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    for (const module of project.getChildrenByKind(ReflectionKind.Module)) module.name = modules[module.name];
    for (const reflection of Object.values(project.reflections)) {
      if (reflection.comment) addSections(reflection.comment);
      if (reflection.parent?.kind !== ReflectionKind.Module) continue;
      const declared = project.getSymbolIdFromReflection(reflection)?.fileName;
      if (declared) setTopic(reflection, path(declared));
    }
  });
}

/** Pages keep the names of their files, which last longer than headings. */
class FileRouter extends KindRouter {
  getIdealBaseName(reflection) {
    if (!reflection.isDocument()) return super.getIdealBaseName(reflection);
    const file = path(reflection.project.files.getReflectionPath(reflection)).replace(/\.md$/, "");
    const [parent, name] = [basename(file.replace(/\/?[^/]*$/, "")), basename(file)];
    return `documents/${name === "README" ? `${parent}-readme` : name}`.toLowerCase();
  }
}

function path(file) {
  return relative(process.cwd(), file).replaceAll("\\", "/");
}

/** A page's title is its heading, which the site shows above it. */
function titlePage(document, file) {
  const heading = takeHeading(document.content);
  if (!heading) throw new Error(`${file} has no heading`);
  document.name = titles[file] ?? heading.replaceAll("`", "");
  const [category = "Studies"] = Object.entries(pages).find(([, files]) => files.includes(file)) ?? [];
  document.frontmatter.category = category;
}

/** Takes the first line off a page's parts, where code and links are parts of their own; nothing unless it is a heading. */
function takeHeading(parts) {
  let line = "";
  for (const part of parts) {
    const end = part.kind === "text" ? part.text.indexOf("\n", line.trim() ? 0 : part.text.search(/\S|$/)) : -1;
    line += part.text.slice(0, end < 0 ? undefined : end);
    part.text = end < 0 ? "" : part.text.slice(end);
    if (end >= 0) break;
  }
  return /^\s*# (.*)$/.exec(line)?.[1];
}

function setTopic(reflection, file) {
  const topic = topics.find(([, files]) => files.test(file))?.[0];
  if (!topic) throw new Error(`${file} belongs to no topic: see scripts/site/contents.mjs`);
  const { comment } = reflection.signatures?.[0] ?? reflection;
  // One without a docstring fails the build for that.
  comment?.blockTags.push(new CommentTag("@category", [{ kind: "text", text: topic }]));
}

/** "Cost: …" and the like, at the beginning of a line or behind a sentence, up to the next of them or the end of its part. */
const SECTION = /(?:^|\n\s*|(?<=[.:]) )(Cost|Statuses|Source)( [a-z ]+)?: /;

function addSections(comment) {
  const found = [];
  comment.summary = split(comment.summary, found);
  for (const tag of comment.blockTags) {
    if (tag.tag !== "@example") tag.content = split(tag.content, found);
  }
  // As docstrings have them: the example comes last.
  const at = comment.blockTags.findIndex(({ tag }) => tag === "@example");
  comment.blockTags.splice(at < 0 ? comment.blockTags.length : at, 0, ...found);
}

/** What of a text comes before its sections; these are added to `found`. */
function split(parts, found) {
  const before = [];
  let content = before;
  for (const part of parts) {
    if (part.kind !== "text") {
      content.push(part);
      continue;
    }
    let { text } = part;
    for (let match = SECTION.exec(text); match; match = SECTION.exec(text)) {
      content.push({ kind: "text", text: text.slice(0, match.index) });
      const [whole, name, rest = ""] = match;
      content = rest
        ? [{ kind: "text", text: `${rest.trim().replace(/^./, (letter) => letter.toUpperCase())}: ` }]
        : [];
      found.push(new CommentTag(`@${name.toLowerCase()}`, content));
      text = text.slice(match.index + whole.length);
    }
    content.push({ kind: "text", text });
  }
  return before;
}
