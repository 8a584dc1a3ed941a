export { type ClusterOptions, cluster } from "./cluster.js";
export { type CrossValidateOptions, type CrossValidation, crossValidate, type Failure } from "./cross-validate.js";
export {
  type Ensemble,
  type EnsembleOptions,
  type EnsemblePrediction,
  ensemble,
  type Member,
  type Restarts,
  restarts,
} from "./ensemble.js";
export type { FitResult, FitTask, LeaveOneOutResult, LeaveOneOutTask } from "./fit-task.js";
export type { FileReference } from "./lane.js";
export { type LeaveOneOutOptions, leaveOneOut } from "./leave-one-out.js";
export type { Limits } from "./limits.js";
export type { OperatorOptions, PoolOperator, Shard } from "./operator.js";
export type { OptimizerName, OptimizerSetting } from "./optimizers.js";
export type { Done, Failed, Open, Outcome, Pool, Runner, RunOptions } from "./pool.js";
export type { ProductResult, ProductTask, Quantity } from "./product-task.js";
export { type Results, resumable } from "./resumable.js";
export type { ScheduleName } from "./schedules.js";
export type { Setting } from "./setting.js";
export type { Range, Space } from "./space.js";
export type { FoldResult, FoldTask, Metric, Metrics } from "./task.js";
export type { ResultOf, Task } from "./tasks.js";
export { type ThreadsOptions, threads } from "./threads.js";
export { type Trial, type TuneOptions, type TuneProgress, type Tuning, tune } from "./tune.js";
