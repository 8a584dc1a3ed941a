import { checkBoolean, checkKeys, checkObject, checkPositive } from "../../check.js";
import type { Dataset } from "../../network/dataset.js";
import type { Network } from "../../network/network.js";
import type { BatchNormMode } from "../../network/propagation.js";
import { sampleLosses, visitSignals } from "../../network/signals.js";
import type { Dtype } from "../../wasm/kernels.js";
import type { FloatArray } from "../../wasm/workspace.js";

/** What to watch out for. */
export interface Guard {
  /** Refuse NaN. Default: true. */
  nan?: boolean;
  /** Refuse infinities. Default: true. */
  inf?: boolean;
  /**
   * Refuse sizes above this; Infinity for no limit. Default: 2⁵⁰⁰ in double and 2⁶⁰ in single
   * precision, whose squares are near the end of the range.
   */
  big?: number;
}

/** What a guard refuses. */
export type Offence = "nan" | "inf" | "big";
/** What a guard looks at. */
export type GuardedQuantity = "parameter" | "pre-activation" | "activation" | "loss" | "error" | "gradient";

/** The first value that is not as it should be. */
export interface GuardFinding {
  /** What is the matter with it. */
  readonly offence: Offence;
  /** What it is a value of. */
  readonly quantity: GuardedQuantity;
  /** −1 for the loss. */
  readonly layer: number;
  /** Unit of the layer; −1 for the loss. */
  readonly unit: number;
  /**
   * The sample in the data; −1 for a parameter or its gradient, and under batch norm's batch
   * statistics where all samples are hit.
   */
  readonly sample: number;
  /** The value itself. */
  readonly value: number;
}

const BIG: Record<Dtype, number> = { f64: 2 ** 500, f32: 2 ** 60 };

export function resolveGuard(where: string, dtype: Dtype, guard: unknown = {}): Required<Guard> {
  checkObject(where, "guard", guard);
  checkKeys(`${where}: guard`, guard, ["nan", "inf", "big"]);
  const { nan = true, inf = true, big = BIG[dtype] } = guard;
  checkBoolean(where, "guard.nan", nan);
  checkBoolean(where, "guard.inf", inf);
  if (big !== Infinity) checkPositive(where, "guard.big", big);
  return { nan, inf, big: big as number };
}

/**
 * The first offence on the way of the data through the network: in the parameters, then layer by
 * layer forward, in the loss, and layer by layer back. Within a layer NaN and infinity come before
 * what is merely too big, and the first sample is named.
 */
export function findOffence(
  net: Network,
  data: Dataset,
  mode: BatchNormMode,
  guard: Required<Guard>,
): GuardFinding | null {
  const { layers } = net.layout;
  const offends = offenceOf(guard);
  const inParameters = findInParameters(net, guard);
  if (inParameters) return inParameters;
  const forward: (GuardFinding | null)[][] = layers.map(() => [null, null]);
  const backward: (GuardFinding | null)[] = layers.map(() => null);
  const { loss, gradient } = visitSignals(net, data, mode, (chunk) => {
    layers.forEach(({ units, batchNorm }, layer) => {
      const coupled = batchNorm !== false && mode === "batch";
      const scan = (quantity: GuardedQuantity, row: (unit: number) => FloatArray): GuardFinding | null =>
        scanLayer(layer, units, quantity, row, chunk.from, offends, coupled);
      forward[layer][0] = worse(forward[layer][0], () =>
        scan("pre-activation", (unit) => chunk.preActivation(layer, unit)),
      );
      forward[layer][1] = worse(forward[layer][1], () => scan("activation", (unit) => chunk.activation(layer, unit)));
      backward[layer] = worse(backward[layer], () => scan("error", (unit) => chunk.error(layer, unit)));
    });
  });
  const inLoss = offends(loss);
  const atLoss: GuardFinding | null = inLoss
    ? { offence: inLoss, quantity: "loss", layer: -1, unit: -1, sample: worstSample(net, data, mode), value: loss }
    : null;
  const inOrder = [
    ...forward.flat(),
    atLoss,
    ...backward.reverse(),
    scanParameters(net, gradient, "gradient", offends),
  ];
  return inOrder.find((found) => found !== null) ?? null;
}

/** The first offence in the parameters alone, which takes no pass over data. */
export function findInParameters(net: Network, guard: Required<Guard>): GuardFinding | null {
  return scanParameters(net, net.current().parameters, "parameter", offenceOf(guard));
}

/** The sample with the largest loss, or a loss that is none; −1 where samples are coupled. */
function worstSample(net: Network, data: Dataset, mode: BatchNormMode): number {
  if (net.layout.batchNorm && mode === "batch") return -1;
  const losses = sampleLosses(net, data);
  const none = losses.findIndex(Number.isNaN);
  return none >= 0 ? none : losses.indexOf(losses.reduce((most, loss) => Math.max(most, loss), 0));
}

/** Which offence a value is, or null. */
export function offenceOf({ nan, inf, big }: Required<Guard>): (value: number) => Offence | null {
  return (value) => {
    if (value - value === 0) return Math.abs(value) > big ? "big" : null;
    if (Number.isNaN(value)) return nan ? "nan" : null;
    return inf ? "inf" : null;
  };
}

/** What was found before stays, unless it was merely big and this is not. */
function worse(before: GuardFinding | null, look: () => GuardFinding | null): GuardFinding | null {
  if (before && before.offence !== "big") return before;
  const found = look();
  return before && (!found || found.offence === "big") ? before : found;
}

function scanLayer(
  layer: number,
  units: number,
  quantity: GuardedQuantity,
  row: (unit: number) => FloatArray,
  from: number,
  offends: (value: number) => Offence | null,
  coupled: boolean,
): GuardFinding | null {
  let first: GuardFinding | null = null;
  for (let unit = 0; unit < units; ++unit) {
    const values = row(unit);
    const limit: number = first && first.offence !== "big" ? first.sample - from : values.length;
    for (let s = 0; s < limit; ++s) {
      const offence = offends(values[s]);
      if (offence === null || (offence === "big" && first)) continue;
      const all = coupled && offence !== "big" && values.every((value) => offends(value) !== null);
      first = { offence, quantity, layer, unit, sample: all ? -1 : from + s, value: values[s] };
      if (offence !== "big") break;
    }
    if (first?.sample === -1) return first;
  }
  return first;
}

function scanParameters(
  net: Network,
  values: FloatArray,
  quantity: "parameter" | "gradient",
  offends: (value: number) => Offence | null,
): GuardFinding | null {
  for (let i = 0; i < values.length; ++i) {
    const offence = offends(values[i]);
    if (!offence) continue;
    const layer = net.layout.layers.findIndex(({ end }) => i < end);
    const { weight, bias, inputs, units } = net.layout.layers[layer];
    const unit = i < bias ? Math.floor((i - weight) / inputs) : (i - bias) % units;
    return { offence, quantity, layer, unit, sample: -1, value: values[i] };
  }
  return null;
}
