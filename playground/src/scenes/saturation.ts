import { after, layersOf, lossAbove, lossBelow, type Scene } from "./scene.ts";

export const saturation: Scene = {
  key: "saturation",
  question: "Why did ReLU replace the sigmoid?",
  level: "easy",
  minutes: 5,
  picture: "sigmoid",
  title: "Sigmoids that saturate",
  teaser: "Before ReLU: gradients that vanish in flat tails and in depth.",
  text:
    "A sigmoid's slope is ¼ at most, and next to nothing in its tails. Several of them in a row leave little of the gradient for the layers below. " +
    "That is what ReLU was brought in for.",
  settings: { data: "circle", layers: layersOf("sigmoid", 4, 4, 4, 4), learningRate: 0.03 },
  view: { open: ["units", "hessian"], pace: 250 },
  acts: [
    {
      title: "Four sigmoid layers",
      frame: "loss",
      ask: {
        question: "Four sigmoid layers: how far do they come in 300 epochs?",
        options: ["They learn it", "Nowhere"],
        right: 1,
      },
      seen: "Each layer passes a quarter of the gradient at most, so little reaches the first ones.",
      text: "300 epochs, and nothing has been learned. Compare the gradient's norm from layer to layer below.",
      to: 7500,
      claims: [lossAbove(0.65)],
    },
    {
      title: "The same with ReLU",
      frame: "loss",
      ask: { question: "The same with ReLU?", options: ["It learns it", "Nowhere"], right: 0 },
      event: { at: 719, says: "The loss has come below 0.1.", claim: lossBelow(0.1) },
      seen: "A ReLU that is on passes the whole gradient.",
      text: "Same sizes, same seed, same steps.",
      settings: { layers: layersOf("relu", 4, 4, 4, 4) },
      to: 7500,
      claims: [lossBelow(0.1)],
    },
    {
      title: "Saturated from the start",
      frame: "network",
      ask: {
        question: "Biases of 12 put all units in their flat tails. Do they get out?",
        options: ["Yes", "No"],
        right: 1,
      },
      seen: "Their slopes are some millionths, so that steps are as well.",
      text: "Two sigmoid layers would do, but their biases start at 12: all units give almost exactly 1, with a slope of a few millionths.",
      settings: { layers: layersOf("sigmoid", 6, 4), bias: 12 },
      to: 2500,
      claims: [lossAbove(0.65)],
    },
    {
      title: "Batch norm brings them back",
      frame: "loss",
      ask: { question: "Batch norm shifts what they see. Does that help?", options: ["Yes", "No"], right: 0 },
      event: {
        at: 4185,
        says: "The gradient reaches the first layer again: the loss has come below 0.5.",
        claim: lossBelow(0.5),
      },
      seen: "It does: the sigmoids work where they have a slope.",
      text: "Batch norm shifts and scales what the sigmoids see to where they have a slope.",
      settings: { layers: layersOf("sigmoid", 6, 4), bias: 12 },
      log: after(2500, { kind: "batch-norm", layer: 0 }, { kind: "batch-norm", layer: 1 }),
      from: 2500,
      to: 10000,
      claims: [lossBelow(0.2)],
    },
  ],
};
