import type { ActivationName, Dtype, InitOptions } from "../../index.js";
import type { Columns } from "../data/table.js";
import type { Task } from "../data/target.js";
import { badInput } from "../errors.js";
import type { Method } from "./optimizer.js";
import type { ScheduleName } from "./schedule.js";

/** The options of `hessia train`, by the names that they have there. */
export interface Settings extends Columns {
  readonly task?: Task;
  readonly testShare: number;
  readonly validation?: number;
  readonly hidden: readonly number[];
  readonly activation: ActivationName;
  readonly batchNorm?: true;
  readonly l1: number;
  readonly l2: number;
  readonly optimizer: Method;
  readonly learningRate?: number;
  readonly momentum?: number;
  readonly weightDecay?: number;
  readonly schedule: ScheduleName;
  readonly epochs: number;
  readonly batchSize: number;
  readonly clip?: number;
  readonly earlyStopping?: number;
  readonly seed: number;
  readonly dtype: Dtype;
  readonly simd: NonNullable<InitOptions["simd"]>;
  readonly quiet?: true;
  readonly json?: true;
}

/** What early stopping holds out where no share was named. */
const VALIDATION_SHARE = 0.1;

/** Refuses options that do not go together; each is fine by itself. */
export function checkSettings(settings: Settings): void {
  const { validation, earlyStopping, testShare, batchNorm, batchSize } = settings;
  if (earlyStopping !== undefined && validation === 0) {
    badInput("--early-stopping: expected rows to validate on, got --validation 0");
  }
  const share = validationShare(settings);
  if (share + testShare >= 1) {
    badInput(
      `--validation: expected rows left to train on, got a share of ${share} beside a test share of ${testShare}`,
    );
  }
  if (batchNorm && batchSize === 1) {
    badInput("--batch-size: expected at least 2, since batch norm needs a variance, got 1");
  }
}

/** Share of the rows to validate on. */
export function validationShare({ validation, earlyStopping }: Settings): number {
  return validation ?? (earlyStopping === undefined ? 0 : VALIDATION_SHARE);
}
