import type { Dataset } from "../../network/dataset.js";
import type { Network } from "../../network/network.js";
import type { BatchNormMode } from "../../network/propagation.js";
import { withProbe } from "../signals/probe.js";
import type { OnChange, Side } from "./kink-path.js";
import { KinkRows } from "./kink-rows.js";

/** Points of the way at which everything is looked at first. */
const GRID = 64;
/** Passes over the data after which changes of side are located no further. */
const MOST_PASSES = 2000;
/** Of the length; how well a change of side is to be located. */
const PRECISION = 1e-13;

/** A change of side between two points. */
interface Bracket {
  readonly index: number;
  low: number;
  high: number;
  atLow: number;
  atHigh: number;
  /** Where the last estimate was, and how often the bracket failed to halve. */
  estimate: number;
  slow: number;
  /** How far from the last estimate the one before was. */
  error: number;
}

/**
 * Finds kinks where there is no closed form for them (smooth activations below, batch statistics),
 * by the signs on a grid, and by false position between. Two changes of the same pair between two
 * points of the grid are missed. `onChange` gets the sample last.
 */
export function searchKinks(
  net: Network,
  data: Dataset,
  mode: BatchNormMode,
  theta: Float64Array,
  direction: Float64Array,
  length: number,
  onChange: (sample: number) => OnChange,
): { startsOnKink: number; uncertainty: number } {
  const kinks = new KinkRows(net, data);
  if (kinks.rows.length === 0) return { startsOnKink: 0, uncertainty: 0 };
  return withProbe(net, data, mode, {}, (probe) => {
    let passes = 0;
    let uncertainty = 0;
    const look = (t: number, into: Float64Array): void => {
      ++passes;
      const there = theta.map((x, k) => x + t * direction[k]);
      probe.visit(there, (from) => kinks.read(probe, from, into));
    };
    let [here, next] = [kinks.room(), kinks.room()];
    const between = kinks.room();
    look(0, here);
    const startsOnKink = here.reduce((count, x) => count + (x === 0 ? 1 : 0), 0);
    for (let cell = 0; cell < GRID; ++cell) {
      const [low, high] = [cell, cell + 1].map((i) => (length * i) / GRID);
      look(high, next);
      const brackets = changesBetween(here, next, low, high);
      for (let open = brackets.slice(); open.length > 0 && passes < MOST_PASSES; ) {
        const t = guess(open[0]);
        look(t, between);
        for (const bracket of brackets) narrow(bracket, t, between[bracket.index]);
        open = open.filter((bracket) => bracket.error > PRECISION * length);
      }
      for (const bracket of brackets) {
        const { row, sample } = place(kinks, bracket.index);
        const { layer, unit, residual } = kinks.rows[row];
        // The side of |r| − 1 is that of r − 1, and the opposite of that of r + 1.
        const side = (value: number): Side => Math.sign(residual !== null && residual < 0 ? -value : value) as Side;
        uncertainty = Math.max(uncertainty, Math.min(bracket.error, bracket.high - bracket.low));
        const t = Number.isNaN(bracket.estimate) ? guess(bracket) : bracket.estimate;
        onChange(sample)(t, layer, unit, residual, side(here[bracket.index]), side(next[bracket.index]));
      }
      [here, next] = [next, here];
    }
    return { startsOnKink, uncertainty };
  });
}

function place(kinks: KinkRows, index: number): { row: number; sample: number } {
  return { row: Math.floor(index / kinks.samples), sample: index % kinks.samples };
}

function changesBetween(here: Float64Array, next: Float64Array, low: number, high: number): Bracket[] {
  const brackets: Bracket[] = [];
  for (let index = 0; index < here.length; ++index) {
    if (here[index] * next[index] > 0) continue;
    const [before, after] = [Math.sign(here[index]), Math.sign(next[index])];
    if (before === after || (low === 0 && before === 0)) continue;
    brackets.push({
      index,
      low,
      high,
      atLow: here[index],
      atHigh: next[index],
      estimate: Number.NaN,
      slow: 0,
      error: Infinity,
    });
  }
  return brackets;
}

/** False position, or the middle where that has been slow or one end is 0 already. */
function guess({ low, high, atLow, atHigh, slow }: Bracket): number {
  if (atLow === 0) return low;
  if (atHigh === 0) return high;
  const t = slow >= 2 ? low + (high - low) / 2 : low - (atLow * (high - low)) / (atHigh - atLow);
  return Math.min(high, Math.max(low, t));
}

/** Takes in a value at t, if t is inside. */
function narrow(bracket: Bracket, t: number, value: number): void {
  if (bracket.atLow === 0 || bracket.atHigh === 0) bracket.error = 0;
  if (bracket.error === 0 || t < bracket.low || t > bracket.high) return;
  const width = bracket.high - bracket.low;
  if (Math.sign(value) === Math.sign(bracket.atLow)) {
    bracket.low = t;
    bracket.atLow = value;
  } else {
    bracket.high = t;
    bracket.atHigh = value;
  }
  const now = bracket.high - bracket.low;
  bracket.slow = bracket.slow >= 2 || now <= width / 2 ? 0 : bracket.slow + 1;
  const estimate = guess({ ...bracket, slow: 0 });
  bracket.error = value === 0 || !(now > 0) ? 0 : Math.min(now, Math.abs(estimate - (bracket.estimate || t)));
  bracket.estimate = estimate;
}
