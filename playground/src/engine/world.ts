import {
  type Dataset,
  dataset,
  type LayerSpec,
  type Matrix,
  matrix,
  type Network,
  type NetworkSpec,
  network,
} from "hessia";
import { features } from "../data/features.ts";
import { EXTENT, generate, type Sample } from "../data/generators.ts";
import type { OwnData } from "../data/own.ts";
import { randomOf, shuffle } from "../data/random.ts";
import { type LayerPlaces, placesOf } from "../model/layout.ts";
import { Plain } from "../model/plainly.ts";
import {
  type ActivationName,
  type LossName,
  type Problem,
  problemOf,
  type Settings,
  type Snapshot,
} from "../model/settings.ts";

/** A sample with everything the network sees of it. */
interface Row extends Sample {
  readonly inputs: readonly number[];
}

/** The data that settings describe, and what network fits it. */
export class World {
  readonly problem: Problem;
  /** Names of the classes; empty under regression. */
  readonly classes: readonly string[];
  readonly trainRows: readonly Row[];
  readonly testRows: readonly Row[];
  readonly train: Dataset;
  readonly test: Dataset;
  /**
   * How many of the training rows have a wrong label: the first ones, which lie anywhere since rows
   * are shuffled.
   */
  readonly flipped: number;
  readonly inputs: number;
  readonly outputs: number;
  readonly #grids = new Map<number, Matrix>();

  constructor(
    readonly settings: Settings,
    readonly own: OwnData | null,
  ) {
    this.problem = problemOf(settings.data, own?.problem);
    this.classes =
      this.problem === "regression" ? [] : settings.data === "own" && own ? own.classes : ["orange", "blue"];
    const rows = shuffle(this.#rows(), randomOf(settings.dataSeed + 1));
    const count = Math.max(2, Math.min(rows.length - 1, Math.round((rows.length * settings.train) / 100)));
    this.flipped = Math.min(settings.flipped, count);
    this.trainRows = rows.slice(0, count).map((row, index) => (index < this.flipped ? this.#flip(row) : row));
    this.testRows = rows.slice(count);
    this.inputs = rows[0].inputs.length;
    this.outputs = this.classes.length > 2 ? this.classes.length : 1;
    this.train = this.#dataset(this.trainRows);
    this.test = this.#dataset(this.testRows);
  }

  /** What the data trains under: more than two classes have one loss only. */
  get loss(): LossName | "binary-cross-entropy" {
    const { loss } = this.settings;
    if (this.problem === "regression") return loss === "cross-entropy" ? "mse" : loss;
    if (this.outputs > 1) return "cross-entropy";
    if (loss === "quantile") return "binary-cross-entropy";
    return loss === "cross-entropy" ? "binary-cross-entropy" : loss;
  }

  /** Whether classes are told by the sign of an output in (−1, 1). */
  get signed(): boolean {
    return this.problem === "classification" && !this.loss.endsWith("cross-entropy");
  }

  /** A network as settings say, with their start. */
  network(settings: Settings): Network {
    const net = network(this.spec(settings));
    if (settings.bias !== 0) {
      const parameters = net.getParameters();
      for (const { bias, units } of this.places(settings).slice(0, -1))
        parameters.fill(settings.bias, bias, bias + units);
      net.setParameters(parameters);
    }
    return net;
  }

  /** A network as it was at a point of training. */
  networkAt({ settings, parameters, statistics }: Pick<Snapshot, "settings" | "parameters" | "statistics">): Network {
    const net = network(this.spec(settings));
    net.setParameters(parameters);
    if (statistics.length > 0) net.setRunningStatistics(statistics);
    return net;
  }

  spec(settings: Settings): NetworkSpec {
    const { layers, initializer, seed, l1, l2, penaltyOn } = settings;
    return {
      inputs: this.inputs,
      layers: [
        ...layers.map(({ units, activation, batchNorm }) => ({
          units,
          activation: activationOf(activation, settings),
          batchNorm,
        })),
        { units: this.outputs, activation: this.signed ? "tanh" : "identity" },
      ],
      loss: this.loss === "quantile" ? { type: "quantile", at: this.settings.quantile } : this.loss,
      penalty: { l1, l2, on: penaltyOn },
      initializer,
      seed,
    };
  }

  places({ layers }: Pick<Settings, "layers">): LayerPlaces[] {
    return placesOf(this.inputs, layers, this.outputs);
  }

  /** Rows of a size × size raster of the plane, from the top left corner. */
  grid(size: number): Matrix {
    const known = this.#grids.get(size);
    if (known) return known;
    const rows: number[][] = [];
    for (let row = 0; row < size; ++row) {
      for (let column = 0; column < size; ++column) {
        const x = (((column + 0.5) / size) * 2 - 1) * EXTENT;
        const y = -(((row + 0.5) / size) * 2 - 1) * EXTENT;
        rows.push(this.#encode(x, y));
      }
    }
    const grid = matrix(rows);
    this.#grids.set(size, grid);
    return grid;
  }

  /** What the network sees of a point of the plane. */
  #encode(x: number, y: number): number[] {
    const { own } = this;
    if (own && this.settings.data === "own" && own.inputNames.length > 2) {
      const row = new Array<number>(own.inputNames.length).fill(0);
      row[own.axes[0]] = x;
      row[own.axes[1]] = y;
      return row;
    }
    return this.settings.features.map((name) => features[name].of(x, y));
  }

  /** The next class in place of the right one, or the value with its sign turned round. */
  #flip(row: Row): Row {
    const label = this.problem === "regression" ? -row.label : (row.label + 1) % this.classes.length;
    return { ...row, label };
  }

  #rows(): Row[] {
    const { data, samples, noise, dataSeed } = this.settings;
    const { own } = this;
    if (data !== "own") {
      return generate(data, samples, noise, dataSeed).map((sample) => ({
        ...sample,
        inputs: this.#encode(sample.x, sample.y),
      }));
    }
    if (!own) throw new Plain("There is no table of your own here yet: paste or drop one.");
    return own.rows.map((row, index) => {
      const x = row[own.axes[0]];
      const y = row[own.axes[1]];
      return { x, y, label: own.labels[index], inputs: own.inputNames.length > 2 ? row : this.#encode(x, y) };
    });
  }

  #dataset(rows: readonly Row[]): Dataset {
    const targets = rows.map(({ label }) => (this.signed ? 2 * label - 1 : label));
    return dataset(
      rows.map(({ inputs }) => inputs.slice()),
      targets,
    );
  }
}

export function activationOf(
  name: ActivationName,
  { atZero, slope }: Pick<Settings, "atZero" | "slope">,
): NonNullable<LayerSpec["activation"]> {
  if (name === "relu") return { type: "relu", atZero };
  if (name === "leaky-relu") return { type: "leaky-relu", slope };
  return name;
}
