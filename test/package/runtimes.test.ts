// Oracle: the bits that this Node gives; the default build's are the same everywhere. The package
// is installed by npm into an empty folder.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Readable } from "node:stream";
import * as esbuild from "esbuild";
import { beforeAll, describe, expect, inject, it } from "vitest";
import { runtimes } from "./needs.js";

const programs = runtimes();

describe.skipIf(!programs)("installed into an empty folder", () => {
  const folder = join(dirname(inject("consumer")), "installed");
  const { Deno, Bun, workerd, ...nodes } = programs ?? { Deno: "", Bun: "", workerd: "" };
  let here: string;
  let pooled: string;

  beforeAll(() => {
    mkdirSync(folder);
    writeFileSync(join(folder, "package.json"), '{ "private": true, "type": "module" }');
    const quiet = ["--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline"];
    execFileSync("npm", ["install", ...quiet, inject("tarball")], { cwd: folder, stdio: "pipe" });
    for (const name of ["main.js", "files.mjs", "pools.js", "edge.js"])
      copyFileSync(`test/package/consumer/${name}`, join(folder, name));
    here = run(process.execPath, ["main.js"]);
    pooled = run(process.execPath, ["pools.js"]);
  });

  /** What a program prints there. */
  function run(program: string, args: string[], env: Record<string, string> = {}): string {
    const { PATH = "", HOME = "" } = process.env;
    return execFileSync(program, args, { cwd: folder, encoding: "utf8", env: { PATH, HOME, ...env }, stdio: "pipe" });
  }

  /** Of what main.js prints, all but the bits of whichever build the engine runs fastest. */
  function strict(printed: string): object {
    const { best, ...rest } = JSON.parse(printed) as Record<string, string>;
    expect(best).toMatch(/^[0-9a-f ]+$/);
    return rest;
  }

  const files = {
    names: ["net.onnx", "run.json", "run.safetensors", "weights.npy"],
    sizes: [expect.any(Number), 128 + 22 * 8],
    same: [true, true],
  };

  describe.each(Object.entries(nodes))("%s", (name, program) => {
    it("is what it is called", () => {
      expect(run(program, ["--version"])).toMatch(new RegExp(`^v${name.slice(5)}\\.`));
    });

    it("imports it", () => {
      expect(strict(run(program, ["main.js"]))).toEqual(strict(here));
      expect(JSON.parse(run(program, ["files.mjs"]))).toEqual(files);
    });

    it("shares work among threads", () => expect(run(program, ["pools.js"])).toBe(pooled));

    it("requires it", () => {
      const source =
        'console.log(typeof require("hessia").network, typeof require("hessia/formats").toOnnx, typeof require("hessia/node").loadNetwork)';
      expect(run(program, ["--no-warnings", "--input-type=commonjs", "-e", source])).toBe(
        "function function function\n",
      );
    });

    it("runs the command", () => {
      expect(run(program, ["node_modules/hessia/dist/cli/main.js", "--version"])).toMatch(/^\d+\.\d+\.\d+\n$/);
    });
  });

  it("Deno, which grants the library nothing, and the files what they need", () => {
    const env = { DENO_DIR: join(folder, ".deno"), DENO_NO_UPDATE_CHECK: "1", NO_COLOR: "1" };
    expect(strict(run(Deno, ["run", "--no-prompt", "--no-remote", "main.js"], env))).toEqual(strict(here));
    expect(run(Deno, ["run", "--no-prompt", "--no-remote", "--allow-read", "pools.js"], env)).toBe(pooled);
    const allowed = ["--allow-read", "--allow-write", "--allow-sys=hostname", "--allow-env"];
    expect(JSON.parse(run(Deno, ["run", "--no-prompt", "--no-remote", ...allowed, "files.mjs"], env))).toEqual(files);
  });

  it("Bun", () => {
    expect(strict(run(Bun, ["main.js"]))).toEqual(strict(here));
    expect(JSON.parse(run(Bun, ["files.mjs"]))).toEqual(files);
    expect(run(Bun, ["pools.js"])).toBe(pooled);
  });

  it("workerd, which compiles no bytes, given the module", async () => {
    const at = join(folder, "edge");
    await esbuild.build({
      ...{
        absWorkingDir: folder,
        entryPoints: ["edge.js"],
        outfile: join(at, "worker.js"),
        bundle: true,
        format: "esm",
      },
      // As such platforms' own tools do it: the module stays beside the code.
      plugins: [
        {
          name: "module",
          setup: ({ onResolve }) => onResolve({ filter: /\.wasm$/ }, () => ({ path: "./core.wasm", external: true })),
        },
      ],
    });
    copyFileSync(join(folder, "node_modules/hessia/dist/core.wasm"), join(at, "core.wasm"));
    writeFileSync(
      join(at, "config.capnp"),
      `using Workerd = import "/workerd/workerd.capnp";
      const config :Workerd.Config = (
        services = [(name = "edge", worker = .edge)],
        sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "edge")],
      );
      const edge :Workerd.Worker = (
        modules = [
          (name = "worker.js", esModule = embed "worker.js"),
          (name = "core.wasm", wasm = embed "core.wasm"),
        ],
        compatibilityDate = "2025-01-01",
      );`,
    );
    const child = spawn(workerd, ["serve", "config.capnp", "--control-fd=3"], {
      cwd: at,
      stdio: ["ignore", "pipe", "pipe", "pipe"],
    });
    try {
      const answer = await fetch(`http://127.0.0.1:${await portOf(child)}/`);
      const { refused, ...bits } = (await answer.json()) as Record<string, string>;
      expect(refused).toMatch(
        /^hessia: the core could not be compiled synchronously here .*`await init\(\{ module \}\)` where compiling bytes is forbidden$/,
      );
      const { gradient, before } = JSON.parse(here) as Record<string, string>;
      expect(bits).toEqual({ gradient, before });
    } finally {
      child.kill();
    }
  });
});

/** The port that workerd tells of on its third channel. */
async function portOf(child: ChildProcess): Promise<number> {
  let errors = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    errors += chunk;
  });
  for await (const chunk of child.stdio[3] as Readable) {
    const [, port] = /"event":"listen".*"port":(\d+)/.exec(String(chunk)) ?? [];
    if (port) return Number(port);
  }
  throw new Error(`workerd does not listen: ${errors}`);
}
