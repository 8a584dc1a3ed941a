// What the help says is run as it stands there, by a shell, in a folder of its own.

import { chmodSync, copyFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { call, folder, main, root, start } from "./support.js";

/** In this order: the first ones leave the model that the others read. */
const commands = [
  ...["train", "tune", "predict", "info", "diagnose", "curvature", "compare", "audit", "prune", "export", "sample"],
  ...["worker", "jobs"],
];

const { path, remove } = folder({});
afterAll(remove);

beforeAll(() => {
  for (const name of ["iris", "digits", "diabetes"]) copyFileSync(join(root, `data/${name}.csv`), path(`${name}.csv`));
  writeFileSync(path("space.json"), '{"hidden": [[8], [16, 8]], "l2": [0.001, 0.01], "epochs": [20]}');
  writeFileSync(path("hessia"), `#!/bin/sh\nexec '${process.execPath}' '${main}' "$@"\n`);
  chmodSync(path("hessia"), 0o755);
});

async function helpOf(...command: string[]): Promise<string> {
  const { code, stdout, stderr } = await call([...command, "--help"]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return stdout;
}

function examplesIn(help: string): string[] {
  return help
    .slice(help.indexOf("Examples:"))
    .split("\n")
    .filter((line) => line.startsWith("  hessia "))
    .map((line) => line.trim());
}

describe.each(commands)("hessia %s --help", (command) => {
  it("fits a terminal of 80 columns", async () => {
    for (const line of (await helpOf(command)).split("\n")) expect(line.length).toBeLessThanOrEqual(80);
  });

  it("has examples that end as asked", async () => {
    const examples = examplesIn(await helpOf(command));
    expect(examples.length).toBeGreaterThan(1);
    for (const example of examples) {
      expect(example).toMatch(new RegExp(`^hessia ${command} `));
      // There is no Redis here; test/jobs has one.
      if (/--redis|^hessia worker/.test(example)) continue;
      const { code, stderr } = await start(["-c", `PATH='${path("")}':$PATH; ${example}`], {
        program: ["sh"],
        cwd: path(""),
      });
      expect({ example, code }).toEqual({ example, code: 0 });
      expect(stderr).toMatch(command === "predict" ? /^(150 rows with a known species: accuracy .*\n)?$/ : /^$/);
    }
  }, 240_000);
});

it("hessia --help names every command, and examples of what they do", async () => {
  const help = await helpOf();
  for (const command of commands) expect(help).toMatch(new RegExp(`^ +${command} `, "m"));
  expect(examplesIn(help).length).toBeGreaterThan(2);
  for (const line of help.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
});
