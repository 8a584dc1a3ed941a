// Oracle: what `hessia predict` says of the same rows, and HTTP's own words for what is refused.

import { spawn } from "node:child_process";
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { run } from "../../src/cli/program.js";
import { toJson } from "../../src/formats/index.js";
import { network } from "../../src/index.js";
import { call, folder, main, root } from "./support.js";

const flowers = `${root}/data/iris.csv`;
const numbers = network({ inputs: 2, layers: [{ units: 1 }], seed: 1 });
numbers.setParameters([2, 3, 1]);
const { path, remove } = folder({
  "numbers.json": toJson(numbers),
  "houses.csv": `rooms,heated,price\n${Array.from({ length: 60 }, (_, i) => `${1 + (i % 5)},${i % 3 ? "yes" : "no"},${100 * (i % 5) + 10.5 * (i % 3)}`).join("\n")}\n`,
});
afterAll(remove);

interface Served {
  readonly url: string;
  end(): Promise<number>;
}

/** Serves a model from this process, on a port that is free. */
async function served(model: string, ...options: string[]): Promise<Served> {
  const controller = new AbortController();
  let told = (_: string): void => {};
  const address = new Promise<string>((resolve) => {
    told = resolve;
  });
  const output = { write: (text: string) => told(/http:\S+(?=\/predict)/.exec(text)?.[0] ?? "") };
  const io = { stdout: output, stderr: { write: () => {} }, signal: controller.signal, environment: {} };
  const code = run(["serve", model, "--port", "0", ...options], io);
  return {
    url: await address,
    end: () => {
      controller.abort();
      return code;
    },
  };
}

let iris: Served;
let plain: Served;
let houses: Served;

beforeAll(async () => {
  const training = ["--epochs", "20", "--quiet", "--save"];
  await call(["train", flowers, "--hidden", "8", ...training, path("iris.json")]);
  await call(["train", path("houses.csv"), "--hidden", "8", ...training, path("houses.json")]);
  iris = await served(path("iris.json"), "--limit", "0.02");
  plain = await served(path("numbers.json"));
  houses = await served(path("houses.json"));
});
afterAll(async () => {
  for (const one of [iris, plain, houses]) expect(await one.end()).toBe(0);
});

const json = { "content-type": "application/json" };
const csv = { "content-type": "text/csv" };

async function post(url: string, body: string, headers: Record<string, string> = json): Promise<Response> {
  return fetch(url, { method: "POST", body, headers });
}

const row = { sepal_length: 6.1, sepal_width: 2.8, petal_length: 4.7, petal_width: 1.2 };

describe("rows as JSON", () => {
  it("gives what predict gives, for a row and for many", async () => {
    const said = JSON.parse((await call(["predict", path("iris.json"), flowers, "--probabilities", "--json"])).stdout);
    const { readFileSync } = await import("node:fs");
    const [head, ...lines] = readFileSync(flowers, "utf8").trim().split("\n");
    const names = head.split(",").slice(0, 4);
    const rows = lines.map((line) => Object.fromEntries(names.map((name, j) => [name, Number(line.split(",")[j])])));
    const answer = await post(`${iris.url}/predict?probabilities=true`, JSON.stringify(rows));
    const { predictions, probabilities } = (await answer.json()) as { predictions: string[]; probabilities: object[] };
    expect(predictions).toEqual(said.rows.map(({ prediction }: { prediction: string }) => prediction));
    probabilities.forEach((own, i) => {
      expect(Object.keys(own)).toEqual(said.classes);
      Object.values(own).forEach((p, k) => expect(p).toBeCloseTo(said.rows[i].probabilities[k], 6));
    });
    const one = await (await post(`${iris.url}/predict`, JSON.stringify(rows[60]))).json();
    expect(one).toEqual({ prediction: predictions[60] });
    const cells = await (await post(`${iris.url}/predict`, JSON.stringify(Object.values(rows[60])))).json();
    expect(cells).toEqual(one);
  });

  it("takes columns of every type, and says what it does not know", async () => {
    const answer = await post(
      `${houses.url}/predict`,
      '[{"rooms":"3","heated":"Yes"},{"rooms":null,"heated":"maybe"}]',
    );
    expect(await answer.json()).toEqual({
      predictions: [expect.any(Number), expect.any(Number)],
      notes: ['heated: "maybe" in row 2: not known from the training rows'],
    });
  });

  it("serves a network without a table", async () => {
    expect(await (await post(`${plain.url}/predict`, "[1, 2]")).json()).toEqual({ prediction: 9 });
    expect(await (await post(`${plain.url}/predict`, "[[1, 2], [0, 0]]")).json()).toEqual({ predictions: [9, 1] });
  });
});

it("rows as CSV: the table that predict writes", async () => {
  const table = "petal_width,petal_length,sepal_width,sepal_length\n0.2,1.4,3.5,5.1\n2.3,5.9,3.2,6.8\n";
  const { path: file, remove: removed } = folder({ "rows.csv": table });
  const { stdout } = await call(["predict", path("iris.json"), file("rows.csv"), "--probabilities"]);
  const answer = await post(`${iris.url}/predict?probabilities=true`, table, csv);
  expect(answer.headers.get("content-type")).toBe("text/csv; charset=utf-8");
  expect(await answer.text()).toBe(stdout);
  removed();
});

it("tells of itself", async () => {
  expect(await (await fetch(`${iris.url}/health`)).json()).toEqual({ status: "ok" });
  const schema = await (await fetch(`${houses.url}/schema`)).json();
  expect(schema).toEqual({
    task: "regression",
    target: "price",
    classes: null,
    columns: [
      { name: "rooms", type: "number" },
      { name: "heated", type: "boolean", values: ["no", "yes"] },
    ],
  });
});

describe("refuses, in one sentence,", () => {
  const cases: [string, number, string, string, Record<string, string>?][] = [
    ["half a document", 400, '{"a":', "expected JSON"],
    ["nothing", 400, "", "expected JSON, got an empty body"],
    ["a number", 400, "5", "row 1: expected an object by column names or an array of cells, got 5"],
    ["no rows", 400, "[]", "expected at least one row"],
    ["rows of two kinds", 400, JSON.stringify([row, [1, 2, 3, 4]]), "row 2: expected the same kind as row 1"],
    ["another width", 400, "[1,2]", "expected 5 cells, got 2"],
    ["a list in a cell", 400, '[{"sepal_length":[1]}]', 'row 1, "sepal_length": expected text, a number'],
    [
      "a missing column",
      400,
      JSON.stringify([row, { ...row, petal_width: undefined }]),
      'row 2 expected a property "petal_width"',
    ],
    ["a table without columns", 400, "a,b\n1,2\n", 'none called "sepal_length"', csv],
    ["an open quotation", 400, 'a,b\n1,"2\n', "a quoted cell is not closed", csv],
    ["text", 415, "hello", "expected content of type application/json or text/csv", { "content-type": "text/plain" }],
    ["packed bytes", 415, "[]", "not compressed", { ...json, "content-encoding": "gzip" }],
    ["a long body", 413, " ".repeat(30_000), "expected a body of at most 20000 bytes"],
  ];
  it.each(cases)("%s", async (_, status, body, words, headers = json) => {
    const answer = await post(`${iris.url}/predict`, body, headers);
    const { error } = (await answer.json()) as { error: string };
    expect([answer.status, error]).toEqual([status, expect.stringContaining(words)]);
    expect(error).not.toMatch(/\n|hessia|\bat \w+ \(/);
  });

  it("probabilities of values", async () => {
    const answer = await post(`${plain.url}/predict?probabilities=true`, "[1,2]");
    expect([answer.status, await answer.text()]).toEqual([400, expect.stringContaining("a model of classes")]);
  });

  it("other methods and other places", async () => {
    const wrong = await fetch(`${iris.url}/predict`);
    expect([wrong.status, wrong.headers.get("allow")]).toEqual([405, "POST"]);
    expect((await fetch(`${iris.url}/other`)).status).toBe(404);
  });

  it("a long body of no told length, without taking it in", async () => {
    const socket = connect(Number(new URL(iris.url).port), "127.0.0.1");
    const said = await new Promise<string>((resolve) => {
      let text = "";
      socket.on("data", (chunk) => {
        text += chunk;
        if (text.includes("bytes")) resolve(text);
      });
      socket.on("error", () => {});
      socket.write("POST /predict HTTP/1.1\r\nhost: a\r\ncontent-type: text/csv\r\ntransfer-encoding: chunked\r\n\r\n");
      for (let k = 0; k < 30; ++k) socket.write(`3e8\r\n${"1,2\n".repeat(250)}\r\n`);
    });
    socket.destroy();
    expect(said).toMatch(/^HTTP\/1\.1 413 [\s\S]*expected a body of at most 20000 bytes/);
  });

  it("bytes that are not HTTP, and goes on", async () => {
    const socket = connect(Number(new URL(iris.url).port), "127.0.0.1", () => socket.write("\0\x01nonsense\r\n\r\n"));
    const said = await new Promise<string>((resolve) => socket.once("data", (chunk) => resolve(String(chunk))));
    expect(said).toMatch(/^HTTP\/1\.1 400 /);
    expect((await fetch(`${iris.url}/health`)).status).toBe(200);
  });
});

describe("the command", () => {
  it("refuses a port that is taken, in a line", async () => {
    const { port } = new URL(iris.url);
    const { code, stderr } = await call(["serve", path("iris.json"), "--port", port]);
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/^hessia: 127\.0\.0\.1, port \d+: another program[^\n]+\n$/),
    ]);
    expect((await call(["serve", path("iris.json"), "--port", "70000"])).code).toBe(2);
    expect((await call(["serve", flowers])).code).toBe(2);
  });

  it.each(["SIGTERM", "SIGINT"] as const)("%s: answers what is under way, then ends with 0", async (signal) => {
    const child = spawn(process.execPath, [main, "serve", path("iris.json"), "--port", "0"], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let stdout = "";
    const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
    const port = await new Promise<number>((resolve) => {
      child.stdout.on("data", (chunk) => {
        stdout += chunk;
        const found = /:(\d+)\/predict/.exec(stdout);
        if (found) resolve(Number(found[1]));
      });
    });
    const body = JSON.stringify(row);
    const socket = connect(port, "127.0.0.1");
    const answer = new Promise<string>((resolve) => {
      let text = "";
      socket.on("data", (chunk) => (text += chunk)).on("close", () => resolve(text));
    });
    // The head of a request, the end of the server, and only then the rest of the request.
    socket.write(
      `POST /predict HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`,
    );
    socket.write(body.slice(0, 10));
    await new Promise((resolve) => setTimeout(resolve, 200));
    child.kill(signal);
    await new Promise((resolve) => setTimeout(resolve, 200));
    socket.write(body.slice(10));
    expect(await answer).toContain('{"prediction":');
    expect([await ended, stdout]).toEqual([0, expect.stringMatching(/\nended\n$/)]);
  });
});
