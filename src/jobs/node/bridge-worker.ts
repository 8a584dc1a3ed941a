import { type MessagePort, parentPort } from "node:worker_threads";
import { listener } from "../bridge-listener.js";

/** An operator's thread in Node. */
const port = parentPort as MessagePort;
port.on(
  "message",
  listener((answer) => port.postMessage(answer)),
);
