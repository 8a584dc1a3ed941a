import { after, alive, allDead, layersOf, lossAbove, lossBelow, type Scene, setting } from "./scene.ts";

const deep = layersOf("relu", 2, 2, 2, 2, 2, 2);

export const bornDead: Scene = {
  key: "born-dead",
  question: "Can a network be dead before it is trained?",
  level: "easy",
  minutes: 5,
  picture: "deep",
  title: "Born dead",
  teaser: "A deep and narrow ReLU network may be dead before its first step.",
  text:
    "Each layer of two units has a chance to be dead from the start, whatever its initialisation is called; six of them in a row have six chances. " +
    "One dead layer is enough (Lu, Shin, Su and Karniadakis, 2019).",
  settings: { data: "circle", layers: deep, seed: 4 },
  view: { open: ["units"] },
  acts: [
    {
      title: "Dead at birth",
      frame: "network",
      ask: {
        question: "Six layers of two units, nothing trained yet. Are any dead?",
        options: ["No: training kills", "Yes"],
        right: 1,
      },
      seen: "Some are dead before the first step: each narrow layer has its own chance.",
      text: "Nothing has been trained yet, and no sample reaches some of the layers.",
      to: 0,
      claims: [allDead(2)],
    },
    {
      title: "Training does nothing",
      frame: "loss",
      ask: { question: "Can training mend it?", options: ["Yes", "No"], right: 1 },
      seen: "Nothing below a dead layer gets a gradient. The output learns the share of the classes.",
      text: "200 epochs of SGD: the output learns the share of the classes, and that is all.",
      to: 5000,
      claims: [allDead(2), lossAbove(0.65)],
    },
    {
      title: "Wide enough",
      frame: "loss",
      ask: { question: "Eight units a layer instead of two?", options: ["It learns", "It is dead too"], right: 0 },
      seen: "Some units die, but no layer does, and it learns.",
      text: "The same depth and seed with eight units a layer: some die, none of the layers does.",
      settings: { layers: layersOf("relu", 8, 8, 8, 8, 8, 8) },
      to: 5000,
      claims: [alive(2), lossBelow(0.1)],
    },
    {
      title: "Batch norm in every layer",
      frame: "network",
      ask: { question: "And two units with batch norm?", options: ["They live", "They are dead"], right: 0 },
      seen: "Every layer has living units now.",
      text: "Two units a layer again, with batch norm: every unit is reached by about half of the samples. Narrow it is still, and learns what two units can.",
      log: after(
        0,
        ...deep.map((_, layer) => ({ kind: "batch-norm", layer }) as const),
        setting({ learningRate: 0.03 }),
      ),
      to: 5000,
      claims: [1, 2, 3, 4, 5, 6].map(alive),
    },
  ],
};
