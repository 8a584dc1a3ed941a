import { chosen } from "../model/optimizers.ts";
import { layersOf, lossBelow, type Scene, studied } from "./scene.ts";

const ends = { kind: "uncertainty" } as const;
const END = 5000;

export const uncertainty: Scene = {
  key: "uncertainty",
  question: "How sure is the network?",
  level: "medium",
  minutes: 6,
  picture: "unsure",
  title: "How sure is it?",
  teaser: "A network answers everywhere, also where it has seen nothing. The curvature says how far to trust it.",
  text:
    "Parameters that fit the data almost as well as these ones are plausible too. The curvature says how far they may move, " +
    "and so how much the output may change: Laplace's method.",
  settings: { data: "gauss", layers: layersOf("tanh", 6), ...chosen("adam"), l2: 0.01, penaltyOn: "all" },
  view: { pace: 250 },
  acts: [
    {
      title: "Two classes, learned",
      text: "The network learns two clouds of points. Look at its colours in the corners, where there are no points.",
      frame: "plane",
      ask: {
        question: "What will it say where it has seen nothing?",
        options: ["Nothing", "It will be pale", "It will be as sure as ever"],
        right: 2,
      },
      event: { at: 39, says: "Both clouds are told apart. Look at the corners.", claim: lossBelow(0.1) },
      seen: "It is sure of itself everywhere. Its own probabilities do not say where it has seen nothing.",
      to: END,
      claims: [lossBelow(0.1)],
    },
    {
      title: "Uncertainty over the plane",
      text: "Now the colours show how much the output may change: the standard deviation that the curvature gives.",
      frame: "plane",
      ask: {
        question: "Where is it least sure?",
        options: ["At the data", "Between the clouds", "Far from all data"],
        right: 2,
      },
      seen: "The deviation grows away from the data: several times as large in the corners as at the points.",
      from: END,
      to: END,
      study: ends,
      instrument: "uncertainty",
      claims: [
        studied(
          "uncertainty",
          "In the corners the deviation is more than three times that at the data.",
          (study) => study.inCorners > 3 * study.atData,
        ),
      ],
    },
    {
      title: "The evidence chooses the penalty",
      text: "A prior says how large weights may be. The evidence, the probability of the data under that prior, compares priors without data held out.",
      frame: "study",
      ask: {
        question: "Which prior has the highest evidence?",
        options: ["The weakest", "The strongest", "One between them"],
        right: 2,
      },
      seen: "Too weak a prior wastes its probability, too strong a one does not let the network fit. The best lies between.",
      from: END,
      to: END,
      study: ends,
      instrument: "uncertainty",
      claims: [
        studied(
          "uncertainty",
          "The prior with the highest evidence is neither the weakest nor the strongest.",
          ({ evidence }) => {
            const values = evidence.map(({ logEvidence }) => logEvidence);
            const best = values.indexOf(Math.max(...values));
            return best > 0 && best < values.length - 1;
          },
        ),
        studied(
          "uncertainty",
          "The data determine fewer parameters than there are.",
          ({ effective }, { frame }) => effective < frame.parameters.length,
        ),
      ],
    },
  ],
};
