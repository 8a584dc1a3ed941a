// Oracle: the same calls on one thread. Bits must agree whatever the number of threads; a lost
// worker ends one call at most.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { afterEach, describe, expect, it } from "vitest";
import {
  adam,
  dataset,
  fit,
  hessianOperator,
  init,
  type LayerSpec,
  matrix,
  multiply,
  type Network,
  network,
  type Running,
  symmetric,
} from "../../src/index.js";
import type { Build } from "../../src/wasm/load.js";
import { openThreads } from "../../src/wasm/threads/open.js";
import { builds } from "../support.js";

const script = new URL("../../dist/wasm/threads/worker.js", import.meta.url);

afterEach(() => init({ simd: "strict" }));

/** Workers that are remembered, with what they have been told. */
function watched(): { worker: () => Worker; workers: Worker[]; attached: () => number } {
  const workers: Worker[] = [];
  let attached = 0;
  const worker = (): Worker => {
    const made = new Worker(script);
    const post = made.postMessage.bind(made);
    made.postMessage = (message: object) => {
      attached += "attach" in message ? 1 : 0;
      post(message);
    };
    workers.push(made);
    return made;
  };
  return { worker, workers, attached: () => attached };
}

function bytesOf(...values: ArrayBufferView[]): string {
  const hash = createHash("sha256");
  for (const { buffer, byteOffset, byteLength } of values) hash.update(new Uint8Array(buffer, byteOffset, byteLength));
  return hash.digest("hex");
}

function sine(count: number, seed: number): Float64Array {
  return Float64Array.from({ length: count }, (_, i) => Math.sin(seed + i * 1.7 + (i % 7)));
}

const rows = (count: number, width: number): number[][] =>
  Array.from({ length: count }, (_, s) => Array.from(sine(width, s)));

function net(dtype: "f64" | "f32", activation: "relu" | "tanh", batchNorm = false): Network {
  const layers = [{ units: 40, activation, batchNorm }, { units: 30, activation }, { units: 3 }];
  return network({ inputs: 20, layers, loss: "cross-entropy", dtype, seed: 3 });
}

/** Each is large enough to be shared. */
const quantities: Record<string, (dtype: "f64" | "f32") => string | Promise<string>> = {
  products: () => {
    const a = matrix(140, 140, sine(140 * 140, 1));
    return bytesOf(multiply(a, a, { transposeB: true }).data);
  },
  "eigenvectors and factors": () => {
    const n = 280;
    const values = sine(n * n, 2);
    const dense = Array.from({ length: n }, (_, i) =>
      Array.from({ length: n }, (_, j) => values[Math.min(i, j) * n + Math.max(i, j)] + (i === j ? n : 0)),
    );
    const m = symmetric(dense);
    const { values: eigenvalues, vectors } = m.eigen();
    const cholesky = m.cholesky();
    const b = matrix(n, 64, sine(n * 64, 3));
    return bytesOf(eigenvalues, vectors.data, m.solve(b).x.data, cholesky.solve(b).data);
  },
  "gradients and predictions": (dtype) => {
    const data = dataset(
      rows(1500, 20),
      Array.from({ length: 1500 }, (_, s) => s % 3),
    );
    const made = net(dtype, "tanh", true);
    const { loss, gradient } = made.gradient(data);
    return bytesOf(Float64Array.of(loss), gradient, made.probabilities(rows(1500, 20)).data);
  },
  "products with the Hessian": (dtype) => {
    const data = dataset(
      rows(700, 20),
      Array.from({ length: 700 }, (_, s) => s % 3),
    );
    const made = net(dtype, "tanh");
    const operator = hessianOperator(made, data);
    return bytesOf(operator.matvec(sine(made.parameterCount, 4)));
  },
  "Jacobians and products with the Gauss-Newton matrix": (dtype) => {
    const inputs = rows(400, 20);
    const data = dataset(
      inputs,
      inputs.map((_, s) => s % 3),
    );
    const made = net(dtype, "relu");
    return bytesOf(made.jacobian(inputs).data, made.ggnvp(data, sine(made.parameterCount, 5)));
  },
  "Hessians and Gauss-Newton matrices": (dtype) => {
    const data = dataset(
      rows(300, 12),
      Array.from({ length: 300 }, (_, s) => s % 3),
    );
    return ["relu", "tanh"]
      .map((activation) => {
        const layers = [
          { units: 24, activation, batchNorm: activation === "tanh" },
          { units: 16, activation },
          { units: 3 },
        ];
        const made = network({ inputs: 12, layers: layers as LayerSpec[], loss: "cross-entropy", dtype, seed: 3 });
        return bytesOf(
          made.hessian(data, { batchNorm: "running" }).data,
          made.hessian(data, { kind: "ggn", batchNorm: "running" }).data,
        );
      })
      .join();
  },
  training: async (dtype) => {
    const data = dataset(
      rows(600, 20),
      Array.from({ length: 600 }, (_, s) => s % 3),
    );
    const made = net(dtype, "relu");
    await fit(made, data, { optimizer: adam(), epochs: 3, batchSize: 200, seed: 1 });
    return bytesOf(made.getParameters());
  },
};

const cases = builds.flatMap((build) => Object.keys(quantities).map((name) => [build, name] as const));

describe("the same bits for 1, 2, 3 and 4 threads", () => {
  it.each(cases)("%s: %s", async (build: Build, name) => {
    for (const dtype of ["f64", "f32"] as const) {
      await init({ simd: build });
      const alone = await quantities[name](dtype);
      for (const threads of [2, 3, 4]) {
        const { worker, attached } = watched();
        const running = await init({ simd: build, threads, worker });
        expect(running).toMatchObject({ build, threads, reason: undefined });
        // The first time, workers come late; the second time they may be there from the beginning.
        for (const _ of [1, 2]) expect((await quantities[name](dtype)) === alone, `${threads} threads`).toBe(true);
        expect(attached()).toBeGreaterThan(0);
      }
    }
  });
});

const large = matrix(400, 400, sine(160_000, 1));
const square = (): string => bytesOf(multiply(large, large).data);

describe("a lost worker", () => {
  it("that ends between calls leaves one thread and a reason", async () => {
    const alone = square();
    const { worker, workers } = watched();
    const running = await init({ simd: "strict", threads: 3, worker });
    expect(square()).toBe(alone);
    await workers[1].terminate();
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(running).toMatchObject({ threads: 1, reason: "a worker has ended" });
    expect(square()).toBe(alone);
    expect((await init({ simd: "strict", threads: 2, worker })).threads).toBe(2);
    expect(square()).toBe(alone);
  });

  it("that ends at any moment of a call ends it in an error or not at all, and others go on", async () => {
    const alone = square();
    for (let round = 0; round < 10; ++round) {
      const { worker, workers } = watched();
      let running: Running = { build: "strict", threads: 0 };
      const { useSharing } = await import("../../src/wasm/load.js");
      running = await openThreads("strict", { threads: 2, worker }, useSharing, 300);
      expect(running.threads).toBe(2);
      void workers[0].terminate();
      for (let call = 0; call < 6; ++call) {
        try {
          expect(square() === alone).toBe(true);
        } catch (error) {
          expect((error as Error).message).toMatch(/^hessia: a worker has .* with one thread/);
          expect(running.threads).toBe(1);
        }
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
      expect(running.threads).toBe(1);
      expect(square() === alone).toBe(true);
    }
  });

  it("that fails within a piece ends the call in an error", async () => {
    const alone = square();
    // A worker whose instances trap.
    const source = `
      const { parentPort } = require("node:worker_threads");
      let hello;
      parentPort.on("message", (data) => {
        if (data.control) { hello = data; parentPort.postMessage("ready"); return; }
        if (data.attach) Atomics.store(hello.control, hello.words.failed, 1);
      });`;
    const worker = (): Worker => new Worker(source, { eval: true });
    const running = await init({ simd: "strict", threads: 2, worker });
    expect(running.threads).toBe(2);
    // Nobody but this thread claims pieces, so results may also be whole.
    for (let call = 0; call < 5; ++call) {
      try {
        expect(square() === alone).toBe(true);
      } catch (error) {
        expect((error as Error).message).toMatch(/^hessia: a worker has failed while it shared a call/);
      }
    }
    await init({ simd: "strict" });
    expect(square() === alone).toBe(true);
  });

  it("that never was there is a reason, not an error", async () => {
    const running = await init({ threads: 2, worker: new URL("./no-such-worker.js", import.meta.url) });
    expect(running.threads).toBe(1);
    expect(running.reason).toMatch(/^threads could not be started: .*no-such-worker/);
  });
});

describe("init", () => {
  it("refuses what is no number of threads and no worker, and changes nothing", async () => {
    const { worker } = watched();
    const running = await init({ simd: "strict", threads: 2, worker });
    const refused: [object, string][] = [
      [{ threads: 0 }, 'init: "threads" expected'],
      [{ threads: 1.5 }, 'init: "threads" expected'],
      [{ threads: 65 }, 'init: "threads" expected at most 64, got 65'],
      [{ threads: "all" }, 'init: "threads" expected a number of threads or "auto", got "all"'],
      [{ threads: 2, worker: 3 }, 'init: "worker" expected the address'],
      [{ threads: 2, simd: "other" }, 'init: "simd" expected'],
    ];
    for (const [options, message] of refused) await expect(init(options as never)).rejects.toThrow(message);
    expect(running.threads).toBe(2);
  });

  it("ends the workers of the call before", async () => {
    const { worker, workers } = watched();
    const first = await init({ simd: "strict", threads: 2, worker });
    const ended = new Promise((resolve) => workers[0].on("exit", resolve));
    expect(await init({ simd: "strict" })).toEqual({ build: "strict", threads: 1 });
    await ended;
    expect(first.threads).toBe(1);
  });
});

it("the engine's first compiler gives the same bits", () => {
  const program = `
    const { dataset, init, matrix, network } = await import(${JSON.stringify(new URL("../../dist/index.js", import.meta.url).href)});
    const rows = Array.from({ length: 200 }, (_, s) => Array.from({ length: 12 }, (_, j) => Math.sin(s * j + s)));
    const data = dataset(rows, rows.map((_, s) => s % 3));
    const results = [];
    for (const threads of [1, 3]) {
      await init({ simd: "strict", threads });
      const net = network({ inputs: 12, layers: [{ units: 30 }, { units: 20 }, { units: 3 }], loss: "cross-entropy", seed: 1 });
      for (const _ of [1, 2]) results.push(Buffer.from(net.hessian(data).data.buffer).toString("base64"));
    }
    console.log(results.every((result) => result === results[0]));`;
  const node = ["--liftoff-only", "--input-type=module", "-e", program];
  expect(execFileSync(process.execPath, node, { encoding: "utf8" })).toBe("true\n");
});

it("a process with threads ends by itself, and idles without using a core", () => {
  const program = `
    const { init, matrix, multiply } = await import(${JSON.stringify(new URL("../../dist/index.js", import.meta.url).href)});
    const { threads } = await init({ threads: 3 });
    const a = matrix(200, 200, Float64Array.from({ length: 40000 }, (_, i) => Math.sin(i)));
    multiply(a, a);
    await new Promise((resolve) => setTimeout(resolve, 50));
    const before = process.cpuUsage();
    await new Promise((resolve) => setTimeout(resolve, 500));
    const { user, system } = process.cpuUsage(before);
    console.log(threads, (user + system) / 1000 < 250);`;
  const node = ["--input-type=module", "-e", program];
  expect(execFileSync(process.execPath, node, { encoding: "utf8", cwd: fileURLToPath(new URL(".", script)) })).toBe(
    "3 true\n",
  );
});
