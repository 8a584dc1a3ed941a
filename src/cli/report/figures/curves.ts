import { line, ruleY } from "@observablehq/plot";
import type { EpochRecord } from "../../../index.js";
import { percent, short } from "../../output/format.js";
import { dataLoss } from "../../output/progress.js";
import { axis, draw, type Figure, type LegendEntry, least, series, spansDecades, stroke } from "../figure.js";

/** A curve over epochs. */
interface Curve {
  readonly name: string;
  readonly of: (record: EpochRecord) => number | undefined;
}

/** Loss, accuracy and learning rate over the epochs. */
export function curveFigures(epochs: readonly EpochRecord[]): Figure[] {
  if (epochs.length === 0) return [];
  return [lossFigure(epochs), ...accuracyFigure(epochs), ...rateFigure(epochs)];
}

function lossFigure(epochs: readonly EpochRecord[]): Figure {
  const curves: Curve[] = [
    { name: "training", of: dataLoss },
    { name: "validation", of: ({ validationLoss }) => validationLoss },
  ];
  const last = epochs[epochs.length - 1];
  const lowest = least(epochs.map((record) => record.validationLoss ?? dataLoss(record)));
  const alt = `Loss over ${epochs.length} epochs, from ${short(dataLoss(epochs[0]))} to ${short(dataLoss(last))} in training.`;
  const best = last.validationLoss === undefined ? "" : ` The lowest validation loss is ${short(lowest)}.`;
  const caption = `Training: mean over the epoch's steps, each before its step. Validation: after the epoch. Neither has the penalty in it.${best}`;
  return overEpochs(
    "loss",
    "Loss",
    "loss",
    alt,
    last.validationLoss === undefined ? caption.split(" Validation")[0] : caption,
    epochs,
    curves,
  );
}

function accuracyFigure(epochs: readonly EpochRecord[]): Figure[] {
  const last = epochs[epochs.length - 1];
  if (last.accuracy === undefined) return [];
  const curves: Curve[] = [
    { name: "training", of: ({ accuracy }) => accuracy },
    { name: "validation", of: ({ validationAccuracy }) => validationAccuracy },
  ];
  const alt = `Accuracy over ${epochs.length} epochs, at the end ${percent(last.accuracy)} in training.`;
  const caption = "Share of the rows that are classified correctly; in training each before its step.";
  return [overEpochs("accuracy", "Accuracy", "accuracy", alt, caption, epochs, curves)];
}

function rateFigure(epochs: readonly EpochRecord[]): Figure[] {
  const rates = epochs.map(({ learningRate }) => learningRate);
  if (rates.every((rate) => rate === rates[0])) return [];
  const alt = `Learning rate over the epochs, from ${short(rates[0])} to ${short(rates[rates.length - 1])}.`;
  const curves: Curve[] = [{ name: "learning rate", of: ({ learningRate }) => learningRate }];
  return [overEpochs("learning-rate", "Learning rate", "rate", alt, "Of each epoch's last step.", epochs, curves)];
}

function overEpochs(
  id: string,
  title: string,
  label: string,
  alt: string,
  caption: string,
  epochs: readonly EpochRecord[],
  curves: readonly Curve[],
): Figure {
  const drawn = curves.flatMap((curve, i) => {
    const points = epochs.flatMap((record) => {
      const y = curve.of(record);
      return y === undefined || !Number.isFinite(y) ? [] : [{ x: record.epoch, y }];
    });
    return points.length > 0 ? [{ ...curve, points, look: series(i) }] : [];
  });
  const values = drawn.flatMap(({ points }) => points.map(({ y }) => y));
  const logarithmic = id === "loss" && spansDecades(values);
  const body = draw(alt, {
    x: { label: "epoch", ticks: Math.min(6, epochs.length), ...(epochs.length === 1 ? { domain: [0, 2] } : {}) },
    y: axis(label, values, logarithmic),
    marks: [
      ...(logarithmic ? [] : [ruleY([0], { strokeOpacity: 0.3 })]),
      ...drawn.map(({ points, look }) =>
        line(points, { x: "x", y: "y", ...stroke(look), strokeWidth: 2, marker: points.length < 3 ? "dot" : "none" }),
      ),
    ],
  });
  const legend: LegendEntry[] = drawn.map(({ name, look }) => ({ name, ...look }));
  return { id, title, caption, alt, body, ...(legend.length > 1 ? { legend } : {}) };
}
