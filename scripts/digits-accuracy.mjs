// Test accuracy on the digits, as `npm start` trains them, over 10 seeded stratified splits. Runs
// what the build made.
import { execFileSync } from "node:child_process";

const SPLITS = 10;
const LEAST_MEAN = 0.965;
const command =
  "dist/cli/main.js train data/digits.csv --target digit --hidden 64,32 --optimizer adam --json --seed".split(" ");

const runs = Array.from({ length: SPLITS }, (_, seed) => {
  const { test, seconds, build } = JSON.parse(
    execFileSync(process.execPath, [...command, String(seed)], { encoding: "utf8" }),
  );
  console.log(
    `seed ${seed}  ${percent(test.accuracy)} of ${test.rows} rows  ${(1000 * seconds).toFixed(0)} ms  ${build}`,
  );
  return test.accuracy;
});
const mean = runs.reduce((sum, accuracy) => sum + accuracy, 0) / SPLITS;
const deviation = Math.sqrt(runs.reduce((sum, accuracy) => sum + (accuracy - mean) ** 2, 0) / (SPLITS - 1));
const range = `${percent(Math.min(...runs))} to ${percent(Math.max(...runs))}`;
console.log(
  `mean ${percent(mean)}, standard deviation ${percent(deviation)}, ${range}; asked for: at least ${percent(LEAST_MEAN)}`,
);
if (mean < LEAST_MEAN) process.exitCode = 1;

function percent(share) {
  return `${(100 * share).toFixed(2)} %`;
}
