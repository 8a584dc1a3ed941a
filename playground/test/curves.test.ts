// Oracle: sessions that stop at each of those steps and evaluate there.
import { beforeEach, describe, expect, test } from "vitest";
import { extremes } from "../src/engine/curvature.ts";
import { Session } from "../src/engine/session.ts";
import { surfaceOf } from "../src/engine/surface.ts";
import { Trainer } from "../src/engine/trainer.ts";
import type { DirectionName, Frame, FromTrainer } from "../src/model/protocol.ts";
import { defaults } from "../src/model/settings.ts";
import { clearHistory, curves, remember } from "../src/page/history.ts";

beforeEach(clearHistory);

/** Pictures of a run at so many steps a picture. */
function framesOf(pace: number, count: number): Frame[] {
  const frames: Frame[] = [];
  const trainer = new Trainer((message: FromTrainer) => {
    if (message.type === "frame") frames.push(message.frame);
  });
  trainer.take({ type: "load", start: 1, course: { start: defaults, log: [], at: 0 }, own: null, keep: false });
  trainer.take({ type: "play", plays: 1, pace });
  for (let i = 0; i < count; ++i) trainer.take({ type: "frame", wants: { maps: false, kinks: false } });
  return frames;
}

describe("the loss curves", () => {
  test("have the start and each of the first hundred steps, at any pace", () => {
    for (const frame of framesOf(60, 40)) remember(frame);
    expect(curves.step.slice(0, 101)).toEqual(Array.from({ length: 101 }, (_, i) => i));
    const session = new Session({ start: defaults, log: [] }, null);
    for (const step of [0, 1, 17, 25, 99, 100]) {
      session.advance(step);
      expect(curves.train[step]).toBe(session.net.evaluate(session.world.train).loss);
      expect(curves.epoch[step]).toBeCloseTo(step / 25, 12);
    }
  });

  test("keep those when later ones are thinned out", () => {
    const [frame] = framesOf(1, 1);
    for (let step = 0; step < 9000; ++step) remember({ ...frame, trail: [], step, passes: step / 25 });
    expect(curves.step.slice(0, 101)).toEqual(Array.from({ length: 101 }, (_, i) => i));
    expect(curves.step.length).toBeLessThanOrEqual(1200);
    expect(curves.step.at(-1)).toBeGreaterThan(8900);
  });
});

describe("the surface's directions", () => {
  const session = new Session({ start: defaults, log: [] }, null);
  session.advance(40);
  const { net, world } = session;
  const place = { start: 1, network: 0, changes: 0, step: 40, digest: "" };
  const surface = (directions: readonly [DirectionName, DirectionName]) =>
    surfaceOf(net, world, { directions, radius: 1, path: [] }, { place });
  const { low } = extremes(net, world.train);

  test.each([
    [["gradient", "most negative"], 2],
    [["most negative", "gradient"], 0],
    [["random 1", "most negative"], 2],
  ] as const)("%s: the most negative curvature is shown as it is", (directions, at) => {
    const { exact, note } = surface(directions);
    expect(low).toBeLessThan(0);
    expect(Math.abs(exact[at] - low)).toBeLessThan(1e-6 * Math.abs(low) + 1e-12);
    expect(note).toMatch(/^Of the (gradient|random 1) direction the part at right angles to the most negative one/);
  });

  test("where no curvature is negative, that is said", () => {
    const convex = new Session({ start: { ...defaults, layers: [], data: "plane", loss: "mse" }, log: [] }, null);
    const { note } = surfaceOf(
      convex.net,
      convex.world,
      { directions: ["most positive", "most negative"], radius: 1, path: [] },
      { place },
    );
    expect(note).toContain("No curvature is negative here");
  });
});
