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

/** Hexadecimal keeps byte boundaries, so that gzip still finds the repetitions that base64 would hide. */
function embed(target) {
  const bytes = readFileSync(`build/${target}.wasm`);
  mkdirSync("src/wasm/generated", { recursive: true });
  writeFileSync(
    `src/wasm/generated/${target}.ts`,
    `/** The ${target} build of assembly/, in hexadecimal. Made by scripts/build-core.mjs. */\n` +
      `export const ${target}: string =\n  "${bytes.toString("hex")}";\n`,
  );
}
