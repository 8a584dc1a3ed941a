import { wrongValue } from "../../check.js";
import type { Activation } from "../../network/spec.js";
import { type Curve, identity, recognise } from "./elementwise.js";
import type { OnnxNode, OnnxTensor } from "./onnx-model.js";
import type { Budget, Ending, Link, Stage } from "./stages.js";

/** What a name in an ONNX graph stands for. */
export type Value = Constant | Rows | Labels | Sizes;

export type Constant = OnnxTensor & { readonly kind: "constant" };

/** A row for each sample: a function of each feature, behind a link of stages. */
export interface Rows {
  readonly kind: "rows";
  readonly link: Link;
  readonly curve: Curve;
  /** Features × samples. */
  readonly transposed: boolean;
  readonly ending: Ending;
  /** The two probabilities that are made of one. */
  readonly paired: boolean;
  /** Of the probabilities' columns, where a node names them. */
  readonly classes: readonly (string | number)[] | null;
  /**
   * Names of the model's inputs that lie side by side here; null behind the first node that
   * computes.
   */
  readonly columns: readonly string[] | null;
}

/** What is decided of rows: a class for each. */
export interface Labels {
  readonly kind: "labels";
  readonly rows: Rows;
  readonly classes: readonly (string | number)[] | null;
}

/** Whole numbers that are made of the shape of rows. */
export interface Sizes {
  readonly kind: "sizes";
}

/** A node with what goes into it. */
export interface Step {
  readonly where: string;
  readonly node: OnnxNode;
  readonly operators: number;
  readonly budget: Budget;
  /** null for an input that is left out. */
  readonly inputs: readonly (Value | null)[];
}

export function rowsBehind(link: Link, like?: Rows): Rows {
  return {
    kind: "rows",
    link,
    curve: identity,
    transposed: like?.transposed ?? false,
    ending: null,
    paired: false,
    classes: null,
    columns: null,
  };
}

/** Rows with another function of each feature. */
export function withCurve(rows: Rows, curve: Curve): Rows {
  return { ...rows, curve, columns: null };
}

export function refuse(step: Step, expected: string, got: string, remedy?: string): never {
  return wrongValue(step.where, step.node.label, expected, got, remedy);
}

export function behind(link: Link, stage: Stage): Link {
  const width = stage.kind === "affine" ? stage.units : link.width;
  return { stage, below: link, width };
}

/**
 * The link behind which nothing but the rows themselves is left: the function of each feature
 * becomes an activation.
 */
export function settle(step: Step, rows: Rows): Link {
  const { curve, link, ending, paired } = rows;
  if (ending || paired) refuse(step, "a softmax or sigmoid at the end of the model", "one with more behind it");
  const known = settled.get(curve)?.get(link);
  if (known) return known;
  const made = settleCurve(step, link, curve);
  if (!settled.has(curve)) settled.set(curve, new WeakMap());
  settled.get(curve)?.set(link, made);
  return made;
}

/** So that two readers of the same rows have the same link. */
const settled = new WeakMap<Curve, WeakMap<Link, Link>>();

function settleCurve(step: Step, link: Link, { affine, named, ...curve }: Curve): Link {
  if (affine) return scaled(link, affine);
  if (named) return behind(link, activation(named));
  const found = recognise({ affine, named, ...curve });
  if (!found) {
    const known = "relu, leaky-relu, elu, softplus, gelu, silu, tanh, sigmoid, step";
    return refuse(step, `an activation that is known (${known}) before it`, "another function");
  }
  return scaled(behind(scaled(link, found.inner), activation(found.activation)), found.outer);
}

function activation(given: Activation): Stage {
  return { kind: "activation", activation: given };
}

function scaled(link: Link, [factor, shift]: readonly [number, number]): Link {
  if (factor === 1 && shift === 0) return link;
  return behind(link, { kind: "scale", factor: Float64Array.of(factor), shift: Float64Array.of(shift) });
}

/** What an activation at the end is to a loss. */
export function endingOf(step: Step, rows: Rows): { link: Link; ending: Ending } {
  if (rows.ending) return { link: rows.link, ending: rows.ending };
  if (!rows.curve.affine) {
    const found = rows.curve.named ? null : recognise(rows.curve);
    const type = rows.curve.named?.type ?? found?.activation.type;
    const plain = !found || (found.outer[0] === 1 && found.outer[1] === 0);
    if (type === "sigmoid" && plain) return { link: scaled(rows.link, found?.inner ?? [1, 0]), ending: "sigmoid" };
  }
  return { link: settle(step, rows), ending: null };
}

/** A constant input; others are refused. */
export function constantAt(step: Step, index: number, name: string): Constant {
  const value = step.inputs[index];
  if (value?.kind !== "constant")
    return refuse(step, `"${name}" that is a constant`, value ? "what is computed" : "none");
  return value;
}

export function numbersAt(step: Step, index: number, name: string): Float64Array {
  return numbersIn(step, constantAt(step, index, name));
}

export function numbersIn(step: Step, { data }: OnnxTensor): Float64Array {
  if (!ArrayBuffer.isView(data)) return refuse(step, "constants that are numbers", "texts");
  return data;
}

export function rowsAt(step: Step, index: number): Rows {
  const value = step.inputs[index];
  if (value?.kind !== "rows") return refuse(step, "rows of features to work on", value ? describe(value) : "none");
  return value;
}

export function describe({ kind }: Value): string {
  return { constant: "a constant", rows: "rows", labels: "labels", sizes: "a shape" }[kind];
}

export function numberOf({ node }: Step, attribute: string, usual: number): number {
  return node.attributes.get(attribute)?.number ?? usual;
}
