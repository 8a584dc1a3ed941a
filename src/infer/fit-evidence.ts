// A chunk of its own that shares no module with the core: whatever it needs comes with the network
// and with `fit`, so that pages without it are no larger.
import type { SymmetricMatrix } from "../linalg/symmetric.js";
import type { Dataset } from "../network/dataset.js";
import type { Network } from "../network/network.js";
import type { NetworkSpec } from "../network/spec.js";
import type { EpochRecord } from "../train/checkpoint.js";
import type { FitOptions } from "../train/options.js";
import type { History } from "../train/records.js";

/** Times that the penalty is looked at again while a network is trained. */
const ROUNDS = 20;
/**
 * The first penalty, as a share of the curvature's mean diagonal: strong enough that a network does
 * not begin by passing through the noise.
 */
const FIRST = 0.1;
/**
 * What restarts take in its place, in turn, as multiples: networks that begin stiff and those that
 * begin loose end at different optima.
 */
const TURNS = [1, 10, 0.1];
/** Share of the epochs that the last part has to itself. */
const LAST = 0.25;

type Fit = (net: Network, data: Dataset, options: FitOptions) => Promise<History>;

/**
 * Training in parts. After each part the evidence sets the penalty (MacKay 1992; Foresee and Hagan
 * 1997): α = γ/‖θ‖² and σ² = Σr²/(N·C − γ), with γ = Σ (1 − α·Σᵢᵢ) over the penalised parameters.
 * The penalty of the mean loss is l2 = α·2σ²/(N·C) for mse. For cross-entropies it is α over the
 * number of terms in the mean. With `restarts` as many more networks are trained from seeds of
 * their own, and the one with the greatest evidence is kept.
 */
export async function fitByEvidence(net: Network, data: Dataset, options: FitOptions, fit: Fit): Promise<History> {
  const { restarts = 0, ...rest } = options;
  check(net, rest, restarts);
  // As it is now: training will change the penalty.
  const spec = net.spec as unknown as NetworkSpec;
  let best = await trained(net, data, rest, fit, TURNS[0]);
  const evidences = [best.found?.logEvidence];
  for (let k = 1; k <= restarts && !isBroken(best.history); ++k) {
    const other = copyOf(net, { ...spec, seed: (spec.seed ?? 0) + k });
    keepFixed(net, other);
    const next = await trained(other, data, rest, fit, TURNS[k % TURNS.length]);
    evidences.push(next.found?.logEvidence);
    if (next.history.status === "aborted") best = { ...best, history: { ...best.history, ...ending(next.history) } };
    else if ((next.found?.logEvidence ?? -Infinity) > (best.found?.logEvidence ?? -Infinity)) best = next;
    if (next.history.status === "aborted") break;
  }
  if (best.net !== net) {
    take(best.net, net);
    net.penalise(best.net.spec.penalty.l2);
  }
  const note =
    evidences.length > 1
      ? [
          `the best of ${evidences.length} networks by their evidence, ${evidences.map((e) => e?.toFixed(1) ?? "none").join(", ")}`,
        ]
      : [];
  return { ...best.history, notes: [...best.history.notes, ...note] };
}

function check(net: Network, rest: FitOptions, restarts: unknown): void {
  const { loss } = net.spec;
  const given: unknown = rest.penalty;
  if (given !== "evidence") {
    const kind = typeof given === "string" ? RangeError : TypeError;
    throw new kind(`fit: "penalty" expected "evidence" or nothing, got ${String(given)}; did you mean "evidence"?`);
  }
  if (loss !== "mse" && loss !== "cross-entropy" && loss !== "binary-cross-entropy") {
    throw new RangeError(
      `fit: "penalty" expected mse or a cross-entropy, which are likelihoods, got ${lossName(loss)}`,
    );
  }
  if (!(Number.isSafeInteger(restarts) && (restarts as number) >= 0)) {
    const kind = typeof restarts === "number" ? RangeError : TypeError;
    throw new kind(`fit: "restarts" expected an integer of at least 0, got ${String(restarts)}`);
  }
  for (const name of ["earlyStopping", "resume", "schedule"] as const) {
    if (rest[name] !== undefined) {
      throw new RangeError(
        `fit: "${name}" expected nothing beside penalty: "evidence", which trains in parts; leave it out`,
      );
    }
  }
}

function lossName(loss: unknown): string {
  return typeof loss === "string" ? `"${loss}"` : String((loss as { type?: string }).type ?? "a loss of the caller's");
}

interface Trained {
  readonly net: Network;
  readonly history: History;
  readonly found: Estimate | null;
}

/** One network in parts; its parameters and penalty are those of the last part. */
async function trained(net: Network, data: Dataset, options: FitOptions, fit: Fit, turn: number): Promise<Trained> {
  const { penalty: _, onEpoch, epochs, ...rest } = options;
  const part = Math.max(1, Math.floor((epochs * (1 - LAST)) / ROUNDS));
  const records: EpochRecord[] = [];
  let history: History | null = null;
  let found: Estimate | null = null;
  let steps = 0;
  for (let round = 0, done = 0; done < epochs; ++round) {
    const own = round < ROUNDS && done + 2 * part <= epochs ? part : epochs - done;
    const l2: number = found?.l2 ?? firstPenalty(net, data, turn);
    const spec = net.spec as unknown as NetworkSpec;
    const working = copyOf(net, { ...spec, penalty: { ...spec.penalty, l2 } });
    take(net, working);
    history = await fit(working, data, {
      ...rest,
      seed: (rest.seed ?? 0) + done,
      epochs: own,
      onEpoch: async (record, handle) => {
        const counted = { ...record, epoch: records.length + 1 };
        records.push(counted);
        await onEpoch?.(counted, handle);
      },
    });
    done += own;
    steps += history.steps;
    take(working, net);
    net.penalise(l2);
    if (isBroken(history)) break;
    found = estimate(net, data) ?? found;
  }
  const note = found
    ? `the evidence leaves ${found.gamma.toFixed(1)} of ${found.count} parameters to the data; the penalty is l2 = ${net.spec.penalty.l2.toPrecision(3)}`
    : "the evidence could not be taken; the penalty is the first one";
  const last = history as History;
  return {
    ...{ net, found },
    history: {
      ...last,
      ...(isBroken(last) ? {} : { status: "completed" as const, reason: `all ${epochs} epochs are done` }),
      ...{ steps, epochs: records, notes: [...last.notes, note] },
    },
  };
}

function isBroken({ status }: History): boolean {
  return status === "aborted" || status === "non-finite";
}

function ending({ status, reason }: History): Pick<History, "status" | "reason"> {
  return { status, reason };
}

function copyOf(net: Network, spec: NetworkSpec): Network {
  return new (net.constructor as new (spec: NetworkSpec) => Network)(spec);
}

/** What is fixed starts as in the network that was given. */
function keepFixed(from: Network, to: Network): void {
  const { free } = from.layout;
  if (!free) return;
  const theta = from.getParameters();
  const drawn = to.getParameters();
  for (const i of free) theta[i] = drawn[i];
  to.setParameters(theta);
  to.setRunningStatistics(from.getRunningStatistics());
}

function take(from: Network, to: Network): void {
  to.setParameters(from.getParameters());
  to.setRunningStatistics(from.getRunningStatistics());
}

function firstPenalty(net: Network, data: Dataset, turn: number): number {
  if (net.spec.penalty.l2 > 0) return turn * net.spec.penalty.l2;
  const { parameterCount: n } = net;
  const H = net.hessian(data, { kind: "ggn", batchNorm: "running" });
  let sum = 0;
  for (let i = 0; i < n; ++i) sum += H.get(i, i);
  return (turn * FIRST * sum) / n;
}

interface Estimate {
  readonly l2: number;
  readonly gamma: number;
  /** Parameters that are not fixed. */
  readonly count: number;
  /**
   * ln p(D) with the penalty at hand, but for what the unpenalised parameters' flat prior leaves
   * open: the same for all networks of the same shape.
   */
  readonly logEvidence: number;
}

/**
 * Prior and noise at the parameters, given the penalty that they were trained with. The
 * Gauss-Newton matrix H of the objective is Σ⁻¹ but for a factor, which α has too: α·Σᵢᵢ =
 * l2·[H⁻¹]ᵢᵢ.
 */
function estimate(net: Network, data: Dataset): Estimate | null {
  const { layout, spec } = net;
  const { l2 } = spec.penalty;
  const count = data.weights ? data.weights.reduce((sum, weight) => sum + weight, 0) : data.size;
  const terms = count * (spec.loss === "cross-entropy" ? 1 : layout.outputs);
  const free = layout.free ?? Uint32Array.from({ length: net.parameterCount }, (_, i) => i);
  const marks = new Uint8Array(net.parameterCount);
  for (const { offset, count: run } of layout.penalised) marks.fill(1, offset, offset + run);
  const parameters = net.getParameters();
  const theta = Float64Array.from(free, (i) => (marks[i] ? parameters[i] : 0));
  const penalised = free.reduce((sum, i) => sum + marks[i], 0);
  const length = theta.reduce((sum, value) => sum + value * value, 0);
  const inverse = inverseOf(net.hessian(data, { kind: "ggn", batchNorm: "running", ...someOf(net) }));
  if (!inverse || !(length > 0)) return null;
  const gamma = free.reduce((sum, i, k) => sum + (marks[i] ? Math.max(0, 1 - l2 * inverse.diagonal[k]) : 0), 0);
  const loss = net.evaluate(data).loss;
  const noise = (loss * terms) / Math.max(terms - gamma, 1);
  const unit = spec.loss === "mse" ? terms / (2 * noise) : terms;
  // A network that says nothing would have a penalty beyond all bounds.
  const alpha = Math.max(gamma, 1e-6 * penalised) / length;
  const fit = spec.loss === "mse" ? -loss * unit - 0.5 * terms * Math.log(2 * Math.PI * noise) : -loss * terms;
  const logEvidence =
    fit -
    0.5 * unit * l2 * length +
    0.5 * penalised * Math.log(unit * l2) -
    0.5 * (inverse.logDeterminant + free.length * Math.log(unit));
  return unit < Infinity ? { l2: alpha / unit, gamma, count: free.length, logEvidence } : null;
}

/** For `hessian`: the parameters that are not fixed. */
function someOf({ layout, parameterCount }: Network): { of?: Uint8Array } {
  if (!layout.free) return {};
  const of = new Uint8Array(parameterCount);
  for (const i of layout.free) of[i] = 1;
  return { of };
}

/** Rounding, as a share of each element of the diagonal. */
const RIDGE = 1e-12;

/** The diagonal of H⁻¹, and ln det H. */
function inverseOf(H: SymmetricMatrix): { diagonal: Float64Array; logDeterminant: number } | null {
  const n = H.size;
  const data = Float64Array.from(H.data);
  // What has no curvature at all is determined by nothing, whatever stands there.
  for (let i = 0; i < n; ++i) data[i * (n + 1)] = (1 + RIDGE) * data[i * (n + 1)] || 1;
  const matrix = new (H.constructor as typeof SymmetricMatrix)(n, data, H.build);
  const found = matrix.cholesky();
  if (!found.factor) return null;
  const unit = new Float64Array(n * n);
  for (let i = 0; i < n; ++i) unit[i * (n + 1)] = 1;
  const inverse = found.solve({ rows: n, columns: n, data: unit }).data;
  const diagonal = Float64Array.from({ length: n }, (_, i) => inverse[i * (n + 1)]);
  return { diagonal, logDeterminant: found.logDeterminant };
}
