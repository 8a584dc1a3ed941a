// Oracle: a session of its own that stops at the same steps and evaluates there.
import { expect, test } from "vitest";
import { Session } from "../src/engine/session.ts";
import { Trainer } from "../src/engine/trainer.ts";
import type { Frame, FromTrainer, TrailPoint } from "../src/model/protocol.ts";
import { defaults } from "../src/model/settings.ts";

/** Replays in a trainer, asking for pictures as a page would. */
async function replayed(at: number): Promise<{ trail: TrailPoint[]; last: Frame }> {
  const trail: TrailPoint[] = [];
  let last: Frame | null = null;
  const trainer = new Trainer((message: FromTrainer) => {
    if (message.type !== "frame") return;
    trail.push(...message.frame.trail);
    last = message.frame;
  });
  trainer.take({ type: "load", start: 1, course: { start: defaults, log: [], at }, own: null, keep: false });
  await expect
    .poll(() => {
      trainer.take({ type: "frame", wants: { maps: false, kinks: false } });
      return last?.replayed;
    })
    .toBe(1);
  if (!last) throw new Error("There is no picture.");
  return { trail, last };
}

test("a replay leaves its losses on the way, so that a link's curves are whole", async () => {
  const { trail, last } = await replayed(3000);
  expect(last.step).toBe(3000);
  expect(trail.length).toBeGreaterThanOrEqual(150);
  expect(trail[0].step).toBe(0);
  const session = new Session({ start: defaults, log: [] }, null);
  for (const { step, epoch, trainLoss, testLoss } of trail) {
    session.advance(step);
    const { train, test: other } = session.world;
    expect([session.epoch, session.net.evaluate(train).loss, session.net.evaluate(other).loss]).toEqual([
      epoch,
      trainLoss,
      testLoss,
    ]);
  }
});
