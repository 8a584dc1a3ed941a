import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { factorizations } from "./factorizations.ts";
import { hessian } from "./hessian.ts";
import { leastSquares } from "./least-squares.ts";
import type { Settings } from "./measure.ts";
import { openPeers, peerNames } from "./open.ts";
import { products } from "./products.ts";
import { steps } from "./steps.ts";
import type { Report, Suite } from "./suite.ts";

const suites: Record<string, Suite> = { products, steps, hessian, factorizations, "least-squares": leastSquares };

const full: Settings = { quick: false, sampleMs: 8, rounds: 15, slowRounds: 5, warmUpMs: 250 };
const quick: Settings = { quick: true, sampleMs: 3, rounds: 7, slowRounds: 3, warmUpMs: 80 };

const usage = `npm run bench -- [options]
  --quick         fewer sizes, shorter samples
  --only SUITE    ${Object.keys(suites).join(", ")}
  --peers A,B     some of ${peerNames.join(", ")}
  --json FILE     the figures, to a file`;

const options = {
  quick: { type: "boolean" },
  only: { type: "string" },
  peers: { type: "string" },
  json: { type: "string" },
  help: { type: "boolean" },
} as const;

async function main() {
  const { values } = parseArgs({ options });
  if (values.help) return console.log(usage);
  const chosen = values.only === undefined ? Object.keys(suites) : [values.only];
  if (!(chosen[0]! in suites))
    throw new Error(`--only: expected one of ${Object.keys(suites).join(", ")}, got ${values.only}`);
  const settings = values.quick ? quick : full;

  const peers = await openPeers(values.peers?.split(",") ?? peerNames);
  const environment = {
    node: process.version,
    v8: process.versions.v8,
    processor: cpus()[0]?.model ?? "unknown",
    versions: Object.fromEntries(peers.map(({ name, version }) => [name, version])),
  };
  console.log(`Node ${environment.node} (V8 ${environment.v8}), ${environment.processor}, one thread`);
  console.log(peers.map(({ name, version }) => `${name} ${version}`).join(", "));

  const reports: Record<string, Report> = {};
  for (const name of chosen) {
    const report = await suites[name]!(peers, settings);
    reports[name] = report;
    console.log(`\n${report.text}`);
    for (const failure of report.failures) console.error(`left out: ${failure}`);
    if (report.failures.length > 0) process.exitCode = 1;
  }
  if (values.json === undefined) return;
  const figures = Object.fromEntries(
    Object.entries(reports).map(([name, { rows, failures }]) => [name, { rows, failures }]),
  );
  writeFileSync(values.json, `${JSON.stringify({ environment, settings, ...figures }, null, 2)}\n`);
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
