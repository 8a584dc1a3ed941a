import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

// Much of a run is waiting for other programs: two workers also where there are but two cores.
const maxWorkers = Math.max(2, availableParallelism() - 1);

export default defineConfig({
  test: {
    maxWorkers,
    projects: [
      {
        test: {
          name: "library",
          include: ["test/**/*.test.ts"],
          exclude: ["test/build/**", "test/package/**", "test/docs/**"],
          // Nothing is judged by its time: a shared machine may be slow.
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: "package",
          include: ["test/build/**/*.test.ts", "test/package/**/*.test.ts", "test/docs/**/*.test.ts"],
          globalSetup: "test/package/setup.ts",
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: "playground",
          include: ["playground/test/**/*.test.ts"],
          globalSetup: "playground/test/setup.ts",
          testTimeout: 120_000,
          hookTimeout: 60_000,
          fileParallelism: false,
          expect: { poll: { timeout: 10_000 } },
        },
      },
    ],
  },
});
