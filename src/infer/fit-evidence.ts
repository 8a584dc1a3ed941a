// A chunk of its own that shares no module with the core: whatever it needs comes with the network and with `fit`, so that pages without it are no larger.
import type { SymmetricMatrix } from "../linalg/symmetric.js";
import type { Dataset } from "../network/dataset.js";
import type { Network } from "../network/network.js";
import type { NetworkSpec } from "../network/spec.js";
import type { EpochRecord } from "../train/checkpoint.js";
import type { FitOptions } from "../train/options.js";
import type { History } from "../train/records.js";

/** Times that the penalty is looked at again while a network is trained. */
const ROUNDS = 20;
/** The first penalty, as a share of the curvature: weak, so that the data speak first. */
const FIRST = 1e-3;

type Fit = (net: Network, data: Dataset, options: FitOptions) => Promise<History>;

/**
 * Training in parts, with the penalty after each part that the evidence suggests (MacKay 1992; Foresee and Hagan 1997): with γ = Σ (1 − α·Σᵢᵢ) over the penalised
 * parameters, α = γ/‖θ‖² and σ² = Σr²/(N·C − γ); the penalty of the mean loss is l2 = α·2σ²/(N·C) for mse, and α over the terms of the mean for
 * cross-entropies.
 */
export async function fitByEvidence(net: Network, data: Dataset, options: FitOptions, fit: Fit): Promise<History> {
  const { penalty: _, onEpoch, epochs, ...rest } = options;
  const { loss } = net.spec;
  if (loss !== "mse" && loss !== "cross-entropy" && loss !== "binary-cross-entropy") {
    throw new RangeError(`fit: "penalty" expected mse or a cross-entropy, which are likelihoods, got ${String(loss)}`);
  }
  for (const name of ["earlyStopping", "resume", "schedule"] as const) {
    if (rest[name] !== undefined) {
      throw new RangeError(
        `fit: "${name}" expected nothing beside penalty: "evidence", which trains in parts; leave it out`,
      );
    }
  }
  const part = Math.max(1, Math.round(epochs / ROUNDS));
  const records: EpochRecord[] = [];
  let history: History | null = null;
  let found: Estimate | null = null;
  let steps = 0;
  for (let done = 0; done < epochs; done += part) {
    const l2: number = found?.l2 ?? firstPenalty(net, data);
    const working = withPenalty(net, l2);
    history = await fit(working, data, {
      ...rest,
      seed: (rest.seed ?? 0) + done,
      epochs: Math.min(part, epochs - done),
      onEpoch: async (record, handle) => {
        const own = { ...record, epoch: records.length + 1 };
        records.push(own);
        await onEpoch?.(own, handle);
      },
    });
    steps += history.steps;
    net.setParameters(working.getParameters());
    net.setRunningStatistics(working.getRunningStatistics());
    net.penalise(l2);
    if (history.status === "aborted" || history.status === "non-finite") break;
    found = estimate(net, data) ?? found;
  }
  const note = found
    ? `the evidence leaves ${found.gamma.toFixed(1)} of ${net.parameterCount} parameters to the data; the penalty is l2 = ${net.spec.penalty.l2.toPrecision(3)}`
    : "the evidence could not be taken; the penalty is the first one";
  const last = history as History;
  const ended = last.status === "aborted" || last.status === "non-finite";
  return {
    ...last,
    ...(ended ? {} : { status: "completed" as const, reason: `all ${epochs} epochs are done` }),
    ...{ steps, epochs: records, notes: [...last.notes, note] },
  };
}

function withPenalty(net: Network, l2: number): Network {
  const spec = net.spec as unknown as NetworkSpec;
  const copy = new (net.constructor as new (spec: NetworkSpec) => Network)({
    ...spec,
    penalty: { ...spec.penalty, l2 },
  });
  copy.setParameters(net.getParameters());
  copy.setRunningStatistics(net.getRunningStatistics());
  return copy;
}

function firstPenalty(net: Network, data: Dataset): number {
  if (net.spec.penalty.l2 > 0) return net.spec.penalty.l2;
  const { parameterCount: n } = net;
  const H = net.hessian(data, { kind: "ggn", batchNorm: "running" });
  let sum = 0;
  for (let i = 0; i < n; ++i) sum += H.get(i, i);
  return (FIRST * sum) / n;
}

interface Estimate {
  readonly l2: number;
  readonly gamma: number;
}

/**
 * Prior and noise at the parameters, given the penalty that they were trained with. The Gauss-Newton matrix H of the objective is Σ⁻¹ but for a factor, which α
 * has too: α·Σᵢᵢ = l2·[H⁻¹]ᵢᵢ.
 */
function estimate(net: Network, data: Dataset): Estimate | null {
  const { layout, spec } = net;
  const { l2 } = spec.penalty;
  const rows = data.weights ? data.weights.reduce((sum, weight) => sum + weight, 0) : data.size;
  const terms = rows * (spec.loss === "cross-entropy" ? 1 : layout.outputs);
  const penalised = layout.penalised.flatMap(({ offset, count }) =>
    Array.from({ length: count }, (_, i) => offset + i),
  );
  const theta = net.getParameters();
  const length = penalised.reduce((sum, i) => sum + theta[i] ** 2, 0);
  const diagonal = inverseDiagonal(net.hessian(data, { kind: "ggn", batchNorm: "running" }));
  if (!diagonal || !(length > 0)) return null;
  const gamma = penalised.reduce((sum, i) => sum + Math.max(0, 1 - l2 * diagonal[i]), 0);
  // A network that says nothing would have a penalty beyond all bounds.
  const alpha = Math.max(gamma, 1e-6 * penalised.length) / length;
  if (spec.loss !== "mse") return { l2: alpha / terms, gamma };
  const noise = (net.evaluate(data).loss * terms) / Math.max(terms - gamma, 1);
  return noise > 0 ? { l2: (2 * noise * alpha) / terms, gamma } : null;
}

/** Of parameters without curvature, which nothing says anything of, a large number. */
function inverseDiagonal(H: SymmetricMatrix): Float64Array | null {
  const n = H.size;
  const data = Float64Array.from(H.data);
  let most = 0;
  for (let i = 0; i < n; ++i) most = Math.max(most, data[i * (n + 1)]);
  for (let i = 0; i < n; ++i) data[i * (n + 1)] += 1e-12 * most;
  const matrix = new (H.constructor as typeof SymmetricMatrix)(n, data, H.build);
  const found = matrix.cholesky();
  if (!found.factor) return null;
  const unit = new Float64Array(n * n);
  for (let i = 0; i < n; ++i) unit[i * (n + 1)] = 1;
  const inverse = found.solve({ rows: n, columns: n, data: unit }).data;
  return Float64Array.from({ length: n }, (_, i) => inverse[i * (n + 1)]);
}
