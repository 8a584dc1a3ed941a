// Computes every table of docs/more-garbow-hillstrom.md, with the strict build, and writes it
// there; --check compares.
import {
  gaussNewton,
  init,
  lbfgs,
  levenbergMarquardt,
  matrix,
  minimize,
  newton,
  saddleFreeNewton,
  trustRegion,
} from "hessia";
import { problems } from "../../test/oracle/more-garbow-hillstrom.mjs";
import { count, holds, show, table, updatePage } from "./page.mjs";

await init({ simd: "strict" });

const LIMITS = { maxSteps: 1000, tolerance: 1e-8 };

/**
 * What each method is given: f with its derivatives, or the residuals alone, whose half sum of
 * squares is then f.
 */
const smooth = ({ value, gradient, hessian, hvp }) => ({ value, gradient, hessian: (x) => matrix(hessian(x)), hvp });
const squares = ({ residuals, jacobian }) => ({
  residuals: (x) => residuals(x).map((r) => Math.SQRT2 * r),
  jacobian: (x) => matrix(jacobian(x).map((row) => row.map((d) => Math.SQRT2 * d))),
});

const methods = [
  { name: "trustRegion", optimizer: () => trustRegion(), objective: smooth },
  { name: "trustRegion, products", optimizer: () => trustRegion({ products: true }), objective: smooth, maxSteps: 500 },
  { name: "newton", optimizer: () => newton(), objective: smooth },
  { name: "saddleFreeNewton", optimizer: () => saddleFreeNewton(), objective: smooth },
  { name: "lbfgs", optimizer: () => lbfgs(), objective: smooth },
  { name: "gaussNewton", optimizer: () => gaussNewton(), objective: squares },
  { name: "levenbergMarquardt", optimizer: () => levenbergMarquardt(), objective: squares },
];

const outcomes = problems.flatMap((problem) => methods.map((method) => outcome(problem, method)));

function outcome(problem, { name: method, optimizer, objective, ...limits }) {
  const result = minimize(objective(problem), problem.x0, { optimizer: optimizer(), ...LIMITS, ...limits });
  const value = problem.value(result.x);
  const at = problem.minima.find((minimum) => Math.abs(value - minimum.value) <= 1e-8 * (1 + minimum.value));
  const where = at === undefined ? "elsewhere" : at.published === null ? "another minimum" : "published";
  return { problem, method, ...result, value, where };
}

const of = (method) => outcomes.filter((one) => one.method === method);
const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];

/** Values (or residuals), gradients (or Jacobians), Hessians, products. */
function evaluations({ evaluations: { value, gradient, hessian, hvp } }) {
  return [value, gradient, hessian, hvp];
}

const summary = methods.map(({ name }) => {
  const own = of(name);
  const there = own.filter(({ where }) => where === "published");
  holds(there.length > 0, `${name} reaches some minimum`);
  return [
    `\`${name}\``,
    `${there.length} of ${own.length}`,
    String(own.filter(({ where }) => where === "another minimum").length),
    count(median(there.map(({ steps }) => steps))),
    ...[0, 1, 2, 3].map((k) => count(median(there.map((one) => evaluations(one)[k])))),
  ];
});

const MARKS = { published: "", "another minimum": "° ", elsewhere: "× " };
const steps = problems.map((problem) => {
  const own = outcomes.filter((one) => one.problem === problem);
  return [
    `${problem.number}`,
    problem.name,
    `${problem.n}, ${problem.m}`,
    ...own.map((one) => `${MARKS[one.where]}${one.steps}: ${evaluations(one).join(" ")}`),
  ];
});

const nearest = ({ problem, value }) =>
  problem.minima.map((minimum) => minimum.value).reduce((a, b) => (Math.abs(b - value) < Math.abs(a - value) ? b : a));
const number = (x) => (Number.isFinite(x) ? show(x) : String(x));
const others = outcomes
  .filter(({ where }) => where !== "published")
  .map((one) => [
    one.problem.name,
    `\`${one.method}\``,
    number(one.value),
    number(nearest(one)),
    number(one.gradientNorm),
    `"${one.status}"`,
    one.reason,
    evaluations(one).join(" "),
  ]);

const minima = problems.map(({ name, number: place, x0, minima, value }) => {
  const listed = minima.map((minimum) => {
    const digits = show(minimum.value, 6);
    return minimum.published === null ? `(${digits})` : digits;
  });
  return [`${place}`, name, show(value(x0)), [...new Set(listed)].join(", ")];
});

const trusted = of("trustRegion").filter(({ where }) => where === "published").length;
holds(trusted >= 0.9 * problems.length, "trustRegion reaches a published minimum on nine problems of ten");
holds(
  outcomes.every(({ problem, value }) => value <= problem.value(problem.x0)),
  "nothing ends above its start",
);

const values = {
  problems: String(problems.length),
  summary: table(
    ["method", "published minimum", "another one", "steps", "values", "gradients", "Hessians", "products"],
    summary,
  ),
  steps: table(["no.", "problem", "n, m", ...methods.map(({ name }) => `\`${name}\``)], steps),
  others: table(["problem", "method", "f", "nearest minimum", "‖∇f‖", "status", "reason", "evaluations"], others),
  minima: table(["no.", "problem", "f at the start", "minima"], minima),
};
// The problems' exp and sin are the engine's: another one may move single counts, and what is left
// of a value whose minimum is 0.
updatePage("more-garbow-hillstrom.md", values, ["summary", "steps", "others"]);
