import { type Dataset, hessianCost, type Network, split } from "../../index.js";
import { count } from "../output/format.js";

/** Data that a look at the curvature is taken over, and whether it is all there is. */
export interface Sample {
  readonly data: Dataset;
  readonly total: number;
}

/** Products with the Hessian that the curvature part of a report takes, about. */
const PRODUCTS = 900;
const LEAST_ROWS = 64;

/** All rows, or as many, drawn at random, as keep a report's curvature within so many seconds. */
export function affordableRows(net: Network, data: Dataset, seconds: number, seed: number): Sample {
  const total = data.size;
  const predicted = PRODUCTS * hessianCost(net, total).product.seconds;
  const rows = Math.max(LEAST_ROWS, Math.floor((total * seconds) / predicted));
  if (rows >= total) return { data, total };
  return { data: split(data, { test: rows / total, seed }).test, total };
}

/** Seconds that a report's curvature takes over a sample, about. */
export function secondsOf(net: Network, { data }: Sample): number {
  return PRODUCTS * hessianCost(net, data.size).product.seconds;
}

/** For captions: on which rows. */
export function rowsText({ data, total }: Sample): string {
  return data.size === total
    ? `all ${count(total)} rows`
    : `${count(data.size)} of ${count(total)} rows, drawn at random`;
}
