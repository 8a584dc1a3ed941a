import { type Claim, layersOf, type Scene } from "./scene.ts";

const STEPS = 60;

/** The largest eigenvalue as a share of 2/η. */
function share(low: number, high: number, text: string): Claim {
  return {
    text,
    hessian: true,
    test: ({ frame, hessian }) => {
      const largest = hessian?.eigenvalues.at(-1) ?? Number.NaN;
      const ratio = (largest * frame.settings.learningRate) / 2;
      return ratio > low && ratio < high;
    },
  };
}

export const edge: Scene = {
  key: "edge",
  question: "How large may the learning rate be?",
  level: "deep",
  minutes: 6,
  picture: "edge",
  title: "The edge of stability",
  teaser: "Gradient descent diverges where the curvature exceeds 2/η. Networks climb to that edge, and stay there.",
  text:
    "On a parabola, gradient descent diverges as soon as the curvature is above 2/η. A network's curvature grows while it learns. " +
    "What happens when it reaches that edge (Cohen et al., 2021)?",
  settings: { data: "spiral", loss: "mse", layers: layersOf("tanh", 8, 8), batchSize: 0, learningRate: 0.2 },
  view: { pace: 1 },
  acts: [
    {
      title: "Up to the edge",
      text: "All samples in every step, η = 0.2, so the edge is at 10. The curvature starts at about half of it.",
      frame: "study",
      ask: {
        question: "Where does the largest eigenvalue go?",
        options: ["It stays at half", "Up to the edge", "Far beyond"],
        right: 1,
      },
      event: {
        at: 22,
        says: "The largest eigenvalue has just passed 2/η. On a parabola the loss would rise from here on.",
        claim: share(1, 1.3, "The largest eigenvalue lies above 2/η."),
      },
      seen: "It climbed to 2/η and stayed about there, while the loss went on falling.",
      to: STEPS,
      instrument: "edge",
      claims: [
        share(0.8, 1.3, "The largest eigenvalue lies about 2/η."),
        { text: "The loss has fallen below 0.9.", test: ({ frame }) => frame.trainLoss < 0.9 },
      ],
    },
    {
      title: "Half the step",
      text: "η = 0.1: the edge is at 20 now.",
      frame: "study",
      ask: {
        question: "After as many steps, where is the eigenvalue?",
        options: ["At the new edge", "Below it"],
        right: 1,
      },
      seen: "It is as large as before, only half as high as the new edge: with smaller steps there is room.",
      settings: { learningRate: 0.1 },
      to: STEPS,
      instrument: "edge",
      claims: [share(0.3, 0.75, "The largest eigenvalue lies well below 2/η.")],
    },
    {
      title: "Beyond the edge",
      text: "η = 1: the edge is at 2, and the curvature starts at more than twice that.",
      frame: "study",
      ask: {
        question: "What happens?",
        options: ["It diverges for good", "It is thrown to where the loss curves less"],
        right: 1,
      },
      seen: "The first steps went astray and ended where the loss is flatter. A network is no parabola: it has such places.",
      settings: { learningRate: 1 },
      to: 20,
      instrument: "edge",
      claims: [
        share(0, 1.8, "The largest eigenvalue has come down to less than 1.8 times 2/η, from 2.6 at the start."),
      ],
    },
  ],
};
