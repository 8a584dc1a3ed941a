import { checkChoice, checkInteger, checkKeys, checkObject } from "../../check.js";
import { hessianCost } from "../../network/cost.js";
import { checkNetwork, type Network } from "../../network/network.js";
import { bytesPer } from "../../wasm/workspace.js";
import type { CurvatureMethod } from "./ends.js";

/** How much `diagnose` looks at the curvature. */
export type CurvatureChoice = "none" | CurvatureMethod;

/** What a diagnosis costs. */
export interface DiagnosisCost {
  /** The choice that this is the price of. */
  readonly curvature: CurvatureChoice;
  /** The seconds in evaluations of the gradient over the data. */
  readonly gradients: number;
  /**
   * Bytes beside the data: the dense matrix and a copy to factor, or the vectors that Lanczos's
   * method holds.
   */
  readonly bytes: number;
  /** Predicted, on this machine. */
  readonly seconds: number;
}

/** What the looks at units and signals take, in gradients. */
const LOOKS = 4;
/**
 * Products of the search for both ends, of checking zero modes, and of the search for the escape
 * direction beside a dense matrix.
 */
const END_PRODUCTS = 220;
const CHECK_PRODUCTS = 20;
const ESCAPE_PRODUCTS = 60;
/**
 * Vectors that Lanczos's method holds, and the rate at which it makes another one orthogonal to
 * them in 8 flops an element.
 */
const BASIS = 60;
const ORTHOGONALISING = 1e9;
/**
 * How the rate of the eigenvalues compares to that of products: half of their flops wait for
 * memory.
 */
const EIGEN_SHARE = 0.54;
/** A product costs about two gradients. */
const GRADIENTS_A_PRODUCT = 2;

/**
 * What `diagnose` costs at a curvature, predicted from `hessianCost`. Where the point is critical,
 * the search among the explained zero modes comes on top: as much again for "lanczos".
 *
 * @param net a network.
 * @param samples N.
 * @param options curvature: "none" (default), "lanczos" or "dense".
 * @returns plain data, owned by the caller.
 * @throws TypeError or RangeError for what is no network, number of samples or curvature.
 * @example
 * const net = network({ inputs: 4, layers: [{ units: 8, activation: "relu" }, { units: 3 }] });
 * diagnosisCost(net, 150).gradients; // 4
 */
export function diagnosisCost(
  net: Network,
  samples: number,
  options: { curvature?: CurvatureChoice } = {},
): DiagnosisCost {
  const where = "diagnosisCost";
  checkNetwork(where, net);
  checkInteger(where, "samples", samples, 1);
  checkObject(where, "options", options);
  checkKeys(where, options, ["curvature"]);
  const { curvature = "none" } = options as { curvature?: CurvatureChoice };
  checkChoice(where, "curvature", curvature, ["none", "lanczos", "dense"]);
  const size = net.parameterCount;
  const { product, bytes, seconds } = hessianCost(net, samples);
  // A network of single precision is looked at in double precision.
  const double = net.spec.dtype === "f32" ? 2 : 1;
  const gradient = product.seconds / GRADIENTS_A_PRODUCT;
  const looks = LOOKS * gradient;
  if (curvature === "none") return { curvature, gradients: LOOKS, bytes: product.workspace, seconds: looks };
  if (curvature === "lanczos") {
    const orthogonal = (END_PRODUCTS * 8 * BASIS * size) / ORTHOGONALISING;
    const total = looks + double * (END_PRODUCTS + CHECK_PRODUCTS) * product.seconds + orthogonal;
    return {
      curvature,
      gradients: total / gradient,
      bytes: double * product.workspace + BASIS * size * bytesPer("f64"),
      seconds: total,
    };
  }
  const products = CHECK_PRODUCTS + ESCAPE_PRODUCTS;
  const rate = (EIGEN_SHARE * product.flops) / product.seconds / double;
  const total = looks + double * (seconds + products * product.seconds) + ((4 / 3) * size ** 3) / rate;
  return { curvature, gradients: total / gradient, bytes: 2 * double * bytes, seconds: total };
}
