// Invariant: a Hessian's peak memory is the matrix it returns, a tenth of it and 64 MB, whatever
// the number of samples.
import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { builds } from "../support.js";

/**
 * Runs in a process of its own, whose largest resident set is asked of the operating system before
 * and after.
 */
const script = `
  import { dataset, init, matrix, network } from "./dist/index.js";
  const [build, samples, batchNorm] = [process.argv[1], Number(process.argv[2]), process.argv[3] === "normed"];
  await init({ simd: build });
  const open = (widths, count) => {
    const layers = widths.slice(1).map((units, l) => (l < widths.length - 2 ? { units, batchNorm, activation: "relu" } : { units }));
    const net = network({ inputs: widths[0], layers, loss: "cross-entropy", dtype: "f32", seed: 1 });
    const inputs = matrix(count, widths[0], Float32Array.from({ length: count * widths[0] }, (_, i) => Math.sin(i)));
    return [net, dataset(inputs, Int32Array.from({ length: count }, (_, i) => i % widths.at(-1)))];
  };
  const [small, few] = open([4, 8, 3], 50);
  for (let i = 0; i < 20; ++i) small.hessian(few, { batchNorm: "running" });
  const [net, data] = open([16, 64, 56, 4], samples);
  const before = process.resourceUsage().maxRSS;
  const { data: { byteLength } } = net.hessian(data, { batchNorm: "running" });
  console.log(JSON.stringify({ byteLength, peak: 1024 * (process.resourceUsage().maxRSS - before) }));
`;

describe.each(builds)("%s", (build) => {
  it.each([
    [100, "plain"],
    [6000, "plain"],
    [6000, "normed"],
  ])("%d samples, %s", (samples, layers) => {
    const settings = [build, String(samples), layers];
    const output = execFileSync(process.execPath, ["--input-type=module", "-e", script, ...settings], {
      encoding: "utf8",
    });
    const { byteLength, peak } = JSON.parse(output);
    expect(byteLength).toBeGreaterThan(90e6);
    expect(peak).toBeLessThan(1.1 * byteLength + 64e6);
  });
});
