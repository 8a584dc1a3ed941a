import { diagnose, type Network } from "hessia";
import { digestOf } from "../model/place.ts";
import type { Point, Report } from "../model/protocol.ts";
import type { World } from "./world.ts";

/** What the package's diagnostics say of a point: units, signals, and advice in words. */
export function reportOf(net: Network, { train }: World, { place, step, epoch }: Point): Report {
  const { layers, advice, signal, loss, fit } = diagnose(net, train);
  return {
    place: { ...place, digest: digestOf(net.getParameters()) },
    layers: layers.map(({ deadUnits, sparsity, saturated, gradientNorm, parameterNorm, signal: size }) => ({
      deadUnits,
      sparsity,
      saturated,
      gradientNorm,
      parameterNorm,
      signal: size,
    })),
    flow: signal.verdict,
    advice: advice.map(({ code, layer, message, evidence, source }) => ({
      code,
      layer,
      message,
      source,
      evidence: Object.entries(evidence).map(([name, value]) => [name, inWords(value)] as const),
    })),
    loss,
    fit,
    step,
    epoch,
  };
}

function inWords(value: number | string | readonly number[]): string {
  if (typeof value === "number") return Number.isInteger(value) ? String(value) : value.toPrecision(3);
  return typeof value === "string" ? value : value.join(", ") || "none";
}
