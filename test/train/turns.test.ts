// Oracle: a count of macrotasks that ran meanwhile; each is a turn of the event loop.

import { describe, expect, it, vi } from "vitest";
import { adam, fit, network, sgd } from "../../src/index.js";
import { snapshot, toDataset } from "../support.js";

const rows = Array.from({ length: 24 }, (_, i) => [Math.sin(i), Math.cos(2 * i)]);
const data = toDataset(
  rows,
  rows.map(([a, b]) => [a * b]),
);
const make = (seed = 1) => network({ inputs: 2, layers: [{ units: 8, activation: "relu" }, { units: 1 }], seed });

/**
 * How many macrotasks run while `work` goes on, by a clock that a millisecond passes on with each
 * look.
 */
async function turnsDuring(work: () => Promise<unknown>): Promise<number> {
  let now = performance.now();
  const clock = vi.spyOn(performance, "now").mockImplementation(() => ++now);
  let turns = 0;
  let going = true;
  const tick = () => {
    ++turns;
    if (going) setImmediate(tick);
  };
  setImmediate(tick);
  await work();
  going = false;
  clock.mockRestore();
  return turns;
}

describe("turns of the event loop", () => {
  it("short fits in a row give it turns, though none is as long as a slice", async () => {
    const turns = await turnsDuring(async () => {
      for (let i = 0; i < 400; ++i) await fit(make(i), data, { optimizer: sgd(), epochs: 1 });
    });
    // Two looks at the clock a fit, at least, and a turn after twelve.
    expect(turns).toBeGreaterThan((400 * 2) / 16);
  });

  it("many fits at once share one slice", async () => {
    const turns = await turnsDuring(() =>
      Promise.all(
        Array.from({ length: 100 }, (_, i) => fit(make(i), data, { optimizer: adam(), epochs: 40, batchSize: 4 })),
      ),
    );
    expect(turns).toBeGreaterThan((100 * 240) / 16);
  });

  it("fits at once end at the same bits as one after another", async () => {
    const one = make(3);
    await fit(one, data, { optimizer: adam(), epochs: 30 });
    const nets = Array.from({ length: 40 }, () => make(3));
    await Promise.all(nets.map((net) => fit(net, data, { optimizer: adam(), epochs: 30 })));
    for (const net of nets) expect(snapshot(net)).toEqual(snapshot(one));
  });

  it("fits whose callbacks wait for further fits all end", async () => {
    const histories = await Promise.all(
      Array.from({ length: 50 }, (_, i) =>
        fit(make(i), data, {
          optimizer: sgd(),
          epochs: 1,
          onEpoch: async () => {
            await fit(make(i), data, { optimizer: sgd(), epochs: 1 });
          },
        }),
      ),
    );
    expect(new Set(histories.map(({ status }) => status))).toEqual(new Set(["completed"]));
  });

  it("an optimizer serves no second run while the first waits for its start", async () => {
    const optimizer = adam();
    const many = Array.from({ length: 100 }, (_, i) => fit(make(i), data, { optimizer: sgd(), epochs: 20 }));
    const first = fit(make(), data, { optimizer, epochs: 1 });
    await expect(fit(make(), data, { optimizer, epochs: 1 })).rejects.toThrow("serves no other run");
    await Promise.all([...many, first]);
    expect((await fit(make(), data, { optimizer, epochs: 1 })).status).toBe("completed");
  });

  it("onStep is called for each step and may end the run", async () => {
    const steps: number[] = [];
    const history = await fit(make(), data, {
      optimizer: sgd(),
      epochs: 10,
      batchSize: 8,
      onStep: ({ step }) => {
        steps.push(step);
        return step === 5;
      },
    });
    expect([history.status, history.steps, history.reason]).toEqual(["aborted", 5, "ended by onStep after 5 steps"]);
    expect(steps).toEqual([1, 2, 3, 4, 5]);
  });

  it("a signal of undefined is none", async () => {
    expect((await fit(make(), data, { optimizer: sgd(), epochs: 1, signal: undefined })).status).toBe("completed");
  });
});
