// @ts-check
/**
 * The test problems for unconstrained optimisation of Moré, Garbow and Hillstrom, "Testing
 * unconstrained optimization software", ACM Transactions on Mathematical Software 7 (1981) 17–41,
 * in the paper's order: f(x) = Σ r_i(x)². Residuals are written once, over numbers or jets, so that
 * derivatives are exact. Minima are the published ones, and where they have been refined to all
 * digits (scripts/fixtures/more-garbow-hillstrom.py) those digits.
 */
import { readFileSync } from "node:fs";
import {
  abs,
  add,
  atan,
  cos,
  cube,
  div,
  exp,
  Jet,
  log,
  mul,
  numberOf,
  sin,
  sqrt,
  square,
  sub,
  sum,
  variables,
  zeros,
} from "./jets.mjs";

/**
 * @typedef {import("./jets.mjs").Scalar} Scalar
 *
 * @typedef {object} Minimum
 * @property {number} value f there, in all digits
 * @property {number | null} published as in the paper, in six; null for other local minima
 * @property {number[]} [x] absent where the minimum is a set, or lies at infinity
 *
 * @typedef {object} Definition
 * @property {string} name
 * @property {number} number in the paper
 * @property {number[]} x0 the published start
 * @property {(x: Scalar[]) => Scalar[]} model the residuals
 *
 * @typedef {object} Problem
 * @property {string} name
 * @property {number} number in the paper
 * @property {number} n how many variables
 * @property {number} m how many residuals
 * @property {number[]} x0 the published start
 * @property {Minimum[]} minima the least first
 * @property {(x: ArrayLike<number>) => Float64Array} residuals r
 * @property {(x: ArrayLike<number>) => number[][]} jacobian ∂r_i/∂x_j, a row for each residual
 * @property {(x: ArrayLike<number>) => number} value Σ r_i²
 * @property {(x: ArrayLike<number>) => Float64Array} gradient 2·Jᵀr
 * @property {(x: ArrayLike<number>) => number[][]} hessian 2·(JᵀJ + Σ r_i·∇²r_i)
 * @property {(x: ArrayLike<number>, v: ArrayLike<number>) => Float64Array} hvp the Hessian times v
 */

/** @type {<Item>(count: number, make: (i: number) => Item) => Item[]} from 1 as in the paper */
const from1 = (count, make) => Array.from({ length: count }, (_, k) => make(k + 1));

/** @type {(rate: Scalar, t: number) => Scalar} exp(−rate·t) */
const decay = (rate, t) => exp(mul(-t, rate));

/** @param {Scalar[]} x @returns {Scalar[]} */
const rosenbrock = ([a, b]) => [mul(10, sub(b, square(a))), sub(1, a)];

/** @param {Scalar[]} x @returns {Scalar[]} */
const powellSingular = ([a, b, c, d]) => [
  add(a, mul(10, b)),
  mul(Math.sqrt(5), sub(c, d)),
  square(sub(b, mul(2, c))),
  mul(Math.sqrt(10), square(sub(a, d))),
];

/**
 * @type {(size: number, model: (x: Scalar[]) => Scalar[]) => (x: Scalar[]) => Scalar[]} the same
 * for each `size` variables
 */
const repeated = (size, model) => (x) =>
  from1(x.length / size, (block) => model(x.slice((block - 1) * size, block * size))).flat();

// ---- two variables ----

/** @type {Definition[]} */
const planar = [
  { name: "Rosenbrock", number: 1, x0: [-1.2, 1], model: rosenbrock },
  {
    name: "Freudenstein and Roth",
    number: 2,
    x0: [0.5, -2],
    model: ([a, b]) => [
      add(sub(a, 13), mul(b, sub(mul(b, sub(5, b)), 2))),
      add(sub(a, 29), mul(b, sub(mul(b, add(b, 1)), 14))),
    ],
  },
  {
    name: "Powell badly scaled",
    number: 3,
    x0: [0, 1],
    model: ([a, b]) => [sub(mul(mul(1e4, a), b), 1), sub(add(decay(a, 1), decay(b, 1)), 1.0001)],
  },
  {
    name: "Brown badly scaled",
    number: 4,
    x0: [1, 1],
    model: ([a, b]) => [sub(a, 1e6), sub(b, 2e-6), sub(mul(a, b), 2)],
  },
  {
    name: "Beale",
    number: 5,
    x0: [1, 1],
    model: ([a, b]) => {
      const powers = [b, square(b), cube(b)];
      return [1.5, 2.25, 2.625].map((y, i) => sub(y, mul(a, sub(1, powers[i]))));
    },
  },
  {
    name: "Jennrich and Sampson",
    number: 6,
    x0: [0.3, 0.4],
    model: ([a, b]) => from1(10, (i) => sub(2 + 2 * i, add(decay(a, -i), decay(b, -i)))),
  },
];

// ---- three and four variables ----

/** The angle of (a, b) in turns, from −1/4 to 3/4. @param {Scalar} a @param {Scalar} b */
function turns(a, b) {
  const x = numberOf(a);
  if (x === 0) return sub(Math.sign(numberOf(b)) / 4, div(atan(div(a, b)), 2 * Math.PI));
  return add(div(atan(div(b, a)), 2 * Math.PI), x < 0 ? 0.5 : 0);
}

const bard = [0.14, 0.18, 0.22, 0.25, 0.29, 0.32, 0.35, 0.39, 0.37, 0.58, 0.73, 0.96, 1.34, 2.1, 4.39];
const gaussian = [0.0009, 0.0044, 0.0175, 0.054, 0.1295, 0.242, 0.3521, 0.3989];
const meyer = [34780, 28610, 23650, 19630, 16370, 13720, 11540, 9744, 8261, 7030, 6005, 5147, 4427, 3820, 3307, 2872];
const kowalikOsborne = {
  y: [0.1957, 0.1947, 0.1735, 0.16, 0.0844, 0.0627, 0.0456, 0.0342, 0.0323, 0.0235, 0.0246],
  u: [4, 2, 1, 0.5, 0.25, 0.167, 0.125, 0.1, 0.0833, 0.0714, 0.0625],
};

/** @type {Definition[]} */
const small = [
  {
    name: "helical valley",
    number: 7,
    x0: [-1, 0, 0],
    model: ([a, b, c]) => [mul(10, sub(c, mul(10, turns(a, b)))), mul(10, sub(sqrt(add(square(a), square(b))), 1)), c],
  },
  {
    name: "Bard",
    number: 8,
    x0: [1, 1, 1],
    model: ([a, b, c]) =>
      bard.map((y, k) => {
        const [u, v] = [k + 1, 15 - k];
        return sub(y, add(a, div(u, add(mul(v, b), mul(Math.min(u, v), c)))));
      }),
  },
  {
    name: "Gaussian",
    number: 9,
    x0: [0.4, 1, 0],
    model: ([a, b, c]) =>
      from1(15, (i) => sub(mul(a, exp(mul(b, mul(-0.5, square(sub((8 - i) / 2, c)))))), gaussian[7 - Math.abs(8 - i)])),
  },
  {
    name: "Meyer",
    number: 10,
    x0: [0.02, 4000, 250],
    model: ([a, b, c]) => meyer.map((y, k) => sub(mul(a, exp(div(b, add(50 + 5 * k, c)))), y)),
  },
  {
    // |y_i − x₂| where the paper has y_i·m·i·x₂, a misprint: only so is (50, 25, 1.5) a zero. 99
    // residuals, as the 100th has no Hessian there.
    name: "Gulf research and development",
    number: 11,
    x0: [5, 2.5, 0.15],
    model: ([a, b, c]) =>
      from1(99, (i) => {
        const y = 25 + Math.cbrt(-50 * Math.log(i / 100)) ** 2;
        return sub(exp(mul(-1, div(exp(mul(c, log(abs(sub(y, b))))), a))), i / 100);
      }),
  },
  {
    name: "Box three-dimensional",
    number: 12,
    x0: [0, 10, 20],
    model: ([a, b, c]) =>
      from1(10, (i) => {
        const t = i / 10;
        return sub(sub(decay(a, t), decay(b, t)), mul(c, Math.exp(-t) - Math.exp(-10 * t)));
      }),
  },
  { name: "Powell singular", number: 13, x0: [3, -1, 0, 1], model: powellSingular },
  {
    name: "Wood",
    number: 14,
    x0: [-3, -1, -3, -1],
    model: ([a, b, c, d]) => [
      ...rosenbrock([a, b]),
      mul(Math.sqrt(90), sub(d, square(c))),
      sub(1, c),
      mul(Math.sqrt(10), sub(add(b, d), 2)),
      div(sub(b, d), Math.sqrt(10)),
    ],
  },
  {
    name: "Kowalik and Osborne",
    number: 15,
    x0: [0.25, 0.39, 0.415, 0.39],
    model: ([a, b, c, d]) =>
      kowalikOsborne.u.map((u, k) =>
        sub(kowalikOsborne.y[k], div(mul(a, add(u * u, mul(u, b))), add(u * u, add(mul(u, c), d)))),
      ),
  },
  {
    name: "Brown and Dennis",
    number: 16,
    x0: [25, 5, -5, -1],
    model: ([a, b, c, d]) =>
      from1(20, (i) => {
        const t = i / 5;
        return add(square(sub(add(a, mul(t, b)), Math.exp(t))), square(sub(add(c, mul(Math.sin(t), d)), Math.cos(t))));
      }),
  },
];

// ---- more variables ----

const osborne1 = [
  0.844, 0.908, 0.932, 0.936, 0.925, 0.908, 0.881, 0.85, 0.818, 0.784, 0.751, 0.718, 0.685, 0.658, 0.628, 0.603, 0.58,
  0.558, 0.538, 0.522, 0.506, 0.49, 0.478, 0.467, 0.457, 0.448, 0.438, 0.431, 0.424, 0.42, 0.414, 0.411, 0.406,
];
const osborne2 = [
  1.366, 1.191, 1.112, 1.013, 0.991, 0.885, 0.831, 0.847, 0.786, 0.725, 0.746, 0.679, 0.608, 0.655, 0.616, 0.606, 0.602,
  0.626, 0.651, 0.724, 0.649, 0.649, 0.694, 0.644, 0.624, 0.661, 0.612, 0.558, 0.533, 0.495, 0.5, 0.423, 0.395, 0.375,
  0.372, 0.391, 0.396, 0.405, 0.428, 0.429, 0.523, 0.562, 0.607, 0.653, 0.672, 0.708, 0.633, 0.668, 0.645, 0.632, 0.591,
  0.559, 0.597, 0.625, 0.739, 0.71, 0.729, 0.72, 0.636, 0.581, 0.428, 0.292, 0.162, 0.098, 0.054,
];

/**
 * 1, t, …, t^(count − 1) by products: engines round `**` differently. @type {(t: number, count:
 * number) => number[]}
 */
function powers(t, count) {
  const all = [1];
  while (all.length < count) all.push(all[all.length - 1] * t);
  return all;
}

/** @param {Scalar[]} x @returns {Scalar[]} */
const watson = (x) => [
  ...from1(29, (i) => {
    const t = powers(i / 29, x.length);
    const slope = sum(x.slice(1), (value, k) => mul((k + 1) * t[k], value));
    return sub(sub(slope, square(sum(x, (value, k) => mul(t[k], value)))), 1);
  }),
  x[0],
  sub(sub(x[1], square(x[0])), 1),
];

/** @type {Definition[]} */
const larger = [
  {
    name: "Osborne 1",
    number: 17,
    x0: [0.5, 1.5, -1, 0.01, 0.02],
    model: ([a, b, c, d, e]) =>
      osborne1.map((y, k) => sub(y, add(a, add(mul(b, decay(d, 10 * k)), mul(c, decay(e, 10 * k)))))),
  },
  {
    name: "Biggs EXP6",
    number: 18,
    x0: [1, 2, 1, 1, 1, 1],
    model: ([a, b, c, d, e, f]) =>
      from1(13, (i) => {
        const t = i / 10;
        const y = Math.exp(-t) - 5 * Math.exp(-10 * t) + 3 * Math.exp(-4 * t);
        return sub(add(sub(mul(c, decay(a, t)), mul(d, decay(b, t))), mul(f, decay(e, t))), y);
      }),
  },
  {
    name: "Osborne 2",
    number: 19,
    x0: [1.3, 0.65, 0.65, 0.7, 0.6, 3, 5, 7, 2, 4.5, 5.5],
    model: (x) =>
      osborne2.map((y, k) => {
        const t = k / 10;
        const bells = sum([1, 2, 3], (j) => mul(x[j], exp(mul(-1, mul(x[4 + j], square(sub(t, x[7 + j])))))));
        return sub(y, add(mul(x[0], decay(x[4], t)), bells));
      }),
  },
  ...[6, 9, 12].map((n) => ({ name: `Watson, n = ${n}`, number: 20, x0: from1(n, () => 0), model: watson })),
];

// ---- any number of variables ----

/**
 * @type {(model: (x: Scalar[]) => Scalar[]) => (number: number, name: string, starts: number[][])
 * => Definition[]}
 */
const sized = (model) => (number, name, starts) =>
  starts.map((x0) => ({ name: starts.length > 1 ? `${name}, n = ${x0.length}` : name, number, x0, model }));

const penalty1 = sized((x) => [...x.map((value) => mul(Math.sqrt(1e-5), sub(value, 1))), sub(sum(x, square), 0.25)]);

const penalty2 = sized((x) => {
  const [n, root] = [x.length, Math.sqrt(1e-5)];
  const grown = x.map((value) => exp(div(value, 10)));
  return [
    sub(x[0], 0.2),
    ...grown
      .slice(1)
      .map((value, k) => mul(root, sub(add(value, grown[k]), Math.exp((k + 2) / 10) + Math.exp((k + 1) / 10)))),
    ...grown.slice(1).map((value) => mul(root, sub(value, Math.exp(-0.1)))),
    sub(
      sum(x, (value, k) => mul(n - k, square(value))),
      1,
    ),
  ];
});

const variablyDimensioned = sized((x) => {
  const away = x.map((value) => sub(value, 1));
  const weighted = sum(away, (value, k) => mul(k + 1, value));
  return [...away, weighted, square(weighted)];
});

const trigonometric = sized((x) => {
  const n = x.length;
  const total = sum(x, cos);
  return x.map((value, k) => sub(add(sub(n, total), mul(k + 1, sub(1, cos(value)))), sin(value)));
});

const brownAlmostLinear = sized((x) => {
  const n = x.length;
  const total = sum(x, (value) => value);
  const product = x.reduce((left, right) => mul(left, right));
  return [...x.slice(1).map((_, k) => sub(add(x[k], total), n + 1)), sub(product, 1)];
});

const boundaryValue = sized((x) => {
  const h = 1 / (x.length + 1);
  return x.map((value, k) => {
    const neighbours = add(x[k - 1] ?? 0, x[k + 1] ?? 0);
    return add(sub(mul(2, value), neighbours), mul((h * h) / 2, cube(add(value, (k + 1) * h + 1))));
  });
});

const integralEquation = sized((x) => {
  const h = 1 / (x.length + 1);
  const t = x.map((_, k) => (k + 1) * h);
  const cubes = x.map((value, k) => cube(add(value, t[k] + 1)));
  return x.map((value, i) => {
    const kernel = sum(cubes, (term, j) => mul(j <= i ? (1 - t[i]) * t[j] : t[i] * (1 - t[j]), term));
    return add(value, mul(h / 2, kernel));
  });
});

const broydenTridiagonal = sized((x) =>
  x.map((value, k) => {
    const neighbours = add(x[k - 1] ?? 0, mul(2, x[k + 1] ?? 0));
    return add(sub(mul(value, sub(3, mul(2, value))), neighbours), 1);
  }),
);

const broydenBanded = sized((x) =>
  x.map((value, i) => {
    const band = x.filter((_, j) => j !== i && j >= i - 5 && j <= i + 1);
    return sub(
      add(mul(value, add(2, mul(5, square(value)))), 1),
      sum(band, (other) => mul(other, add(1, other))),
    );
  }),
);

const LINEAR_ROWS = 20;

const linearFullRank = sized((x) => {
  const common = add(
    mul(
      2 / LINEAR_ROWS,
      sum(x, (value) => value),
    ),
    1,
  );
  return from1(LINEAR_ROWS, (i) => sub(x[i - 1] ?? 0, common));
});

const linearRank1 = sized((x) => {
  const weighted = sum(x, (value, k) => mul(k + 1, value));
  return from1(LINEAR_ROWS, (i) => sub(mul(i, weighted), 1));
});

const linearRank1Zeros = sized((x) => {
  const weighted = sum(x.slice(1, -1), (value, k) => mul(k + 2, value));
  return from1(LINEAR_ROWS, (i) => (i === LINEAR_ROWS ? -1 : sub(mul(i - 1, weighted), 1)));
});

/**
 * As many residuals as variables: means of the Chebyshev polynomials of [0, 1], less their
 * integrals.
 */
const chebyquad = sized((x) => {
  const n = x.length;
  const twice = x.map((value) => sub(mul(4, value), 2));
  let before = x.map(() => /** @type {Scalar} */ (1));
  let now = twice.map((value) => div(value, 2));
  return from1(n, (i) => {
    const integral = i % 2 === 0 ? -1 / (i * i - 1) : 0;
    const residual = sub(
      div(
        sum(now, (value) => value),
        n,
      ),
      integral,
    );
    [before, now] = [now, now.map((value, j) => sub(mul(twice[j], value), before[j]))];
    return residual;
  });
});

/** @type {(n: number, value: number) => number[]} */
const all = (n, value) => from1(n, () => value);
/** @param {number} n */
const parabola = (n) => from1(n, (i) => (i / (n + 1)) * (i / (n + 1) - 1));
const ten = [4, 10];

/** @type {Definition[]} */
const scalable = [
  {
    name: "extended Rosenbrock",
    number: 21,
    x0: from1(10, (i) => (i % 2 ? -1.2 : 1)),
    model: repeated(2, rosenbrock),
  },
  {
    name: "extended Powell singular",
    number: 22,
    x0: from1(12, (i) => [3, -1, 0, 1][(i - 1) % 4]),
    model: repeated(4, powellSingular),
  },
  ...penalty1(
    23,
    "penalty I",
    ten.map((n) => from1(n, (i) => i)),
  ),
  ...penalty2(
    24,
    "penalty II",
    ten.map((n) => all(n, 0.5)),
  ),
  ...variablyDimensioned(25, "variably dimensioned", [from1(10, (i) => 1 - i / 10)]),
  ...trigonometric(26, "trigonometric", [all(10, 0.1)]),
  ...brownAlmostLinear(27, "Brown almost-linear", [all(10, 0.5)]),
  ...boundaryValue(28, "discrete boundary value", [parabola(10)]),
  ...integralEquation(29, "discrete integral equation", [parabola(10)]),
  ...broydenTridiagonal(30, "Broyden tridiagonal", [all(10, -1)]),
  ...broydenBanded(31, "Broyden banded", [all(10, -1)]),
  ...linearFullRank(32, "linear, full rank", [all(10, 1)]),
  ...linearRank1(33, "linear, rank 1", [all(10, 1)]),
  ...linearRank1Zeros(34, "linear, rank 1, zero columns and rows", [all(10, 1)]),
  ...chebyquad(
    35,
    "Chebyquad",
    [7, 8, 9, 10].map((n) => from1(n, (i) => i / (n + 1))),
  ),
];

// ---- derivatives ----

/** @type {(model: Definition["model"], x: ArrayLike<number>, order: 1 | 2) => Jet[]} */
function jets(model, x, order) {
  const constant = (/** @type {number} */ value) => {
    const n = x.length;
    return new Jet(value, zeros(n), zeros(order === 2 ? (n * (n + 1)) / 2 : 0));
  };
  return model(variables(x, order)).map((r) => (typeof r === "number" ? constant(r) : r));
}

/** @type {(model: Definition["model"], x: ArrayLike<number>) => number[][]} */
function hessian(model, x) {
  const matrix = Array.from(x, () => new Array(x.length).fill(0));
  for (const { value, gradient, hessian } of jets(model, x, 2))
    for (let i = 0, k = 0; i < x.length; ++i)
      for (let j = 0; j <= i; ++j) matrix[i][j] += 2 * (gradient[i] * gradient[j] + value * hessian[k++]);
  for (let i = 0; i < x.length; ++i) for (let j = 0; j < i; ++j) matrix[j][i] = matrix[i][j];
  return matrix;
}

/** @type {(model: Definition["model"], x: ArrayLike<number>) => Float64Array} */
function gradient(model, x) {
  const total = new Float64Array(x.length);
  for (const { value, gradient } of jets(model, x, 1))
    gradient.forEach((d, k) => {
      total[k] += 2 * value * d;
    });
  return total;
}

/** @type {{ items: { name: string; start: number; minima: Minimum[] }[] }} */
const fixture = JSON.parse(readFileSync(new URL("../fixtures/more-garbow-hillstrom.json", import.meta.url), "utf8"));

/** @param {Definition} definition @returns {Problem} */
function problem({ name, number, x0, model }) {
  const minima = fixture.items.find((item) => item.name === name)?.minima;
  if (!minima) throw new Error(`the fixture has no minima for "${name}"`);
  const residuals = (/** @type {ArrayLike<number>} */ x) => Float64Array.from(model(Array.from(x)), numberOf);
  return {
    name,
    number,
    n: x0.length,
    m: residuals(x0).length,
    x0,
    minima,
    residuals,
    jacobian: (x) => jets(model, x, 1).map((r) => Array.from(r.gradient)),
    value: (x) => residuals(x).reduce((total, r) => total + r * r, 0),
    gradient: (x) => gradient(model, x),
    hessian: (x) => hessian(model, x),
    hvp: (x, v) => Float64Array.from(hessian(model, x), (row) => row.reduce((total, h, j) => total + h * v[j], 0)),
  };
}

export const problems = [...planar, ...small, ...larger, ...scalable].map(problem);

/** @param {string} name */
export function problemNamed(name) {
  const found = problems.find((candidate) => candidate.name === name);
  if (!found) throw new Error(`no problem is called "${name}"`);
  return found;
}
