/** Modules as Jest's CommonJS mode loads them: a realm of their own by node:vm, wrapped by hand, found by the conditions "require", "default" and "node". */

import { existsSync, readFileSync } from "node:fs";
import { createRequire, isBuiltin } from "node:module";
import { dirname, join, resolve } from "node:path";
import vm from "node:vm";

const CONDITIONS = ["require", "default", "node"];

/** The target of a package's `exports`, as resolvers choose it: the first condition that holds. */
function target(entry: unknown): string | undefined {
  if (typeof entry === "string") return entry;
  for (const [condition, inner] of Object.entries(entry as object)) {
    const found = CONDITIONS.includes(condition) ? target(inner) : undefined;
    if (found) return found;
  }
  return undefined;
}

function locate(name: string, from: string): string {
  if (name.startsWith(".")) return resolve(from, name);
  const [, owner, subpath = ""] = /^((?:@[^/]+\/)?[^/]+)(\/.*)?$/.exec(name) as RegExpExecArray;
  let folder = from;
  while (!existsSync(join(folder, "node_modules", owner))) folder = dirname(folder);
  const at = join(folder, "node_modules", owner);
  const { exports } = JSON.parse(readFileSync(join(at, "package.json"), "utf8"));
  const found = target(exports[`.${subpath}`] ?? (subpath ? undefined : exports));
  if (!found) throw new Error(`${name}: no export for require`);
  return join(at, found);
}

/** Runs a script that may `require` in a realm of its own, in a folder; returns what it leaves in `module.exports`. */
export function runLikeJest(folder: string, source: string): unknown {
  // Jest hands its realm the outer one's timers, console and web names, and no constructors of arrays.
  const { console, TextDecoder, TextEncoder, setTimeout, clearTimeout, setImmediate, URL, performance, Buffer } =
    globalThis;
  const realm = vm.createContext({
    ...{ console, TextDecoder, TextEncoder, setTimeout, clearTimeout, setImmediate, URL, performance, Buffer, process },
  });
  vm.runInContext("globalThis.global = globalThis", realm);
  const outer = createRequire(join(folder, "index.js"));
  const loaded = new Map<string, { exports: unknown }>();
  const run = (code: string, file: string): unknown => {
    const module = { exports: {} as unknown };
    loaded.set(file, module);
    const require = (name: string): unknown => {
      if (isBuiltin(name)) return outer(name);
      const path = locate(name, dirname(file));
      return loaded.get(path)?.exports ?? run(readFileSync(path, "utf8"), path);
    };
    const wrapper = vm.compileFunction(code, ["module", "exports", "require", "__dirname", "__filename"], {
      filename: file,
      parsingContext: realm,
    });
    wrapper(module, module.exports, require, dirname(file), file);
    return module.exports;
  };
  return run(source, join(folder, "jest.test.js"));
}
