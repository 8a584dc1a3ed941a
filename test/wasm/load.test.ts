// Oracle: the documented choice of builds, and the compiled files themselves.

import { readFileSync } from "node:fs";
import { afterEach, describe, expect, it, vi } from "vitest";
import { init, network } from "../../src/index.js";
import { coreMath } from "../../src/wasm/math.js";
import { builds } from "../support.js";

const strict = readFileSync(new URL("../../build/strict.wasm", import.meta.url));
const relaxed = readFileSync(new URL("../../build/relaxed.wasm", import.meta.url));
const made = () => network({ inputs: 1, layers: [{ units: 1 }] }).build;
const hasRelaxed = builds.includes("relaxed");

afterEach(() => init({ simd: "strict" }));

describe("without init", () => {
  it("the strict build works at once", async () => {
    vi.resetModules();
    const fresh = await import("../../src/index.js");
    const net = fresh.network({ inputs: 1, layers: [{ units: 1 }] });
    expect(net.build).toBe("strict");
    expect(net.predict([[1]]).rows).toBe(1);
  });

  it("an engine that forbids synchronous compilation is told to call init", async () => {
    vi.resetModules();
    const fresh = await import("../../src/index.js");
    const { Module } = WebAssembly;
    WebAssembly.Module = new Proxy(Module, {
      construct: () => {
        throw new RangeError("larger than 4KB");
      },
    });
    try {
      expect(() => fresh.network({ inputs: 1, layers: [{ units: 1 }] })).toThrow(
        /could not be compiled synchronously here \(larger than 4KB\); call `await init\(\)` first; .*wasm-unsafe-eval/,
      );
    } finally {
      WebAssembly.Module = Module;
    }
    await fresh.init({ simd: "strict" });
    expect(fresh.network({ inputs: 1, layers: [{ units: 1 }] }).predict([[1]]).rows).toBe(1);
  });
});

describe("an engine that makes instances only asynchronously", () => {
  it("is served after init, with the same bits, as long as it gets its turns", async () => {
    const expected = network({ inputs: 1, layers: [{ units: 3 }], seed: 1 }).predict([[1]]).data;
    vi.resetModules();
    const fresh = await import("../../src/index.js");
    const { Module, Instance } = WebAssembly;
    const refuse = {
      construct: () => {
        throw new RangeError("larger than 4KB");
      },
    };
    WebAssembly.Module = new Proxy(Module, refuse);
    WebAssembly.Instance = new Proxy(Instance, refuse);
    try {
      const make = () => fresh.network({ inputs: 1, layers: [{ units: 3 }], seed: 1 });
      expect(make).toThrow("call `await init()` first");
      for (const module of [undefined, strict]) {
        await fresh.init(module ? { module } : { simd: "strict" });
        const net = make();
        expect(net.predict([[1]]).data).toEqual(expected);
        const data = fresh.dataset(
          [[0], [1]],
          [
            [0, 0, 0],
            [1, 1, 1],
          ],
        );
        const operator = () => fresh.hessianOperator(net, data).matvec(net.getParameters());
        for (let i = 0; i < 40; ++i) {
          operator();
          await new Promise((resolve) => setTimeout(resolve));
        }
        expect(() => {
          for (let i = 0; i < 40; ++i) operator();
        }).toThrow("wait for a turn of the event loop");
      }
    } finally {
      Object.assign(WebAssembly, { Module, Instance });
    }
  });
});

describe("init", () => {
  it("takes the relaxed build where the engine has it, or the one named", async () => {
    await init();
    expect(made()).toBe(hasRelaxed ? "relaxed" : "strict");
    await init({ simd: "strict" });
    expect(made()).toBe("strict");
    await init({ simd: "auto" });
    expect(made()).toBe(hasRelaxed ? "relaxed" : "strict");
    if (hasRelaxed) {
      await init({ simd: "relaxed" });
      expect(made()).toBe("relaxed");
    } else {
      await expect(init({ simd: "relaxed" })).rejects.toThrow(
        'init: "simd" expected "strict" or "auto" on an engine without relaxed SIMD, got "relaxed"',
      );
    }
  });

  it("takes a module, its bytes, a response with them, or a promise of one", async () => {
    const response = () => new Response(strict, { headers: { "content-type": "application/wasm" } });
    const ways = [
      new WebAssembly.Module(strict),
      strict,
      strict.buffer.slice(strict.byteOffset, strict.byteOffset + strict.byteLength),
      response(),
      Promise.resolve(response()),
      new Response(strict),
    ];
    for (const module of ways) {
      await init({ module: module as never });
      expect(made()).toBe("strict");
      expect(network({ inputs: 1, layers: [{ units: 1 }] }).predict([[1]]).rows).toBe(1);
    }
    if (hasRelaxed) {
      await init({ module: relaxed });
      expect(made()).toBe("relaxed");
    }
  });

  it("refuses what it cannot use, and goes on with what it had", async () => {
    const empty = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]);
    const refused: [object, string][] = [
      [{ simd: "relax" }, 'init: "simd" expected a known name, got "relax"; did you mean "relaxed"?'],
      [{ sims: "strict" }, 'init: unknown option "sims"; did you mean "simd"?'],
      [{ module: null }, 'init: "module" expected a WebAssembly.Module, its bytes or a response with them, got null'],
      [{ module: "core.wasm" }, 'got "core.wasm"'],
      [
        { module: new WebAssembly.Module(empty) },
        'init: "module" expected the core, as in hessia/core.wasm, got another module',
      ],
      [{ module: new Response("", { status: 404 }) }, 'init: "module" expected a successful response, got status 404'],
      [{ module: new Uint8Array([1, 2, 3]) }, "WebAssembly"],
      [
        { simd: "relaxed", module: strict },
        hasRelaxed ? 'init: "module" expected the relaxed build, got the strict one' : "got the strict one",
      ],
    ];
    for (const [options, message] of refused) await expect(init(options as never), message).rejects.toThrow(message);
    await expect(init(null as never)).rejects.toThrow(TypeError);
    expect(made()).toBe("strict");
  });
});

describe.each(builds)("the core's mathematics, %s build", (build) => {
  it("is near the engine's", () => {
    const math = coreMath(build);
    for (let i = 0; i < 500; i++) {
      const x = 40 * Math.sin(i);
      expect(Math.abs(math.exp(x) / Math.exp(x) - 1)).toBeLessThan(1e-15);
      expect(Math.abs(math.log(1 + x * x) - Math.log(1 + x * x))).toBeLessThan(2e-15);
      expect(Math.abs(math.cos(x) - Math.cos(x))).toBeLessThan(1e-15);
      // The product i·log 0.9 is rounded before exp magnifies it.
      expect(Math.abs(math.pow(0.9, i) / 0.9 ** i - 1)).toBeLessThan((4 + 0.11 * i) * 2 ** -52);
    }
  });
});
