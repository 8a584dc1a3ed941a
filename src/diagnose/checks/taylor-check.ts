import { checkNumber, wrongType, wrongValue } from "../../check.js";
import { CurvatureProducts } from "../../network/curvature.js";
import type { Dataset } from "../../network/dataset.js";
import { checkNetwork, type Network } from "../../network/network.js";
import { wholeBatch } from "../../network/objective.js";
import type { PassOptions } from "../../network/pass.js";
import type { BatchNormMode } from "../../network/propagation.js";
import { coreMath } from "../../wasm/math.js";
import { borrow } from "../../wasm/workspace.js";
import { KinkRows } from "../kinks/kink-rows.js";
import { checkDirection, euclidean, slopeOf } from "../signals/arithmetic.js";
import { withProbe } from "../signals/probe.js";

/** What `taylorCheck` takes beside network and data. */
export interface TaylorCheckOptions extends PassOptions {
  /**
   * d, `parameterCount` numbers. Default: the negative gradient, so that a step is a learning rate
   * of gradient descent.
   */
  direction?: ArrayLike<number>;
  /**
   * The values of t to evaluate, positive. Default: those that move the parameters by 10⁻⁴, 10⁻³,
   * 10⁻², 0.03 and 0.1 of their norm.
   */
  steps?: readonly number[];
  /**
   * A model is trusted while its error is at most this share of the change it predicts. Default:
   * 0.1.
   */
  tolerance?: number;
}

/** What a model says of a step. */
export interface TaylorModel {
  /** |L(θ + t·d) − model|. */
  readonly error: number;
  /**
   * The error over the change that the model predicts, |model − L(θ)|; null where it predicts none.
   */
  readonly relative: number | null;
}

/** A step along the direction. */
export interface TaylorStep {
  /** t. */
  readonly step: number;
  /** t·‖d‖. */
  readonly length: number;
  /** L(θ + t·d). */
  readonly value: number;
  /** Of the linear model. */
  readonly first: TaylorModel;
  /** Of the quadratic one. */
  readonly second: TaylorModel;
  /**
   * Pairs of a unit (of relu, leaky-relu, elu or step; or a residual under huber) and a sample that
   * are on another side of their kink than at t = 0.
   */
  readonly switches: number;
}

/** How a model does over all steps. */
export interface TaylorFit {
  /**
   * p of error ≈ c·tᵖ, by least squares on the logarithms, over the steps where the error is above
   * rounding and below the predicted change; null with fewer than two.
   */
  readonly order: number | null;
  /**
   * The largest step such that the model is trusted at it and at all smaller ones; 0 where there is
   * none.
   */
  readonly trusted: number;
}

/** What `taylorCheck` returns. */
export interface TaylorCheck {
  /** L(θ), penalty included. */
  readonly value: number;
  /** gᵀd. */
  readonly slope: number;
  /** dᵀHd. */
  readonly curvature: number;
  /** ‖d‖; 0 where the gradient is 0 and no direction was given: there are no steps then. */
  readonly norm: number;
  /** Which statistics batch norm used. */
  readonly batchNorm: BatchNormMode;
  /** Of a model's error, as a share of the change that it predicts. */
  readonly tolerance: number;
  /** Ascending. */
  readonly steps: readonly TaylorStep[];
  /** Of the linear model. */
  readonly first: TaylorFit;
  /** Of the quadratic one. */
  readonly second: TaylorFit;
}

const WHERE = "taylorCheck";
/** Of ‖θ‖. */
const MOVES = [1e-4, 1e-3, 1e-2, 3e-2, 1e-1];
/** Share of the terms of a difference of losses below which it is rounding. */
const ROUNDING = 2 ** -46;

/**
 * How far a linear and a quadratic model of the objective can be trusted along a direction: L(θ) +
 * t·gᵀd and L(θ) + t·gᵀd + ½t²·dᵀHd against L(θ + t·d), with H·d exact.
 *
 * Where the objective is smooth along the way, the errors shrink as t² and t³. Each kink that is
 * crossed adds an error. With many samples so many kinks are crossed that the error of the
 * quadratic model falls as t² only (see docs/relu-and-second-order.md). All is computed in double
 * precision, at the network's parameters.
 *
 * @param options batchNorm: "batch" (default) or "running"; direction, steps and tolerance: see
 * `TaylorCheckOptions`.
 * @returns plain data, owned by the caller; steps ascending. Cost: about 3 gradients, and half a
 * gradient per step.
 * @throws TypeError or RangeError as `net.hvp`, for steps that are not positive and a direction
 * that is 0.
 * @example
 * const net = network({ inputs: 1, layers: [{ units: 1 }] });
 * net.setParameters([1, 0]);
 * const check = taylorCheck(net, dataset([[1]], [0]), { direction: [1, 0], steps: [0.5, 1] });
 * check.slope; // 2
 * check.curvature; // 2
 * check.steps[1].first.error; // 1
 * check.steps[1].second.error; // 0
 */
export function taylorCheck(net: Network, data: Dataset, options: TaylorCheckOptions = {}): TaylorCheck {
  checkNetwork(WHERE, net);
  const mode = net.mode(WHERE, data, options, ["direction", "steps", "tolerance"]);
  const { tolerance = 0.1 } = options;
  checkNumber(WHERE, "tolerance", tolerance, "a positive number", (x) => x > 0);
  checkSteps(options.steps);
  if (options.direction !== undefined) checkDirection(WHERE, options.direction, net.parameterCount);
  const theta = Float64Array.from(net.current().parameters);
  const kinks = new KinkRows(net, data);
  const sides = kinks.room();
  const { loss: value, gradient } = withProbe(net, data, mode, { gradients: "transient" }, (probe) =>
    probe.gradient(theta, (from) => kinks.read(probe, from, sides)),
  );
  const direction = options.direction ? Float64Array.from(options.direction) : Float64Array.from(gradient, (g) => -g);
  const norm = lengthOf(direction);
  const slope = dot(gradient, direction);
  const curvature = norm === 0 ? 0 : dot(product(net, data, mode, theta, direction), direction);
  const unit = (lengthOf(theta) || 1) / norm;
  const chosen = norm === 0 ? [] : (options.steps?.slice() ?? MOVES.map((move) => move * unit)).sort((a, b) => a - b);
  const points = withProbe(net, data, mode, {}, (probe) =>
    chosen.map((step) => {
      let switches = 0;
      const moved = theta.map((x, k) => x + step * direction[k]);
      const there = probe.visit(moved, (from) => {
        switches += kinks.switches(probe, from, sides);
      });
      return { step, value: there, switches };
    }),
  );
  const model = (predicted: number, change: number): TaylorModel => {
    const error = Math.abs(change - predicted);
    return { error, relative: predicted === 0 ? null : Math.min(error / Math.abs(predicted), Number.MAX_VALUE) };
  };
  const steps = points.map((point): TaylorStep => {
    const change = point.value - value;
    const linear = point.step * slope;
    return {
      ...point,
      length: point.step * norm,
      first: model(linear, change),
      second: model(linear + 0.5 * point.step ** 2 * curvature, change),
    };
  });
  const fit = (of: (step: TaylorStep) => TaylorModel): TaylorFit => fitOf(net, value, steps, of, tolerance);
  return {
    value,
    slope,
    curvature,
    norm,
    batchNorm: mode,
    tolerance,
    steps,
    first: fit(({ first }) => first),
    second: fit(({ second }) => second),
  };
}

function checkSteps(steps: unknown): asserts steps is readonly number[] | undefined {
  if (steps === undefined) return;
  if (!Array.isArray(steps)) wrongType(WHERE, "steps", "an array of positive numbers", steps);
  if (steps.length === 0) wrongValue(WHERE, "steps", "at least one", "none");
  for (const [i, step] of steps.entries()) {
    checkNumber(WHERE, `steps[${i}]`, step, "a positive finite number", (x) => x > 0 && x < Infinity);
  }
}

function lengthOf(values: Float64Array): number {
  return euclidean(0, values.length, (k) => values[k]);
}

function dot(x: ArrayLike<number>, y: ArrayLike<number>): number {
  let sum = 0;
  for (let k = 0; k < x.length; ++k) sum += x[k] * y[k];
  return sum;
}

/** H·d in double precision. */
function product(
  net: Network,
  data: Dataset,
  mode: BatchNormMode,
  theta: Float64Array,
  direction: Float64Array,
): ArrayLike<number> {
  const { layout, parameterCount: size } = net;
  return borrow(net.build, (workspace) => {
    const [at, v, out] = [0, 0, 0].map(() => workspace.allocate("f64", size));
    const statistics = workspace.allocate("f64", layout.statisticsCount);
    const products = new CurvatureProducts(workspace, { ...net.spec, dtype: "f64" }, layout, data, mode);
    workspace.write("f64", at, theta);
    workspace.write("f64", v, direction);
    workspace.write("f64", statistics, net.current().statistics);
    products.linearize(at, statistics, wholeBatch(data));
    products.multiply(at, statistics, v, out, "exact");
    return workspace.read("f64", out, size);
  });
}

function fitOf(
  net: Network,
  value: number,
  steps: readonly TaylorStep[],
  of: (step: TaylorStep) => TaylorModel,
  tolerance: number,
): TaylorFit {
  const { log } = coreMath(net.build);
  const resolved = (step: TaylorStep): boolean => of(step).error > ROUNDING * (Math.abs(value) + Math.abs(step.value));
  const points = steps.flatMap((step): [number, number][] => {
    const { error, relative } = of(step);
    return resolved(step) && relative !== null && relative <= 1 && error < Infinity
      ? [[log(step.step), log(error)]]
      : [];
  });
  let trusted = 0;
  for (const step of steps) {
    const { relative } = of(step);
    if (resolved(step) && !(relative !== null && relative <= tolerance)) break;
    trusted = step.step;
  }
  return { order: slopeOf(points), trusted };
}
