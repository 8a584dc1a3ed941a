import type { Row, Signs } from "./table.js";

/**
 * Share of the samples that saturate a unit, from which on directions of its incoming parameters
 * are flat.
 */
const FLAT = 0.5;

export const pointRows: readonly Row[] = [
  {
    code: "saddle",
    remedy:
      "step along the escape direction: const { escape } = classifyCriticalPoint(net, data); net.setParameters(net.getParameters().map((x, i) => x + 0.1 * escape[i]))",
    source: "Dauphin et al. 2014, Identifying and attacking the saddle point problem",
    find: ({ point }) =>
      point?.kind === "saddle"
        ? [
            {
              message: `the gradient vanishes at a saddle: ${point.reason}`,
              evidence: { index: point.index, smallest: point.smallest, gradientNorm: point.gradientNorm },
            },
          ]
        : [],
  },
  {
    code: "maximum",
    remedy:
      "any step leads down: reinitialize(net, { seed }), or step along the escape direction of classifyCriticalPoint(net, data)",
    source: "Dauphin et al. 2014",
    find: ({ point }) =>
      point?.kind === "maximum"
        ? [
            {
              message: `the gradient vanishes at a maximum: ${point.reason}`,
              evidence: { index: point.index, smallest: point.smallest },
            },
          ]
        : [],
  },
  {
    code: "degenerate-point",
    remedy:
      "second derivatives do not settle what kind of point this is: add noise to the parameters, or reinitialize(net, { seed })",
    source: "Kawaguchi 2016, Deep learning without poor local minima (saddles without negative curvature)",
    find: ({ point, statistics, fits }) =>
      point?.kind === "degenerate" && !fits && statistics.blocked.length === 0 && !flatUnits({ point, statistics })
        ? [
            {
              message: `the gradient vanishes where the curvature does: ${point.reason}`,
              evidence: {
                gradientNorm: point.gradientNorm,
                zero: point.zeroModes.count ?? -1,
                explained: point.zeroModes.explained,
              },
            },
          ]
        : [],
  },
  {
    code: "zero-gradient",
    remedy:
      'diagnose(net, data, { curvature: "lanczos" }) shows what kind of point this is; reinitialize(net, { seed }) leaves it',
    source: "Dauphin et al. 2014",
    find: ({ flow, point, statistics, fits }) =>
      flow.objectiveNorm === 0 && flow.nonFinite === 0 && !fits && point === null && statistics.blocked.length === 0
        ? [{ message: "the gradient is exactly 0: no parameter will move", evidence: { loss: flow.loss } }]
        : [],
  },
];

/**
 * Whether units at their ends explain the zero modes: there are no more of these than such units
 * have incoming parameters.
 */
function flatUnits({ point, statistics: { layers } }: Pick<Signs, "point" | "statistics">): boolean {
  const incoming = layers.map(({ units }, l) => {
    const flat = units.filter(({ saturated }) => (saturated ?? 0) >= FLAT).length;
    // The first layer's inputs are not in the statistics: its weight and bias count.
    return flat * (1 + (l > 0 ? layers[l - 1].units.length : 1));
  });
  const count = point?.zeroModes.count ?? null;
  const unexplained = count === null ? 1 : count - (point?.zeroModes.explained ?? 0);
  return unexplained <= incoming.reduce((sum, one) => sum + one, 0);
}
