import { listener, type ToBridge } from "./bridge-listener.js";

/** An operator's thread in pages and their like. */
const hear = listener((answer) => postMessage(answer));
addEventListener("message", ({ data }: MessageEvent<ToBridge>) => hear(data));
