import { expect, test } from "vitest";
import { dataset, network } from "../src/index.js";
import { cases, makeData, makeParameters, makeRunning } from "./cases.js";
import * as oracle from "./oracle/network.js";

test.each(cases.map((c) => [c.name, c] as const))("%s", (_, c) => {
  const net = network(c.spec as never);
  const p = makeParameters(c);
  net.setParameters(p);
  const d = makeData(c);
  const data = dataset(d.inputs, d.targets);
  const o = { mode: "batch" } as const;
  const { loss, gradient } = net.gradient(data);
  const expected = oracle.gradient(c.spec, p, d.inputs, d.targets, o);
  expect(loss).toBeCloseTo(oracle.loss(c.spec, p, d.inputs, d.targets, o), 12);
  expect(net.loss(data)).toBeCloseTo(loss, 12);
  const scale = Math.max(...expected.map(Math.abs));
  gradient.forEach((g, i) => expect(Math.abs(g - expected[i]) / scale).toBeLessThan(1e-12));
});
