import type { Order } from "../lane.js";
import type { Outcome } from "../pool.js";
import { Workshop } from "../workshop.js";
import { openShard } from "./shard-file.js";

const workshop = new Workshop(openShard);

/** What a thread of a Node pool does with a task. */
export default function work(order: Order): Promise<Outcome> {
  return workshop.do(order);
}
