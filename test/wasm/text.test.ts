// Oracle: the compiled files themselves.

import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { fromText } from "../../src/wasm/text.js";

it.each(["strict", "relaxed"])("the text of the %s build is its bytes, and needs no escapes in a string", (build) => {
  const read = (path: string): Buffer => readFileSync(new URL(`../../${path}`, import.meta.url));
  const [, text] = read(`src/wasm/generated/${build}.ts`).toString().split('"');
  expect(text).toMatch(/^[0-9a-f]{64}[#-[\]-~]{9999,}$/);
  expect(Buffer.compare(fromText(text), read(`build/${build}.wasm`))).toBe(0);
});
