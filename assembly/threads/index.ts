/** The exports of the builds with shared memory. */
import { fullPanel } from "../network/unit";
import { HESSIAN, kindOf } from "./pieces";
import { begin, put } from "./share";

export * from "../index";
export { ended, setThreads, sharedBlock, take, threadCount, work } from "./share";
export { fullPanel };

/** The rows of the Hessian that a plan names, for a number of units. */
export function beginUnits_f32(plan: usize, units: i32): void {
  put<usize>(0, plan);
  begin(kindOf<f32>(HESSIAN), units);
}

export function beginUnits_f64(plan: usize, units: i32): void {
  put<usize>(0, plan);
  begin(kindOf<f64>(HESSIAN), units);
}
