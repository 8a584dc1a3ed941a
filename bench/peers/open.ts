import { existsSync, readFileSync } from "node:fs";
import type { Peer } from "./peer.ts";

interface Manifest {
  readonly version: string;
  readonly dependencies: Record<string, string>;
}

const manifest = (path: string): Manifest => JSON.parse(readFileSync(new URL(path, import.meta.url), "utf8"));

const { dependencies } = manifest("package.json");

async function hessia(simd: "strict" | "relaxed") {
  if (!existsSync(new URL("../../dist/index.js", import.meta.url)))
    throw new Error("hessia is not built: run `npm run build` in the repository's root first");
  const { open } = await import("./libraries/hessia.ts");
  return open(simd, manifest("../../package.json").version);
}

/** In the order of the tables. Each is loaded only when asked for. */
const openers: Record<string, () => Promise<Peer>> = {
  "hessia-strict": () => hessia("strict"),
  "hessia-relaxed": () => hessia("relaxed"),
  "tfjs-wasm": async () => (await import("./libraries/tensorflow.ts")).open("wasm"),
  "tfjs-cpu": async () => (await import("./libraries/tensorflow.ts")).open("cpu"),
  onnxruntime: async () => (await import("./libraries/onnxruntime.ts")).open(),
  "jax-js": async () => (await import("./libraries/jax.ts")).open(dependencies["@jax-js/jax"]!),
  "jax-js-linearize": async () => (await import("./libraries/jax.ts")).openLinearize(dependencies["@jax-js/jax"]!),
  "ml-matrix": async () => (await import("./libraries/ml-matrix.ts")).open(dependencies["ml-matrix"]!),
  "ml-levenberg-marquardt": async () =>
    (await import("./libraries/ml-levenberg-marquardt.ts")).open(dependencies["ml-levenberg-marquardt"]!),
};

export const peerNames: readonly string[] = Object.keys(openers);

export async function openPeers(names: readonly string[]): Promise<Peer[]> {
  const unknown = names.find((name) => !(name in openers));
  if (unknown !== undefined) throw new Error(`--peers: expected some of ${peerNames.join(", ")}, got ${unknown}`);
  const peers: Peer[] = [];
  for (const name of peerNames) if (names.includes(name)) peers.push(await openers[name]!());
  return peers;
}
