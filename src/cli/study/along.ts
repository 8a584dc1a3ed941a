import {
  type Dataset,
  dataset,
  hessianOperator,
  type Kinks,
  kinks,
  lanczos,
  matrix,
  type Network,
  network,
} from "../../index.js";

/** The objective along a line through the parameters. */
export interface Along {
  readonly points: readonly { readonly t: number; readonly loss: number; readonly model: number }[];
  /** Steps at which a unit switches for a row, ascending, of both sides. */
  readonly crossings: readonly number[];
  /** Rows that these are of: the first ones, where all would take long. */
  readonly rows: number;
  /** Whether they are all there, to rounding. */
  readonly exact: boolean;
  /** gᵀd and dᵀHd. */
  readonly slope: number;
  readonly curvature: number;
  /** ‖d‖. */
  readonly norm: number;
}

const POINTS = 121;
/**
 * Rows × units × parameters that kinks are looked for in: each that is met costs a pass through
 * what lies above.
 */
const MOST_KINK_WORK = 4e9;
/** Of the parameters' norm. */
const LONGEST = 0.25;

/** Network and data, and what both directions need at the point. */
export class Surroundings {
  readonly #net: Network;
  readonly #data: Dataset;
  /** For kinks. */
  readonly #some: Dataset;
  readonly #theta: Float64Array;
  readonly #gradient: Float64Array;
  readonly #loss: number;
  readonly #multiply: (v: Float64Array) => ArrayLike<number>;

  constructor(net: Network, data: Dataset) {
    // In double precision, whose rounding does not show.
    this.#net = network({ ...net.spec, dtype: "f64" });
    this.#net.setParameters(net.getParameters());
    this.#net.setRunningStatistics(net.getRunningStatistics());
    this.#data = data;
    this.#some = firstRows(data, kinkRows(net, data.size));
    this.#theta = Float64Array.from(net.getParameters());
    const { loss, gradient } = this.#net.gradient(data);
    this.#loss = loss;
    this.#gradient = Float64Array.from(gradient);
    const operator = hessianOperator(this.#net, data);
    this.#multiply = (v) => operator.matvec(v);
  }

  /**
   * Down the gradient, to three times the step that the curvature along it calls for; null where
   * the gradient is 0.
   */
  downhill(): Along | null {
    const direction = this.#gradient.map((g) => -g);
    const norm = length(direction);
    if (!(norm > 0 && Number.isFinite(norm))) return null;
    const curvature = dot(this.#multiply(direction), direction);
    const most = (LONGEST * (length(this.#theta) || 1)) / norm;
    const reach = curvature > 0 ? Math.min(most, (3 * norm * norm) / curvature) : most;
    return this.#along(direction, curvature, -reach / 3, reach);
  }

  /**
   * Along the eigenvector of the smallest eigenvalue, to both sides; null where it could not be
   * found.
   */
  lowest(seed: number): { readonly along: Along; readonly eigenvalue: number } | null {
    const found = lanczos(
      { size: this.#theta.length, matvec: (v) => Float64Array.from(this.#multiply(Float64Array.from(v))) },
      { k: 1, which: "smallest", seed, steps: 240, verify: false, tolerance: 1e-4 },
    );
    const [vector] = found.vectors;
    if (!vector || found.status === "non-finite") return null;
    // To the side where the gradient falls.
    const direction = dot(vector, this.#gradient) > 0 ? vector.map((x) => -x) : vector;
    const reach = LONGEST * (length(this.#theta) || 1);
    const curvature = dot(this.#multiply(direction), direction);
    return { along: this.#along(direction, curvature, -reach, reach), eigenvalue: found.values[0] };
  }

  #along(direction: Float64Array, curvature: number, from: number, to: number): Along {
    const slope = dot(this.#gradient, direction);
    const points = Array.from({ length: POINTS }, (_, i) => {
      const t = from + ((to - from) * i) / (POINTS - 1);
      this.#net.setParameters(this.#theta.map((x, k) => x + t * direction[k]));
      return { t, loss: this.#net.loss(this.#data), model: this.#loss + t * slope + 0.5 * t * t * curvature };
    });
    this.#net.setParameters(this.#theta);
    const ahead = this.#kinks(direction, to);
    const behind = this.#kinks(
      direction.map((x) => -x),
      -from,
    );
    const steps = (found: Kinks): number[] => found.crossings.map(({ step }) => step);
    const crossings = [
      ...steps(behind)
        .map((t) => -t)
        .reverse(),
      ...steps(ahead),
    ];
    return {
      points,
      crossings,
      rows: this.#some.size,
      exact: ahead.exact && behind.exact,
      slope,
      curvature,
      norm: length(direction),
    };
  }

  #kinks(direction: Float64Array, reach: number): Kinks {
    return kinks(this.#net, this.#some, { direction, length: reach });
  }
}

function kinkRows({ spec, parameterCount }: Network, rows: number): number {
  const units = spec.layers.reduce((sum, layer) => sum + layer.units, 0);
  return Math.min(rows, Math.max(8, Math.floor(MOST_KINK_WORK / (units * parameterCount))));
}

function firstRows(data: Dataset, rows: number): Dataset {
  if (rows >= data.size) return data;
  const { inputs, targets } = data;
  const { columns } = inputs;
  const chosen = matrix(rows, columns, inputs.data.slice(0, rows * columns));
  return dataset(
    chosen,
    "data" in targets
      ? matrix(rows, targets.columns, targets.data.slice(0, rows * targets.columns))
      : targets.slice(0, rows),
  );
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; ++i) sum += a[i] * b[i];
  return sum;
}

function length(v: ArrayLike<number>): number {
  return Math.sqrt(dot(v, v));
}
