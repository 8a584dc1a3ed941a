export { type CrossValidateOptions, type CrossValidation, crossValidate } from "./cross-validate.js";
export type { OptimizerName, OptimizerSetting } from "./optimizers.js";
export type { Pool } from "./pool.js";
export type { ScheduleName } from "./schedules.js";
export type { Setting } from "./setting.js";
export type { Range, Space } from "./space.js";
export type { FoldResult, FoldTask, Metric, Metrics } from "./task.js";
export { type Trial, type TuneOptions, type TuneProgress, type Tuning, tune } from "./tune.js";
