// src/tables/reading-cells.ts and what it imports -> src/formats/generated/reading-cells.ts, as
// text: exported modules read cells by the library's own code.
import { mkdirSync, writeFileSync } from "node:fs";
import * as esbuild from "esbuild";

const { outputFiles } = esbuild.buildSync({
  entryPoints: ["src/tables/reading-cells.ts"],
  ...{ bundle: true, minify: true, write: false, format: "iife", globalName: "cells", target: "es2020" },
});
mkdirSync("src/formats/generated", { recursive: true });
writeFileSync(
  "src/formats/generated/reading-cells.ts",
  "/** The reader of cells, as text. Made by scripts/reading-cells.mjs. */\n" +
    `export const READING_CELLS: string =\n  ${JSON.stringify(outputFiles[0].text)};\n`,
);
