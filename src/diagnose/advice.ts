/**
 * What `diagnose` advises: the tables of src/diagnose/advice, each with its thresholds and their
 * reasons, in one order.
 */
import { inputRows, targetRows } from "./advice/data.js";
import { classRows, generalRows, lastRows, penaltyRows } from "./advice/fit.js";
import { pointRows } from "./advice/point.js";
import { brokenRows, rateRows, signalRows } from "./advice/signals.js";
import type { Advice, AdviceCode, Row, Signs } from "./advice/table.js";
import { unitRows } from "./advice/units.js";

const rows: readonly Row[] = [
  ...brokenRows,
  ...unitRows,
  ...signalRows,
  ...inputRows,
  ...targetRows,
  ...classRows,
  ...penaltyRows,
  ...rateRows,
  ...generalRows,
  ...pointRows,
  ...lastRows,
];

/** Everything that the signs call for, in the order of the table. */
export function adviceOn(signs: Signs): Advice[] {
  // Where something is not finite, sums over it say nothing; where a run has diverged, everything
  // else is what came of it.
  const found = new Map<AdviceCode, Advice[]>();
  for (const row of rows) {
    if (found.has("non-finite") || (found.has("diverged") && row.code !== "unscaled-inputs")) continue;
    const advice = row.find(signs).map(({ message, evidence, layer = null, units = [] }) => ({
      code: row.code,
      message,
      layer,
      units,
      evidence,
      remedy: row.remedy,
      source: row.source,
    }));
    if (advice.length > 0) found.set(row.code, advice);
  }
  const behind = ({ code, behind: causes = [] }: Row): boolean =>
    causes.some((cause) => found.has(cause)) || (code === "worse-than-baseline" && found.size > 1);
  return rows.flatMap((row) => (behind(row) ? [] : (found.get(row.code) ?? [])));
}
