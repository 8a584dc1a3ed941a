import { chosen } from "../model/optimizers.ts";
import { after, type Claim, layersOf, lossAbove, lossBelow, type Scene } from "./scene.ts";

const END = 5000;

function cut(...parameters: readonly number[]) {
  return after(END, ...parameters.map((count) => ({ kind: "prune", parameters: count }) as const));
}

function left(most: number): Claim {
  return {
    text: `At most ${most} of the 51 parameters are left.`,
    test: ({ frame }) => frame.parameters.filter((value) => value !== 0).length <= most,
  };
}

export const pruning: Scene = {
  key: "pruning",
  question: "Which weights can go?",
  level: "medium",
  minutes: 6,
  picture: "prune",
  title: "Which weights can go?",
  teaser: "Half of a network can often be taken away. The curvature says which half, and when it begins to hurt.",
  text:
    "To take a weight away costs what the loss rises, if all others make up for it as well as they can: ½·θ²/[H⁻¹]. " +
    "The cheapest goes first. That is the Optimal Brain Surgeon.",
  settings: { data: "circle", layers: layersOf("relu", 6, 4), ...chosen("adam"), l2: 0.001 },
  view: { pace: 250 },
  acts: [
    {
      title: "A trained network",
      text: "51 parameters learn the circle, with a little penalty on the weights.",
      frame: "network",
      ask: {
        question: "How many of the 51 parameters does it take?",
        options: ["All", "About half", "Far fewer"],
        right: 2,
      },
      event: { at: 194, says: "The circle is learned: the loss has come below 0.1.", claim: lossBelow(0.1) },
      seen: "It is learned. Now weights go, one after another.",
      to: END,
      claims: [lossBelow(0.03)],
    },
    {
      title: "Half of them gone",
      text: "25 parameters have been taken away, the cheapest first. The others have been moved to make up for them.",
      frame: "network",
      ask: { question: "What does the loss do?", options: ["It rises at once", "Almost nothing"], right: 1 },
      seen: "Almost nothing happened: these weights were doing next to nothing.",
      log: cut(36, 26),
      from: END,
      to: END,
      instrument: "prune",
      claims: [left(26), lossBelow(0.03)],
    },
    {
      title: "The first that hurts",
      text: "On and on, down to eight.",
      frame: "loss",
      ask: {
        question: "Is there a point at which it breaks?",
        options: ["It gets worse bit by bit", "It breaks at once"],
        right: 1,
      },
      seen: "At the end every weight that is left is needed: one more, and the circle is gone.",
      log: cut(36, 26, 20, 16, 13, 8),
      from: END,
      to: END,
      instrument: "prune",
      claims: [left(8), lossAbove(0.2)],
    },
  ],
};
