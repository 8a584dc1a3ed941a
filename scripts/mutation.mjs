// Changes the code that judges, a little at a time, and counts the changes that no test notices.
// `npm run mutation` takes every group, `npm run mutation -- criticality watch` those named. The
// report of a group with its survivors goes to coverage/mutation.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { Stryker } from "@stryker-mutator/core";

const FOLDER = "coverage/mutation";

const of = (...names) => names.map((name) => `test/optimize/${name}.test.ts`);

/** What is changed, and the tests that should notice. */
const groups = {
  criticality: {
    mutate: ["src/optimize/criticality.ts"],
    tests: ["test/optimize/criticality.test.ts"],
  },
  advice: {
    mutate: ["src/diagnose/advice.ts", "src/diagnose/advice/*.ts"],
    tests: ["test/diagnose/advice.test.ts"],
  },
  watch: {
    mutate: ["src/diagnose/run/*.ts", "!src/diagnose/run/guard.ts"],
    tests: ["test/diagnose/run/*.test.ts"],
  },
  searches: {
    mutate: ["src/optimize/searches/*.ts"],
    tests: ["test/optimize/searches/*.test.ts", ...of("saddles", "kinds", "trajectories")],
  },
  directions: {
    mutate: ["src/optimize/directions/*.ts"],
    tests: ["test/optimize/directions/*.test.ts", ...of("saddles", "bounds", "kinds", "trajectories", "evaluations")],
  },
};

/** Words of sentences are not judged: changed strings are left out. */
const options = {
  testRunner: "vitest",
  plugins: ["@stryker-mutator/vitest-runner"],
  vitest: { configFile: "scripts/mutation.config.ts", related: false },
  mutator: { excludedMutations: ["StringLiteral"] },
  coverageAnalysis: "perTest",
  // What neither a test nor a file has changed for is taken from the run before.
  incremental: true,
  concurrency: Number(process.env.HESSIA_CORES ?? 1),
  ignorePatterns: ["/dist", "/docs", "/playground", "/test/package", "/coverage", "/bench"],
  tempDirName: "coverage/stryker",
  reporters: ["clear-text", "json"],
  clearTextReporter: { allowColor: false, reportTests: false, reportScoreTable: false },
  timeoutMS: 10_000,
  allowConsoleColors: false,
};

const caught = new Set(["Killed", "Timeout"]);
const judged = new Set(["Killed", "Timeout", "Survived", "NoCoverage"]);

/** A line for each file of a report. */
function scores(report) {
  return Object.entries(report.files).map(([file, { mutants }]) => {
    const all = mutants.filter(({ status }) => judged.has(status));
    const killed = all.filter(({ status }) => caught.has(status)).length;
    return { file, mutants: all.length, killed };
  });
}

async function run(name) {
  const { mutate, tests } = groups[name];
  process.env.HESSIA_MUTATION_TESTS = tests.join();
  const fileName = `${FOLDER}/${name}.json`;
  const incrementalFile = `${FOLDER}/${name}-before.json`;
  await new Stryker({ ...options, mutate, incrementalFile, jsonReporter: { fileName } }).runMutationTest();
  return scores(JSON.parse(readFileSync(fileName, "utf8")));
}

mkdirSync(FOLDER, { recursive: true });
const chosen = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(groups);
for (const name of chosen) {
  if (!(name in groups)) throw new Error(`no group ${name}; there are ${Object.keys(groups).join(", ")}`);
  const rows = await run(name);
  const lines = rows.map(
    ({ file, mutants, killed }) => `${file}: ${killed} of ${mutants} noticed (${percent(killed, mutants)} %)`,
  );
  writeFileSync(`${FOLDER}/${name}.txt`, `${lines.join("\n")}\n`);
  console.log(lines.join("\n"));
}

function percent(part, all) {
  return all === 0 ? 100 : Math.round((100 * part) / all);
}
