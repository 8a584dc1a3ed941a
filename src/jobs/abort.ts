/** What hears of a signal, each with one listener: runtimes warn of many. */
const ears = new WeakMap<AbortSignal, Set<() => void>>();

/** Calls a function when a signal is aborted; what is returned takes that back. */
export function onAbort(signal: AbortSignal | undefined, call: () => void): () => void {
  if (!signal) return () => {};
  let set = ears.get(signal);
  if (!set) {
    const own = new Set<() => void>();
    signal.addEventListener("abort", () => {
      for (const heard of [...own]) heard();
    });
    ears.set(signal, own);
    set = own;
  }
  set.add(call);
  return () => void set.delete(call);
}
