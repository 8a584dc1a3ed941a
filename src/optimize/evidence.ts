/**
 * What is measured at a point before a verdict on it: curvature along the gradient, and whether the
 * function changes as its gradient says.
 */

import { dot, norm2, scale } from "../linalg/vector.js";
import { isSeen } from "./criticality.js";
import type { Local } from "./local.js";

/** Length of a difference of gradients, as a share of the parameters' length. */
const DIFFERENCE = 2 ** -26;
/**
 * Lengths over which differences of the function are compared with its gradient, as shares of the
 * parameters' length.
 */
const LENGTHS = [1e-2, 1e-3, 1e-4, 1e-5, 1e-6];
/** A share of the slope by which a smooth function's differences stay from it. */
const CLOSE = 0.1;

/** −g / ‖g‖. */
export function downhill(gradient: Float64Array): Float64Array {
  const direction = gradient.slice();
  scale(-1 / norm2(gradient), direction);
  return direction;
}

/**
 * The step −g/κ and its fall ½·‖g‖²/κ, with the curvature κ measured along −g by a difference of
 * gradients; null where κ is not positive.
 */
export function measured(local: Local): { step: Float64Array; decrease: number } | null {
  const step = downhill(local.gradient);
  const length = DIFFERENCE * local.unit;
  const { gradient } = local.gradientAt(step, length);
  const curvature = (dot(gradient, step) + local.gradientNorm) / length;
  if (!(curvature > 0)) return null;
  scale(local.gradientNorm / curvature, step);
  return { step, decrease: (0.5 * local.gradientNorm ** 2) / curvature };
}

/** A look at a length along −g: how much the function changes to there, and its slope there. */
export interface Outlook {
  readonly change: number;
  readonly slope: number;
}

/**
 * Where a function changes along its gradient otherwise than the gradient says, here and there: a
 * hint; else nothing. At a kink the gradient there is right. `unit` is a length of the parameters'
 * size.
 */
export function disagreement(
  look: (length: number) => Outlook,
  gradientNorm: number,
  noise: number,
  unit: number,
): string {
  let before = Number.NaN;
  for (const share of LENGTHS) {
    const length = share * unit;
    if (!isSeen(gradientNorm * length, noise)) break;
    const { change, slope } = look(length);
    const rate = change / length;
    const agrees = (other: number): boolean => Math.abs(rate - other) <= CLOSE * Math.max(gradientNorm, Math.abs(rate));
    if (agrees(-gradientNorm) || agrees(slope)) return "";
    if (agrees(before)) {
      return (
        `. Along the gradient the function changes by ${rate.toExponential(2)} per unit of length, ` +
        `where its gradient says ${(-gradientNorm).toExponential(2)}: compare them with checkGradient`
      );
    }
    before = rate;
  }
  return "";
}
