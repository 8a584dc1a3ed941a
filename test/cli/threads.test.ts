// Oracle: what one thread writes, byte for byte; refusals by their words.
import { readFileSync } from "node:fs";
import { afterAll, describe, expect, it } from "vitest";
import { call, folder, start } from "./support.js";

const { path, remove } = folder({});
afterAll(remove);

const train = ["train", "data/iris.csv", "--hidden", "24,12", "--batch-size", "100", "--epochs", "5", "--quiet"];

/**
 * The same command with 1 and 2 threads: what it prints, times aside, and the file that it writes.
 */
async function each(args: readonly string[], option: string, name: string): Promise<void> {
  const made = [];
  for (const threads of ["1", "2"]) {
    const { code, stdout, stderr } = await start([...args, option, path(name), "--threads", threads]);
    expect([code, stderr]).toEqual([0, ""]);
    made.push({
      stdout: stdout.replace(/.* samples per second .*/, "").replace(/about .* to make/, ""),
      file: readFileSync(path(name)).toString("latin1"),
    });
  }
  expect(made[1]).toEqual(made[0]);
}

describe("--threads", () => {
  it("gives the same models", () => each(train, "--save", "model.json"));

  it.each([
    ["matrices", ["curvature", path("model.json"), "--quiet"], "--hessian", "H.npy"],
    ["suspects", ["audit", path("model.json")], "--output", "suspects.csv"],
    ["pruned models", ["prune", path("model.json"), "--share", "0.3"], "--save", "small.json"],
  ] as const)("gives the same %s", (_, args, option, name) => each(args, option, name));

  it("compares to the same losses", async () => {
    const args = ["compare", "data/iris.csv", "--hidden", "24,12", "--optimizers", "levenberg-marquardt,lbfgs"];
    const losses = [];
    for (const threads of ["1", "2"]) {
      const { stdout } = await start([...args, "--epochs", "5", "--json", "--threads", threads]);
      losses.push(JSON.parse(stdout, (key, value) => (key.toLowerCase().includes("seconds") ? undefined : value)));
    }
    expect(losses[1]).toEqual(losses[0]);
  });

  it.each(["0", "65", "1.5", "all"])("refuses %s", async (threads) => {
    const { code, stderr } = await call([...train, "--threads", threads]);
    expect([code, stderr]).toEqual([2, expect.stringMatching(/--threads: expected a whole number from 1 to 64, got/)]);
  });

  it("says where threads cannot be had", async () => {
    // In this process the workers' script has not been compiled.
    const { code, stderr } = await call([...train, "--threads", "2"]);
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^hessia: --threads: 2 are not available: /)]);
  });
});
