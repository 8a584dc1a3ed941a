import { checkChoice, checkInteger, checkKeys, checkObject, wrongType } from "../check.js";
import type { Dtype } from "../wasm/kernels.js";
import { currentBuild } from "../wasm/load.js";
import { costOf, type HessianCost, shapeOf, shapeOfSize } from "./cost-model.js";
import type { Network } from "./network.js";
import type { PassOptions } from "./pass.js";

/**
 * Bytes, flops and predicted seconds of the dense Hessian, and of a product with it, on this
 * machine.
 *
 * The rate of a matrix product is measured once, in about twenty milliseconds. The prediction
 * multiplies it by the assembly's known ratio to N·P² flops; bench/hessian.mjs prints its error.
 *
 * @param net a network, or a number of parameters P of a ReLU network without batch norm.
 * @param samples N.
 * @param options dtype: where P is given; "f64" by default. batchNorm: as in `net.hessian`; "batch"
 * by default. Under batch statistics the matrix is made from P products.
 * @returns plain data, owned by the caller.
 * @throws TypeError or RangeError for anything but a network or positive whole numbers.
 * @example
 * hessianCost(1000, 256).bytes; // 8000000
 */
export function hessianCost(
  net: Network | number,
  samples: number,
  options: { dtype?: Dtype } & PassOptions = {},
): HessianCost {
  checkInteger("hessianCost", "samples", samples, 1);
  checkObject("hessianCost", "options", options);
  checkKeys("hessianCost", options, ["dtype", "batchNorm"]);
  const { dtype, batchNorm = "batch" } = options as { dtype?: Dtype } & PassOptions;
  checkChoice("hessianCost", "batchNorm", batchNorm, ["batch", "running"]);
  if (dtype !== undefined) {
    checkChoice("hessianCost", "dtype", dtype, ["f64", "f32"]);
    if (typeof net !== "number")
      wrongType("hessianCost", "dtype", "no dtype beside a network, which has its own", dtype);
  }
  if (typeof net === "number") {
    checkInteger("hessianCost", "P", net, 1);
    return costOf(shapeOfSize(net, dtype ?? "f64", currentBuild()), samples);
  }
  if (typeof net?.parameterCount !== "number" || !net.layout) {
    wrongType("hessianCost", "net", "a network or a number of parameters", net);
  }
  return costOf(shapeOf(net, batchNorm === "batch"), samples);
}
