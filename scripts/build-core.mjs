// AssemblyScript -> build/*.wasm -> src/wasm/generated/*.ts: the first half of the build.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import asc from "assemblyscript/asc";

const targets = process.argv[2] ? [process.argv[2]] : ["strict", "relaxed"];

for (const target of targets) {
  const { error, stderr } = await asc.main(["--config", "asconfig.json", "--target", target]);
  if (error) {
    console.error(stderr.toString());
    process.exit(1);
  }
  if (target !== "debug") embed(target);
}

/**
 * As text that keeps byte boundaries, so that gzip finds the repetitions that base64 would hide: compressed, it is as small as the bytes are.
 * A character stands for a byte that is frequent in WebAssembly, two for another; src/wasm/text.ts reads it.
 */
function embed(target) {
  const bytes = readFileSync(`build/${target}.wasm`);
  mkdirSync("src/wasm/generated", { recursive: true });
  writeFileSync(
    `src/wasm/generated/${target}.ts`,
    `/** The ${target} build of assembly/, as text. Made by scripts/build-core.mjs. */\n` +
      `export const ${target}: string =\n  "${textOf(bytes)}";\n`,
  );
}

/** Bytes, moved by 3 so that 0xfd, the prefix of vector instructions, comes first: 86 as one character, 170 as one of two more and another. */
function textOf(bytes) {
  const character = (value) => String.fromCharCode(value + (value < 57 ? 35 : 36));
  return Array.from(bytes, (byte) => {
    const value = (byte + 3) & 255;
    const prefix = Math.floor(value / 86);
    return (prefix ? character(85 + prefix) : "") + character(value % 86);
  }).join("");
}
