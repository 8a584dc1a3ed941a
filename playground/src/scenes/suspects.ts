import { chosen } from "../model/optimizers.ts";
import { layersOf, lossBelow, type Scene, studied } from "./scene.ts";

const END = 5000;

export const suspects: Scene = {
  key: "suspects",
  question: "Which of my labels are wrong?",
  level: "easy",
  minutes: 4,
  picture: "suspects",
  title: "Which points are suspect?",
  teaser: "Three labels have been flipped. The curvature finds them without training once more.",
  text:
    "What would the network say of a point if it had not been trained on it? The curvature answers for every point at once. " +
    "Where the others contradict a label, the label is suspect.",
  settings: { data: "circle", flipped: 3, layers: layersOf("relu", 6, 4), ...chosen("adam"), l2: 0.01 },
  view: { pace: 250 },
  acts: [
    {
      title: "Three wrong labels",
      text: "Three of the 250 training samples have the wrong colour. The network learns them all the same.",
      frame: "plane",
      ask: { question: "Can you see the three?", options: ["Yes", "Not all of them"], right: 0 },
      event: {
        at: 170,
        says: "Most points are learned. The loss goes on falling, for the sake of a few.",
        claim: lossBelow(0.2),
      },
      seen: "They stand out here, in a plane. In a table of thirty columns nobody sees them.",
      to: END,
      claims: [
        {
          text: "The loss does not reach 0: wrong labels cost something.",
          test: ({ frame }) => frame.trainLoss > 0.03,
        },
      ],
    },
    {
      title: "Found by influence",
      text: "The rings are the most suspect points, the first one most of all.",
      frame: "plane",
      ask: {
        question: "Are the flipped ones among the first?",
        options: ["Yes, they are the first three", "Some", "None"],
        right: 0,
      },
      seen: "The three flipped labels lead the list. The rest of the list lies close to the boundary.",
      from: END,
      to: END,
      study: { kind: "suspects" },
      instrument: "suspects",
      claims: [
        studied(
          "suspects",
          "The first three suspects are the three flipped labels.",
          ({ rows, flipped }) => rows.length >= flipped && rows.slice(0, flipped).every((row) => row.flipped),
        ),
      ],
    },
  ],
};
