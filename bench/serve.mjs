// node bench/serve.mjs [--seconds 3] [--turns 5] [--requests 1000000] Requests a second that
// `hessia serve` answers, a row of JSON each, over those of a server of Node's own that parses the
// same body and answers as many bytes; in turns, with a client of 20 connections. Then the server's
// memory over many requests, what it says to malformed and oversized ones, and how it ends.
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "3" },
    turns: { type: "string", default: "5" },
    requests: { type: "string", default: "1000000" },
    bare: { type: "boolean" },
  },
});
const CONNECTIONS = 20;
const body = JSON.stringify({ sepal_length: 5.1, sepal_width: 3.5, petal_length: 1.4, petal_width: 0.2 });
const request = Buffer.from(
  `POST /predict HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
);

/** What an HTTP server of Node's own does at the least: read, parse, answer. */
function bare() {
  const server = createServer((incoming, answer) => {
    const chunks = [];
    incoming.on("data", (chunk) => chunks.push(chunk));
    incoming.on("end", () => {
      const row = JSON.parse(Buffer.concat(chunks).toString());
      const text = JSON.stringify({ prediction: row.petal_length < 2 ? "setosa" : "virginica" });
      answer.writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(text) });
      answer.end(text);
    });
  });
  server.listen(0, "127.0.0.1", () => console.log(`POST http://127.0.0.1:${server.address().port}/predict`));
}

async function started(args) {
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const port = await new Promise((resolve, reject) => {
    let text = "";
    child.stdout.on("data", (chunk) => {
      text += chunk;
      const found = /:(\d+)\/predict/.exec(text);
      if (found) resolve(Number(found[1]));
    });
    child.on("exit", () => reject(new Error(`a server ended: ${text}`)));
  });
  return { child, port };
}

/** Requests until the time is over or there were enough; returns their number a second. */
function load(port, { seconds = Infinity, requests = Infinity }) {
  let answered = 0;
  const start = performance.now();
  const over = () => answered >= requests || performance.now() - start > 1000 * seconds;
  const connection = () =>
    new Promise((done, reject) => {
      const socket = connect(port, "127.0.0.1", () => socket.write(request));
      socket.setNoDelay(true);
      let text = "";
      socket.on("data", (chunk) => {
        text += chunk.toString("latin1");
        if (!/\r\n\r\n.*\}$/s.test(text)) return;
        if (!text.startsWith("HTTP/1.1 200")) return void reject(new Error(text));
        ++answered;
        text = "";
        if (over()) socket.end(done);
        else socket.write(request);
      });
      socket.on("error", reject);
    });
  return Promise.all(Array.from({ length: CONNECTIONS }, connection)).then(
    () => (1000 * answered) / (performance.now() - start),
  );
}

/** What the server answers to requests that are none, and whether it is there afterwards. */
async function malformed(port) {
  const at = `http://127.0.0.1:${port}`;
  const post = (own, type = "application/json") =>
    fetch(`${at}/predict`, { method: "POST", body: own, headers: { "content-type": type } }).then(
      ({ status }) => status,
      (error) => error.cause?.code ?? error.message,
    );
  const asked = {
    "half a document": await post("{"),
    "no row": await post("7"),
    "a column that lacks": await post('{"sepal_length":1}'),
    "no table": await post("\0\0", "text/csv"),
    "another type": await post("<a/>", "text/xml"),
    "11 MB": await post(`[${"1,".repeat(5.5e6)}1]`),
    "no HTTP": await raw(port, "HELLO\r\n\r\n"),
    "a header without an end": await raw(port, `GET / HTTP/1.1\r\nx: ${"y".repeat(1e5)}`),
  };
  console.log(
    Object.entries(asked)
      .map(([name, status]) => `${name}: ${status}`)
      .join(", "),
  );
  console.log(`then ${await post(body)} to a row`);
}

/** The status that bytes are answered with. */
function raw(port, bytes) {
  return new Promise((done) => {
    let text = "";
    const socket = connect(port, "127.0.0.1", () => socket.write(bytes));
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
    });
    socket.on("error", () => {});
    socket.on("close", () => done(/^HTTP\/1.1 (\d+)/.exec(text)?.[1] ?? "closed"));
  });
}

/** Ends a server while requests are under way: all of them have to be answered. */
async function ended({ child, port }) {
  const under = load(port, { requests: 2000 }).then(
    () => "all answered",
    (error) => `a connection ended by ${error.code ?? error.message.slice(0, 60)}`,
  );
  await new Promise((resolve) => setTimeout(resolve, 20));
  const start = performance.now();
  const code = new Promise((resolve) => child.on("exit", resolve));
  child.kill("SIGTERM");
  console.log(`SIGTERM: exit code ${await code} after ${(performance.now() - start).toFixed(0)} ms; ${await under}`);
}

const megabytes = (pid) => Number(execFileSync("ps", ["-o", "rss=", "-p", String(pid)])) / 1024;
const sorted = (values) => values.toSorted((a, b) => a - b);
const spread = (values, digits) => {
  const [low, middle, high] = [0, values.length >> 1, values.length - 1].map((k) => sorted(values)[k].toFixed(digits));
  return `${middle} (${low} to ${high})`;
};

async function measure() {
  const folder = mkdtempSync(join(tmpdir(), "hessia-serve-"));
  const main = resolve("dist/cli/main.js");
  execFileSync(process.execPath, [main, "sample", "iris"], { cwd: folder });
  const model = join(folder, "iris.json");
  execFileSync(process.execPath, [main, "train", join(folder, "iris.csv"), "--save", model, "--quiet"]);
  const own = await started([main, "serve", model, "--port", "0"]);
  const other = await started([fileURLToPath(import.meta.url), "--bare"]);
  try {
    await load(own.port, { seconds: 1 });
    await load(other.port, { seconds: 1 });
    const rates = [[], []];
    for (let turn = 0; turn < Number(values.turns); ++turn) {
      for (const [i, { port }] of [own, other].entries())
        rates[i].push(await load(port, { seconds: Number(values.seconds) }));
    }
    console.log(`hessia serve: ${spread(rates[0], 0)} requests a second, a row each`);
    console.log(
      `a bare server: ${spread(rates[1], 0)}; ratio ${spread(
        rates[0].map((rate, i) => rate / rates[1][i]),
        2,
      )}`,
    );
    const total = Number(values.requests);
    for (let done = 0; done < total; done += total / 5) {
      await load(own.port, { requests: total / 5 });
      console.log(`after ${Math.round(done + total / 5)} more requests: ${megabytes(own.child.pid).toFixed(0)} MB`);
    }
    await malformed(own.port);
    own.child.removeAllListeners("exit");
    await ended(own);
  } finally {
    for (const { child } of [own, other]) child.removeAllListeners("exit").kill("SIGTERM");
    rmSync(folder, { recursive: true });
  }
}

if (values.bare) bare();
else await measure();
