export type { Cell, Row } from "./cells.js";
export { conflictsIn, leaksIn, repeatedRows } from "./checks.js";
export {
  type Column,
  Columns,
  type ColumnsData,
  columnsFrom,
  type Decoded,
  datasetOf,
  type Encoded,
} from "./columns.js";
export type { DateOrder } from "./dates.js";
export { type DescribeOptions, describe } from "./describe.js";
export {
  type ColumnImportance,
  type Dependence,
  type DependenceOptions,
  type ImportanceOptions,
  partialDependence,
  permutationImportance,
} from "./effects.js";
export type { DatePart, Encoding } from "./encodings.js";
export type { Decimal, Written } from "./numbers.js";
export { type ReadOptions, readTable, type TextTable } from "./reading/read.js";
export type { Separator } from "./reading/separator.js";
export { TableError } from "./reading/table-error.js";
export type { Scale } from "./scale.js";
export { type TargetEncoding, TargetError, type Task } from "./target.js";
export { type ColumnType, columnTypes } from "./types.js";
export { Unknown } from "./unknown.js";
