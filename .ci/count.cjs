// Prints how many tests passed and failed according to vitest's JSON report; fails where there is none or it is empty.
const { readFileSync } = require("node:fs");

const { numPassedTests, numFailedTests, testResults } = JSON.parse(readFileSync(process.argv[2], "utf8"));
// A file that does not load has failed without a test of its own.
const unloaded = testResults.filter((file) => file.status === "failed" && file.assertionResults.length === 0).length;
console.log(numPassedTests, numFailedTests + unloaded);
if (numPassedTests + numFailedTests === 0) process.exitCode = 1;
