import { chosen } from "../model/optimizers.ts";
import { layersOf, lossBelow, type Scene, studied } from "./scene.ts";

const END = 2000;

export const along: Scene = {
  key: "along",
  question: "What does an eigenvector mean?",
  level: "deep",
  minutes: 5,
  picture: "along",
  title: "Along an eigenvector",
  teaser: "Move all weights at once along a direction of the Hessian, and watch the plane.",
  text:
    "An eigenvector is a direction in which all parameters move together. Its eigenvalue says how fast the loss rises there. " +
    "Drag the network along the steepest and along the flattest one.",
  settings: { data: "circle", layers: layersOf("tanh", 6, 4), ...chosen("adam") },
  view: { pace: 250 },
  acts: [
    {
      title: "A trained network",
      text: "The circle is learned, and the loss is close to 0.",
      frame: "plane",
      ask: { question: "How many of the 51 directions matter, do you think?", options: ["All", "A few"], right: 1 },
      event: { at: 376, says: "The circle is learned: the loss has come below 0.1.", claim: lossBelow(0.1) },
      seen: "Most eigenvalues are tiny. A few directions carry all the curvature.",
      to: END,
      claims: [lossBelow(0.01)],
    },
    {
      title: "The steepest direction",
      text: "One unit of length along the eigenvector of the largest eigenvalue. Drag it to and fro.",
      frame: "plane",
      ask: { question: "What becomes of the circle?", options: ["It stays", "It is lost"], right: 1 },
      seen: "The output changed everywhere, and the loss rose a hundredfold.",
      from: END,
      to: END,
      study: { kind: "along", end: "highest", length: 1 },
      instrument: "along",
      claims: [
        studied(
          "along",
          "The loss there is more than fifty times the loss here.",
          ({ loss, here }) => loss > 50 * here,
        ),
      ],
    },
    {
      title: "The flattest direction",
      text: "The same length along the eigenvector of the smallest eigenvalue.",
      frame: "plane",
      ask: { question: "And now?", options: ["The circle stays", "It is lost"], right: 0 },
      seen: "The weights have moved as far, and the circle is still there.",
      from: END,
      to: END,
      study: { kind: "along", end: "lowest", length: 1 },
      instrument: "along",
      claims: [studied("along", "The loss there is below 0.05.", ({ loss }) => loss < 0.05)],
    },
  ],
};
