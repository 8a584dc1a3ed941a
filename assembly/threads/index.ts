/** The exports of the builds with shared memory. */
export * from "../index";
export { setThreads, sharedBlock, work } from "./share";
