// The builds under test, each with the yardstick compiled by the same flags.
import { mkdirSync, readFileSync } from "node:fs";
import asc from "assemblyscript/asc";

const root = new URL("..", import.meta.url);

/** Each build that this engine can run: { build, core, peak }. */
export async function openBuilds() {
  const builds = [];
  for (const build of ["strict", "relaxed"]) {
    const bytes = readFileSync(new URL(`dist/core${build === "strict" ? "" : "-relaxed"}.wasm`, root));
    if (!WebAssembly.validate(bytes)) continue;
    const core = (await WebAssembly.instantiate(bytes, {})).instance.exports;
    builds.push({ build, core, peak: await openPeak(build) });
  }
  return builds;
}

async function openPeak(build) {
  mkdirSync(new URL("build/", root), { recursive: true });
  const file = `build/peak-${build}.wasm`;
  const { error, stderr } = await asc.main([
    "bench/assembly/peak.ts",
    "--config",
    "asconfig.json",
    "--target",
    build,
    "--outFile",
    file,
    "--textFile",
    "",
    "--initialMemory",
    "1",
  ]);
  if (error) throw new Error(stderr.toString());
  return (await WebAssembly.instantiate(readFileSync(new URL(file, root)), {})).instance.exports;
}

export const bytesPer = { f32: 4, f64: 8 };

/** Runs the yardstick for about as many flops as asked, and returns how many they were. */
export function runPeak(peak, dtype, flops) {
  const perPass = (peak.chainCount.value * 2 * 16) / bytesPer[dtype];
  const passes = Math.ceil(flops / perPass);
  new (dtype === "f32" ? Float32Array : Float64Array)(peak.memory.buffer, 1024, 224 / bytesPer[dtype]).fill(0.5);
  peak[`peak_${dtype}`](passes, 1024);
  return passes * perPass;
}
