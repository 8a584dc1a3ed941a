// Oracle: the sources, for the names that the pages have to explain.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import * as hessia from "../../src/index.js";
import { root } from "./samples.js";

const read = (path: string): string => readFileSync(join(root, path), "utf8");

/** The strings of a union type. */
function members(path: string, name: string): string[] {
  const [, union] = new RegExp(`type ${name} =([^;]*);`).exec(read(path)) ?? [];
  const found = [...(union ?? "").matchAll(/"([\w-]+)"/g)].map(([, member]) => member);
  if (found.length === 0) throw new Error(`${path}: ${name} is no union of strings`);
  return found;
}

const training = read("docs/training.md");

/**
 * Functions without which an optimizer is none: they return an object with a name and
 * `defaultBatch`.
 */
const optimizers = Object.entries(hessia).flatMap(([name, value]) => {
  if (typeof value !== "function" || !/^[a-z]/.test(name) || value.length > 1) return [];
  try {
    const made = (value as () => unknown)();
    return typeof made === "object" && made !== null && "defaultBatch" in made ? [name] : [];
  } catch {
    return [];
  }
});

describe("docs/training.md", () => {
  it("the optimizers were found", () => expect(optimizers.length).toBe(14));

  it.each([
    ...optimizers,
    ...hessia.lossNames,
    ...members("src/network/spec.ts", "ActivationName"),
    ...members("src/network/initializer.ts", "InitializerName"),
  ])("names `%s`", (name) => expect(training).toContain(`\`${name}\``));

  const { constant, cosine, oneCycle, stepDecay, warmUp } = hessia;

  it.each(Object.entries({ constant, cosine, oneCycle, stepDecay, warmUp }))(
    "names the schedule `%s`",
    (name, make) => {
      expect(typeof make()).toBe("function");
      expect(training).toMatch(new RegExp(`\`${name}\\(`));
    },
  );
});

describe("docs/statuses.md", () => {
  const page = read("docs/statuses.md");
  const statuses = [
    ...members("src/train/records.ts", "Status"),
    ...members("src/infer/posterior.ts", "PosteriorStatus"),
  ];

  it.each([...new Set([...statuses, "max-steps"])])("explains `%s`", (status) => {
    expect(page).toMatch(new RegExp(`^### .*\`${status}\``, "m"));
  });

  it("quotes messages that the sources hold", () => {
    const [, table] = /\| the message says[\s\S]*?\n((?:\|.*\n)+)/.exec(page) ?? [];
    const quoted = [...(table ?? "").matchAll(/^\| `([^`]+)`/gm)].map(([, text]) => text);
    const sources = ["src/network/dataset.ts", "src/network/network.ts", "src/wasm/load.ts", "src/check.ts"]
      .map(read)
      .join("\n");
    expect(quoted.length).toBeGreaterThan(3);
    for (const text of quoted) expect(sources).toContain(text);
  });
});
