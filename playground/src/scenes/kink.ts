import { after, alive, allDead, layersOf, lossAbove, lossBelow, type Scene } from "./scene.ts";

const zeroed = after(0, { kind: "fill", layer: 0, what: "weight", value: 0 });

export const kink: Scene = {
  key: "kink",
  question: "What is the slope of ReLU at 0?",
  level: "medium",
  minutes: 4,
  picture: "kink",
  title: "The value at the kink",
  teaser: "ReLU has no derivative at 0. Programs choose one, and it can decide everything.",
  text:
    "All weights into the first layer are 0, so that every unit sits exactly at its kink for every sample. What happens now hangs on the number that " +
    "stands in for ReLU′(0): 0 in most libraries, ½ or 1 in some. The output's weights are the same in all three acts.",
  settings: { data: "circle", layers: layersOf("relu", 6), learningRate: 0.1 },
  view: { open: ["units", "hessian"], kinkLines: true },
  acts: [
    {
      title: "ReLU′(0) = 0",
      frame: "network",
      ask: {
        question: "Every unit sits exactly at its kink, and the slope there counts as 0. Does it learn?",
        options: ["Yes", "No"],
        right: 1,
      },
      seen: "No gradient passes, so nothing moves.",
      text: "No gradient passes. The layer is dead, and stays so.",
      settings: { atZero: 0 },
      log: zeroed,
      to: 2500,
      claims: [allDead(1), lossAbove(0.65)],
    },
    {
      title: "ReLU′(0) = ½",
      frame: "network",
      ask: { question: "And if the slope there counts as ½?", options: ["It learns", "It stays"], right: 0 },
      event: { at: 1, says: "One step, and samples reach units again.", claim: alive(1) },
      seen: "One step leaves the kink, and from there on slopes are what they are.",
      text: "Half of the gradient passes; units leave the kink in their first step, and go their ways from there.",
      settings: { atZero: 0.5 },
      log: zeroed,
      to: 2500,
      claims: [
        { text: "Not every unit of layer 1 is dead.", test: ({ frame }) => frame.dead[0].length < 6 },
        lossBelow(0.65),
      ],
    },
    {
      title: "ReLU′(0) = 1",
      frame: "network",
      ask: { question: "And as 1?", options: ["It learns", "It stays"], right: 0 },
      event: { at: 1, says: "One step, and samples reach units again.", claim: alive(1) },
      seen: "It learns as well, and ends elsewhere: one number at one point decided it.",
      text: "All of the gradient passes, and the outcome is another one again.",
      settings: { atZero: 1 },
      log: zeroed,
      to: 2500,
      claims: [
        { text: "No unit of layer 1 is dead.", test: ({ frame }) => frame.dead[0].length === 0 },
        lossBelow(0.5),
      ],
    },
  ],
};
