// Just enough of a page for bundles to start in and to load their chunks: preloaded with
// `node --import`.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { runInThisContext } from "node:vm";

const ORIGIN = "http://page/";

globalThis.self = globalThis.window = globalThis;
globalThis.location = { href: `${ORIGIN}main.js` };
globalThis.document = {
  baseURI: ORIGIN,
  currentScript: { tagName: "SCRIPT", src: `${ORIGIN}main.js` },
  createElement: () => ({ relList: { supports: () => true }, setAttribute() {}, getAttribute() {} }),
  getElementsByTagName: () => [],
  querySelector: () => null,
  querySelectorAll: () => [],
  head: {
    appendChild(script) {
      const path = join(process.argv[1], "..", script.src.slice(ORIGIN.length));
      runInThisContext(readFileSync(path, "utf8"));
      queueMicrotask(() => script.onload({ type: "load" }));
    },
  },
};
