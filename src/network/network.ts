import {
  checkChoice,
  checkKeys,
  checkNumber,
  checkObject,
  checkVector,
  isObject,
  wrongType,
  wrongValue,
} from "../check.js";
import { checkFinite, type Matrix, toMatrix } from "../linalg/matrix.js";
import { SymmetricMatrix } from "../linalg/symmetric.js";
import { finish } from "../parts.js";
import { type Build, currentBuild } from "../wasm/load.js";
import { coreMath } from "../wasm/math.js";
import { borrow, bytesPer, describeBytes, type FloatArray, floatArray, type Workspace } from "../wasm/workspace.js";
import { above } from "./above.js";
import { CurvatureProducts } from "./curvature.js";
import { checkDataset, checkSingle, countedRows, type Dataset } from "./dataset.js";
import { jacobianOf, type Resident, sensitivityOf } from "./derivatives.js";
import { assembleBlock, assembleHessian } from "./hessian.js";
import { type Layout, layoutOf } from "./layout.js";
import { forwardChunks, Objective, wholeBatch } from "./objective.js";
import { checkParameters, checkStatistics, type ParameterHolder, ParameterStore } from "./parameters.js";
import type { DerivativeOptions, HessianOptions, JacobianOptions, PassOptions } from "./pass.js";
import type { BatchNormMode, Gradients } from "./propagation.js";
import { decide, type Evaluation, Score } from "./score.js";
import { chosenParameters, lowestLayer, picked, rangesOf, spread } from "./selection.js";
import { decidesClasses, lossName, type NetworkSpec, type ResolvedSpec, resolveSpec } from "./spec.js";
import type { CurvatureKind } from "./tangent.js";

/** A network as plain data: `network(spec)` and the two setters restore it. */
export interface NetworkJson {
  /** The specification with every default filled in. */
  readonly spec: ResolvedSpec;
  /** The parameters, in the order that `Network` describes. */
  readonly parameters: readonly number[];
  /** Of batch norm: mean, then variance, layer by layer. */
  readonly runningStatistics: readonly number[];
}

/**
 * Structured cloning copies no private fields, so a clone would be without parameters. It refuses
 * functions, and shows their text.
 */
const REFUSE = (): string => "parameters do not survive structured cloning: pass net.toJSON()";

/**
 * A multi-layer perceptron and its parameters. Made by `network`.
 *
 * Parameters are flat, layer by layer: weight (units × inputs, row-major), bias, then batch norm's
 * scale and shift.
 */
export class Network {
  /** The specification with every default filled in; frozen. */
  readonly spec: ResolvedSpec;
  /** P: weights, biases, and batch norm's scales and shifts. */
  readonly parameterCount: number;
  /** The build of the core that this network was made with. */
  readonly build: Build;
  /** @internal */
  readonly layout: Layout;
  readonly #store: ParameterStore;

  /** @internal */
  constructor(spec: NetworkSpec) {
    this.spec = resolveSpec(spec);
    this.layout = layoutOf(this.spec);
    this.build = currentBuild();
    this.parameterCount = this.layout.parameterCount;
    this.#store = new ParameterStore(this.spec, this.layout, this.build);
    Object.defineProperty(this, "structuredClone", { enumerable: true, value: REFUSE });
  }

  /** A copy of the parameters, of the network's dtype. */
  getParameters(): FloatArray {
    return this.current().parameters.slice() as FloatArray;
  }

  /**
   * Replaces the parameters, also in the middle of a run.
   *
   * @param values `parameterCount` finite numbers in the order above.
   * @throws TypeError or RangeError, with nothing changed, for values of the wrong kind, number or
   * size.
   */
  setParameters(values: ArrayLike<number>): void {
    checkParameters("setParameters", "values", values, this);
    this.#store.write({ parameters: values });
  }

  /**
   * A copy of batch norm's running statistics: mean, then variance, layer by layer; empty without
   * batch norm.
   */
  getRunningStatistics(): FloatArray {
    return this.current().statistics.slice() as FloatArray;
  }

  /**
   * Replaces the running statistics.
   *
   * @param values as `getRunningStatistics` gives them.
   * @throws TypeError or RangeError, with nothing changed, for values of the wrong kind, number or
   * size, or a negative variance.
   */
  setRunningStatistics(values: ArrayLike<number>): void {
    checkStatistics("setRunningStatistics", "values", values, this);
    this.#store.write({ statistics: values });
  }

  /**
   * What `JSON.stringify` writes: specification, parameters and running statistics, exactly but for
   * the sign of zero. `toJson` of hessia/formats adds builds, checkpoints and metadata.
   *
   * @throws TypeError for a network with a loss of your own: JSON has no functions.
   * @example
   * const net = network({ inputs: 1, layers: [{ units: 1 }], seed: 1 });
   * const { spec, parameters } = JSON.parse(JSON.stringify(net));
   * const copy = network(spec);
   * copy.setParameters(parameters);
   */
  toJSON(): NetworkJson {
    if (lossName(this.spec.loss) === "custom") {
      wrongType("toJSON", "net", "a loss with a name", "one of the caller's functions", "save net.getParameters()");
    }
    const [parameters, runningStatistics] = [this.getParameters(), this.getRunningStatistics()].map((x) =>
      Array.from(x),
    );
    return { spec: this.spec, parameters, runningStatistics };
  }

  /**
   * The outputs of the last activation, under running statistics: logits for the cross-entropies.
   *
   * @param inputs one row a sample.
   * @returns samples × outputs, owned by the caller, of the network's dtype. Cost: about 2·N·P
   * flops.
   * @throws TypeError or RangeError for inputs that are not finite numbers of the network's width.
   */
  predict(inputs: Matrix | readonly (readonly number[])[]): Matrix {
    return this.#predict("predict", inputs);
  }

  /**
   * Class probabilities under running statistics: softmax for cross-entropy, the logistic function
   * for binary cross-entropy.
   *
   * @param inputs one row a sample.
   * @returns samples × outputs, owned by the caller. Cost: as `predict`.
   * @throws Error for a network whose loss is not a cross-entropy; else as `predict`.
   */
  probabilities(inputs: Matrix | readonly (readonly number[])[]): Matrix {
    this.#checkClassifier("probabilities");
    const logits = this.#predict("probabilities", inputs);
    const { exp } = coreMath(this.build);
    if (this.spec.loss === "binary-cross-entropy") {
      for (let i = 0; i < logits.data.length; ++i) logits.data[i] = logistic(logits.data[i], exp);
    } else {
      for (let row = 0; row < logits.rows; ++row) softmax(logits, row, exp);
    }
    return logits;
  }

  /**
   * The most probable class of each sample, the first of equals; for a single output under binary
   * cross-entropy 1 where its probability exceeds ½.
   *
   * @param inputs one row a sample.
   * @returns a class index for each sample, owned by the caller. Cost: as `predict`.
   * @throws Error for a network whose loss is not a cross-entropy, or binary cross-entropy with
   * several outputs; else as `predict`.
   */
  classify(inputs: Matrix | readonly (readonly number[])[]): Int32Array {
    this.#checkClassifier("classify");
    if (this.spec.loss === "binary-cross-entropy" && this.layout.outputs > 1) {
      throw new Error(
        `classify: the ${this.layout.outputs} outputs under binary cross-entropy are separate decisions; read net.probabilities`,
      );
    }
    const { rows, columns, data } = this.#predict("classify", inputs);
    const classes = new Int32Array(rows);
    for (let row = 0; row < rows; ++row) classes[row] = decide(data, row * columns, 1, columns);
    return classes;
  }

  /**
   * Loss without penalty, and accuracy or RMSE where they make sense, as in inference: under
   * running statistics.
   *
   * @param data inputs and targets.
   * @returns accuracy counts samples under cross-entropy (probability targets by their largest
   * entry) and single decisions under binary cross-entropy.
   * Cost: about 2·N·P flops.
   * @throws as `loss`.
   */
  evaluate(data: Dataset): Evaluation {
    checkDataset("evaluate", data, this);
    return this.resident((workspace, theta, statistics) => {
      const objective = this.#objective(workspace, data, "running", "none");
      const score = new Score(this.spec, this.layout, data);
      const { propagation } = objective;
      const loss = objective.dataLoss(theta, statistics, wholeBatch(data), (from) =>
        score.add(propagation, null, from),
      );
      return score.evaluation(loss);
    });
  }

  /**
   * The training objective on the data: mean loss plus penalty.
   *
   * @param data inputs and targets.
   * @param options batchNorm: "batch" (default), the data's own statistics as in training, or
   * "running".
   * @returns a number; NaN or infinity where the data leads there. Cost: about 2·N·P flops.
   * @throws TypeError or RangeError for data that does not fit the network; RangeError for a single
   * row under batch statistics, and for more memory than WebAssembly has.
   */
  loss(data: Dataset, options: PassOptions = {}): number {
    const mode = this.mode("loss", data, options);
    return this.resident((workspace, theta, statistics) =>
      this.#objective(workspace, data, mode, "none").value(theta, statistics, wholeBatch(data)),
    );
  }

  /**
   * The training objective and its gradient with respect to the parameters, in their order, by
   * backpropagation.
   *
   * @param data inputs and targets.
   * @param options batchNorm: as in `loss`; of: the parameters to differentiate with respect to,
   * all by default. @returns the gradient, owned by the caller. Cost: about 6·N·P flops; the
   * backward pass ends at the lowest layer of `of`.
   * @throws as `loss`, and for an `of` that is no mask of this network.
   */
  gradient(data: Dataset, options: DerivativeOptions = {}): { loss: number; gradient: FloatArray } {
    const mode = this.mode("gradient", data, options, ["of"]);
    const places = this.#chosen("gradient", options);
    const { dtype } = this.spec;
    return this.resident((workspace, theta, statistics) => {
      const at = workspace.allocate(dtype, this.parameterCount);
      const objective = this.#objective(workspace, data, mode, "transient");
      if (places) objective.propagation.lowest = lowestLayer(this.layout, places);
      const loss = objective.valueAndGradient(theta, statistics, wholeBatch(data), at);
      const gradient = workspace.read(dtype, at, this.parameterCount);
      return { loss, gradient: places ? picked(gradient, places) : gradient };
    });
  }

  #chosen(where: string, { of }: JacobianOptions): Uint32Array | null {
    return of === undefined ? null : chosenParameters(where, "of", of, this.layout);
  }

  /**
   * The exact product H·v of the objective's Hessian with a vector, by Pearlmutter's R-operator
   * (1994): no matrix, no differences.
   *
   * @param data inputs and targets.
   * @param v `parameterCount` finite numbers, or as many as `of` chooses.
   * @param options batchNorm: as in `loss`; of: the parameters whose block of H it is, all by
   * default.
   * @returns the product, owned by the caller. Cost: about 18·N·P flops, P being the parameters of
   * the lowest layer of `of` and those above; `hessianOperator` does half of that once for many
   * products.
   * @throws as `loss`, and for a vector of the wrong kind, length or values.
   */
  hvp(data: Dataset, v: ArrayLike<number>, options: DerivativeOptions = {}): FloatArray {
    return this.#curvatureProduct("hvp", "exact", data, v, options);
  }

  /**
   * The exact product G·v of the generalised Gauss-Newton matrix G = Jᵀ∇²ℓJ with a vector
   * (Schraudolph 2002), J being the Jacobian of the outputs; the penalty's curvature included.
   *
   * @param data inputs and targets.
   * @param v `parameterCount` finite numbers, or as many as `of` chooses.
   * @param options as in `hvp`.
   * @returns the product, owned by the caller. Cost: about 14·N·P flops.
   * @throws as `hvp`.
   */
  ggnvp(data: Dataset, v: ArrayLike<number>, options: DerivativeOptions = {}): FloatArray {
    return this.#curvatureProduct("ggnvp", "ggn", data, v, options);
  }

  /**
   * The dense Hessian of the objective, or its generalised Gauss-Newton matrix, exactly: ∂²/∂θᵢ∂θⱼ
   * of the mean loss plus penalty (l2's curvature in both, l1 having none).
   *
   * It is assembled block by block from one R{·} pass a unit, leaving out samples where a unit of
   * the pair is inactive. Under running statistics batch norm's a = γ·s·(W·h + b − mean) + β is
   * bilinear in (γ, W) and (γ, b): those terms are in the exact kind. Batch statistics couple the
   * samples, so the matrix is made from P products.
   *
   * @param data inputs and targets.
   * @param options kind, batchNorm, maxBytes, out, of: see `HessianOptions`. For parameters of the
   * last layers, only their block is computed; layers below take no part.
   * @returns exactly symmetric, of the network's dtype, owned by the caller and, with `out`, in its
   * memory; `block` takes the names "0", "1", … of the layers.
   * Cost: P² numbers and up to N·P² flops, or about 8·N·P² under batch statistics; see
   * `hessianCost`.
   * @throws RangeError, before anything is allocated, where the matrix would be larger than
   * `maxBytes`, and for an `out` of another size or dtype; else as `loss`.
   * @example
   * const net = network({ inputs: 1, layers: [{ units: 1 }], seed: 1 });
   * net.hessian(dataset([[1], [2]], [1, 2])).toDense().data; // Float64Array [5, 3, 3, 2]
   */
  hessian(data: Dataset, options: HessianOptions = {}): SymmetricMatrix {
    const mode = this.mode("hessian", data, options, ["kind", "maxBytes", "out", "of"]);
    const places = this.#chosen("hessian", options);
    const { kind = "exact", maxBytes = 2 ** 31, out } = options;
    checkChoice("hessian", "kind", kind, ["exact", "ggn"]);
    checkNumber("hessian", "maxBytes", maxBytes, "a positive number", (x) => x > 0);
    const wanted = places?.length ?? this.parameterCount;
    const lowest = places ? this.layout.layers[lowestLayer(this.layout, places)].weight : 0;
    this.#checkHessianSize(this.parameterCount - lowest, maxBytes);
    if (out !== undefined) this.#checkOut(out, wanted);
    const matrix = this.resident((workspace, theta, statistics) => {
      const { spec, layout } = this;
      const given = [workspace, spec, layout, data, mode, kind, theta, statistics] as const;
      return finish(places ? assembleBlock(...given, places, out?.data) : assembleHessian(...given, out?.data));
    });
    return new SymmetricMatrix(wanted, matrix, this.build, rangesOf(this.layout, places));
  }

  /**
   * Derivatives of the outputs with respect to the parameters, under running statistics: row
   * s·outputs + c is ∂f_c(x_s)/∂θ, before any loss. The derivative at a kink is that of `gradient`.
   *
   * @param inputs one row a sample; or a data set, whose inputs are taken.
   * @param options of: the parameters to differentiate by, all by default; layers below theirs are
   * not passed back through.
   * @returns (samples · outputs) × P in double precision, owned by the caller; with `of` as many
   * columns as it chooses. Cost: a backward pass an output, and as many numbers.
   * @throws as `predict`, and for an `of` that is no mask of this network.
   * @example
   * const net = network({ inputs: 1, layers: [{ units: 1 }], seed: 1 });
   * net.jacobian([[3]]).data; // Float64Array [3, 1]
   */
  jacobian(inputs: Dataset | Matrix | readonly (readonly number[])[], options: JacobianOptions = {}): Matrix {
    checkObject("jacobian", "options", options);
    checkKeys("jacobian", options, ["of"]);
    const places = this.#chosen("jacobian", options);
    const columns = places?.length ?? this.parameterCount;
    return this.#differentiated("jacobian", inputs, columns, (net, x) => jacobianOf(net, x, places));
  }

  /**
   * Derivatives of the outputs with respect to the inputs, under running statistics: row
   * s·outputs + c is ∂f_c(x_s)/∂x.
   *
   * @param inputs one row a sample; or a data set, whose inputs are taken.
   * @returns (samples · outputs) × inputs in double precision, owned by the caller. Cost: a
   * backward pass for each output.
   * @throws as `predict`.
   * @example
   * const net = network({ inputs: 2, layers: [{ units: 1 }] });
   * net.setParameters([5, -2, 1]);
   * net.sensitivity([[3, 4]]).data; // Float64Array [5, -2]
   */
  sensitivity(inputs: Dataset | Matrix | readonly (readonly number[])[]): Matrix {
    return this.#differentiated("sensitivity", inputs, this.layout.inputs, sensitivityOf);
  }

  #differentiated(
    where: string,
    given: unknown,
    columns: number,
    derivatives: (net: Resident, x: Matrix) => Matrix,
  ): Matrix {
    const x = this.#checkInputs(where, isObject(given) && "inputs" in given ? given.inputs : given);
    if (x.rows === 0) return { rows: 0, columns, data: new Float64Array(0) };
    const { spec, layout } = this;
    return this.resident((workspace, theta, statistics) =>
      derivatives({ workspace, spec, layout, theta, statistics }, x),
    );
  }

  #checkOut(out: unknown, wanted: number): void {
    const expected = `a SymmetricMatrix of size ${wanted} in ${this.spec.dtype}`;
    if (!(out instanceof SymmetricMatrix)) wrongType("hessian", "out", expected, out);
    const { size, dtype } = out;
    if (size !== wanted || dtype !== this.spec.dtype) {
      wrongValue("hessian", "out", expected, `size ${size} in ${dtype}`);
    }
  }

  #checkHessianSize(size: number, maxBytes: number): void {
    if (size ** 2 * bytesPer(this.spec.dtype) <= maxBytes) return;
    wrongValue(
      "hessian",
      "maxBytes",
      `at least the ${describeBytes(size ** 2 * bytesPer(this.spec.dtype))} that P = ${size} needs`,
      describeBytes(maxBytes),
      `hvp and hessianOperator need ${describeBytes(size * bytesPer(this.spec.dtype))} a product`,
    );
  }

  #curvatureProduct(
    where: string,
    kind: CurvatureKind,
    data: Dataset,
    v: ArrayLike<number>,
    options: DerivativeOptions,
  ): FloatArray {
    const mode = this.mode(where, data, options, ["of"]);
    const chosen = this.#chosen(where, options);
    checkVector(where, "v", v, chosen?.length ?? this.parameterCount, this.spec.dtype);
    return this.resident((workspace, theta, statistics) => {
      const whole = { spec: this.spec, layout: this.layout, data, theta, statistics };
      const part = above(workspace, whole, mode, chosen);
      part.refresh();
      const { places } = part;
      const { parameterCount: size } = part.layout;
      const [at, out] = [workspace.allocate(this.spec.dtype, size), workspace.allocate(this.spec.dtype, size)];
      workspace.write(this.spec.dtype, at, places ? spread(v, places, size) : v);
      const products = new CurvatureProducts(workspace, part.spec, part.layout, part.data, mode);
      products.linearize(part.theta, part.statistics, wholeBatch(data));
      products.multiply(part.theta, part.statistics, at, out, kind);
      const product = workspace.read(this.spec.dtype, out, size);
      return places ? picked(product, places) : product;
    });
  }

  /**
   * Sets the penalty's l2.
   * @internal
   */
  penalise(l2: number | readonly number[]): void {
    const spec = Object.freeze({ ...this.spec, penalty: Object.freeze({ ...this.spec.penalty, l2 }) });
    (this as { spec: ResolvedSpec }).spec = spec;
    (this as { layout: Layout }).layout = layoutOf(spec);
  }

  /**
   * Counts every change of the parameters; a run compares it to see changes made by others.
   * @internal
   */
  get version(): number {
    return this.#store.version;
  }

  /**
   * The newest parameters and running statistics; not copies.
   * @internal
   */
  current(): { parameters: FloatArray; statistics: FloatArray } {
    return this.#store.current();
  }

  /**
   * Says that a run has gone further; the arrays here are refreshed from it when next needed.
   * @internal
   */
  heldBy(holder: ParameterHolder): number {
    return this.#store.heldBy(holder);
  }

  #predict(where: string, inputs: unknown): Matrix {
    const x = this.#checkInputs(where, inputs);
    const { outputs } = this.layout;
    const result = { rows: x.rows, columns: outputs, data: floatArray(this.spec.dtype, x.rows * outputs) };
    if (x.rows === 0) return result;
    this.resident((workspace, theta, statistics) => {
      forwardChunks(workspace, this.spec, this.layout, x, theta, statistics, ({ output, stride, size }, from) => {
        const columns = workspace.slice(this.spec.dtype, output, stride * outputs);
        for (let i = 0; i < size; ++i) {
          for (let j = 0; j < outputs; ++j) result.data[(from + i) * outputs + j] = columns[j * stride + i];
        }
      });
    });
    return result;
  }

  #checkInputs(where: string, inputs: unknown): Matrix {
    const x = toMatrix(where, "inputs", inputs);
    if (x.rows > 0 && x.columns !== this.layout.inputs) {
      wrongValue(where, "inputs", `rows of width ${this.layout.inputs}, as the network has`, String(x.columns));
    }
    checkFinite(where, "inputs", x);
    if (this.spec.dtype === "f32") checkSingle(where, "inputs", x);
    return x;
  }

  /**
   * Checks data and options of a pass over a whole data set, and says which statistics it uses.
   * @internal
   */
  mode(where: string, data: Dataset, options: PassOptions, more: readonly string[] = []): BatchNormMode {
    checkDataset(where, data, this);
    checkObject(where, "options", options);
    checkKeys(where, options, ["batchNorm", ...more]);
    const mode = (options as PassOptions).batchNorm ?? "batch";
    checkChoice(where, "batchNorm", mode, ["batch", "running"]);
    if (this.layout.batchNorm && mode === "batch" && countedRows(data).length === 1) {
      const remedy = 'or pass { batchNorm: "running" }';
      wrongValue(where, "data", "at least two rows, since batch norm needs a variance", "one", remedy);
    }
    return mode;
  }

  #checkClassifier(where: string): void {
    if (!decidesClasses(this.spec.loss)) {
      throw new Error(`${where}: a network with loss "${lossName(this.spec.loss)}" has no classes; use net.predict`);
    }
  }

  #objective(workspace: Workspace, data: Dataset, mode: BatchNormMode, gradients: Gradients): Objective {
    return new Objective(workspace, this.spec, this.layout, data, mode, { capacity: data.size, gradients });
  }

  /**
   * Runs a one-shot call with the parameters and running statistics in a pooled workspace.
   * @internal
   */
  resident<T>(use: (workspace: Workspace, theta: number, statistics: number) => T): T {
    const { dtype } = this.spec;
    const values = this.current();
    return borrow(this.build, (workspace) => {
      const theta = workspace.allocate(dtype, this.parameterCount);
      const statistics = workspace.allocate(dtype, this.layout.statisticsCount);
      workspace.write(dtype, theta, values.parameters);
      workspace.write(dtype, statistics, values.statistics);
      return use(workspace, theta, statistics);
    });
  }
}

/**
 * Makes a multi-layer perceptron with initialised parameters.
 *
 * Layer l computes a = W·h + b, batch norm where asked for, and h = φ(a); the loss is the mean that
 * PyTorch's function of the same name gives, plus l1·Σ|θ| + ½·l2·Σθ².
 *
 * @param spec inputs, layers, loss, penalty, dtype, initializer and seed; see `NetworkSpec`.
 * @returns the network, with the current build of the core (see `init`). It needs no disposal.
 * @throws TypeError or RangeError for unknown or invalid options, such as a sigmoid under a
 * cross-entropy.
 * @example
 * const net = network({ inputs: 2, layers: [{ units: 8, activation: "relu" }, { units: 1 }], seed: 1 });
 * net.parameterCount; // 33
 */
export function network(spec: NetworkSpec): Network {
  return new Network(spec);
}

export function checkNetwork(where: string, net: unknown): asserts net is Network {
  if (!(net instanceof Network)) wrongType(where, "net", "what network(...) returns", net);
}

function logistic(x: number, exp: (x: number) => number): number {
  const e = exp(-Math.abs(x));
  return x >= 0 ? 1 / (1 + e) : e / (1 + e);
}

function softmax({ columns, data }: Matrix, row: number, exp: (x: number) => number): void {
  const from = row * columns;
  let largest = -Infinity;
  for (let j = 0; j < columns; ++j) largest = Math.max(largest, data[from + j]);
  let sum = 0;
  for (let j = 0; j < columns; ++j) {
    data[from + j] = exp(data[from + j] - largest);
    sum += data[from + j];
  }
  for (let j = 0; j < columns; ++j) data[from + j] /= sum;
}
