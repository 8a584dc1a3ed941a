// Oracle: the compiled files themselves.

import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { relaxed } from "../../src/wasm/generated/relaxed.js";
import { strict } from "../../src/wasm/generated/strict.js";
import { fromText } from "../../src/wasm/text.js";

it.each([
  ["strict", strict],
  ["relaxed", relaxed],
])("the text of the %s build is its bytes, and needs no escapes in a string", (build, text) => {
  expect(text).toMatch(/^[#-[\]-{]*$/);
  const bytes = readFileSync(new URL(`../../build/${build}.wasm`, import.meta.url));
  expect(Buffer.compare(fromText(text), bytes)).toBe(0);
});
