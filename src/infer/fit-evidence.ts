// A chunk of its own that shares no module with the core: whatever it needs comes with the network
// and with `fit`, so that pages without it are no larger.
import type { Dataset } from "../network/dataset.js";
import type { Network } from "../network/network.js";
import type { NetworkSpec } from "../network/spec.js";
import type { FitOptions } from "../train/options.js";
import type { History } from "../train/records.js";
import { copyOf, isBroken, take, trained } from "./penalty-search.js";

/**
 * What restarts take in its place, in turn, as multiples: networks that begin stiff and those that
 * begin loose end at different optima.
 */
const TURNS = [1, 10, 0.1];
/** As likelihood.ts has them, which is not loaded for it. */
const LIKELIHOODS: readonly string[] = ["mse", "cross-entropy", "binary-cross-entropy", "poisson"];
export type Fit = (net: Network, data: Dataset, options: FitOptions) => Promise<History>;

/**
 * Training with the penalty that the evidence suggests; see `trained` for how it is found. With
 * `restarts` as many more networks are trained from seeds of their own, and the one with the
 * greatest evidence is kept.
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
  if (typeof loss !== "string" || !LIKELIHOODS.includes(loss)) {
    throw new RangeError(
      `fit: "penalty" expected mse, poisson or a cross-entropy, which are likelihoods, got ${lossName(loss)}`,
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

function ending({ status, reason }: History): Pick<History, "status" | "reason"> {
  return { status, reason };
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
