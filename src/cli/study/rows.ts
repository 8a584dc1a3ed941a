import { type Dataset, hessianCost, type Network, split } from "../../index.js";
import { count } from "../output/format.js";

/** Data that a look at the curvature is taken over, and how many rows there are in all. */
export interface Sample {
  readonly data: Dataset;
  readonly total: number;
}

/** Products with the Hessian that the curvature of a report takes, about. */
const PRODUCTS = 900;
/**
 * Flops that a report may take for them, some tens of seconds; the same on every machine, so that
 * reports are.
 */
const FLOPS = 1.2e11;
/** Where the fewest rows take more than this, there is no curvature in a report. */
const MOST_FLOPS = 6e11;
const LEAST_ROWS = 64;

/** All rows, or as many, drawn at random, as may be afforded. */
export function affordableRows(net: Network, data: Dataset, seed: number): Sample {
  const total = data.size;
  const rows = Math.max(LEAST_ROWS, Math.floor((total * FLOPS) / flopsOf(net, data)));
  if (rows >= total) return { data, total };
  return { data: split(data, { test: rows / total, seed }).test, total };
}

/** Seconds that the curvature would take, about, where that is too long for a report; else null. */
export function tooLong(net: Network, { data }: Sample): number | null {
  return flopsOf(net, data) <= MOST_FLOPS ? null : PRODUCTS * hessianCost(net, data.size).product.seconds;
}

/** For captions: on which rows. */
export function rowsText({ data, total }: Sample): string {
  return data.size === total
    ? `all ${count(total)} rows`
    : `${count(data.size)} of ${count(total)} rows, drawn at random`;
}

function flopsOf(net: Network, data: Dataset): number {
  return PRODUCTS * hessianCost(net, data.size).product.flops;
}
