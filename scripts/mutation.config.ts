import { defineConfig } from "vitest/config";

/** The tests that scripts/mutation.mjs has chosen, alone. */
export default defineConfig({
  test: { include: (process.env.HESSIA_MUTATION_TESTS ?? "").split(","), testTimeout: 60_000, hookTimeout: 60_000 },
});
