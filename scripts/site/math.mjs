// Formulas of pages, ```math in LaTeX, as MathML, which browsers typeset by themselves.
import temml from "temml";

/** Lets a parser of Markdown typeset blocks of formulas. */
export function typesetFormulas(parser) {
  const fence = parser.renderer.rules.fence;
  parser.renderer.rules.fence = (tokens, i, ...rest) => {
    const { info, content } = tokens[i];
    if (info.trim() !== "math") return fence(tokens, i, ...rest);
    const formula = temml.renderToString(content, { displayMode: true, throwOnError: true, annotate: true });
    return `<div class="formula" tabindex="0" role="group" aria-label="formula">${formula}</div>\n`;
  };
}
