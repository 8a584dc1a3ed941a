import { deadUnits, type Network } from "hessia";
import type { Point, Report } from "../model/protocol.ts";
import type { World } from "./world.ts";

/** What the package's diagnostics say of a point. */
export function reportOf(net: Network, { train }: World, { step, epoch }: Point): Report {
  const dead = deadUnits(net, train);
  return {
    layers: dead.map((deadUnitsHere) => ({
      deadUnits: deadUnitsHere,
      sparsity: null,
      gradientNorm: null,
      weightNorm: null,
    })),
    verdict: null,
    index: null,
    reason: "",
    advice: [],
    step,
    epoch,
  };
}
