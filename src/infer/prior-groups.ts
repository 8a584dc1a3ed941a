import { checkChoice, wrongValue } from "../check.js";
import type { Layout } from "../network/layout.js";

/**
 * Which parameters share a prior. "all": one for all. "layers": one a layer. "tensors": one for the
 * weights and one for the biases of each layer (and for batch norm's scales and shifts), so that a
 * common unit of inputs or targets does not matter. "inputs": as "tensors", but with one prior for
 * the weights of each input (automatic relevance determination). "parameters": one for each.
 */
export type PriorGroups = "all" | "layers" | "tensors" | "inputs" | "parameters";

const KINDS = ["all", "layers", "tensors", "inputs", "parameters"] as const;

/** For each chosen parameter its group, counted from 0 in the parameters' order. */
export interface Grouping {
  readonly group: Uint32Array;
  readonly groups: number;
}

/** The groups asked for; without a choice those that there are as many of as numbers in `prior`. */
export function groupsOf(
  where: string,
  layout: Layout,
  chosen: Uint32Array,
  prior: number | ArrayLike<number> | "evidence",
  asked: PriorGroups | undefined,
): Grouping & { readonly kind: PriorGroups } {
  if (asked !== undefined) {
    checkChoice(where, "groups", asked, KINDS);
    return { kind: asked, ...grouped(layout, chosen, asked) };
  }
  if (typeof prior !== "object") {
    const kind = prior === "evidence" ? "tensors" : "all";
    return { kind, ...grouped(layout, chosen, kind) };
  }
  for (const kind of KINDS) {
    const found = grouped(layout, chosen, kind);
    if (found.groups === prior.length) return { kind, ...found };
  }
  const counts = KINDS.map((kind) => `${grouped(layout, chosen, kind).groups} ("${kind}")`).join(", ");
  return wrongValue(where, "prior", `one number for each group: ${counts}`, String(prior.length));
}

function grouped(layout: Layout, chosen: Uint32Array, kind: PriorGroups): Grouping {
  const known = new Map<string, number>();
  const group = Uint32Array.from(chosen, (i) => {
    const key = keyOf(layout, i, kind);
    const found = known.get(key) ?? known.size;
    known.set(key, found);
    return found;
  });
  return { group, groups: known.size };
}

function keyOf({ layers }: Layout, i: number, kind: PriorGroups): string {
  if (kind === "all") return "";
  if (kind === "parameters") return String(i);
  const l = layers.findIndex(({ end }) => i < end);
  if (kind === "layers") return String(l);
  const { weight, bias, units, inputs } = layers[l];
  if (i >= bias) return `${l}, vector ${Math.floor((i - bias) / units)}`;
  return kind === "inputs" && l === 0 ? `input ${(i - weight) % inputs}` : `${l}, weights`;
}
