import type { Advice } from "../model/protocol.ts";
import type { HiddenLayer } from "../model/settings.ts";
import { texts } from "../texts/index.ts";
import { stepDown } from "./curvature-panel.tsx";
import { addBatchNorm, makeLeaky, revive } from "./dead-notes.tsx";
import { change, set, settings } from "./store.ts";

/** Something that a button does about an advice. */
export interface Remedy {
  readonly label: string;
  readonly act: () => void;
}

const { advice: words } = texts;

const fresh: Remedy = {
  label: words.fresh,
  act: () => set({ seed: settings.value.seed + 1, initializer: "he-normal", bias: 0 }),
};
const clip: Remedy = { label: words.clip, act: () => set({ clip: "norm", clipAt: 1 }) };
const down: Remedy = { label: words.escape, act: stepDown };

function rate(label: string, factor: number): Remedy {
  return { label, act: () => set({ learningRate: settings.value.learningRate * factor }) };
}
const slower = rate(words.slower, 0.1);

/** A hidden layer's own change, where it is one of these and not made yet. */
function ofLayer(
  layer: number | null,
  label: string,
  open: (of: HiddenLayer) => boolean,
  act: (layer: number) => void,
) {
  const { layers } = settings.value;
  const at = layer !== null && layers[layer] ? [layer] : layers.map((_, index) => index);
  const places = at.filter((index) => open(layers[index]));
  return places.length > 0 ? [{ label, act: () => places.forEach(act) }] : [];
}

const leaky = (layer: number | null) =>
  ofLayer(layer, words.leaky, ({ activation }) => activation === "relu", makeLeaky);
const norm = (layer: number | null) => ofLayer(layer, words.norm, ({ batchNorm }) => !batchNorm, addBatchNorm);
const relu = (layer: number | null) =>
  ofLayer(
    layer,
    words.relu,
    ({ activation }) => activation !== "relu",
    (at) => change({ kind: "activation", layer: at, activation: "relu" }),
  );

function penalties(): Remedy[] {
  const { l1, l2, options } = settings.value;
  const decay = Number(options.weightDecay ?? 0);
  return [
    {
      label: words.lessPenalty,
      act: () =>
        set({ l1: l1 / 10, l2: l2 / 10, ...(decay > 0 ? { options: { ...options, weightDecay: decay / 10 } } : {}) }),
    },
  ];
}

function wider(): Remedy[] {
  const { layers } = settings.value;
  return layers.length === 0
    ? []
    : [
        {
          label: words.wider,
          act: () => set({ layers: layers.map((of) => ({ ...of, units: Math.min(8, of.units + 2) })) }),
        },
      ];
}

/** By the kind of advice; kinds that are about the data have none. */
const remedies: Readonly<Record<string, (layer: number | null) => Remedy[]>> = {
  "non-finite": () => [slower, clip],
  diverged: () => [slower, clip],
  "dead-layer": (layer) => [{ label: words.revive, act: revive }, ...leaky(layer), ...norm(layer)],
  "dead-units": (layer) => [{ label: words.revive, act: revive }, ...leaky(layer)],
  "step-activation": relu,
  "saturated-units": (layer) => [...relu(layer), ...norm(layer)],
  "duplicated-units": () => [fresh],
  "linear-layer": (layer) => [fresh, ...norm(layer)],
  "vanishing-gradients": (layer) => [...relu(layer), ...norm(layer), fresh],
  "exploding-gradients": (layer) => [clip, ...norm(layer)],
  "learning-rate-too-high": () => [slower],
  "learning-rate-too-low": () => [rate(words.faster, 3)],
  "penalty-too-strong": penalties,
  overfitting: () => [
    { label: words.penalty, act: () => set({ l2: Math.max(0.003, settings.value.l2 * 3) }) },
    { label: words.stop, act: () => set({ patience: 50 }) },
  ],
  saddle: () => [down],
  maximum: () => [down],
  "degenerate-point": () => [fresh],
  "zero-gradient": () => [fresh],
  "worse-than-baseline": () => [fresh, ...wider()],
  "outlying-targets": () =>
    settings.value.loss === "mse" ? [{ label: words.huber, act: () => set({ loss: "huber" }) }] : [],
};

export function remediesOf({ code, layer }: Advice): readonly Remedy[] {
  return remedies[code]?.(layer) ?? [];
}
