// Oracle: the table that one thread gives; counting of results; refusals by their words.

import { spawn } from "node:child_process";
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { afterAll, describe, expect, it } from "vitest";
import { call, folder, main, root, start } from "./support.js";

const { path, remove } = folder({
  "space.json": '{"hidden": [[], [4]], "optimizer": ["lbfgs"], "epochs": [20], "l2": [0.01, 0.1, 1]}',
  "slow.json": '{"hidden": [[40, 20]], "epochs": [200], "l2": {"from": 1e-4, "to": 1, "scale": "log"}}',
  "wrong.json": '{"hiden": [[4]]}',
  "broken.json": "{",
  "weights.json": '[{"weights": "balanced"}]',
  "other.results": "something else\n",
});
afterAll(remove);

const tune = ["tune", "data/iris.csv", "--space", path("space.json")];
/** Results in a file, below its head. */
const lines = (file: string): string[] =>
  existsSync(path(file)) ? readFileSync(path(file), "utf8").trim().split("\n").slice(1) : [];

describe("hessia tune", () => {
  it("gives the same table with 1 and 2 threads, and trains the best", async () => {
    const [one, two] = await Promise.all(["1", "2"].map((workers) => start([...tune, "--json", "--workers", workers])));
    expect([one.code, one.stderr]).toEqual([0, ""]);
    expect(two.stdout).toBe(one.stdout);
    const { trials, best, fits, folds } = JSON.parse(one.stdout);
    expect(trials).toHaveLength(6);
    expect(fits).toBe(6 + 3 + 2 + 2 + 2);
    expect(folds).toBe(5);
    expect(best.test.accuracy).toBeGreaterThan(0.8);
  });

  it("saves a model that predicts, by settings of its space", async () => {
    const { code, stdout } = await start([...tune, "--save", path("best.json")]);
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^trial +folds +logLoss/m)]);
    const predicted = await start(["predict", path("best.json"), "data/iris.csv"]);
    expect([predicted.code, predicted.stdout.split("\n").length]).toEqual([0, 152]);
  });

  it("goes on by --resume after Ctrl-C, does no fit twice, and takes a line that was cut off as none", async () => {
    const args = ["tune", "data/iris.csv", "--space", path("slow.json"), "--trials", "6", "--workers", "2", "--json"];
    const resumed = [...args, "--resume", path("fits.results")];
    const child = spawn(process.execPath, [main, ...resumed], { cwd: root, stdio: ["ignore", "ignore", "pipe"] });
    let stderr = "";
    child.stderr.on("data", (text) => {
      stderr += text;
    });
    const ended = new Promise<number | null>((done) => child.on("close", done));
    while (lines("fits.results").length < 3) await new Promise((done) => setTimeout(done, 20));
    child.kill("SIGINT");
    expect(await ended).toBe(130);
    expect(stderr).toMatch(/interrupted after \d+ fits?; --resume .* continues/);
    appendFileSync(path("fits.results"), '{"name":"cut off');
    const [on, whole] = await Promise.all([start(resumed), start(args)]);
    expect(on.stdout).toBe(whole.stdout);
    const names = lines("fits.results").flatMap((line) => (line.endsWith("}") ? [JSON.parse(line).name] : []));
    expect(new Set(names).size).toBe(names.length);
    expect(names.length).toBe(JSON.parse(whole.stdout).fits);
  });

  it.each([
    [["--space", path("wrong.json")], /unknown option "hiden"; did you mean "hidden"/],
    [["--space", path("broken.json")], /--space: .*JSON/],
    [["--space", path("weights.json")], /--space: expected parts of a setting other than weights/],
    [["--space", path("absent.json")], /--space: .*no such file/],
    [["--resume", path("other.results")], /expected results that hessia tune wrote/],
    [["--trials", "3"], /--trials: expected --space beside it/],
    [["--redis", "localhost"], /"connection" expected an address/],
    [["--queue", "x"], /--queue: expected --redis beside it/],
    [["--redis", "redis://127.0.0.1:1", "--workers", "2"], /--workers: expected nothing beside --redis/],
  ])("refuses %s", async (options, message) => {
    const { code, stderr } = await call(["tune", "data/iris.csv", ...options]);
    expect([code, stderr]).toEqual([2, expect.stringMatching(message)]);
  });
});

describe("hessia worker and hessia jobs", () => {
  it.each(["worker", "jobs"])("%s asks for a Redis", async (command) => {
    const { code, stderr } = await call([command]);
    expect([code, stderr]).toEqual([2, expect.stringMatching(/--redis: expected the address of Redis/)]);
  });

  it("worker refuses a folder that is none", async () => {
    const { code, stderr } = await call(["worker", "--redis", "redis://127.0.0.1:1", "--folder", path("space.json")]);
    expect([code, stderr]).toEqual([2, expect.stringMatching(/--folder: expected a folder/)]);
  });
});
