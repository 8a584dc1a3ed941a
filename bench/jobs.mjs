// node bench/jobs.mjs [tasks | shards] [--tasks 5000] [--rows 1000000] What a task costs the queue
// and the clock, with a Redis of its own and two worker processes; and a product over shards on two
// workers against the same product in one process. Needs redis-server or valkey-server on the path.
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { dataset, hessianOperator, matrix, network } from "hessia";
import { datasetToSafetensors } from "hessia/formats";
import { cluster, threads } from "hessia/jobs";
import { Redis } from "ioredis";
import { serial } from "../dist/jobs/pool.js";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    tasks: { type: "string", default: "5000" },
    rows: { type: "string", default: "1000000" },
    alone: { type: "string" },
  },
});
const main = resolve("dist/cli/main.js");
const WORKERS = 2;
const SHARDS = 20;
const INPUTS = 20;
const HIDDEN = [64, 32];

if (values.alone) alone(values.alone);
else {
  const families = positionals.length > 0 ? positionals : ["tasks", "shards"];
  if (families.includes("tasks")) await withRedis(tasks);
  if (families.includes("shards")) await withRedis(shards);
}

/**
 * A Redis on a free port in an empty folder; each change is on disk within a second, as Redis's own
 * default has it.
 */
async function withRedis(use) {
  const folder = mkdtempSync(join(tmpdir(), "hessia-bench-"));
  const port = await freePort();
  const options = ["--port", port, "--bind", "127.0.0.1", "--dir", folder, "--save", "", "--appendonly", "yes"];
  const server = spawn(serverName(), options.map(String), { stdio: ["ignore", "pipe", "inherit"] });
  await said(server, "Ready to accept connections");
  const url = `redis://127.0.0.1:${port}`;
  const redis = new Redis(url);
  try {
    await use({ url, redis, folder });
  } finally {
    redis.disconnect();
    server.kill();
    await new Promise((done) => server.on("exit", done));
    rmSync(folder, { recursive: true });
  }
}

function serverName() {
  for (const name of ["redis-server", "valkey-server"]) {
    try {
      execFileSync(name, ["--version"]);
      return name;
    } catch {}
  }
  throw new Error("bench/jobs: no redis-server and no valkey-server on the path");
}

async function freePort() {
  const server = createServer();
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  return port;
}

function said(child, text) {
  return new Promise((done) => {
    child.stdout.on("data", (part) => String(part).includes(text) && done());
  });
}

async function startWorkers(url, ...more) {
  const workers = Array.from({ length: WORKERS }, () =>
    spawn(process.execPath, [main, "worker", "--redis", url, "--threads", "1", ...more], {
      stdio: ["ignore", "pipe", "inherit"],
    }),
  );
  await Promise.all(workers.map((worker) => said(worker, "ready")));
  return workers;
}

async function endWorkers(workers) {
  for (const worker of workers) worker.kill("SIGINT");
  await Promise.all(workers.map((worker) => new Promise((done) => worker.on("exit", done))));
}

/** Seconds of the processor that a process has used; clocks of a shared machine tell less. */
function processorOf(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** The largest resident memory that a process has had, in bytes. */
function peakOf(pid) {
  const [, kilobytes] = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  return 1024 * Number(kilobytes);
}

async function tasks({ url, redis, folder }) {
  const count = Number(values.tasks);
  const xs = Array.from({ length: 40 }, (_, i) => [i / 20 - 1]);
  const data = dataset(
    xs,
    xs.map(([x]) => [3 * x + 1]),
  );
  const setting = { hidden: [], optimizer: "newton", epochs: 1 };
  const all = Array.from({ length: count }, (_, seed) => ({ kind: "fit", setting, base: {}, seed }));
  console.log(`${count} fits of a line to 40 rows, ${WORKERS} workers`);

  await serial.run(all.slice(0, 200), data);
  const compute = await timed(() => serial.run(all, data));
  report("one thread, without a pool", compute, count);
  const local = threads({ workers: WORKERS });
  await local.run(all.slice(0, 200), data);
  const byThreads = await timed(() => local.run(all, data));
  await local.close();
  report("threads", byThreads, count);

  const workers = await startWorkers(url);
  const pool = cluster({ connection: url });
  await pool.run(
    all.slice(0, 200).map((task) => ({ ...task, seed: task.seed + count })),
    data,
  );
  const before = await usage(redis);
  const byCluster = await timed(() => pool.run(all, data));
  const after = await usage(redis);
  report("cluster", byCluster, count);
  const per = (name) => ((after[name] - before[name]) / count).toFixed(name === "calls" ? 1 : 0);
  console.log(`  Redis: ${per("calls")} commands a task, of which ${per("scripts")} scripts`);
  console.log(
    `  ${per("in")} bytes in, ${per("out")} bytes out, ${per("memory")} bytes of memory, ${per("cpu")} µs of its time`,
  );
  console.log(`  ${Math.round(sizeOf(join(folder, "appendonlydir")) / count)} bytes of its file`);
  const again = await timed(() => pool.run(all, data));
  report("the same again, from the results that are there", again, count);
  await pool.close();
  await endWorkers(workers);
}

function sizeOf(folder) {
  return Number(execFileSync("du", ["-sb", folder]).toString().split("\t")[0]);
}

async function timed(run) {
  const start = performance.now();
  const outcomes = await run();
  if (outcomes.some(({ status }) => status !== "done")) throw new Error("bench/jobs: a task failed");
  return performance.now() - start;
}

function report(name, milliseconds, count) {
  console.log(`${name}: ${(milliseconds / count).toFixed(3)} ms a task (${(milliseconds / 1000).toFixed(2)} s)`);
}

async function usage(redis) {
  const [stats, commands, memory, cpu] = await Promise.all(
    ["stats", "commandstats", "memory", "cpu"].map((section) => redis.info(section)),
  );
  const number = (text, name) => Number(new RegExp(`^${name}:(\\d+(?:\\.\\d+)?)`, "m").exec(text)[1]);
  const calls = Array.from(commands.matchAll(/^cmdstat_([\w|]+):calls=(\d+)/gm), ([, name, times]) => [
    name,
    Number(times),
  ]);
  return {
    calls: calls.reduce((sum, [, times]) => sum + times, 0),
    scripts: calls.reduce((sum, [name, times]) => sum + (/^eval/.test(name) ? times : 0), 0),
    in: number(stats, "total_net_input_bytes"),
    out: number(stats, "total_net_output_bytes"),
    memory: number(memory, "used_memory"),
    cpu: 1e6 * (number(cpu, "used_cpu_sys") + number(cpu, "used_cpu_user")),
  };
}

/** Rows of a shard; the same whoever makes them. */
function shardRows(shard, rows) {
  const x = new Float64Array(rows * INPUTS);
  const y = new Float64Array(rows);
  let state = (shard + 1) * 2654435761;
  for (let i = 0; i < x.length; ++i) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    x[i] = state / 2 ** 31;
  }
  for (let i = 0; i < rows; ++i) y[i] = Math.sin(3 * x[i * INPUTS]) + x[i * INPUTS + 1] * x[i * INPUTS + 2];
  return { x, y };
}

function theNetwork() {
  const layers = [...HIDDEN.map((units) => ({ units, activation: "tanh" })), { units: 1 }];
  return network({ inputs: INPUTS, layers, seed: 1 });
}

async function shards({ url, folder }) {
  const rows = Number(values.rows) / SHARDS;
  const at = join(folder, "shards");
  mkdirSync(at);
  for (let shard = 0; shard < SHARDS; ++shard) {
    const { x, y } = shardRows(shard, rows);
    const data = dataset(matrix(rows, INPUTS, x), matrix(rows, 1, y));
    writeFileSync(join(at, `${shard}.safetensors`), datasetToSafetensors(data));
  }
  const net = theNetwork();
  const v = direction(net.parameterCount);
  const files = Array.from({ length: SHARDS }, (_, i) => ({ file: `${i}.safetensors` }));
  console.log(
    `H·v of ${INPUTS}-${HIDDEN.join("-")}-1, ${net.parameterCount} parameters, f64, ${rows * SHARDS} rows in ${SHARDS} shards of ${Math.round((8 * rows * (INPUTS + 1)) / 1e6)} MB`,
  );
  const single = JSON.parse(
    execFileSync(process.execPath, [process.argv[1], "--alone", String(rows)], { maxBuffer: 1e9 }),
  );
  console.log(`one process: ${single.seconds.toFixed(2)} s, ${Math.round(single.peak / 1e6)} MB at most`);

  const workers = await startWorkers(url, "--folder", at);
  const idle = workers.map(({ pid }) => peakOf(pid));
  const pool = cluster({ connection: url });
  const op = await pool.operator(net, files);
  // Engines compile hot code once more, in either.
  op.matvec(v);
  const used = () => workers.map(({ pid }) => processorOf(pid));
  const before = used();
  const times = [0, 1, 2].map(() => {
    const start = performance.now();
    const product = op.matvec(v);
    const seconds = (performance.now() - start) / 1000;
    const off = Math.max(...product.map((value, i) => Math.abs(value - single.product[i])));
    if (!(off < 1e-9)) throw new Error(`bench/jobs: the product is off by ${off}`);
    return seconds;
  });
  const after = used();
  const processor = after.map((value, i) => (value - before[i]) / 3);
  const seconds = times.sort((a, b) => a - b)[1];
  const peaks = workers.map(({ pid }) => peakOf(pid));
  const mega = (values) => values.map((bytes) => Math.round(bytes / 1e6)).join(" and ");
  console.log(
    `${WORKERS} workers: ${seconds.toFixed(2)} s, ${((2 * seconds) / single.seconds).toFixed(2)} × half of that; ${mega(peaks)} MB at most (${mega(idle)} before the first task)`,
  );
  const busy = processor.map((value) => value.toFixed(2)).join(" and ");
  const share = ((2 * Math.max(...processor)) / single.processor).toFixed(2);
  console.log(`  of the processor: ${busy} s, ${share} × half of the one process's ${single.processor.toFixed(2)} s`);
  op.close();
  await pool.close();
  await endWorkers(workers);

  const own = await threads({ workers: WORKERS, folder: at }).operator(net, files);
  own.matvec(v);
  const start = performance.now();
  own.matvec(v);
  const local = (performance.now() - start) / 1000;
  console.log(`${WORKERS} threads: ${local.toFixed(2)} s, ${((2 * local) / single.seconds).toFixed(2)} × half`);
  own.close();
}

function direction(size) {
  return Float64Array.from({ length: size }, (_, i) => Math.sin(i));
}

/** The product in a process that holds all rows. */
function alone(text) {
  const rows = Number(text);
  const x = new Float64Array(rows * SHARDS * INPUTS);
  const y = new Float64Array(rows * SHARDS);
  for (let shard = 0; shard < SHARDS; ++shard) {
    const part = shardRows(shard, rows);
    x.set(part.x, shard * rows * INPUTS);
    y.set(part.y, shard * rows);
  }
  const net = theNetwork();
  const op = hessianOperator(net, dataset(matrix(y.length, INPUTS, x), matrix(y.length, 1, y)));
  const v = direction(net.parameterCount);
  op.matvec(v);
  const start = performance.now();
  const used = processorOf(process.pid);
  const product = op.matvec(v);
  const seconds = (performance.now() - start) / 1000;
  const processor = processorOf(process.pid) - used;
  console.log(JSON.stringify({ seconds, processor, peak: peakOf(process.pid), product: Array.from(product) }));
}
