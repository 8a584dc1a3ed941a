// AssemblyScript -> build/*.wasm -> src/wasm/generated/*.ts: the first half of the build.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import asc from "assemblyscript/asc";
import { writeKernels } from "./kernels.mjs";

const targets = process.argv[2] ? [process.argv[2]] : ["strict", "relaxed", "strict-threads", "relaxed-threads"];

const kernels = writeKernels();

for (const target of targets) {
  // Beside the entry that asconfig.json names: the kernels, and what threads need.
  const entries = [...(target.endsWith("-threads") ? ["assembly/threads/index.ts"] : []), kernels];
  const { error, stderr } = await asc.main([...entries, "--config", "asconfig.json", "--target", target]);
  if (error) {
    console.error(stderr.toString());
    process.exit(1);
  }
  if (target !== "debug") embed(target);
}

/**
 * As text that keeps byte boundaries, so that gzip finds the repetitions that base64 would hide:
 * compressed, it is as small as the bytes are. A character stands for a byte that is frequent, two
 * for another; src/wasm/text.ts reads it.
 */
function embed(target) {
  const bytes = readFileSync(`build/${target}.wasm`);
  const name = target.replace("-threads", "Threads");
  mkdirSync("src/wasm/generated", { recursive: true });
  writeFileSync(
    `src/wasm/generated/${target}.ts`,
    `/** The ${target} build of assembly/, as text. Made by scripts/build-core.mjs. */\n` +
      `export const ${name}: string =\n  "${textOf(bytes)}";\n`,
  );
}

/**
 * 64 digits that mark the 89 bytes that are most frequent; these as one character each, the others
 * as one of two more and another.
 */
function textOf(bytes) {
  const counts = new Array(256).fill(0);
  for (const byte of bytes) ++counts[byte];
  const all = Array.from(counts.keys());
  const often = new Set(
    all
      .slice()
      .sort((a, b) => counts[b] - counts[a] || a - b)
      .slice(0, 89),
  );
  const order = [...all.filter((byte) => often.has(byte)), ...all.filter((byte) => !often.has(byte))];
  const marks = Array.from({ length: 64 }, (_, i) =>
    [0, 1, 2, 3].reduce((digit, j) => digit + (often.has(4 * i + j) ? 1 << j : 0), 0).toString(16),
  );
  const character = (value) => String.fromCharCode(value + (value < 57 ? 35 : 36));
  const words = order.map((_, value) => {
    const prefix = Math.floor(value / 89);
    return (prefix ? character(88 + prefix) : "") + character(value % 89);
  });
  const wordOf = new Map(order.map((byte, value) => [byte, words[value]]));
  return marks.join("") + Array.from(bytes, (byte) => wordOf.get(byte)).join("");
}
