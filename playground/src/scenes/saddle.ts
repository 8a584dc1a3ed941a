import { chosen } from "../model/optimizers.ts";
import { after, type Claim, layersOf, lossAbove, lossBelow, type Scene } from "./scene.ts";

const saddlePoint: Claim = {
  text: "The point is a saddle: the gradient is as good as 0, and an eigenvalue is negative.",
  hessian: true,
  test: ({ hessian }) => hessian !== null && hessian.point?.kind === "saddle" && hessian.negative > 0,
};

const STUCK = 1000;

export const saddle: Scene = {
  key: "saddle",
  question: "My gradient is 0: is that good?",
  level: "medium",
  minutes: 6,
  picture: "saddle",
  title: "A saddle that stops SGD",
  teaser: "All weights 0 is a saddle. Gradients see nothing there; curvature does.",
  text:
    "A network whose weights are all 0 gives a constant. Its gradient is 0 but for the output's bias, so that gradient descent stays; and yet the loss " +
    "falls in some directions, which only the Hessian shows.",
  settings: { data: "gauss", layers: layersOf("tanh", 4), initializer: "zeros", batchSize: 0, learningRate: 0.1 },
  view: { open: ["hessian", "surface"], pace: 25 },
  acts: [
    {
      title: "SGD stays",
      frame: "sentence",
      ask: { question: "The gradient is 0. Is that good?", options: ["Yes: it has arrived", "Not always"], right: 1 },
      seen: "It is not: the gradient is 0 at saddles too. Curvature shows that there is a way down.",
      text: "1000 steps over all samples. The output's bias finds its best value, and nothing else moves.",
      to: STUCK,
      claims: [saddlePoint, lossAbove(0.65)],
    },
    {
      title: "Momentum stays",
      frame: "sentence",
      ask: { question: "Does momentum get off it?", options: ["Yes", "No"], right: 1 },
      seen: "Momentum adds up past gradients, and they were all 0.",
      text: "Momentum carries on what has moved before. Nothing has.",
      settings: { options: { momentum: 0.9 } },
      to: STUCK,
      claims: [saddlePoint, lossAbove(0.65)],
    },
    {
      title: "Gauss-Newton stays",
      frame: "sentence",
      ask: { question: "Does Gauss-Newton see the way down?", options: ["Yes", "No"], right: 1 },
      seen: "G never curves down, so it cannot show the way.",
      text: "G has no negative eigenvalues: to Gauss-Newton the saddle looks like any flat place, and it declares itself done.",
      settings: chosen("gaussNewton"),
      to: 30,
      claims: [lossAbove(0.65)],
    },
    {
      title: "Saddle-free Newton leaves",
      frame: "loss",
      ask: {
        question: "Saddle-free Newton knows the exact curvature. Does it leave?",
        options: ["Yes", "No"],
        right: 0,
      },
      event: { at: 3, says: "Three steps, and it is down.", claim: lossBelow(0.1) },
      seen: "It left along the direction of most negative curvature.",
      text: "It steps along the eigenvector of the most negative eigenvalue, and is down in a few steps.",
      settings: chosen("saddleFreeNewton"),
      to: 30,
      claims: [lossBelow(0.01)],
    },
    {
      title: "One step out, then SGD",
      frame: "loss",
      ask: {
        question: "One step along that direction, then plain SGD. Is one enough?",
        options: ["Yes", "No"],
        right: 0,
      },
      seen: "One step is enough: off the saddle there is a gradient again.",
      text: "From where SGD was stuck, a single step along the escape direction. Everything after it is plain SGD again.",
      log: after(STUCK, { kind: "escape" }),
      from: STUCK,
      to: STUCK + 300,
      claims: [lossBelow(0.1)],
    },
  ],
};
