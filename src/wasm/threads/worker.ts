/**
 * A thread beside the one that asks. It makes an instance of the core for each memory that it gets,
 * and does pieces of work there when it is woken. It imports nothing, so that bundlers may copy it
 * as it is.
 */

interface Hello {
  readonly thread: number;
  readonly module: WebAssembly.Module;
  readonly control: Int32Array;
  /** Places in `control`. */
  readonly words: { generation: number; memory: number; sleeping: number; mail: number; failed: number };
  /** Milliseconds between two calls that it looks out for before it sleeps. */
  readonly awake: number;
  /** Where in a memory's block the number of finished pieces lies. */
  readonly finished: number;
}

type Message = Hello | { readonly attach: number; readonly memory: WebAssembly.Memory } | { readonly detach: number };

interface Core {
  sharedBlock(): number;
  work(thread: number): void;
}

/** An instance, and the words of its memory that hold the number of finished pieces. */
interface Helper {
  readonly core: Core;
  readonly finished: Int32Array;
}

interface Port {
  onmessage: ((event: { data: Message }) => void) | null;
  postMessage(message: unknown): void;
}

type Builtins = { getBuiltinModule?(name: string): { parentPort: Port | null } | undefined };

/** How often the loop looks between two looks at the clock. */
const LOOKS = 256;
/** Milliseconds that a thread pauses for while others have to catch up. */
const PAUSE = 0.1;

const { process } = globalThis as unknown as { process?: Builtins };
const port = process?.getBuiltinModule?.("node:worker_threads")?.parentPort ?? (globalThis as unknown as Port);
const helpers = new Map<number, Helper>();
let hello: Hello | null = null;
let received = 0;

port.onmessage = ({ data }) => {
  if ("control" in data) {
    hello = data;
    port.postMessage("ready");
  } else {
    ++received;
    if ("detach" in data) helpers.delete(data.detach);
    else if (hello) attach(hello, data.attach, data.memory);
  }
  if (hello) serve(hello);
};

function attach({ module, control, words, finished }: Hello, id: number, memory: WebAssembly.Memory): void {
  const never = new Int32Array(new SharedArrayBuffer(4));
  const wait = (): unknown => Atomics.wait(never, 0, 0, PAUSE);
  try {
    const { exports } = new WebAssembly.Instance(module, { env: { memory }, threads: { wake: () => {}, wait } });
    const core = exports as unknown as Core;
    helpers.set(id, { core, finished: new Int32Array(memory.buffer, core.sharedBlock() + finished, 1) });
  } catch {
    Atomics.store(control, words.failed, 1);
  }
}

/** Does work until there is mail, which only the event loop can deliver. */
function serve({ thread, control, words, awake }: Hello): void {
  const { generation, memory, sleeping, mail, failed } = words;
  let seen = -1;
  let since = performance.now();
  let looks = 0;
  while (Atomics.load(control, mail) === received) {
    const now = Atomics.load(control, generation);
    if (now !== seen) {
      seen = now;
      try {
        const helper = helpers.get(Atomics.load(control, memory));
        helper?.core.work(thread);
        if (helper) Atomics.notify(helper.finished, 0);
      } catch {
        Atomics.store(control, failed, 1);
      }
      since = performance.now();
      looks = 0;
    } else if (++looks >= LOOKS) {
      looks = 0;
      if (performance.now() - since < awake) continue;
      Atomics.add(control, sleeping, 1);
      Atomics.wait(control, generation, seen);
      Atomics.sub(control, sleeping, 1);
      since = performance.now();
    }
  }
}
