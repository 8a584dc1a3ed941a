// The same in a worker, which may wait for others.
const worker = new Worker(new URL("./pools.js", import.meta.url), { type: "module" });
worker.onerror = (event) => console.error(event.message);
