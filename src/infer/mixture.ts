import { checkKeys, checkObject, wrongType, wrongValue } from "../check.js";
import type { Matrix } from "../linalg/matrix.js";
import { Posterior, type Prediction, type ProbabilityOptions } from "./posterior.js";

const WHERE = "mixture";

/** Posteriors of several networks as one. Made by `mixture`. */
export class Mixture {
  /** One posterior for each network; all have the same weight. */
  readonly posteriors: readonly Posterior[];

  /** @internal */
  constructor(posteriors: readonly Posterior[]) {
    this.posteriors = posteriors;
  }

  /**
   * Mean and deviation over all networks: f̄ = (1/K)·Σ f_k, deviation² = (1/K)·Σ (deviation_k² +
   * (f_k − f̄)²), noise² = (1/K)·Σ noise_k². Where the networks disagree, as they do far from the
   * rows that they were trained on, the deviation grows.
   *
   * @param inputs one row a sample.
   * @returns as `predict` of a posterior. Cost: that of all of them.
   * @throws as `net.predict`, and RangeError where the networks differ in their number of outputs.
   */
  predict(inputs: Matrix | readonly (readonly number[])[]): Prediction {
    const each = this.posteriors.map((posterior) => posterior.predict(inputs));
    const mean = averageOf(each.map((one) => one.mean));
    const deviation = mean.data.map((value, i) =>
      Math.sqrt(average(each, ({ mean: own, deviation: d }) => d.data[i] ** 2 + (own.data[i] - value) ** 2)),
    );
    return {
      mean,
      deviation: { ...mean, data: deviation },
      noise: Math.sqrt(average(each, ({ noise }) => noise ** 2)),
    };
  }

  /**
   * Probabilities of the classes, the mean of those of all networks.
   *
   * @param inputs one row a sample.
   * @param options see `ProbabilityOptions`.
   * @returns as `probabilities` of a posterior.
   * @throws as `probabilities` of a posterior, and RangeError where the networks differ in their
   * number of classes.
   */
  probabilities(inputs: Matrix | readonly (readonly number[])[], options: ProbabilityOptions = {}): Matrix {
    checkObject("probabilities", "options", options);
    checkKeys("probabilities", options, ["samples", "seed"]);
    return averageOf(this.posteriors.map((posterior) => posterior.probabilities(inputs, options)));
  }
}

/**
 * Combines the posteriors of several networks with equal weights. The posterior of one network
 * covers only the minimum where it ended; networks from other seeds, or of other sizes, end at
 * other minima. The mean of a few predicts better than the network with the greatest evidence, and
 * its intervals are right more often.
 *
 * @param posteriors at least one, of networks trained on the same rows.
 * @returns a mixture, which keeps the posteriors.
 * @throws TypeError where an entry is not a posterior; RangeError for an empty array, and for
 * regressions mixed with classifiers.
 * Source: Eschenhagen et al. 2021, Mixtures of Laplace approximations; Lakshminarayanan et al. 2017
 * for networks without posteriors.
 * @example
 * const data = dataset([[-1], [0], [1]], [-1.1, 0.2, 0.9]);
 * const posteriors = [0.9, 1.1].map((slope) => {
 *   const net = network({ inputs: 1, layers: [{ units: 1 }] });
 *   net.setParameters([slope, 0]);
 *   return laplace(net, data, { prior: 1e-6, noise: 0.02 });
 * });
 * mixture(posteriors).predict([[1]]).mean.data[0]; // 1
 */
export function mixture(posteriors: readonly Posterior[]): Mixture {
  if (!Array.isArray(posteriors)) wrongType(WHERE, "posteriors", "an array of what laplace returns", posteriors);
  if (posteriors.length === 0) wrongValue(WHERE, "posteriors", "at least one posterior", "none");
  for (const one of posteriors as unknown[]) {
    if (!(one instanceof Posterior)) wrongType(WHERE, "posteriors", "what laplace returns", one);
  }
  const [first] = posteriors as readonly Posterior[];
  if (!posteriors.every(({ classes }) => classes === first.classes))
    wrongValue(WHERE, "posteriors", "networks of the same kind of loss", "values and classes");
  return new Mixture(posteriors.slice());
}

function average<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((sum, item) => sum + of(item), 0) / items.length;
}

function averageOf(each: readonly Matrix[]): Matrix & { readonly data: Float64Array } {
  const [{ rows, columns }] = each;
  for (const one of each) {
    if (one.columns !== columns) wrongValue(WHERE, "posteriors", `networks of ${columns} outputs`, String(one.columns));
  }
  return {
    rows,
    columns,
    data: Float64Array.from({ length: rows * columns }, (_, i) => average(each, ({ data }) => data[i])),
  };
}
