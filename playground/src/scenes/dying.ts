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
  question: "Can a dead unit come back?",
  level: "easy",
  minutes: 12,
  picture: "dying",
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
      group: "How it dies",
      frame: "network",
      ask: {
        question: "The learning rate is a hundred times too high. What happens to layer 2?",
        options: ["It learns faster", "It swings to and fro", "It dies"],
        right: 2,
      },
      event: {
        at: 50,
        says: "The last unit of layer 2 has just died. From here on no gradient passes it.",
        claim: allDead(2),
      },
      seen: "Every unit of layer 2 was thrown to where no sample reaches it. The output is a constant now.",
      text: "Plain SGD with a learning rate of 3, a hundred times too much. Within two epochs the second layer is thrown to where no sample reaches it.",
      to: DEATH,
      claims: [allDead(2), lossAbove(0.65)],
    },
    {
      title: "Smaller steps don't help",
      group: "What does not help",
      frame: "loss",
      ask: { question: "Can a small learning rate bring the layer back?", options: ["Yes, slowly", "No"], right: 1 },
      seen: "Nothing moved. A step is the learning rate times the gradient, and the gradient is exactly 0.",
      text: "From the dead layer on, with a learning rate of 0.03. Small steps would have kept it alive, but its gradient is exactly 0 now: no step of any length moves it.",
      log: after(DEATH, setting({ learningRate: 0.03 })),
      from: DEATH,
      to: 4000,
      claims: [allDead(2), lossAbove(0.65)],
    },
    {
      title: "Adam doesn't help",
      group: "What does not help",
      frame: "loss",
      ask: {
        question: "Adam makes small gradients count as much as large ones. Does that help?",
        options: ["Yes", "No"],
        right: 1,
      },
      seen: "Nothing moved. Adam makes small gradients large, but 0 stays 0.",
      text: "Adaptive steps divide by the size of past gradients. 0 divided by anything is 0.",
      log: after(DEATH, setting(chosen("adam"))),
      from: DEATH,
      to: 4000,
      claims: [allDead(2), lossAbove(0.65)],
    },
    {
      title: "Newton doesn't help",
      group: "What does not help",
      frame: "hessian",
      ask: {
        question: "And curvature? Newton sees second derivatives.",
        options: ["It finds the way back", "It sees nothing either"],
        right: 1,
      },
      seen: "The rows of dead units are 0 in the Hessian too. Second order sees nothing where the output does not change.",
      text: "The rows of the Hessian that belong to dead units are 0 as well. Newton's method finds the best output bias in a few steps, and then says itself how many directions are flat.",
      log: after(DEATH, setting({ ...chosen("newton"), batchSize: 0 })),
      from: DEATH,
      to: DEATH + 40,
      claims: [allDead(2), lossAbove(0.65)],
    },
    {
      title: "Leaky ReLU",
      group: "What brings it back",
      frame: "network",
      ask: { question: "A slope of 0.01 below 0: is so little enough?", options: ["Yes", "No"], right: 0 },
      event: { at: DEATH + 808, says: "It learns again: the loss has come below 0.3.", claim: lossBelow(0.3) },
      seen: "It is enough: whatever gradient leaks through turns the units round until samples reach them.",
      text: "The same parameters, but with a slope of 0.01 below 0: a little gradient leaks through, and the layer climbs back.",
      log: after(DEATH, { kind: "activation", layer: 1, activation: "leaky-relu" }, calm),
      from: DEATH,
      to: 5000,
      claims: [alive(2), lossBelow(0.1)],
    },
    {
      title: "Batch norm",
      group: "What brings it back",
      frame: "network",
      ask: {
        question: "Batch norm centres what each unit gets. What becomes of the dead ones?",
        options: ["They live at once", "They stay dead"],
        right: 0,
      },
      event: { at: DEATH + 88, says: "It learns again: the loss has come below 0.5.", claim: lossBelow(0.5) },
      seen: "Half of the samples reach each unit at once, and training goes on as if nothing had been.",
      text: "Batch norm before the activation shifts every unit such that about half of the samples reach it.",
      log: after(DEATH, { kind: "batch-norm", layer: 1 }, setting({ learningRate: 0.03 })),
      from: DEATH,
      to: 4000,
      claims: [alive(2), lossBelow(0.1)],
    },
    {
      title: "Reviving",
      group: "What brings it back",
      frame: "network",
      ask: { question: "Dead units are drawn anew. Does the loss jump?", options: ["Yes", "No"], right: 1 },
      event: {
        at: DEATH + 597,
        says: "The new units have begun to help: the loss has come below 0.5.",
        claim: lossBelow(0.5),
      },
      seen: "It does not jump: outgoing weights start from 0, so the output is the same at first.",
      text: "Dead units are drawn anew; their outgoing weights start from 0, so that nothing is lost that the others have learned.",
      log: after(DEATH, { kind: "revive" }, calm),
      from: DEATH,
      to: 5000,
      claims: [alive(2), lossBelow(0.1)],
    },
    {
      title: "Momentum",
      group: "Does speed help?",
      frame: "loss",
      ask: {
        question: "The layer is dead, but the optimizer still has speed. Can it come back?",
        options: ["Yes", "No"],
        right: 0,
      },
      event: {
        at: BLOW + 1,
        says: "One step after the blow a unit is alive again, though its gradient was 0.",
        claim: alive(2),
      },
      seen: "Velocity outlived the gradient and carried the parameters back.",
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
      group: "Does speed help?",
      frame: "loss",
      ask: {
        question: "And with the velocity taken away?",
        options: ["It comes back as well", "It stays dead"],
        right: 1,
      },
      seen: "It stays dead: the velocity was what moved it.",
      text: "The same blow at the same place, with the momentum taken away at that moment.",
      settings: { learningRate: 0.03, options: { momentum: 0.95 }, seed: 12 },
      log: after(BLOW, { kind: "fill", layer: 1, what: "bias", value: -3 }, setting({ options: { momentum: 0 } })),
      from: BLOW,
      to: 4000,
      claims: [allDead(2), lossAbove(0.65)],
    },
    {
      title: "Weight decay, positive bias",
      group: "Does shrinking help?",
      frame: "network",
      ask: {
        question: "Weights shrink under a penalty, biases do not. Does the layer come back?",
        options: ["Yes", "No"],
        right: 0,
      },
      event: { at: 1196, says: "The first samples reach the layer again.", claim: alive(2) },
      seen: "The negative weights shrank until the positive bias won.",
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
      group: "Does shrinking help?",
      frame: "network",
      ask: { question: "The same with a bias of 0?", options: ["Yes", "No"], right: 1 },
      seen: "Small negative weights are still negative. Decay alone brings nothing back.",
      text: "The same with biases of 0: however small the negative weights become, what they give stays negative. Decay alone rescues nobody.",
      settings: { learningRate: 0.1, bias: 0.5 },
      log: decayed(0),
      from: 250,
      to: 5000,
      claims: [allDead(2), lossAbove(0.65)],
    },
  ],
};
