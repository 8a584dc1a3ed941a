// Oracle: what a shell's user expects of Ctrl-C, also in the middle of a computation that never
// lets go of its thread.

import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, describe, expect, it } from "vitest";
import { folder, main, type Result, root, start } from "./support.js";

const { path, remove } = folder({});
afterAll(remove);

/** Runs a command and interrupts it each time that `ready` says so. */
async function interrupted(
  args: readonly string[],
  ...given: (((stdout: string) => boolean) | NodeJS.Signals)[]
): Promise<Result> {
  const signal = (given.find((one) => typeof one === "string") ?? "SIGINT") as NodeJS.Signals;
  const ready = given.filter((one) => typeof one === "function");
  const child = spawn(process.execPath, [main, ...args], { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
  let stdout = "";
  let stderr = "";
  let code: number | null | undefined;
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const closed = new Promise<void>((resolve) =>
    child.on("close", (status) => {
      code = status;
      resolve();
    }),
  );
  for (const test of ready) {
    while (code === undefined && !test(stdout)) await sleep(20);
    child.kill(signal);
  }
  await closed;
  return { code: code ?? -1, stdout, stderr };
}

describe("a reader that has seen enough", () => {
  it("does not cost the model", async () => {
    const model = path("piped.safetensors");
    const program = `'${process.execPath}' '${main}' train data/iris.csv --hidden 8 --epochs 300 --save '${model}' | head -1`;
    const { code, stdout } = await start(["-c", program], { program: ["sh"] });
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^data +data\/iris\.csv/)]);
    for (let waits = 0; waits < 200 && !existsSync(model); ++waits) await sleep(50);
    expect(existsSync(model)).toBe(true);
  });
});

it("nobody reads what is told of a prediction", async () => {
  const model = path("read.safetensors");
  await start(["train", "data/iris.csv", "--hidden", "4", "--epochs", "2", "--quiet", "--save", model]);
  const predict = `'${process.execPath}' '${main}' predict '${model}' data/iris.csv --output '${path("read.csv")}'`;
  const command = `exec 3>&1; { ${predict} 2>&1 >/dev/null; echo $? >&3; } | :`;
  const { stdout } = await start(["-c", command], { program: ["sh"] });
  expect(stdout).toBe("0\n");
});

it("the same command leaves the same file", async () => {
  const saved = async (name: string): Promise<Buffer> => {
    await start(["train", "data/iris.csv", "--hidden", "8", "--epochs", "5", "--save", path(name), "--quiet"]);
    return readFileSync(path(name));
  };
  expect(await saved("one.safetensors")).toEqual(await saved("two.safetensors"));
});

it("SIGTERM leaves a file to go on from, as Ctrl-C does", async () => {
  const args = [
    "train",
    "data/digits.csv",
    "--hidden",
    "16",
    "--epochs",
    "100000",
    "--save",
    path("ended.safetensors"),
  ];
  const ready = (stdout: string): boolean => /^ +1 {2}/m.test(stdout);
  const { code, stderr } = await interrupted(args, ready, "SIGTERM");
  expect([code, stderr]).toEqual([130, expect.stringContaining("continues")]);
  expect(existsSync(path("ended.safetensors"))).toBe(true);
});

describe("Ctrl-C", () => {
  it("ends a dense computation at once, which has nothing to keep", async () => {
    const model = path("digits.safetensors");
    const train = ["train", "data/digits.csv", "--hidden", "36", "--epochs", "2", "--quiet", "--save", model];
    expect(await start(train)).toMatchObject({ code: 0 });
    // Once the matrix is there, its eigenvalues take a while.
    const args = ["curvature", model, "--curvature", "dense", "--hessian", path("H.npy"), "--spectrum", path("s.csv")];
    const result = await interrupted(args, () => existsSync(path("H.npy")));
    expect(result).toEqual({ code: 130, stdout: "", stderr: "hessia: interrupted\n" });
    expect(existsSync(path("s.csv"))).toBe(false);
  });

  it("pressed within a step that takes long ends it, pressed again at once", async () => {
    const args = ["train", "data/digits.csv", "--optimizer", "newton", "--save", path("newton.safetensors")];
    let heard = Number.POSITIVE_INFINITY;
    const begun = (stdout: string): boolean => {
      if (stdout.includes("optimizer ")) heard = Math.min(heard, Date.now());
      // Until the step is under way, the first press would be heard.
      return Date.now() > heard + 400;
    };
    const result = await interrupted(args, begun, () => Date.now() > heard + 1000);
    expect(result.code).toBe(130);
    expect(result.stderr).toMatch(/^hessia: interrupted/);
  });

  it("pressed once leaves a run that goes on to the same bits", async () => {
    const whole = path("whole.safetensors");
    const part = path("part.safetensors");
    const of = (file: string, epochs: number): string[] => [
      ...["train", "data/iris.csv", "--hidden", "8", "--simd", "strict"],
      ...["--schedule", "constant", "--epochs", String(epochs), "--save", file],
    ];
    const result = await interrupted(of(part, 1_000_000), (stdout) => /^ +1 {2}/m.test(stdout));
    expect(result.code).toBe(130);
    expect(result.stderr).toMatch(/^hessia: interrupted after [\d,]+ epochs?; hessia train --resume .* continues\n$/);
    const { progress } = JSON.parse((await start(["info", part, "--json"])).stdout);
    const epochs = progress.epoch + 3;
    const on = await start(["train", "--resume", part, "--epochs", String(epochs), "--json"]);
    const straight = await start([...of(whole, epochs), "--json"]);
    const of3 = ({ stdout }: Result): unknown => {
      const { training, test, steps } = JSON.parse(stdout);
      return { training, test, steps };
    };
    expect(of3(on)).toEqual(of3(straight));
  });
});
