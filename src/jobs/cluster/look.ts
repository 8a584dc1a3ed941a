import { type ClusterOptions, checkClusterOptions } from "../cluster.js";
import { Connections, packagesFor } from "./connection.js";
import { House, type WorkerRecord } from "./house.js";
import { failureOf } from "./letter.js";

/** A task of a queue. */
export interface TaskRecord {
  readonly id: string;
  readonly kind: string;
  readonly state: "active" | "failed";
  /** When it was begun, or failed, in milliseconds since 1970. */
  readonly at: number;
  readonly attempts: number;
  /** Why it failed. */
  readonly reason: string | null;
}

/** The state of a queue. */
export interface QueueRecord {
  readonly workers: readonly WorkerRecord[];
  /** Tasks by what becomes of them. */
  readonly counts: Readonly<Record<"waiting" | "active" | "delayed" | "completed" | "failed", number>>;
  /** Those that are under way, and the last failures. */
  readonly tasks: readonly TaskRecord[];
}

/** Tasks of either kind that are shown. */
const MOST = 50;

/** Looks at a queue, and changes nothing. */
export async function lookAt({ connection, queue = "hessia" }: ClusterOptions): Promise<QueueRecord> {
  const where = "jobs";
  checkClusterOptions(where, { connection, queue });
  const packages = await packagesFor(where);
  const connections = await Connections.open(where, packages, connection);
  const jobs = new packages.bullmq.Queue(queue, { connection: connections.make(), skipMetasUpdate: true });
  jobs.on("error", () => {});
  try {
    const house = new House(connections.make(), queue);
    const states = ["waiting", "active", "delayed", "completed", "failed"] as const;
    const [workers, counts, active, failed] = await Promise.all([
      house.workers(),
      jobs.getJobCounts(...states),
      jobs.getJobs(["active"], 0, MOST - 1),
      jobs.getJobs(["failed"], 0, MOST - 1),
    ]);
    const tasks = [
      ...active.map((job) => ({ state: "active" as const, job, at: job.processedOn ?? 0 })),
      ...failed.map((job) => ({ state: "failed" as const, job, at: job.finishedOn ?? 0 })),
    ].map(({ state, job, at }) => ({
      ...{ id: String(job.id), kind: job.name, state, at, attempts: job.attemptsMade },
      reason: state === "failed" ? failureOf(job.failedReason ?? "").reason : null,
    }));
    return { workers, counts: counts as unknown as QueueRecord["counts"], tasks };
  } finally {
    await jobs.close();
    connections.close();
  }
}
