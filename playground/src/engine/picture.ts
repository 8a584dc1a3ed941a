import { type Dataset, deadUnits } from "hessia";
import { featureNames, features } from "../data/features.ts";
import { contour } from "../model/contour.ts";
import { type Confusion, KINK_MAP, OUTPUT_MAP, type Scenery, UNIT_MAP, type Wants } from "../model/protocol.ts";
import type { FeatureName } from "../model/settings.ts";
import { Probes, regions, scaled } from "./probes.ts";
import type { Session } from "./session.ts";

/** What a page needs to know of the data, once. */
export function sceneryOf(session: Session): Scenery {
  const { world } = session;
  const plain = ({ x, y, label }: { x: number; y: number; label: number }) => ({ x, y, label });
  const grid = world.grid(UNIT_MAP);
  const { settings, own } = world;
  const wide = settings.data === "own" && own !== null && own.inputNames.length > 2;
  return {
    problem: world.problem,
    classes: world.classes,
    train: world.trainRows.map(plain),
    test: world.testRows.map(plain),
    rows: world.trainRows.map(({ inputs }) => inputs),
    targets: Array.from(world.train.targets as Float64Array),
    inputs: wide ? own.inputNames : settings.features.map((name) => inputName(name, world)),
    wide,
    outputs: world.outputs,
    inputMaps: wide
      ? own.inputNames.map((_, j) => column(grid.data, grid.columns, j))
      : featureNames.map((name) => plainMap(features[name].of)),
    stepsPerEpoch: session.stepsPerEpoch,
    loss: world.loss,
    signed: world.signed,
  };
}

/** A column's own name where the input is the column itself. */
function inputName(name: FeatureName, { settings, own }: Session["world"]): string {
  const axis = ["x1", "x2"].indexOf(name);
  return settings.data === "own" && own && axis >= 0 ? own.inputNames[own.axes[axis]] : features[name].label;
}

function column(data: ArrayLike<number>, width: number, j: number): Float32Array {
  return scaled(Float32Array.from({ length: data.length / width }, (_, i) => data[i * width + j]));
}

function plainMap(of: (x: number, y: number) => number): Float32Array {
  const values = new Float32Array(UNIT_MAP * UNIT_MAP);
  for (let i = 0; i < values.length; ++i) {
    const x = ((((i % UNIT_MAP) + 0.5) / UNIT_MAP) * 2 - 1) * 6;
    const y = -(((Math.floor(i / UNIT_MAP) + 0.5) / UNIT_MAP) * 2 - 1) * 6;
    values[i] = of(x, y);
  }
  return scaled(values);
}

/** How good the network is on a data set. */
export function scoreOf(session: Session, data: Dataset): { loss: number; accuracy: number | null } {
  const { loss, accuracy } = session.net.evaluate(data);
  if (accuracy !== undefined) return { loss, accuracy };
  if (!session.world.signed) return { loss, accuracy: null };
  const said = session.net.predict(data.inputs).data;
  const targets = data.targets as Float64Array;
  let right = 0;
  for (let i = 0; i < said.length; ++i) if (said[i] > 0 === targets[i] > 0) ++right;
  return { loss, accuracy: right / said.length };
}

export function confusionOf(session: Session): Confusion | null {
  const { world } = session;
  if (world.problem === "regression") return null;
  return { train: confusion(session, world.train), test: confusion(session, world.test) };
}

function confusion({ net, world }: Session, data: Dataset): number[][] {
  const size = world.classes.length;
  const counts = Array.from({ length: size }, () => new Array<number>(size).fill(0));
  const said = world.signed
    ? Array.from(net.predict(data.inputs).data, (value) => (value > 0 ? 1 : 0))
    : net.classify(data.inputs);
  const targets = data.targets as Float64Array;
  for (let i = 0; i < targets.length; ++i) ++counts[world.signed ? Number(targets[i] > 0) : targets[i]][said[i]];
  return counts;
}

/**
 * The output over the plane: in [−1, 1]; with several classes the class plus its probability, less
 * than 1.
 */
export function outputMap({ net, world }: Pick<Session, "net" | "world">): Float32Array {
  const grid = world.grid(OUTPUT_MAP);
  if (world.loss === "binary-cross-entropy") return Float32Array.from(net.probabilities(grid).data, (p) => 2 * p - 1);
  if (world.loss !== "cross-entropy") return Float32Array.from(net.predict(grid).data);
  const { rows, columns, data } = net.probabilities(grid);
  return Float32Array.from({ length: rows }, (_, i) => {
    let best = 0;
    for (let j = 1; j < columns; ++j) if (data[i * columns + j] > data[i * columns + best]) best = j;
    return best + Math.min(0.999, data[i * columns + best]);
  });
}

/** Of each class its probability over the plane; null where there are two classes or values. */
function classMaps({ net, world }: Session): Float32Array[] | null {
  if (world.outputs < 2) return null;
  const { rows, columns, data } = net.probabilities(world.grid(UNIT_MAP));
  return Array.from({ length: columns }, (_, j) =>
    Float32Array.from({ length: rows }, (_, i) => j + Math.min(0.999, data[i * columns + j])),
  );
}

/**
 * Makes the maps of a session's pictures, and counts what crosses a kink from one picture to the
 * next.
 */
export class Painter {
  crossings = 0;
  #probes: Probes | null = null;
  #signs: Uint8Array | null = null;

  constructor(readonly session: Session) {}

  maps({ maps, kinks }: Wants) {
    const { session } = this;
    const probes = this.#fitting();
    const kinkMaps = kinks ? probes.kinkMaps(session.net) : null;
    return {
      unitMaps: maps ? probes.unitMaps(session.net) : null,
      outputMap: maps ? outputMap(session) : null,
      classMaps: maps ? classMaps(session) : null,
      kinks:
        kinkMaps?.map(({ layer, maps: all }) => ({ layer, lines: all.map((map) => contour(map, KINK_MAP)) })) ?? null,
      regions: kinkMaps ? regions(kinkMaps.flatMap(({ maps: all }) => all)) : null,
    };
  }

  dead(): number[][] {
    return deadUnits(this.session.net, this.session.world.train).slice(0, -1);
  }

  countCrossings(): number {
    const signs = this.#fitting().signs(this.session.net, this.session.world.train);
    const before = this.#signs;
    if (before && before.length === signs.length) {
      for (let i = 0; i < signs.length; ++i) if (signs[i] !== before[i]) ++this.crossings;
    }
    this.#signs = signs;
    return this.crossings;
  }

  #fitting(): Probes {
    const { world, settings } = this.session;
    if (!this.#probes?.fits(settings)) {
      this.#probes = new Probes(world, settings);
      this.#signs = null;
    }
    return this.#probes;
  }
}
