// Oracle: Node's file system, and the functions of hessia/formats, which have tests of their own.

import { execFileSync } from "node:child_process";
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { chmod, mkdir, readFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { toJson, toNpy, toOnnx, toSafetensors } from "../../src/formats/index.js";
import { matrix } from "../../src/index.js";
import { loadNetwork, saveNetwork, saveNpy, saveOnnx, writeFileAtomically } from "../../src/node/index.js";
import { expectSame, running } from "../formats/support.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "hessia-node-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const { net, checkpoint } = running();

describe("networks", () => {
  it.each(["model.safetensors", "model.json", "MODEL.JSON"])("%s, there and back", async (name) => {
    const path = join(folder, name);
    const metadata = { classes: ["a", "b"] };
    await saveNetwork(path, net, { checkpoint, metadata });
    const saved = await loadNetwork(path);
    expectSame(saved.network.getParameters(), net.getParameters());
    expectSame(saved.checkpoint, checkpoint);
    expect(saved.metadata).toEqual(metadata);
    expect(readdirSync(folder)).toEqual([name]);
  });

  it("the bytes are those of hessia/formats", async () => {
    const at = (name: string): string => join(folder, name);
    await saveNetwork(at("a.safetensors"), net, { checkpoint });
    await saveNetwork(at("a.json"), net);
    await saveOnnx(at("a.onnx"), net, { dtype: "f32" });
    await saveNpy(at("a.npy"), matrix([[1, 2]]));
    expect(readFileSync(at("a.safetensors"))).toEqual(Buffer.from(toSafetensors(net, { checkpoint })));
    expect(readFileSync(at("a.json"), "utf8")).toBe(toJson(net));
    expect(readFileSync(at("a.onnx"))).toEqual(Buffer.from(toOnnx(net, { dtype: "f32" })));
    expect(readFileSync(at("a.npy"))).toEqual(Buffer.from(toNpy(matrix([[1, 2]]))));
  });

  it("refuses other endings, what cannot be saved and folders that are not there, with nothing written", async () => {
    await expect(saveNetwork(join(folder, "model.pt"), net)).rejects.toThrow(
      /^saveNetwork: "path" expected a name that ends in .safetensors or .json, got ".*model.pt"$/,
    );
    await expect(loadNetwork(7 as never)).rejects.toThrow(/^loadNetwork: "path" expected the name of a file, got 7$/);
    await expect(saveNetwork(join(folder, "a.json"), net, { metadata: { f: () => 1 } })).rejects.toThrow(/plain data/);
    await expect(saveNetwork(join(folder, "none", "a.json"), net)).rejects.toThrow(/ENOENT/);
    expect(readdirSync(folder)).toEqual([]);
  });

  it("says which file cannot be read, and why", async () => {
    const path = join(folder, "model.safetensors");
    await expect(loadNetwork(path)).rejects.toThrow(/ENOENT/);
    writeFileSync(path, toSafetensors(net).slice(0, 300));
    await expect(loadNetwork(path)).rejects.toThrow(
      /^loadNetwork: .*model.safetensors cannot be read: fromSafetensors: "bytes" expected .*; the file is truncated/,
    );
    writeFileSync(join(folder, "model.json"), Uint8Array.of(0x22, 0xff, 0x22));
    await expect(loadNetwork(join(folder, "model.json"))).rejects.toThrow(
      /model.json cannot be read: fromJson: "text" expected UTF-8, got other bytes$/,
    );
  });
});

describe("writeFileAtomically", () => {
  const temporary = (name: string, { host = hostname(), id = process.pid, age = 0 }): string => {
    const path = join(folder, `.${name}.${host.replace(/[^\w-]/g, "-")}.${id}.${crypto.randomUUID()}.tmp`);
    writeFileSync(path, "half");
    const time = Date.now() / 1000 - age;
    utimesSync(path, time, time);
    return path;
  };
  /** No process has this number: the largest one is 2²². */
  const ENDED = 2 ** 22 + 1;

  it("replaces a file, keeps its permissions and follows a link", async () => {
    const path = join(folder, "a.txt");
    await writeFileAtomically(path, "one");
    await chmod(path, 0o640);
    symlinkSync(path, join(folder, "link"));
    await writeFileAtomically(join(folder, "link"), Buffer.from("two"));
    expect(readFileSync(path, "utf8")).toBe("two");
    expect(statSync(path).mode & 0o777).toBe(0o640);
    expect(readdirSync(folder).sort()).toEqual(["a.txt", "link"]);
  });

  it.skipIf(process.platform === "win32")("writes to a pipe, and puts no file in its place", async () => {
    const path = join(folder, "pipe");
    execFileSync("mkfifo", [path]);
    const [text] = await Promise.all([readFile(path, "utf8"), writeFileAtomically(path, "through")]);
    expect(text).toBe("through");
    expect(statSync(path).isFIFO()).toBe(true);
    expect(readdirSync(folder)).toEqual(["pipe"]);
  });

  it("calls for one file at the same time leave one of their contents, whole, and nothing else", async () => {
    const path = join(folder, "a.txt");
    const contents = Array.from({ length: 30 }, (_, i) => String(i).repeat(50_000));
    await Promise.all(contents.map((content) => writeFileAtomically(path, content)));
    expect(contents).toContain(readFileSync(path, "utf8"));
    expect(readdirSync(folder)).toEqual(["a.txt"]);
  });

  it("a failure leaves what was there", async () => {
    const path = join(folder, "a");
    await mkdir(path);
    writeFileSync(join(path, "inside"), "kept");
    await expect(writeFileAtomically(path, "x")).rejects.toThrow();
    expect(readdirSync(folder)).toEqual(["a"]);
    expect(readFileSync(join(path, "inside"), "utf8")).toBe("kept");
  });

  it("removes temporary files of processes that have ended, and day-old ones, of this file alone", async () => {
    const day = 24 * 60 * 60;
    const gone = [
      temporary("a.txt", { id: ENDED }),
      temporary("a.txt", { id: process.pid, age: 100 * day }),
      temporary("a.txt", { host: "elsewhere", age: day + 60 }),
      temporary("a.txt", { id: process.ppid, age: day + 60 }),
    ];
    const kept = [
      temporary("a.txt", { id: process.ppid }),
      temporary("a.txt", { id: process.pid }),
      temporary("a.txt", { host: "elsewhere", id: ENDED }),
      temporary("b.txt", { id: ENDED }),
      join(folder, `.a.txt.${hostname()}.${ENDED}.tmp`),
      join(folder, "a.txt.tmp"),
    ];
    for (const path of kept.slice(-2)) writeFileSync(path, "somebody else's");
    await writeFileAtomically(join(folder, "a.txt"), "whole");
    const names = readdirSync(folder).map((name) => join(folder, name));
    expect(names.sort()).toEqual([...kept, join(folder, "a.txt")].sort());
    for (const path of gone) expect(names).not.toContain(path);
  });
});
