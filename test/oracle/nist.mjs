// @ts-check
/** NIST's nonlinear regressions: data as published, models as functions. */

import { readFileSync } from "node:fs";

/**
 * @typedef {object} Regression
 * @property {string} name
 * @property {readonly number[][]} starts the two published ones
 * @property {number[]} certified
 * @property {number[]} deviations
 * @property {number[]} y
 * @property {(b: ArrayLike<number>) => number[]} residuals y − model, for the parameters b
 *
 * @typedef {(b: ArrayLike<number>, x: readonly number[]) => number} Model
 */

const { exp, PI } = Math;
/** @type {Model} */
const saturation = (b, [x]) => b[0] * (1 - exp(-b[1] * x));
/** @type {Model} */
const chwirut = (b, [x]) => exp(-b[0] * x) / (b[1] + b[2] * x);
/** @param {number} height @param {number} centre @param {number} width @param {number} x */
const peak = (height, centre, width, x) => height * exp(-((x - centre) ** 2) / width ** 2);
/** @type {Model} */
const gauss = (b, [x]) => b[0] * exp(-b[1] * x) + peak(b[2], b[3], b[4], x) + peak(b[5], b[6], b[7], x);
/** @type {Model} */
const lanczos = (b, [x]) => b[0] * exp(-b[1] * x) + b[2] * exp(-b[3] * x) + b[4] * exp(-b[5] * x);
/** @param {number} cosine @param {number} sine @param {number} period @param {number} x */
const wave = (cosine, sine, period, x) =>
  cosine * Math.cos((2 * PI * x) / period) + sine * Math.sin((2 * PI * x) / period);

/** @type {Record<string, Model>} */
const models = {
  Bennett5: (b, [x]) => b[0] * (b[1] + x) ** (-1 / b[2]),
  BoxBOD: saturation,
  Chwirut1: chwirut,
  Chwirut2: chwirut,
  DanWood: (b, [x]) => b[0] * x ** b[1],
  ENSO: (b, [x]) => b[0] + wave(b[1], b[2], 12, x) + wave(b[4], b[5], b[3], x) + wave(b[7], b[8], b[6], x),
  Eckerle4: (b, [x]) => (b[0] / b[1]) * exp(-0.5 * ((x - b[2]) / b[1]) ** 2),
  Gauss1: gauss,
  Gauss2: gauss,
  Gauss3: gauss,
  Hahn1: (b, [x]) => (b[0] + b[1] * x + b[2] * x * x + b[3] * x ** 3) / (1 + b[4] * x + b[5] * x * x + b[6] * x ** 3),
  Kirby2: (b, [x]) => (b[0] + b[1] * x + b[2] * x * x) / (1 + b[3] * x + b[4] * x * x),
  Lanczos1: lanczos,
  Lanczos2: lanczos,
  Lanczos3: lanczos,
  MGH09: (b, [x]) => (b[0] * (x * x + x * b[1])) / (x * x + x * b[2] + b[3]),
  MGH10: (b, [x]) => b[0] * exp(b[1] / (x + b[2])),
  MGH17: (b, [x]) => b[0] + b[1] * exp(-x * b[3]) + b[2] * exp(-x * b[4]),
  Misra1a: saturation,
  Misra1b: (b, [x]) => b[0] * (1 - (1 + (b[1] * x) / 2) ** -2),
  Misra1c: (b, [x]) => b[0] * (1 - (1 + 2 * b[1] * x) ** -0.5),
  Misra1d: (b, [x]) => (b[0] * b[1] * x) / (1 + b[1] * x),
  Nelson: (b, [x1, x2]) => b[0] - b[1] * x1 * exp(-b[2] * x2),
  Rat42: (b, [x]) => b[0] / (1 + exp(b[1] - b[2] * x)),
  Rat43: (b, [x]) => b[0] / (1 + exp(b[1] - b[2] * x)) ** (1 / b[3]),
  // arctan(b₃/(x − b₄)), continuous where b₄ passes a point.
  Roszman1: (b, [x]) => b[0] - b[1] * x - Math.atan2(-b[2], b[3] - x) / PI,
  Thurber: (b, [x]) => (b[0] + b[1] * x + b[2] * x * x + b[3] * x ** 3) / (1 + b[4] * x + b[5] * x * x + b[6] * x ** 3),
};

/**
 * @param {string} name
 * @returns {Regression}
 */
function read(name) {
  const lines = readFileSync(new URL(`../fixtures/nist/${name}.dat`, import.meta.url), "utf8").split(/\r?\n/);
  const parameters = lines.flatMap((line) => {
    const match = /^\s*b\d+\s*=\s*(.*)$/.exec(line);
    return match ? [match[1].trim().split(/\s+/).map(Number)] : [];
  });
  const from = lines.findLastIndex((line) => line.startsWith("Data:")) + 1;
  const rows = lines.slice(from).flatMap((line) => (line.trim() ? [line.trim().split(/\s+/).map(Number)] : []));
  const y = rows.map(([value]) => (name === "Nelson" ? Math.log(value) : value));
  /** @param {number} k */
  const column = (k) => parameters.map((numbers) => numbers[k]);
  return {
    name,
    starts: [column(0), column(1)],
    certified: column(2),
    deviations: column(3),
    y,
    residuals: (b) => rows.map(([, ...x], i) => y[i] - models[name](b, x)),
  };
}

/** @type {readonly Regression[]} */
export const regressions = Object.keys(models).map(read);
