import { axpy, dot } from "../../linalg/vector.js";
import { type Local, lengthIn } from "../local.js";
import type { Proposal } from "./direction.js";

/** 2·‖a‖ / ‖p‖ up to which an acceleration a is taken (Transtrum and Sethna 2012). */
const MOST_BEND = 0.75;

/**
 * A step with half of its acceleration, where that is short enough to be believed, both in the
 * scaled norm.
 */
export function curved(local: Local, plain: Proposal, acceleration: Float64Array, scale?: Float64Array): Proposal {
  if (!(2 * lengthIn(acceleration, scale) <= MOST_BEND * lengthIn(plain.step, scale))) return plain;
  const step = plain.step.slice();
  axpy(0.5, acceleration, step);
  return { ...plain, step, slope: dot(local.gradient, step) };
}
