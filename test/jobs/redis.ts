/** A Redis of a test's own, and workers. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

export const main = resolve("dist/cli/main.js");

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as { port: number };
  await new Promise((done) => server.close(done));
  return port;
}

const sleep = (milliseconds: number): Promise<void> => new Promise((done) => setTimeout(done, milliseconds));

/** On a free port and in an empty folder; every change is on disk before it is answered. */
export class RedisServer {
  readonly port: number;
  readonly #program: string;
  readonly #folder = mkdtempSync(join(tmpdir(), "hessia-redis-"));
  readonly #more: readonly string[];
  #child: ChildProcess | null = null;

  private constructor(program: string, port: number, more: readonly string[]) {
    this.#program = program;
    this.port = port;
    this.#more = more;
  }

  /** `more`: options as its command line has them. */
  static async start(program: string, ...more: string[]): Promise<RedisServer> {
    const server = new RedisServer(program, await freePort(), more);
    await server.begin();
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  async begin(): Promise<void> {
    const options = ["--bind", "127.0.0.1", "--dir", this.#folder, "--save", ""];
    const durable = ["--appendonly", "yes", "--appendfsync", "always"];
    // The port is for TLS where that is asked for.
    const port = this.#more.includes("--tls-cert-file") ? ["--port", "0", "--tls-port"] : ["--port"];
    const child = spawn(this.#program, [...port, String(this.port), ...options, ...durable, ...this.#more], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    this.#child = child;
    await new Promise<void>((done, fail) => {
      let text = "";
      child.stdout?.on("data", (part) => {
        text += part;
        if (text.includes("Ready to accept connections")) done();
      });
      child.on("exit", (code) => fail(new Error(`redis-server ended with ${code}: ${text}`)));
    });
  }

  async end(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    await ended(this.#child, signal);
    this.#child = null;
  }

  async remove(): Promise<void> {
    await this.end();
    rmSync(this.#folder, { recursive: true });
  }
}

/** Ends a process and waits for it. */
export async function ended(child: ChildProcess | null, signal: NodeJS.Signals): Promise<number | null> {
  if (!child) return null;
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  const exit = new Promise<number | null>((done) => child.on("exit", done));
  child.kill(signal);
  return exit;
}

/** A `hessia worker` that has joined. */
export async function startWorker(url: string, ...options: string[]): Promise<ChildProcess> {
  const child = spawn(process.execPath, [main, "worker", "--redis", url, ...options], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let text = "";
  child.stderr.on("data", (part) => {
    text += part;
  });
  await new Promise<void>((done, fail) => {
    child.stdout.on("data", (part) => {
      if (String(part).includes("ready")) done();
    });
    child.on("exit", (code) => fail(new Error(`the worker ended with ${code}: ${text}`)));
  });
  return child;
}

/** A way to Redis that can be cut. */
export class Cable {
  readonly port: number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #cut = false;

  private constructor(port: number, to: number) {
    this.port = port;
    this.#server = createServer((near) => {
      if (this.#cut) return near.destroy();
      const far = connect(to, "127.0.0.1");
      for (const socket of [near, far]) {
        this.#sockets.add(socket);
        socket.on("error", () => {});
        socket.on("close", () => {
          this.#sockets.delete(socket);
          near.destroy();
          far.destroy();
        });
      }
      near.pipe(far).pipe(near);
    });
  }

  static async lay(to: number): Promise<Cable> {
    const cable = new Cable(await freePort(), to);
    await new Promise<void>((done) => cable.#server.listen(cable.port, "127.0.0.1", done));
    return cable;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  async cutFor(milliseconds: number): Promise<void> {
    this.#cut = true;
    for (const socket of this.#sockets) socket.destroy();
    await sleep(milliseconds);
    this.#cut = false;
  }

  async remove(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((done) => this.#server.close(done));
  }
}

export { sleep };
