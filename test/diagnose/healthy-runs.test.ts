// Oracle: runs of ordinary tables with ordinary settings have no fault; what is said of them all
// the same is counted once more, another way.

import { describe, expect, it } from "vitest";
import { healthyResult, healthyRuns, trueOf } from "../../scripts/docs/healthy-runs.mjs";
import * as hessia from "../../src/index.js";

describe("healthy runs", () => {
  it("200 of them: no advice and no finding but what is true by another count", () => {
    const alarms: string[] = [];
    for (const run of healthyRuns(200)) {
      const result = healthyResult(hessia, run);
      for (const one of [...result.drawn, ...result.advice, ...result.findings]) {
        if (!trueOf(one, result))
          alarms.push(`${run.index} ${run.table}, ${run.optimizer}: ${one.code}: ${one.message}`);
      }
    }
    expect(alarms).toEqual([]);
  }, 120_000);
});
