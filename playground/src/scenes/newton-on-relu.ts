import { chosen } from "../model/optimizers.ts";
import { type Claim, layersOf, lossBelow, type Scene } from "./scene.ts";

const indefinite: Claim = {
  text: "The Hessian is not 0, and has negative eigenvalues as well as positive ones.",
  hessian: true,
  test: ({ hessian }) => hessian !== null && hessian.negative > 0 && hessian.positive > 0,
};

/** Whether the diagonal blocks of both matrices agree, to the precision of the picture. */
const sameBlocks: Claim = {
  text: "The layers' own blocks of H and G are the same: H − G is 0 in them, and not 0 between layers.",
  hessian: true,
  test: ({ hessian }) => {
    if (!hessian?.matrices) return false;
    const { size, blocks, matrices } = hessian;
    const layer = Array.from({ length: size }, (_, i) => blocks.findIndex(({ to }) => i < to));
    const largest = [0, 0];
    let scale = 0;
    for (let i = 0; i < size; ++i) {
      for (let j = 0; j < size; ++j) {
        const at = i * size + j;
        const kind = layer[i] === layer[j] ? 0 : 1;
        largest[kind] = Math.max(largest[kind], Math.abs(matrices.exact[at] - matrices.ggn[at]));
        scale = Math.max(scale, Math.abs(matrices.exact[at]));
      }
    }
    return largest[0] < 1e-6 * scale && largest[1] > 1e-3 * scale;
  },
};

export const newtonOnRelu: Scene = {
  key: "newton",
  question: "Is the Hessian zero because ReLU″ is?",
  level: "medium",
  minutes: 6,
  picture: "matrix",
  title: "Newton's method on ReLU",
  teaser: "ReLU″ is 0. Why is the Hessian not, and does Newton's method work?",
  text:
    "ReLU is made of two straight lines, so its second derivative is 0 wherever there is one. Yet the loss is curved in the output, and layers multiply each other: " +
    "both make second derivatives with respect to the parameters.",
  settings: { data: "circle", layers: layersOf("relu", 6, 4), batchSize: 0 },
  view: { open: ["hessian", "surface"], pace: 1 },
  acts: [
    {
      title: "The matrix at the start",
      frame: "hessian",
      ask: { question: "ReLU″ is 0. Is the Hessian of the loss 0 as well?", options: ["Yes", "No"], right: 1 },
      seen: "It is not: the loss is curved in the output, and layers multiply each other.",
      text:
        "Look at the Hessian below, at G, which keeps the loss's curvature only, and at H − G: it is empty in the layers' own blocks. All negative " +
        "curvature comes from products of weights of different layers.",
      to: 0,
      claims: [indefinite, sameBlocks],
    },
    {
      title: "Newton",
      frame: "loss",
      ask: {
        question: "How many steps does Newton's method need to reach a loss of 0.001?",
        options: ["Less than 60", "Hundreds"],
        right: 0,
      },
      event: { at: 32, says: "The loss has come below 0.1.", claim: lossBelow(0.1) },
      seen: "Some dozens of steps were enough, each with the exact curvature.",
      text: "Newton's method with the absolute values of the eigenvalues, every sample in every step.",
      settings: chosen("newton"),
      to: 60,
      claims: [lossBelow(0.001)],
    },
    {
      title: "Gauss-Newton",
      frame: "loss",
      ask: { question: "Does it do without negative curvature?", options: ["Yes", "No"], right: 0 },
      event: { at: 7, says: "The loss has come below 0.1 already.", claim: lossBelow(0.1) },
      seen: "It does here: most of what matters lies in the part that the loss gives.",
      text: "With G in place of H there is no negative curvature to be careful about, and none to use either.",
      settings: chosen("gaussNewton"),
      to: 60,
      claims: [lossBelow(0.001)],
    },
    {
      title: "SGD, for comparison",
      frame: "loss",
      ask: {
        question: "Where is plain gradient descent after as many steps?",
        options: ["As far", "Far behind"],
        right: 1,
      },
      seen: "It is far behind. Its steps are cheaper, though: that is the bargain.",
      text: "As many passes over the data by plain gradient descent.",
      settings: { ...chosen("sgd"), learningRate: 0.1 },
      to: 60,
      claims: [{ text: "The training loss is still above 0.1.", test: ({ frame }) => frame.trainLoss > 0.1 }],
    },
  ],
};
