// Oracles: the reference implementation of safetensors, which has read our files and written them
// anew (test/fixtures/safetensors_files.json); @huggingface/hub, which reads headers; and the
// format's own rules.

import { readFileSync } from "node:fs";
import { parseSafetensorsMetadata } from "@huggingface/hub";
import { beforeAll, describe, expect, it } from "vitest";
import { fromSafetensors, toSafetensors } from "../../src/formats/index.js";
import { init, network } from "../../src/index.js";
import { cases } from "../cases.js";
import { dtypes } from "../support.js";
import { type Anything, expectSame, networkOf, running } from "./support.js";

beforeAll(() => init({ simd: "strict" }));

interface Item {
  name: string;
  /** Ours, as hexadecimal text. */
  file: string;
  /** What the reference implementation found in it. */
  header: Record<string, string>;
  tensors: Record<string, { dtype: "f64" | "f32"; shape: number[]; data: number[] }>;
  /** The file that it made of that. */
  rewritten: string;
}

const { items } = JSON.parse(readFileSync("test/fixtures/safetensors_files.json", "utf8")) as { items: Item[] };
const bytesOf = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, "hex"));

describe.each(items)("the reference implementation: $name", ({ file, header, tensors, rewritten }) => {
  const read = fromSafetensors(bytesOf(file));

  it("has read a file that is written in the same way today", () => {
    const { network, checkpoint, metadata } = read;
    const options = { ...(checkpoint ? { checkpoint } : {}), ...(header.metadata ? { metadata } : {}) };
    expect(Buffer.from(toSafetensors(network, options)).toString("hex")).toBe(file);
  });

  it("found the numbers that we find", () => {
    expect(JSON.parse(header.spec!)).toEqual(read.network.spec);
    const flat = (names: RegExp): number[] =>
      Object.keys(tensors)
        .filter((name) => names.test(name))
        .sort((a, b) => order(a) - order(b))
        .flatMap((name) => tensors[name]!.data);
    const { network, checkpoint } = read;
    expectSame(flat(/^layers\.\d+\.(weight|bias|scale|shift)$/), Array.from(network.getParameters()));
    expectSame(flat(/^layers\.\d+\.running/), Array.from(network.getRunningStatistics()));
    for (const [name, vector] of Object.entries(checkpoint?.optimizer.vectors ?? {})) {
      expectSame(tensors[`checkpoint.optimizer.vectors.${name}`]!.data, Array.from(vector));
    }
    const [inputs, units] = [network.spec.inputs, network.spec.layers[0]!.units];
    expect(tensors["layers.0.weight"]).toMatchObject({ dtype: network.spec.dtype, shape: [units, inputs] });
  });

  it("what it writes, in an order of its own, reads back the same", () => {
    expect(rewritten).not.toBe(file);
    const again = fromSafetensors(bytesOf(rewritten));
    expect(again.network.spec).toEqual(read.network.spec);
    expectSame(again.network.getParameters(), read.network.getParameters());
    expectSame(again.network.getRunningStatistics(), read.network.getRunningStatistics());
    expectSame(again.checkpoint, read.checkpoint);
    expectSame(again.metadata, read.metadata);
  });
});

const PARTS = ["weight", "bias", "scale", "shift", "runningMean", "runningVariance"];

/** Of a tensor in the vectors of a network. */
function order(name: string): number {
  const [, layer, part] = name.split(".");
  return 10 * Number(layer) + PARTS.indexOf(part!);
}

describe("@huggingface/hub", () => {
  const parse = async (file: Uint8Array<ArrayBuffer>) => {
    const serve = async (_url: unknown, request: RequestInit = {}): Promise<Response> => {
      const range = new Headers(request.headers).get("range");
      const [, from, to] = /bytes=(\d+)-(\d+)/.exec(range ?? "") ?? [null, "0", String(file.length - 1)];
      const part = file.slice(Number(from), Number(to) + 1);
      const headers = {
        ...{ etag: '"1"', "content-length": String(part.length), "content-type": "application/octet-stream" },
        "content-range": `bytes ${from}-${Math.min(Number(to), file.length - 1)}/${file.length}`,
      };
      return new Response(part, { status: range ? 206 : 200, headers });
    };
    const parsed = await parseSafetensorsMetadata({
      repo: "someone/network",
      path: "model.safetensors",
      computeParametersCount: true,
      fetch: serve as typeof fetch,
    });
    if (parsed.sharded) throw new Error("sharded");
    return parsed;
  };

  it("accepts the headers of all networks and counts their numbers", async () => {
    for (const item of cases.slice(0, 12)) {
      for (const dtype of dtypes) {
        const net = networkOf(item, { dtype });
        const { header, parameterCount } = await parse(toSafetensors(net));
        const { length } = net.getRunningStatistics();
        expect(parameterCount).toEqual({ [dtype === "f32" ? "F32" : "F64"]: net.parameterCount + length });
        expect(header.__metadata__?.format).toBe("hessia");
        expect(JSON.parse(header.__metadata__!.spec!)).toEqual(net.spec);
      }
    }
  });

  it("accepts that of a checkpoint", async () => {
    const { net, checkpoint } = running();
    const { header } = await parse(toSafetensors(net, { checkpoint, metadata: { 日本: Float32Array.of(1) } }));
    expect(Object.keys(header)).toEqual(
      expect.arrayContaining(["layers.2.weight", "checkpoint.optimizer.vectors.m", "metadata.日本"]),
    );
    expect(header["checkpoint.progress.best.parameters"]).toMatchObject({ dtype: "F64", shape: [net.parameterCount] });
  });
});

describe("the format's rules", () => {
  const { net, checkpoint } = running("batch norm twice", { dtype: "f32" });
  const file = toSafetensors(net, {
    checkpoint,
    metadata: { wide: Float64Array.of(1), narrow: Float32Array.of(1, 2, 3) },
  });
  const length = Number(new DataView(file.buffer).getBigUint64(0, true));
  const text = new TextDecoder().decode(file.subarray(8, 8 + length));
  const header = JSON.parse(text) as Record<string, { dtype: string; data_offsets: [number, number]; shape: number[] }>;

  it("a header of whole words that begins with a brace; strings in the metadata; every tensor at a multiple of its numbers' size", () => {
    expect(length % 8).toBe(0);
    expect(text).toMatch(/^\{.*\} *$/);
    const { __metadata__: metadata, ...entries } = header;
    for (const value of Object.values(metadata!)) expect(typeof value).toBe("string");
    for (const {
      dtype,
      data_offsets: [begin],
    } of Object.values(entries))
      expect(begin % (dtype === "F64" ? 8 : 4)).toBe(0);
  });

  const tensors = file.subarray(8 + length);
  /** A file with this header. */
  const fileOf = (given: string | Uint8Array, behind = tensors): Uint8Array<ArrayBuffer> => {
    const bytes = typeof given === "string" ? new TextEncoder().encode(given) : given;
    const made = new Uint8Array(8 + bytes.length + behind.length);
    new DataView(made.buffer).setBigUint64(0, BigInt(bytes.length), true);
    made.set(bytes, 8);
    made.set(behind, 8 + bytes.length);
    return made;
  };
  const withHeader = (change: (header: Anything) => void): Uint8Array<ArrayBuffer> => {
    const changed = JSON.parse(text);
    change(changed);
    return fileOf(JSON.stringify(changed));
  };
  const claiming = (claimed: bigint): Uint8Array => {
    const made = file.slice();
    new DataView(made.buffer).setBigUint64(0, claimed, true);
    return made;
  };

  it("reads with spaces and in any order, whatever the alignment of the bytes, and ignores tensors that are none of its own", () => {
    const given = JSON.parse(text);
    given.lora = { dtype: "BF16", shape: [3], data_offsets: [tensors.length, tensors.length + 6] };
    const reversed = Object.fromEntries(Object.entries(given).reverse());
    const foreign = fileOf(JSON.stringify(reversed, null, 3), Uint8Array.of(...tensors, 1, 2, 3, 4, 5, 6));
    const odd = new Uint8Array(foreign.length + 3);
    odd.set(foreign, 3);
    for (const bytes of [foreign, odd.subarray(3), foreign.buffer]) {
      const saved = fromSafetensors(bytes);
      expectSame(saved.network.getParameters(), net.getParameters());
      expectSame(saved.checkpoint, checkpoint);
    }
  });

  it.each<[string, () => Uint8Array, RegExp]>([
    ["nothing", () => new Uint8Array(0), /"bytes" expected a safetensors file, got 0 bytes; the file is truncated$/],
    ["a part of the length", () => file.slice(0, 7), /got 7 bytes/],
    [
      "a part of the header",
      () => file.slice(0, length),
      /expected a header of at most \d+ bytes, got one said to have \d+; the file is truncated/,
    ],
    ["a part of the tensors", () => file.slice(0, -1), /expected .* of tensors, got .*; the file is truncated$/],
    ["something appended", () => Uint8Array.of(...file, 0), /of tensors, got .*; something is appended to the file$/],
    [
      "2⁵³ bytes of header",
      () => claiming(2n ** 53n),
      /got one said to have 9007199254740992; the file is truncated or no safetensors file$/,
    ],
    ["2⁶⁴ − 1 bytes of header", () => claiming(2n ** 64n - 1n), /got one said to have 18446744073709552000;/],
    ["no header", () => claiming(0n), /"header" expected JSON in UTF-8, got Unexpected end of JSON input$/],
    ["a header that is a list", () => fileOf("[]"), /"header" expected an object, got an array of 0$/],
    ["a header in Latin-1", () => fileOf(Uint8Array.of(0x7b, 0xe9, 0x7d)), /"header" expected JSON in UTF-8/],
    ["a byte order mark", () => fileOf(`\ufeff${text}`), /"header" expected JSON in UTF-8/],
    [
      "another program's file",
      () => withHeader((h) => delete h.__metadata__),
      /"__metadata__" expected what hessia stores with its networks, got undefined; toSafetensors writes it$/,
    ],
    [
      "another program's metadata",
      () => withHeader((h) => (h.__metadata__ = { format: "pt" })),
      /"format" expected "hessia", .*, got "pt"$/,
    ],
    [
      "metadata of numbers",
      () => withHeader((h) => (h.__metadata__.version = 1)),
      /"__metadata__.version" expected a string, got 1$/,
    ],
    [
      "a specification that is not JSON",
      () => withHeader((h) => (h.__metadata__.spec = "{")),
      /"__metadata__.spec" expected JSON, got /,
    ],
    [
      "an entry of null",
      () => withHeader((h) => (h.x = null)),
      /"x" expected an object with dtype, shape and data_offsets, got null$/,
    ],
    [
      "an overlap",
      () => withHeader((h) => (h.x = h["layers.0.bias"])),
      /"data_offsets" expected a tensor that begins at byte \d+, got \d+$/,
    ],
    [
      "a hole",
      () => withHeader((h) => delete h["layers.0.bias"]),
      /"data_offsets" expected a tensor that begins at byte/,
    ],
    [
      "a negative offset",
      () => withHeader((h) => (h["layers.0.bias"].data_offsets[0] = -4)),
      /"layers.0.bias.data_offsets" expected a range of bytes, got -4 to/,
    ],
    [
      "an offset out of the file",
      () => withHeader((h) => (h["layers.0.bias"].data_offsets[1] = 2 ** 53 - 1)),
      /expected 20 bytes, as its shape has, got \d+$/,
    ],
    [
      "one offset",
      () => withHeader((h) => h["layers.0.bias"].data_offsets.pop()),
      /expected two numbers, got an array of 1$/,
    ],
    [
      "a shape that overflows",
      () => withHeader((h) => (h["layers.0.bias"].shape = [2 ** 52, 2 ** 52, 2 ** 52])),
      /expected 3.6\d*e\+47 bytes, as its shape has, got 20$/,
    ],
    [
      "a shape with Infinity",
      () => fileOf(text.replace('"shape":[5]', '"shape":[1e999]')),
      /"layers.0.bias.shape" expected sizes from 0, got Infinity$/,
    ],
    [
      "a tensor of another type",
      () => withHeader((h) => (h["layers.0.bias"].dtype = "I32")),
      /"layers.0.bias" expected f32 5, got "I32" 5$/,
    ],
    [
      "a tensor typed as we call it",
      () => withHeader((h) => (h["layers.0.bias"].dtype = "f32")),
      /"layers.0.bias" expected f32 5, got "f32" 5$/,
    ],
    [
      "a vector of another type",
      () => withHeader((h) => (h["checkpoint.optimizer.vectors.m"].dtype = "I32")),
      /"checkpoint.optimizer.vectors.m" expected f32 or f64, got/,
    ],
    [
      "a tensor of another shape",
      () => withHeader((h) => (h["layers.0.bias"].shape = [5, 1])),
      /"layers.0.bias" expected f32 5, got f32 5 × 1$/,
    ],
  ])("refuses %s", (_, make, message) => {
    const bytes = make();
    expect(() => fromSafetensors(bytes)).toThrow(/^fromSafetensors: "/);
    expect(() => fromSafetensors(bytes)).toThrow(message);
  });

  it("refuses NaN among the parameters", () => {
    const one = network({ inputs: 1, layers: [{ units: 1 }] });
    const bytes = toSafetensors(one);
    new DataView(bytes.buffer).setFloat64(bytes.length - 8, Number.NaN, true);
    expect(() => fromSafetensors(bytes)).toThrow(
      /^fromSafetensors: "layers" expected finite numbers, got NaN at index 1$/,
    );
  });
});
