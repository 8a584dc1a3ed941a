import { chosen } from "../model/optimizers.ts";
import type { Change, Logged } from "../model/settings.ts";
import { after, alive, allDead, layersOf, lossAbove, lossBelow, type Scene, setting } from "./scene.ts";

/** Steps after which layer 2 has died of the learning rate. */
const DEATH = 500;
const BLOW = 20;
const calm = setting({ learningRate: 0.1 });

/** A layer whose weights have all turned negative, though its biases are what is given. */
function struck(bias: number): Change[] {
  return [
    { kind: "fill", layer: 1, what: "weight", value: -1 },
    { kind: "fill", layer: 1, what: "bias", value: bias },
  ];
}

function decayed(bias: number): Logged[] {
  return [...after(250, ...struck(bias), setting({ l2: 0.03 })), ...after(1500, setting({ l2: 0 }))];
}

export const dying: Scene = {
  key: "dying",
  title: "A dying layer and its rescue",
  teaser: "A layer of ReLUs dies of its learning rate. What brings it back, and what cannot?",
  text:
    "A ReLU that no sample reaches gives 0 everywhere and gets no gradient: it is dead. When a whole layer dies, nothing below it learns any " +
    "more, and all that is left is a constant.",
  settings: { data: "circle", layers: layersOf("relu", 6, 4), learningRate: 3 },
  view: { open: ["units", "hessian"] },
  acts: [
    {
      title: "Death",
      text: "Plain SGD with a learning rate of 3, a hundred times too much. Within two epochs the second layer is thrown to where no sample reaches it.",
      to: DEATH,
      claims: [allDead(2), lossAbove(0.65)],
    },
    {
      title: "Smaller steps don't help",
      text: "From the dead layer on, with a learning rate of 0.03. Small steps would have kept it alive, but its gradient is exactly 0 now: no step of any length moves it.",
      log: after(DEATH, setting({ learningRate: 0.03 })),
      from: DEATH,
      to: 4000,
      claims: [allDead(2), lossAbove(0.65)],
    },
    {
      title: "Adam doesn't help",
      text: "Adaptive steps divide by the size of past gradients. 0 divided by anything is 0.",
      log: after(DEATH, setting(chosen("adam"))),
      from: DEATH,
      to: 4000,
      claims: [allDead(2), lossAbove(0.65)],
    },
    {
      title: "Newton doesn't help",
      text: "The rows of the Hessian that belong to dead units are 0 as well. Newton's method finds the best output bias in a few steps, and then says itself how many directions are flat.",
      log: after(DEATH, setting({ ...chosen("newton"), batchSize: 0 })),
      from: DEATH,
      to: DEATH + 40,
      claims: [allDead(2), lossAbove(0.65)],
    },
    {
      title: "Leaky ReLU",
      text: "The same parameters, but with a slope of 0.01 below 0: a little gradient leaks through, and the layer climbs back.",
      log: after(DEATH, { kind: "activation", layer: 1, activation: "leaky-relu" }, calm),
      from: DEATH,
      to: 5000,
      claims: [alive(2), lossBelow(0.1)],
    },
    {
      title: "Batch norm",
      text: "Batch norm before the activation shifts every unit such that about half of the samples reach it.",
      log: after(DEATH, { kind: "batch-norm", layer: 1 }, setting({ learningRate: 0.03 })),
      from: DEATH,
      to: 4000,
      claims: [alive(2), lossBelow(0.1)],
    },
    {
      title: "Reviving",
      text: "Dead units are redrawn; their outgoing weights start from 0, so that nothing is lost that the others have learned.",
      log: after(DEATH, { kind: "revive" }, calm),
      from: DEATH,
      to: 5000,
      claims: [alive(2), lossBelow(0.1)],
    },
    {
      title: "Momentum",
      text:
        "A blow in full run: after 20 steps with momentum 0.95 all biases of layer 2 are thrown to −3, and it is dead. But the velocity that its " +
        "parameters had is still there, and carries them back to where samples reach.",
      settings: { learningRate: 0.03, options: { momentum: 0.95 }, seed: 12 },
      log: after(BLOW, { kind: "fill", layer: 1, what: "bias", value: -3 }),
      from: BLOW,
      to: 4000,
      claims: [alive(2), lossBelow(0.1)],
    },
    {
      title: "The same without momentum",
      text: "The same blow at the same place, with the momentum taken away at that moment.",
      settings: { learningRate: 0.03, options: { momentum: 0.95 }, seed: 12 },
      log: after(BLOW, { kind: "fill", layer: 1, what: "bias", value: -3 }, setting({ options: { momentum: 0 } })),
      from: BLOW,
      to: 4000,
      claims: [allDead(2), lossAbove(0.65)],
    },
    {
      title: "Weight decay, positive bias",
      text:
        "Another death: all weights into layer 2 have become −1, while its biases are 0.2. An L2 penalty on the weights alone, kept up for 50 epochs, " +
        "shrinks them until the positive bias wins.",
      settings: { learningRate: 0.1, bias: 0.5 },
      log: decayed(0.2),
      from: 250,
      to: 5000,
      claims: [alive(2), lossBelow(0.1)],
    },
    {
      title: "Weight decay without it",
      text: "The same with biases of 0: however small the negative weights become, what they give stays negative. Decay alone rescues nobody.",
      settings: { learningRate: 0.1, bias: 0.5 },
      log: decayed(0),
      from: 250,
      to: 5000,
      claims: [allDead(2), lossAbove(0.65)],
    },
  ],
};
