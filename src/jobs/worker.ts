import { wrongValue } from "../check.js";
import type { FromPage, FromThread } from "./web-lane.js";
import { Workshop } from "./workshop.js";

const workshop = new Workshop(() => wrongValue("task", "file", "data that comes along", "a file", "pages have none"));

/** A web worker of a pool. */
addEventListener("message", ({ data: { id, order } }: MessageEvent<FromPage>) => {
  void workshop.do(order).then((outcome) => postMessage({ id, outcome } satisfies FromThread));
});
