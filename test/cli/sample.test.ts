// Oracle: the tables in data/, byte for byte.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { call, folder, root } from "./support.js";

const { path, remove } = folder({});
afterAll(remove);

describe("hessia sample", () => {
  it.each(["iris", "diabetes", "digits"])("%s is the table itself, written again without harm", async (name) => {
    for (let time = 0; time < 2; ++time) {
      const { code, stderr } = await call(["sample", name, "--output", path(`${name}.csv`)]);
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      expect(readFileSync(path(`${name}.csv`))).toEqual(readFileSync(join(root, `data/${name}.csv`)));
    }
  });

  it("leaves another file of the name as it is", async () => {
    writeFileSync(path("mine.csv"), "a,b\n1,2\n");
    const { code, stderr } = await call(["sample", "iris", "--output", path("mine.csv")]);
    expect(code).toBe(2);
    expect(stderr).toContain("is there already");
    expect(readFileSync(path("mine.csv"), "utf8")).toBe("a,b\n1,2\n");
  });

  it("names the sample that may have been meant", async () => {
    const { code, stderr } = await call(["sample", "iri"]);
    expect(code).toBe(2);
    expect(stderr).toBe('hessia: sample: expected a known name, got "iri"; did you mean "iris"?\n');
  });
});
