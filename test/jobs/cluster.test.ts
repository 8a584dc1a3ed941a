// Oracle: the same search one fit after another in this process, whatever happens to workers, Redis
// and the network on the way.

import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Queue, QueueEvents } from "bullmq";
import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import * as built from "../../dist/jobs/index.js";
import { datasetFromSafetensors, datasetToSafetensors } from "../../src/formats/index.js";
import { hessianOperator, network } from "../../src/index.js";
import { leaveOneOut, restarts, type Setting, tune } from "../../src/jobs/index.js";
import { type Runner, serial } from "../../src/jobs/pool.js";
import { runToEnd } from "../docs/run.js";
import { redisServer } from "../package/needs.js";
import { curve, shardsOf, space } from "./data.js";
import { Cable, ended, main, RedisServer, sleep, startWorker } from "./redis.js";

const program = redisServer();
/** What makes certificates. */
const openssl = spawnSync("openssl", ["version"]).status === 0;
/** Workers that are killed in a search; a few where nobody asks for more. */
const KILLS = Number(process.env.HESSIA_FAULTS ?? 3);

const data = curve(60);
const here = datasetFromSafetensors(datasetToSafetensors(data)) as never;

describe.skipIf(!program)("a cluster", () => {
  let redis: RedisServer;
  const workers: ChildProcess[] = [];
  const pools: ReturnType<typeof built.cluster>[] = [];

  const join_ = async (...options: string[]): Promise<ChildProcess> => {
    const worker = await startWorker(redis.url, "--lock", "1", ...options);
    workers.push(worker);
    return worker;
  };
  /** A pool of the built package, for tasks of this copy of the library. */
  const poolOn = (queue: string, connection = redis.url) => {
    const pool = built.cluster({ connection, queue });
    pools.push(pool);
    const runner = { run: (tasks, _, options) => pool.run(tasks, here, options) } as Runner;
    return { pool, runner };
  };

  beforeAll(async () => {
    redis = await RedisServer.start(program as string);
  });
  afterEach(async () => {
    await Promise.all(pools.splice(0).map((pool) => pool.close()));
    await Promise.all(workers.splice(0).map((worker) => ended(worker, "SIGKILL")));
  });
  afterAll(() => redis?.remove());

  it("gives the bits of one thread with 1, 2 and 4 workers", async () => {
    const found = async (pool: Runner) => {
      const { trials } = await tune(data, { space, folds: 2, halving: false, pool });
      const { members } = await restarts(data, { setting: space[1], count: 2, pool });
      const left = await leaveOneOut(data, { setting: space[2], rows: [7], pool });
      return { trials, objectives: members.map(({ objective }) => objective), left };
    };
    const expected = await found(serial);
    const queues = { one: ["1"], two: ["1", "1"], four: ["1", "3"] };
    for (const [queue, threads] of Object.entries(queues)) {
      await Promise.all(threads.map((count) => join_("--queue", queue, "--threads", count)));
      expect(await found(poolOn(queue).runner)).toEqual(expected);
    }
  });

  it("multiplies over shards, from memory and from files, as all rows at once do", async () => {
    const folder = mkdtempSync(join(tmpdir(), "hessia-cluster-"));
    const rows = curve(500, 3);
    const files = shardsOf(rows, 3).map((shard, i) => {
      writeFileSync(join(folder, `${i}.safetensors`), datasetToSafetensors(shard));
      return { file: `${i}.safetensors` };
    });
    const shards = shardsOf(rows, 3).map((shard) => datasetFromSafetensors(datasetToSafetensors(shard)));
    const net = network({ inputs: 2, layers: [{ units: 4, activation: "tanh" }, { units: 1 }], seed: 2 });
    const v = Float64Array.from({ length: net.parameterCount }, (_, i) => Math.sin(i));
    await Promise.all([join_("--folder", folder, "--threads", "1"), join_("--folder", folder, "--threads", "1")]);
    const { pool } = poolOn("hessia");
    const whole = hessianOperator(net, rows).matvec(v);
    const alone = await built.threads({ workers: 1, folder }).operator(net as never, files);
    for (const given of [files, shards]) {
      const op = await pool.operator(net as never, given as never);
      const product = op.matvec(v);
      product.forEach((value, i) => expect(value).toBeCloseTo(whole[i], 12));
      expect(product).toEqual(alone.matvec(v));
      expect(await op.product(v)).toEqual(product);
      op.close();
    }
    await expect(pool.operator(net as never, [{ file: "../0.safetensors" }])).rejects.toThrow("inside of the worker's");
    alone.close();
    rmSync(folder, { recursive: true });
  });

  it("loses nothing and does nothing twice while workers are killed, Redis starts again and the network is cut", async () => {
    const queue = "faults";
    const cable = await Cable.lay(redis.port);
    const settings = Array.from({ length: 5 * KILLS + 5 }, (_, i): Setting => {
      return { hidden: [12, 6], activation: "tanh", optimizer: "adam", epochs: 150, l2: i / 100 };
    });
    const options = { space: settings, folds: 2, halving: false, seed: 1 };
    const expected = (await tune(data, options)).trials;
    const running = [await join_("--queue", queue, "--threads", "1"), await join_("--queue", queue, "--threads", "1")];
    const counts: number[] = [];
    const { runner } = poolOn(queue, cable.url);
    const search = tune(data, { ...options, pool: runner, onFit: (done) => void counts.push(done) });
    const fits = 2 * settings.length;
    for (let kill = 0; kill < KILLS; ++kill) {
      // Spread over the search, at any moment of a fit.
      while (counts.length < (fits * kill) / (KILLS + 1)) await sleep(5);
      await sleep(60 * Math.random());
      const victim = Math.random() < 0.5 ? 0 : 1;
      await ended(running[victim], "SIGKILL");
      if (kill % 10 === 1) {
        await redis.end(kill % 20 === 1 ? "SIGTERM" : "SIGKILL");
        await redis.begin();
      }
      if (kill === 2) await cable.cutFor(KILLS > 3 ? 10_000 : 700);
      running[victim] = await join_("--queue", queue, "--threads", "1");
    }
    expect((await search).trials).toEqual(expected);
    expect(counts).toEqual(Array.from({ length: fits }, (_, i) => i + 1));
    await cable.remove();
  }, 300_000);

  it("tries a task three times that fails, and reports it while the others go on", async () => {
    await join_("--queue", "thrice", "--threads", "1", "--folder", tmpdir());
    const { pool } = poolOn("thrice");
    const events = new QueueEvents("thrice", { connection: { url: redis.url } });
    await events.waitUntilReady();
    const begun = new Map<string, number>();
    events.on("active", ({ jobId }) => void begun.set(jobId, (begun.get(jobId) ?? 0) + 1));
    // A file that is not there may come; a wrong specification stays wrong.
    const absent = pool.operator(network({ inputs: 2, layers: [{ units: 1 }] }) as never, [{ file: "absent" }]);
    const setting: Setting = { hidden: [2], epochs: 1 };
    const wrong = { layers: [{ units: 1, activation: "none" }] } as never;
    const tasks = [wrong, {}].map((base) => ({ kind: "fit" as const, setting, base, seed: 0 }));
    const outcomes = pool.run(tasks, here);
    await expect(absent).rejects.toThrow("which is not there (shard 0)");
    expect(await outcomes).toMatchObject([{ status: "failed", kind: "RangeError" }, { status: "done" }]);
    expect([...begun.values()].sort()).toEqual([1, 1, 3]);
    await events.close();
  });

  it("breaks off what nobody waits for any longer", async () => {
    await join_("--queue", "break", "--threads", "1");
    const { pool } = poolOn("break");
    const endless: Setting = { hidden: [64, 64], epochs: 1e6 };
    // At once, on the way to the queue, and under way.
    for (const [seed, delay] of [0, 1, 5, 20, 400].entries()) {
      const controller = new AbortController();
      const tasks = [0, 1].map((i) => ({ kind: "fit" as const, setting: endless, base: {}, seed: 2 * seed + i }));
      const run = pool.run(tasks, here, { signal: controller.signal });
      setTimeout(() => controller.abort(), delay);
      expect(await run).toEqual(tasks.map(() => ({ status: "open" })));
    }
    const [after] = await pool.run([{ kind: "fit", setting: space[0], base: {}, seed: 0 }], here);
    expect(after.status).toBe("done");
  });

  describe("that is attacked", () => {
    const letter = (task: object, more: object = {}) => ({
      letter: JSON.stringify({ identity, task, data: "0".repeat(64), vectors: [], keep: 60, ...more }),
    });
    const fit = { kind: "fit", setting: {}, base: {}, seed: 0 };
    let identity: object;

    it("refuses every task that is none of its own, and works on", async () => {
      await join_("--queue", "attack", "--threads", "1", "--folder", resolve("docs"));
      const connection = new Redis(redis.url, { maxRetriesPerRequest: null });
      identity = JSON.parse((await connection.get("hessia:attack:identity:current")) as string);
      const jobs = new Queue("attack", { connection });
      const events = new QueueEvents("attack", { connection: { url: redis.url } });
      await events.waitUntilReady();
      // Where data of the right digest is there.
      await poolOn("attack").pool.run([{ ...fit, kind: "fit", seed: 1 }], here);
      const digest = createHash("sha256").update(datasetToSafetensors(data)).digest("hex");
      const huge = { ...fit, setting: { hidden: [1e9] } };
      const product = {
        kind: "product",
        quantity: "loss",
        spec: { inputs: 2, layers: [{ units: 1 }] },
        at: "x",
        vector: null,
      };
      await connection.set(`hessia:attack:bytes:${"1".repeat(64)}`, "not what its digest says");
      const attacks: [object, RegExp][] = [
        [{ code: "process.exit()" }, /"letter" expected text/],
        [{ letter: "{" }, /JSON|Expected/],
        [{ letter: "x".repeat(2 ** 21) }, /at most 1048576 characters/],
        [letter({ kind: "exec", command: "ls" }), /"kind" expected/],
        [letter({ ...fit, command: "ls" }), /unknown option "command"/],
        [letter(huge, { data: digest }), /"size" expected at most .* parameters/],
        [letter({ ...fit, setting: { epochs: 1e15 } }, { data: digest }), /"size" expected at most .* operations/],
        [letter(fit, { data: { file: "recipes.md" } }), /a data set for a fit/],
        [letter(product, { data: { file: "recipes.md" } }), /safetensors file/],
        [letter(product, { data: { file: "../package.json" } }), /inside of the worker's folder/],
        [letter(product, { data: { file: "/etc/passwd" } }), /inside of the worker's folder/],
        [letter(fit, { data: "../../etc/passwd" }), /"data" expected a digest/],
        [letter(fit, { data: "1".repeat(64) }), /bytes of their digest/],
        [letter(fit, { identity: { ...identity, version: "0.0.0" } }), /another version or build/],
        [letter(fit, { identity: null }), /another version or build/],
      ];
      for (const [content, reason] of attacks) {
        const job = await jobs.add("fit", content, { attempts: 3, backoff: 10 });
        await expect(job.waitUntilFinished(events), JSON.stringify(content).slice(0, 99)).rejects.toThrow(reason);
      }
      const [after] = await poolOn("attack").pool.run([{ ...fit, kind: "fit" }], here);
      expect(after.status).toBe("done");
      await events.close();
      await jobs.close();
      connection.disconnect();
    });
  });

  it("refuses a worker and an asker of another version with a sentence", async () => {
    const connection = new Redis(redis.url);
    await connection.set("hessia:other:identity:current", '{"version":"9.9.9","build":"strict","code":"abc"}');
    const { code, stderr } = await run(["worker", "--redis", redis.url, "--queue", "other"]);
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/is used by hessia 9\.9\.9, strict build.*and this is hessia/),
    ]);
    await expect(poolOn("other").pool.run([], here)).rejects.toThrow("install the same version");
    connection.disconnect();
  });

  it("goes on where an asker was killed, and its worker was ended by Ctrl-C", async () => {
    const folder = mkdtempSync(join(tmpdir(), "hessia-space-"));
    writeFileSync(join(folder, "space.json"), '{"hidden": [[20, 10]], "epochs": [60], "l2": {"from": 0.001, "to": 1}}');
    const search = ["tune", "data/diabetes.csv", "--space", join(folder, "space.json"), "--trials", "8", "--json"];
    const args = [...search, "--redis", redis.url, "--queue", "resume"];
    const first = await join_("--queue", "resume", "--threads", "1");
    const asker = spawn(process.execPath, [main, ...args], { stdio: "ignore" });
    const done = async (): Promise<number> => {
      const { stdout } = await run(["jobs", "--redis", redis.url, "--queue", "resume", "--json"]);
      return JSON.parse(stdout).counts.completed;
    };
    while ((await done()) < 3) await sleep(50);
    await ended(asker, "SIGKILL");
    expect(await ended(first, "SIGINT")).toBe(0);
    const before = await done();
    await join_("--queue", "resume", "--threads", "2");
    const { code, stdout } = await run(args);
    expect(code).toBe(0);
    const { stdout: alone } = await run([...search, "--workers", "2"]);
    expect(JSON.parse(stdout).trials).toEqual(JSON.parse(alone).trials);
    expect(before).toBeGreaterThanOrEqual(3);
    // No fit was done a second time.
    expect(await done()).toBe(JSON.parse(stdout).fits);
    rmSync(folder, { recursive: true });
  });
});

describe.skipIf(!program)("the way to a cluster", () => {
  it("takes a password from the address, and keeps it out of messages", async () => {
    const redis = await RedisServer.start(program as string, "--requirepass", "open sesame");
    const url = (password: string): string => `redis://:${encodeURIComponent(password)}@127.0.0.1:${redis.port}`;
    const wrong = await run(["worker"], { HESSIA_REDIS: url("open barley") });
    expect([wrong.code, wrong.stderr]).toEqual([1, expect.stringMatching(/no Redis to work with at redis:\/\/127/)]);
    expect(wrong.stderr).not.toMatch(/barley/);
    const right = await run(["jobs"], { HESSIA_REDIS: url("open sesame") });
    expect([right.code, right.stderr]).toEqual([0, ""]);
    await redis.remove();
  });

  it.skipIf(!openssl)("takes TLS by the address, and trusts those alone whom Node trusts", async () => {
    const folder = mkdtempSync(join(tmpdir(), "hessia-tls-"));
    const [key, certificate] = ["key.pem", "certificate.pem"].map((name) => join(folder, name));
    const names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"];
    const made = ["-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate, "-days", "2"];
    execFileSync("openssl", ["req", "-x509", ...made, ...names], { stdio: "ignore" });
    const tls = ["--tls-cert-file", certificate, "--tls-key-file", key, "--tls-ca-cert-file", certificate];
    const redis = await RedisServer.start(program as string, ...tls, "--tls-auth-clients", "no");
    const args = ["jobs", "--redis", `rediss://localhost:${redis.port}`];
    const stranger = await run(args);
    expect([stranger.code, stranger.stderr]).toEqual([1, expect.stringMatching(/self-signed certificate/)]);
    const known = await run(args, { NODE_EXTRA_CA_CERTS: certificate });
    expect([known.code, known.stderr]).toEqual([0, ""]);
    await redis.remove();
    rmSync(folder, { recursive: true });
  });

  it("is told where there is no Redis, and where the packages are missing", async () => {
    const { code, stderr } = await run(["worker", "--redis", "redis://127.0.0.1:1"]);
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/no Redis to work with at redis:\/\/127\.0\.0\.1:1: .*REFUSED/),
    ]);
    const folder = mkdtempSync(join(tmpdir(), "hessia-alone-"));
    cpSync("dist", join(folder, "dist"), { recursive: true });
    cpSync("package.json", join(folder, "package.json"));
    mkdirSync(join(folder, "node_modules/@assemblyscript"), { recursive: true });
    for (const name of ["@assemblyscript/loader", "csv-parse"]) {
      symlinkSync(resolve("node_modules", name), join(folder, "node_modules", name));
    }
    const program = `
      import { dataset } from "./dist/index.js";
      import { cluster, crossValidate } from "./dist/jobs/index.js";
      const pool = cluster({ connection: "redis://127.0.0.1:1" });
      await crossValidate(dataset([[0], [1]], [0, 1]), { folds: 2, pool }).catch(({ message }) => console.log(message));`;
    const alone = runToEnd(process.execPath, ["--input-type=module", "-e", program], { cwd: folder });
    expect(alone.stdout).toContain("bullmq and ioredis are not installed; `npm install bullmq ioredis`");
    rmSync(folder, { recursive: true });
  });

  it("is refused where it is no address", () => {
    for (const connection of ["localhost", "http://x", "redis://", 3, undefined]) {
      expect(() => built.cluster({ connection } as never)).toThrow('cluster: "connection" expected an address');
    }
  });
});

/** Runs the command line to its end. */
async function run(
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [main, ...args], { env: { ...process.env, ...env } });
  const texts = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].on("data", (part) => {
      texts[name] += part;
    });
  }
  const code = await new Promise<number | null>((done) => child.on("close", done));
  return { code, ...texts };
}
